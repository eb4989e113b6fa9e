"""Parsed TOML or JSON to frozen dataclasses, strictly, and back.

The dataclass is the schema. `Annotated[str, check]` adds a check: a function that takes the value,
and returns it or raises ValueError with the words of the refusal (see `luts.tool.gate`). A field
made by `rest()` takes the keys that the class does not know; without one they are refused.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import MISSING, field, fields, is_dataclass
from typing import Any, TypeVar

from .readers import REST, key_of, reader_of
from .words import FieldError

Value = TypeVar("Value")


def rest() -> Any:
    """A dataclass field that takes every key the class does not know: Mapping[str, Any]."""
    return field(default_factory=dict, metadata={REST: True})


def read_table(cls: type[Value], table: object, where: str) -> Value:
    """Build the dataclass `cls` from a parsed TOML table.

    Parameters
    ----------
    cls : a dataclass whose fields are bool, int, float, str, a Literal, None or one of these, a
        tuple, a Mapping, Annotated, or dataclasses of such
    table : what the TOML parser gave
    where : how to name the table in an error, such as "demo.toml: [render]"

    Raises
    ------
    ValueError
        One line that begins with `where`: an unknown key (with the nearest known one), a missing
        key, a wrong type, or whatever the dataclass's own `__post_init__` refuses.
    """
    try:
        return read_value(cls, table)
    except FieldError as error:
        raise ValueError(f"{where} {error}" if error.path else f"{where}: {error}") from None


def read_value(cls: type[Value], table: object) -> Value:
    """The same; raises FieldError, which says where below the table."""
    hint: Any = cls
    value: Value = reader_of(hint)(table)
    return value


def convert(value: object, hint: Any, where: str) -> Any:
    """Check one value against a type hint; lists become tuples, whole numbers become floats."""
    try:
        return reader_of(hint)(value)
    except FieldError as error:
        place = f"{where}{'' if error.path.startswith('[') else ' '}{error.path}".rstrip()
        raise ValueError(f"{place}: {error.words}") from None


def to_table(value: object) -> Any:
    """The inverse of `read_value`, for JSON; fields at their default are left out."""
    if not is_dataclass(value):
        if isinstance(value, tuple | list):
            return [to_table(item) for item in value]
        if isinstance(value, Mapping):
            return {
                key: to_table(item) if is_dataclass(item) else item for key, item in value.items()
            }
        return value
    table: dict[str, Any] = {}
    kind: Any = type(value)
    for name, default, is_rest in _written(kind):
        found = getattr(value, name)
        if is_rest:
            table |= found
        elif default is MISSING or found != default:
            table[key_of(name)] = to_table(found)
    return table


@functools.cache
def _written(cls: type) -> tuple[tuple[str, Any, bool], ...]:
    return tuple(
        (
            item.name,
            item.default_factory() if item.default_factory is not MISSING else item.default,
            bool(item.metadata.get(REST)),
        )
        for item in fields(cls)
    )
