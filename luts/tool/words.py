"""TOML tables to frozen dataclasses, strictly: an unknown key or a wrong type is refused."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

Value = TypeVar("Value")


def read_table(cls: type[Value], table: object, where: str) -> Value:
    """Build the dataclass `cls` from a parsed TOML table.

    Parameters
    ----------
    cls : a dataclass whose fields are bool, int, float, str, a Literal, or a tuple of these
    table : what the TOML parser gave
    where : how to name the table in an error, such as "demo.toml: [render]"

    Raises
    ------
    ValueError
        One line that begins with `where`: an unknown key (with the nearest known one), a missing
        key, a wrong type, or whatever the dataclass's own `__post_init__` refuses.
    """
    if not isinstance(table, Mapping):
        raise ValueError(f"{where}: must be a table, got {shown(table)}")
    known = [field.name for field in fields(cls)]
    for key in table:
        if key not in known:
            raise ValueError(f"{where}: unknown key {key!r}{nearest(key, known)}")
    for field in fields(cls):
        if field.name not in table and field.default is MISSING:
            raise ValueError(f"{where}: {field.name} is missing")
    hints = get_type_hints(cls)
    values = {key: convert(value, hints[key], f"{where} {key}") for key, value in table.items()}
    try:
        return cls(**values)
    except ValueError as error:
        raise ValueError(f"{where} {error}") from None


def convert(value: object, hint: Any, where: str) -> Any:
    """Check one value against a type hint; lists become tuples, whole numbers become floats."""
    if get_origin(hint) is Literal:
        choices = get_args(hint)
        if value not in choices or isinstance(value, bool):
            allowed = ", ".join(map(str, choices))
            raise ValueError(f"{where}: must be one of {allowed}; got {shown(value)}")
        return value
    if get_origin(hint) is tuple:
        return _convert_list(value, get_args(hint), where)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value) if abs(value) < 2**53 else math.inf
    if not isinstance(value, hint) or (isinstance(value, bool) and hint is not bool):
        raise ValueError(f"{where}: must be {_NAMES[hint]}, got {shown(value)}")
    if hint is float and not math.isfinite(value):
        raise ValueError(f"{where}: must be finite, got {shown(value)}")
    return value


def nearest(word: object, known: Iterable[str]) -> str:
    """The end of an "unknown ..." message: the nearest known word, or all of them."""
    known = sorted(known)
    close = difflib.get_close_matches(str(word), known, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; known: {', '.join(known)}"


def shown(value: object) -> str:
    """A value as an error message quotes it: one short line."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


_NAMES = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}


def _convert_list(value: object, kinds: tuple[Any, ...], where: str) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise ValueError(f"{where}: must be a list, got {shown(value)}")
    if kinds[-1] is not Ellipsis and len(value) != len(kinds):
        raise ValueError(f"{where}: must be a list of {len(kinds)}, got {len(value)}")
    return tuple(convert(item, kinds[0], where) for item in value)
