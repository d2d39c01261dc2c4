"""The one error for a user's mistake, and the search for the name that was meant."""

from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import Any

MANY = 40
"""Longer lists of allowed names are not printed in full."""


class UserError(Exception):
    """Something in the user's input is wrong. The text says which file, key and value, what is allowed, what is near.

    `UserError("text")` alone is fine where there is neither file nor key.
    """

    def __init__(
        self,
        problem: str,
        *,
        file: str = "",
        key: str = "",
        value: str = "",
        allowed: str = "",
        suggestion: str = "",
    ) -> None:
        self.problem, self.file, self.key = problem, file, key
        self.value, self.allowed, self.suggestion = value, allowed, suggestion
        super().__init__(self._text())

    def _text(self) -> str:
        named = " = ".join(part for part in (self.key, self.value) if part)
        parts = [part for part in (self.file, named, self.problem) if part]
        text = ": ".join(parts)
        if self.allowed:
            text += f"; allowed: {self.allowed}"
        if self.suggestion:
            text += f" ({self.suggestion})"
        return _on_one_line(text)

    def __reduce__(self) -> tuple[Any, ...]:
        """Keep the parts when the error crosses from one process to another."""
        return _rebuilt, (self.problem, self.file, self.key, self.value, self.allowed, self.suggestion)


def _on_one_line(text: str) -> str:
    """A text with line ends and other letters that cannot be shown written out, as \\n."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii") for letter in text
    )


def _rebuilt(problem: str, file: str, key: str, value: str, allowed: str, suggestion: str) -> UserError:
    return UserError(problem, file=file, key=key, value=value, allowed=allowed, suggestion=suggestion)


class CheckError(ValueError):
    """What a check of one value found wrong; becomes a UserError where file and key are known.

    `key` is appended to the place at which the check stands, `value` replaces the value found there.
    """

    def __init__(
        self, problem: str, *, allowed: str = "", suggestion: str = "", key: str = "", value: str = ""
    ) -> None:
        self.problem, self.allowed, self.suggestion, self.key, self.value = problem, allowed, suggestion, key, value
        super().__init__(problem)


def likeness(word: str, other: str) -> float:
    """How alike two names are, 0-1, case apart; a full last part ("link" for "attention.link") counts as near."""
    a, b = word.casefold(), other.casefold()
    same_tail = a.rsplit(".", 1)[-1] == b.rsplit(".", 1)[-1]
    return max(SequenceMatcher(None, a, b).ratio(), 0.9 if same_tail else 0.0)


def nearest_name(word: str, words: Iterable[str]) -> str:
    """The one of `words` most like `word`, "" if there are none; of equals the first in the alphabet."""
    return max(sorted(words), key=lambda other: likeness(word, other), default="")


def nearest(word: str, words: Iterable[str]) -> str:
    """A hint for a misspelt word: "did you mean 'x'?", or "the nearest is 'x'" if nothing is much like it."""
    best = nearest_name(word, words)
    if not best:
        return ""
    return f"did you mean {best!r}?" if likeness(word, best) >= 0.6 else f"the nearest is {best!r}"


def listed(words: Iterable[str]) -> str:
    """The names a user may choose from, for a message; cut short where there are very many."""
    names = list(words)
    return ", ".join(names) if len(names) <= MANY else f"{', '.join(names[:MANY])}, ... ({len(names)} in all)"


def shown(value: object) -> str:
    """A value as a user would write it in TOML, cut short where it is long."""
    if isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, str):
        text = '"' + value + '"'
    elif isinstance(value, (list, tuple)):
        text = "[" + ", ".join(shown(item) for item in value) + "]"
    elif isinstance(value, dict):
        text = "{ " + ", ".join(f"{key} = {shown(item)}" for key, item in value.items()) + " }"
    else:
        text = str(value)
    return text if len(text) <= 120 else text[:117] + "..."
