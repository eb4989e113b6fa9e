"""Readers of values: a function for each type hint that checks a value, converts it or refuses it.

They raise FieldError, which says where below the value the fault lies; `luts.tool.strict` turns
that into the one line that a user reads.
"""

from __future__ import annotations

import functools
import math
import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from .words import FieldError, nearest, shown

Reader = Callable[[Any], Any]
REST = "rest"
_NESTED = frozenset({dict, list, float})
_PLAIN = frozenset({str, int, bool, type(None)})
_NAMES = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
MOST_DEPTH = 32  # of JSON that is kept as it is


@functools.cache
def reader_of(hint: Any) -> Reader:
    """The function that checks and converts values for a type hint; made once per hint."""
    origin, args = get_origin(hint), get_args(hint)
    if hint is Any:
        return plain_json
    if origin is Annotated:
        return _checked(args[0], args[1:])
    if origin is Literal:
        return _one_of(args)
    if origin is tuple:
        return _listed(args)
    if origin in (Union, types.UnionType):
        kinds = [arg for arg in args if arg is not type(None)]
        inner = reader_of(kinds[0]) if len(kinds) == 1 else _table_or_other(kinds)
        if len(kinds) == len(args):
            return inner
        return lambda value: None if value is None else inner(value)
    if origin is not None and issubclass(origin, Mapping):
        return _mapping(reader_of(args[0]), reader_of(args[1]))
    if isinstance(hint, type) and is_dataclass(hint):
        return _table(hint)
    return _float if hint is float else _plain(hint)


def _plain(kind: type) -> Reader:
    def read(value: Any) -> Any:
        if type(value) is not kind:
            raise FieldError(f"must be {_NAMES[kind]}, got {shown(value)}")
        return value

    return read


def _float(value: Any) -> float:
    if type(value) is int:
        value = float(value) if abs(value) < 2**53 else math.inf
    if type(value) is not float:
        raise FieldError(f"must be a number, got {shown(value)}")
    if not math.isfinite(value):
        raise FieldError(f"must be finite, got {shown(value)}")
    return value


def plain_json(value: Any, depth: int = MOST_DEPTH) -> Any:
    """Parsed JSON that is kept as it is: finite numbers, nested at most 32 deep."""
    kind = type(value)
    if kind is dict or kind is list:
        if not depth:
            raise FieldError(f"must be nested at most {MOST_DEPTH} deep")
        for item in value.values() if kind is dict else value:
            if type(item) in _NESTED:
                plain_json(item, depth - 1)
    elif kind is float and not math.isfinite(value):
        raise FieldError(f"must be a finite number, got {value}")
    return value


def _one_of(choices: tuple[Any, ...]) -> Reader:
    kinds = {type(choice) for choice in choices}

    def read(value: Any) -> Any:
        if type(value) not in kinds or value not in choices:
            raise FieldError(f"must be one of {', '.join(map(str, choices))}; got {shown(value)}")
        return value

    return read


def _checked(kind: Any, checks: tuple[Reader, ...]) -> Reader:
    if kind in _NAMES and kind is not float and len(checks) == 1:
        return _plain_and_checked(kind, checks[0])
    inner = reader_of(kind)

    def read(value: Any) -> Any:
        value = inner(value)
        for check in checks:
            try:
                value = check(value)
            except FieldError:
                raise
            except ValueError as error:
                raise FieldError(str(error)) from None
        return value

    return read


def _plain_and_checked(kind: type, check: Reader) -> Reader:
    """Both in one call: most fields are such, and a manifest has millions of them."""

    def read(value: Any) -> Any:
        if type(value) is not kind:
            raise FieldError(f"must be {_NAMES[kind]}, got {shown(value)}")
        try:
            return check(value)
        except FieldError:
            raise
        except ValueError as error:
            raise FieldError(str(error)) from None

    return read


def _listed(kinds: tuple[Any, ...]) -> Reader:
    inner = reader_of(kinds[0])
    plain = {kinds[0]} if kinds[0] in _PLAIN else set()  # is taken as it is
    count = None if kinds[-1] is Ellipsis else len(kinds)

    def read(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list | tuple):
            raise FieldError(f"must be a list, got {shown(value)}")
        if count is not None and len(value) != count:
            raise FieldError(f"must be a list of {count}, got {len(value)}")
        if plain.issuperset(map(type, value)):
            return tuple(value)
        found = []
        for number, item in enumerate(value):
            try:
                found.append(inner(item))
            except FieldError as error:
                raise (error if not error.path else error.inside(f"[{number}]")) from None
        return tuple(found)

    return read


def _mapping(key_reader: Reader, value_reader: Reader) -> Reader:
    def read(value: Any) -> dict[Any, Any]:
        if type(value) is not dict and not isinstance(value, Mapping):
            raise FieldError(f"must be a table, got {shown(value)}")
        found = {}
        for key, item in value.items():
            try:
                found[key_reader(key)] = value_reader(item)
            except FieldError as error:
                raise error.inside(f"[{shown(key)}]") from None
        return found

    return read


def _table_or_other(kinds: list[Any]) -> Reader:
    """Of two kinds one is a dataclass: tables are read as it, everything else as the other."""
    table, other = (reader_of(kind) for kind in sorted(kinds, key=is_dataclass, reverse=True))
    return lambda value: (table if isinstance(value, Mapping) else other)(value)


def _table(cls: type) -> Reader:
    hints = get_type_hints(cls, include_extras=True)
    takes_rest = next((item.name for item in fields(cls) if item.metadata.get(REST)), None)
    attributes = [item.name for item in fields(cls) if item.name != takes_rest]
    readers = {key_of(name): (name, reader_of(hints[name])) for name in attributes}
    needed = frozenset(
        key_of(item.name)
        for item in fields(cls)
        if item.default is MISSING and item.default_factory is MISSING
    )

    def read(table: Any) -> Any:
        if type(table) is not dict and not isinstance(table, Mapping):
            raise FieldError(f"must be a table, got {shown(table)}")
        values: dict[str, Any] = {}
        more: dict[str, Any] = {}
        key: Any = None
        try:
            for key, item in table.items():
                if key in readers:
                    name, inner = readers[key]
                    values[name] = inner(item)
                elif takes_rest is None:
                    raise FieldError(f"unknown key {shown(key)}{nearest(key, readers)}")
                else:
                    more[key] = item if type(item) in _PLAIN else plain_json(item)
        except FieldError as error:
            if key not in readers and takes_rest is None:
                raise
            raise error.inside(key if key in readers else shown(key)) from None
        if len(values) < len(readers) and not needed <= table.keys():
            missing = next(key for key in readers if key in needed and key not in table)
            raise FieldError(f"{missing} is missing")
        if more:
            values[takes_rest] = more  # type: ignore[index]  # there is one
        try:
            return cls(**values)
        except FieldError:
            raise
        except ValueError as error:  # of __post_init__: "field: words"
            field_name, colon, words = str(error).partition(": ")
            raise (FieldError(words, field_name) if colon else FieldError(str(error))) from None

    return read


def key_of(name: str) -> str:
    """The key of a field: words that Python keeps for itself end in _, as `from_`."""
    return name.rstrip("_")
