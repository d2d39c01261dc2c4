"""Reading one file and checking one table: every mistake becomes one UserError."""

import csv
import io
import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from config.errors import CheckError, UserError, listed, nearest, shown
from config.schema import Experiment, Instrument, MemberState, Policy, Pressures, Rung, Scenario

M = TypeVar("M", bound=BaseModel)


# Reading


def said(path: Path) -> str:
    """A path as a message names it: from the working directory where it lies beneath it."""
    return _said_from(Path.cwd(), path)


@lru_cache
def _said_from(here: Path, path: Path) -> str:
    try:
        return str(path.resolve().relative_to(here.resolve()))
    except ValueError:
        return str(path)


def read_text(path: Path) -> str:
    """Text of a UTF-8 file, with or without byte order mark."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UserError(f"cannot be read ({error.strerror or 'no such file'})", file=said(path)) from None
    except ValueError:
        raise UserError("is not the name of a file", file=repr(str(path))) from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        bad = " ".join(f"{byte:02x}" for byte in raw[error.start : error.start + 4])
        raise UserError(
            f"is not UTF-8 (line {line}, bytes {bad})", file=said(path), allowed="text saved as UTF-8"
        ) from None


def read_toml(path: Path) -> dict[str, Any]:
    """Content of a TOML file, lists as tuples."""
    text = read_text(path)
    try:
        content: dict[str, Any] = tuples(tomllib.loads(text))
    except (ValueError, RecursionError) as error:
        reason = "too deeply nested" if isinstance(error, RecursionError) else str(error)
        raise UserError(f"is not TOML: {reason}", file=said(path), allowed="TOML 1.0, texts in quotes") from None
    return content


def tuples(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(tuples(item) for item in value)
    if isinstance(value, dict):
        return {key: tuples(item) for key, item in value.items()}
    return value


def read_csv(path: Path, model: type[BaseModel], left_out: Sequence[str] = ()) -> list[tuple[str, dict[str, Any]]]:
    """Rows of a CSV file, each with the place to name in a message; columns are the fields of `model`."""
    columns = [name for name in file_keys(model) if name not in left_out]
    try:
        rows = list(csv.reader(io.StringIO(read_text(path), newline=""), strict=True))
    except csv.Error as error:
        raise UserError(f"is not CSV: {error}", file=said(path), allowed="values separated by commas") from None
    header = rows[0] if rows else []
    _check_header(said(path), header, columns)
    numbers = {name for name in columns if _holds_number(model, name)}
    found = []
    for line, row in enumerate(rows[1:], start=2):
        if not row:
            continue
        place = f"line {line} ({row[0]})"
        if len(row) != len(header):
            raise UserError(
                f"has {len(row)} values",
                file=said(path),
                key=place,
                allowed=f"{len(header)}, one for each column",
                suggestion="a text with a comma needs double quotes" if len(row) > len(header) else "",
            )
        cells = zip(header, row, strict=True)
        found.append((place, {name: _numeral(cell) if name in numbers else cell for name, cell in cells}))
    return found


def _check_header(file: str, header: Sequence[str], columns: Sequence[str]) -> None:
    missing = [name for name in columns if name not in header]
    extra = [name for name in header if name not in columns]
    if missing:
        hint = nearest(missing[0], extra) if extra else f"the header needs {missing[0]!r}"
        raise UserError("column is missing", file=file, key=missing[0], allowed=", ".join(columns), suggestion=hint)
    if extra:
        raise UserError(
            "is no column of this table",
            file=file,
            key=extra[0],
            allowed=", ".join(columns),
            suggestion=nearest(extra[0], columns),
        )
    for name in columns:
        if header.count(name) > 1:
            raise UserError("column stands twice", file=file, key=name, allowed="each column once")


def _holds_number(model: type[BaseModel], name: str) -> bool:
    fields = {field.alias or key: field for key, field in model.model_fields.items()}
    field = fields[name]
    return field.annotation in (int, float) and not field.alias


def _numeral(text: str) -> int | float | str:
    """The number that a cell holds; the text itself if it holds none, for the check that follows to refuse."""
    for kind in (int, float):
        try:
            return kind(text) if "_" not in text else text
        except ValueError:
            continue
    return text


# Checking


def validated(model: type[M], content: Any, file: str, prefix: str = "") -> M:
    """`content` as a checked `model`; a UserError that names file, key and value if it is not valid."""
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise first_error(model, error, file, prefix) from None


def first_error(model: type[BaseModel], error: ValidationError, file: str, prefix: str) -> UserError:
    """One message for the first thing wrong; a misspelt key explains a missing one, so it goes first."""
    details = sorted(error.errors(include_url=False), key=lambda detail: detail["type"] != "extra_forbidden")
    return _user_error(model, details[0], file, prefix)


def _user_error(model: type[BaseModel], detail: ErrorDetails, file: str, prefix: str) -> UserError:
    kind, place, value = detail["type"], tuple(detail["loc"]), detail["input"]
    context = detail.get("ctx", {})
    inner = context.get("error")
    if isinstance(inner, CheckError):
        key = dotted(prefix, *place, *(inner.key.split(".") if inner.key else ()))
        suggestion = inner.suggestion
        if place[0:1] == ("set",) and isinstance(value, Mapping) and not {"low", "high"} & set(value):
            suggestion = f'did you mean "{place[-1]}.{next(iter(value), "")}", in quotes?'
        whole = isinstance(value, Mapping | BaseModel) and place[0:1] != ("set",)
        text = inner.value or ("" if whole else shown(value))
        return UserError(inner.problem, file=file, key=key, value=text, allowed=inner.allowed, suggestion=suggestion)
    if kind == "extra_forbidden":
        names = file_keys(_model_at(model, place[:-1]))
        word = str(place[-1])
        return UserError(
            "is an unknown key",
            file=file,
            key=dotted(prefix, *place),
            value=shown(value),
            allowed=listed(names),
            suggestion=nearest(word, names),
        )
    if kind == "missing":
        inside = value if isinstance(value, Mapping) else {}
        others = [str(name) for name in inside if name not in file_keys(_model_at(model, place[:-1]))]
        return UserError(
            "is missing",
            file=file,
            key=dotted(prefix, *place),
            allowed="it must be given",
            suggestion=nearest(str(place[-1]), others),
        )
    if place and place[-1] == "[key]":
        names = re.findall(r"'([^']*)'", context.get("expected", ""))
        return UserError(
            "is an unknown key",
            file=file,
            key=dotted(prefix, *place[:-2], str(value)),
            allowed=listed(names),
            suggestion=nearest(str(value), names),
        )
    problem, allowed, suggestion = _explained(kind, value, context, detail["msg"])
    return UserError(
        problem, file=file, key=dotted(prefix, *place), value=shown(value), allowed=allowed, suggestion=suggestion
    )


_TYPES = {
    "float": "a number",
    "int": "a whole number",
    "string": "a text in quotes",
    "bool": "true or false",
    "tuple": "a list in square brackets",
    "dict": "a table",
    "mapping": "a table",
    "model": "a table",
    "model_attributes": "a table",
}
_LIMITS = {
    "greater_than_equal": ("ge", "{} or more"),
    "greater_than": ("gt", "more than {}"),
    "less_than_equal": ("le", "{} or less"),
    "less_than": ("lt", "less than {}"),
}


def _explained(kind: str, value: Any, context: Mapping[str, Any], message: str) -> tuple[str, str, str]:
    """Problem, what is allowed and a suggestion, for the kinds of error that pydantic knows."""
    if kind in _LIMITS:
        name, form = _LIMITS[kind]
        edge = context[name]
        return "is out of range", form.format(f"{edge:g}"), f"the nearest is {edge:g}" if name in ("ge", "le") else ""
    if kind == "literal_error":
        names = re.findall(r"'([^']*)'", context["expected"])
        return "is unknown", listed(names), nearest(str(value), names)
    if kind == "finite_number":
        return "is not a finite number", "a number", ""
    if kind == "string_pattern_mismatch":
        return "has the wrong form", "three capital letters" if "A-Z" in context["pattern"] else context["pattern"], ""
    if kind.removesuffix("_type") in _TYPES:
        allowed = _TYPES[kind.removesuffix("_type")]
        return f"is not {allowed}", allowed, _retyped(value, allowed)
    if kind in ("too_long", "too_short"):
        return "has the wrong length", f"{context.get('max_length', context.get('min_length'))} values", ""
    return message[:1].lower() + message[1:], "", ""


def _retyped(value: object, allowed: str) -> str:
    """What a value of the wrong type may have been meant to be."""
    if isinstance(value, bool) and "number" in allowed:
        return f"did you mean {int(value)}?"
    if isinstance(value, str) and "number" in allowed and isinstance(_numeral(value), int | float):
        return f"did you mean {value}, without quotes?"
    if isinstance(value, float) and allowed == "a whole number" and abs(value) < 2**53:
        return f"the nearest is {value:.0f}"
    if allowed.startswith("a list"):
        return f"did you mean [{shown(value)}]?"
    if allowed.startswith("a text"):
        return f'did you mean "{value}"?'
    if allowed.startswith("true"):
        return f"did you mean {'true' if value in (1, 'true') else 'false'}?"
    return ""


def dotted(prefix: str, *place: str | int) -> str:
    """The place of a value as TOML would name it: regimes[0].pressure, set."attention.link"."""
    text = prefix
    for piece in place:
        if isinstance(piece, int):
            text += f"[{piece}]"
        else:
            name = f'"{piece}"' if "." in piece or not piece else piece
            text += f".{name}" if text and not text.endswith(" ") else name
    return text


def file_keys(model: type[BaseModel]) -> list[str]:
    """Names of the fields of a model as files write them."""
    return [field.alias or name for name, field in model.model_fields.items() if name not in FILLED.get(model, ())]


FILLED: dict[type[BaseModel], tuple[str, ...]] = {
    Instrument: ("slug",),
    Rung: ("slug",),
    Scenario: ("name",),
    Policy: ("name",),
    Experiment: ("name", "folder"),
    MemberState: ("periods",),
    Pressures: ("drawn",),
}
"""Fields that no file writes: they come from the name of a file or table."""


def _model_at(model: type[BaseModel], place: Sequence[str | int]) -> type[BaseModel]:
    """The model that checks the table at this place inside another one."""
    here: Any = model
    for piece in place:
        if isinstance(here, type) and issubclass(here, BaseModel):
            fields = {field.alias or name: field for name, field in here.model_fields.items()}
            here = fields[str(piece)].annotation if str(piece) in fields else here
        else:
            here = _inside(here)
        while get_origin(here) is Annotated:
            here = get_args(here)[0]
    return here if isinstance(here, type) and issubclass(here, BaseModel) else _inside_model(here) or model


def _inside(annotation: Any) -> Any:
    """What a list or table of something holds."""
    arguments = [argument for argument in get_args(annotation) if argument not in (Ellipsis, type(None))]
    return arguments[-1] if arguments else annotation


def _inside_model(annotation: Any) -> type[BaseModel] | None:
    inner = _inside(annotation)
    return inner if isinstance(inner, type) and issubclass(inner, BaseModel) else None


def as_table(value: Any, file: str, key: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise UserError("is not a table", file=file, key=key, value=shown(value), allowed=f"a table [{key}]")
    return value
