"""The words of refusals: which value it is, what was found there, what is nearest to it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class FieldError(ValueError):
    """A value that cannot be taken: which one, and why. Its text is "path: words"."""

    def __init__(self, words: str, path: str = "") -> None:
        super().__init__(words, path)
        self.words, self.path = words, path

    def __str__(self) -> str:
        return f"{self.path}: {self.words}" if self.path else self.words

    def inside(self, name: str) -> FieldError:
        """The same of a value that lies in the one called `name`."""
        between = "" if not self.path or self.path.startswith("[") else "."
        return FieldError(self.words, f"{name}{between}{self.path}")


def nearest(word: object, known: Iterable[str]) -> str:
    """The end of an "unknown ..." message: the nearest known word, or all of them."""
    known = sorted(known)
    close = difflib.get_close_matches(str(word)[:200], known, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; known: {', '.join(known)}"


def shown(value: object) -> str:
    """A value as an error message quotes it: one short line."""
    if isinstance(value, list | tuple | dict | str) and len(value) > 60:  # repr of it may be huge
        value = value[:60] if not isinstance(value, dict) else dict(list(value.items())[:9])
    try:
        text = repr(value)
    except (RecursionError, ValueError):  # nested too deep, or an integer of thousands of digits
        text = type(value).__name__
    return text if len(text) <= 60 else text[:57] + "..."
