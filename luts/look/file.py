"""Looks as TOML files: `look = 1`, a name, an amount, and one [[layer]] table per layer."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..lut import Lut3D, LutFormatError
from ..tool.errors import UserError
from ..tool.files import open_plain, write_text
from ..tool.words import nearest
from .kind import MAX_AMOUNT
from .look import VERSION, Layer, Look
from .parameter import Parameter
from .table import KINDS

SUFFIX = ".toml"
MAX_BYTES = 1 << 26
_AMOUNT = Parameter(1.0, 0.0, MAX_AMOUNT)
_STRENGTH = Parameter(1.0, 0.0, 1.0)
_OWN = ("kind", "on", "strength")


class LookError(LutFormatError):
    """A look file that cannot be read without guessing; the message says where and why."""


def read_look(path: Path | str) -> Look:
    """Read a look; the files that it names are looked for beside it.

    Raises
    ------
    LookError : path, layer and parameter, what was found and what is allowed
    OSError : cannot be opened
    """
    path = Path(path)
    with open_plain(path) as stream:
        data = stream.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise LookError(f"{path}: larger than {MAX_BYTES} bytes: not a look")
    return parse_look(data, str(path), path.parent)


def load_baked(path: Path | str) -> Lut3D:
    """Read a look and bake it to 33 nodes: what every place that reads a LUT file makes of it."""
    look = read_look(path)
    with named(path):
        return look.bake()


@contextmanager
def named(path: Path | str) -> Iterator[None]:
    """Let what goes wrong with a look's layers name the look."""
    try:
        yield
    except UserError as error:
        raise LookError(f"{path}: {error}") from None


def parse_look(data: bytes, name: str, folder: Path = Path()) -> Look:
    """Parse the bytes of a look file; `name` is what errors call it."""
    try:
        table = tomllib.loads(data.decode("utf-8-sig"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise LookError(f"{name}: not TOML: {error}") from None
    if "look" not in table:
        raise LookError(f"{name}: not a look: it does not begin with look = {VERSION}")
    if table["look"] != VERSION or isinstance(table["look"], bool):
        raise LookError(
            f"{name}: look = {table['look']!r:.20}; this program reads look = {VERSION}"
        )
    for key in table:
        if key not in ("look", "name", "amount", "layer"):
            raise LookError(
                f"{name}: unknown key {key!r}{nearest(key, ('name', 'amount', 'layer'))}"
            )
    blocks = table.get("layer", [])
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise LookError(f"{name}: layers are [[layer]] tables")
    title = _checked(Parameter("", form="text"), table.get("name", ""), f"{name}: name")
    layers = [_layer(block, f"{name}: layer {n}") for n, block in enumerate(blocks, start=1)]
    amount = _checked(_AMOUNT, table.get("amount", 1.0), f"{name}: amount")
    return Look(tuple(layers), title, amount, folder)


def write_look(look: Look, path: Path | str) -> None:
    """Write a look, whole or not at all."""
    write_text(Path(path), dump_look(look))


def dump_look(look: Look) -> str:
    """The text of a look file."""
    lines = [f"look = {VERSION}", f"name = {_toml(look.name)}", f"amount = {_toml(look.amount)}"]
    for layer in look.layers:
        lines += ["", "[[layer]]", f"kind = {_toml(layer.kind)}", f"on = {_toml(layer.on)}"]
        lines.append(f"strength = {_toml(layer.strength)}")
        lines += [f"{key} = {_toml(value)}" for key, value in layer.values.items() if value != ""]
    return "\n".join(lines) + "\n"


def _layer(block: dict[str, Any], where: str) -> Layer:
    name = block.get("kind")
    if not isinstance(name, str) or name not in KINDS:
        raise LookError(f"{where}: no kind {name!r:.40}{nearest(name, KINDS)}")
    known, where = KINDS[name].parameters, f"{where} ({name})"
    for key in block:
        if key not in known and key not in _OWN:
            raise LookError(f"{where}: unknown key {key!r}{nearest(key, [*known, *_OWN])}")
    on = block.get("on", True)
    if not isinstance(on, bool):
        raise LookError(f"{where}: on is true or false, got {on!r:.40}")
    strength = _checked(_STRENGTH, block.get("strength", 1.0), f"{where}: strength")
    values = {
        key: _checked(parameter, block.get(key, parameter.default), f"{where}: {key}")
        for key, parameter in known.items()
    }
    return Layer(name, values, strength, on)


def _checked(parameter: Parameter, value: object, where: str) -> Any:
    try:
        return parameter.check(value)
    except UserError:
        raise
    except ValueError as error:
        raise LookError(f"{where} {error}") from None


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and "\n" in value and "'''" not in value:
        return f"'''\n{value}'''"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, float):
        return repr(value)
    return str(value)
