"""Small faults in a module: what can be mutated, and what the module then reads like.

Left alone: docstrings, annotations, decorators, error messages (all that stands in a `raise`), assertions that tell
types, formatted strings (names of draws), `__repr__` and `__str__`, and keywords that choose a layout, not a value.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from hashlib import blake2b

ARITHMETIC = {ast.Add: ("+", "-"), ast.Sub: ("-", "+"), ast.Mult: ("*", "/"), ast.Div: ("/", "*")}
BITS = {ast.BitAnd: ("&", "|"), ast.BitOr: ("|", "&")}
COMPARISONS = {
    ast.Lt: ("<", ("<=", ">")),
    ast.LtE: ("<=", ("<", ">=")),
    ast.Gt: (">", (">=", "<")),
    ast.GtE: (">=", (">", "<=")),
    ast.Eq: ("==", ("!=",)),
    ast.NotEq: ("!=", ("==",)),
    ast.In: ("in", ("not in",)),
    ast.NotIn: (r"not\s+in", ("in",)),
    ast.Is: ("is", ("is not",)),
    ast.IsNot: (r"is\s+not", ("is",)),
}
SWAPPED = {"min": "max", "max": "min", "minimum": "maximum", "maximum": "minimum", "any": "all", "all": "any"}
IGNORED = (ast.Raise, ast.Assert, ast.JoinedStr, ast.Import, ast.ImportFrom)
LAYOUT = {"axis", "copy", "dtype", "strict", "order", "keepdims"}
NUMBERS, TRUTHS = {"Floats", "Value", "Whole", "float", "int"}, {"Mask": "~(", "bool": "not ("}
AT_IMPORT = (0, 0)
"""Lines of a statement that is run once, when the module is imported: nobody and everybody sees it."""
NUDGE = 1.01
"""By what a decimal constant is multiplied; whole numbers go up by one."""


@dataclass(frozen=True)
class Mutant:
    """One fault: these bytes of a file, replaced."""

    file: str
    function: str  # qualified name, "" at the level of the module
    kind: str
    start: int  # place in bytes
    stop: int
    replacement: str
    lines: tuple[int, int]  # first and last line of the statement, counted from 1
    original: str  # the lines that change, white space made single
    mutated: str

    @property
    def name(self) -> str:
        """What tells this fault from others, also after edits elsewhere in the file."""
        return f"{self.file}/{self.function}/{self.original}/{self.mutated}"

    def apply(self, source: bytes) -> bytes:
        """The module with the fault."""
        return source[: self.start] + self.replacement.encode() + source[self.stop :]

    def rank(self, seed: int) -> bytes:
        """Its place in the order of drawing: by lot, the same for one seed."""
        return blake2b(f"{seed}/{self.name}".encode(), digest_size=8).digest()


def mutants_of(file: str, source: bytes) -> list[Mutant]:
    """All faults of a module that differ in what they read like, in order."""
    finder = _Finder(file, source)
    finder.visit(ast.parse(source))
    return list({mutant.name: mutant for mutant in finder.found}.values())


def differs(mutant: Mutant, source: bytes) -> bool:
    """Whether the fault leaves a module that can be read, and another program than before."""
    try:
        return ast.dump(ast.parse(mutant.apply(source))) != ast.dump(ast.parse(source))
    except SyntaxError:
        return False


class _Finder(ast.NodeVisitor):
    def __init__(self, file: str, source: bytes) -> None:
        self.file, self.source = file, source
        self.found: list[Mutant] = []
        self._begins = [0, *(place.end() for place in re.finditer(rb"\n", source))]
        self._scope: list[ast.FunctionDef | ast.ClassDef] = []
        self._lines = (1, 1)

    def _at(self, line: int, column: int) -> int:
        return self._begins[line - 1] + column

    def _span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        assert node.end_lineno is not None and node.end_col_offset is not None
        return self._at(node.lineno, node.col_offset), self._at(node.end_lineno, node.end_col_offset)

    def _text(self, node: ast.expr) -> str:
        start, stop = self._span(node)
        return self.source[start:stop].decode()

    def _add(self, kind: str, start: int, stop: int, replacement: str) -> None:
        first, last = self.source.rfind(b"\n", 0, start) + 1, self.source.find(b"\n", stop)
        before, after = self.source[first:start].decode(), self.source[stop:last].decode()
        original = " ".join((before + self.source[start:stop].decode() + after).split())
        mutated = " ".join((before + replacement + after).split())
        function = ".".join(scope.name for scope in self._scope)
        lines = self._lines if any(isinstance(scope, ast.FunctionDef) for scope in self._scope) else AT_IMPORT
        self.found.append(Mutant(self.file, function, kind, start, stop, replacement, lines, original, mutated))

    def _between(self, kind: str, left: ast.expr, right: ast.expr, pattern: str, others: tuple[str, ...]) -> None:
        """Replace the operator between two operands."""
        gap = self._span(left)[1]
        between = self.source[gap : self._span(right)[0]]
        token = re.search(pattern.encode(), between)
        if token and b"#" not in between:
            for other in others:
                self._add(kind, gap + token.start(), gap + token.end(), other)

    def _negated(self, test: ast.expr) -> None:
        if not isinstance(test, ast.Compare) and not (isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)):
            start, stop = self._span(test)
            self._add("condition", start, stop, f"not ({self._text(test)})")

    # Statements

    def visit(self, node: ast.AST) -> None:
        if isinstance(node, IGNORED):
            return
        if not isinstance(node, ast.stmt):
            super().visit(node)
            return
        before, last = self._lines, node.end_lineno or node.lineno
        body: list[ast.stmt] | None = getattr(node, "body", None)
        self._lines = (node.lineno, max(node.lineno, body[0].lineno - 1) if body else last)
        super().visit(node)
        self._lines = before

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        if node.name in ("__repr__", "__str__"):
            return
        self._scope.append(node)
        self._lines = (node.body[0].lineno, node.end_lineno or node.lineno)
        for one in (*node.args.defaults, *(default for default in node.args.kw_defaults if default), *node.body):
            self.visit(one)
        self._scope.pop()

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._scope.append(node)
        for one in node.body:
            self.visit(one)
        self._scope.pop()

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None and "TypeAlias" not in ast.unparse(node.annotation):
            self._deleted(node, node.target)
            self.visit(node.value)

    def visit_Assign(self, node: ast.Assign) -> None:
        self._deleted(node, node.targets[0])
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self._add("deletion", *self._span(node), "pass")
        found = {**ARITHMETIC, **BITS}.get(type(node.op))
        if found:
            self._between("operator", node.target, node.value, re.escape(found[0]) + "=", (found[1] + "=",))
        self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> None:
        if isinstance(node.value, ast.Call) and "super()" not in self._text(node.value):
            self._add("deletion", *self._span(node), "pass")
            self.visit(node.value)

    def _deleted(self, node: ast.stmt, target: ast.expr) -> None:
        """Statements that change state; the first one, without which there is none, stays."""
        begins = bool(self._scope) and self._scope[-1].name == "__init__" and isinstance(target, ast.Attribute)
        if isinstance(target, ast.Attribute | ast.Subscript) and not begins:
            self._add("deletion", *self._span(node), "pass")

    def visit_Return(self, node: ast.Return) -> None:
        scope = self._scope[-1]
        if node.value is None:
            return
        kind = ast.unparse(scope.returns) if isinstance(scope, ast.FunctionDef) and scope.returns else ""
        start, stop = self._span(node.value)
        if kind in NUMBERS or kind in TRUTHS:
            self._add("returned", start, stop, f"{TRUTHS.get(kind, '-(')}{self._text(node.value)})")
        self.visit(node.value)

    def visit_If(self, node: ast.If) -> None:
        if not (isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"):
            self._negated(node.test)
            self.generic_visit(node)

    def visit_While(self, node: ast.While) -> None:
        self._negated(node.test)
        self.generic_visit(node)

    # Expressions

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self._negated(node.test)
        self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        for test in node.ifs:
            self._negated(test)
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        found = {**ARITHMETIC, **BITS}.get(type(node.op))
        if found:
            self._between("operator", node.left, node.right, re.escape(found[0]), (found[1],))
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        word, other = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        for left, right in zip(node.values, node.values[1:], strict=False):
            self._between("operator", left, right, word, (other,))
        self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        for left, op, right in zip([node.left, *node.comparators], node.ops, node.comparators, strict=False):
            pattern, others = COMPARISONS[type(op)]
            self._between("comparison", left, right, pattern, others)
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        if not isinstance(node.operand, ast.Constant):
            start, stop = self._span(node)[0], self._span(node.operand)[0]
            self._add("negation", start, stop, re.sub(r"^(-|\+|~|not)\s*", "", self.source[start:stop].decode()))
        self.visit(node.operand)

    def visit_Constant(self, node: ast.Constant) -> None:
        value, (start, stop) = node.value, self._span(node)
        if isinstance(value, bool):
            self._add("constant", start, stop, repr(not value))
        elif isinstance(value, int):
            self._add("constant", start, stop, repr(value + 1))
        elif isinstance(value, float):
            self._add("constant", start, stop, repr(value * NUDGE if value else NUDGE - 1))

    def visit_Call(self, node: ast.Call) -> None:
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in SWAPPED:
            stop = self._span(node.func)[1]
            self._add("extreme", stop - len(name), stop, SWAPPED[name])
        if name == "where" and len(node.args) == 3:
            one, other = node.args[1:]
            start, stop = self._span(one)[0], self._span(other)[1]
            between = self.source[self._span(one)[1] : self._span(other)[0]].decode()
            self._add("branches", start, stop, self._text(other) + between + self._text(one))
        self.visit(node.func)
        for argument in node.args:
            self.visit(argument)
        for keyword in node.keywords:
            if keyword.arg not in LAYOUT:
                self.visit(keyword.value)


def draw(pool: list[Mutant], number: int, seed: int) -> list[Mutant]:
    """Faults by lot, from each file in proportion to how many it can have, at least one."""
    by_file: dict[str, list[Mutant]] = {}
    for mutant in sorted(pool, key=lambda one: one.rank(seed)):
        by_file.setdefault(mutant.file, []).append(mutant)
    shares = {file: number * len(some) / len(pool) for file, some in by_file.items()}
    quota = {file: max(1, int(share)) for file, share in shares.items()}
    by_remainder = sorted(by_file, key=lambda file: int(shares[file]) - shares[file])
    for file in by_remainder[: max(0, number - sum(quota.values()))]:
        quota[file] += 1
    chosen = [mutant for file, some in by_file.items() for mutant in some[: quota[file]]]
    return sorted(chosen, key=lambda one: one.rank(seed))[:number]
