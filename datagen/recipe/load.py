"""A recipe: everything that decides the pixels of a data set, read strictly from TOML.

The tables are `[source]`, `[render]`, any number of `[[distort]]` and `[[mask]]`, `[split]`,
`[output]` and `[stream]`; `datagen init` writes a commented example.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

from luts.tool.errors import UserError
from luts.tool.files import open_plain, write_text
from luts.tool.gate import short_name
from luts.tool.outside import is_outside, named, short
from luts.tool.strict import convert, read_table
from luts.tool.words import nearest, shown

from ..regions.shapes import SHAPES
from .settings import Distort, Mask, Output, Range, Render, Source, Split, Stream

MOST_BYTES = 256 << 10  # of a recipe's file
MOST_BLOCKS = 100  # [[distort]] or [[mask]]


class RecipeError(UserError):
    """A recipe that cannot be used; the message says where and what is allowed."""


@dataclass(frozen=True)
class Recipe:
    """A whole recipe; see the module's docstring."""

    name: str
    seed: int
    source: Source
    render: Render
    distort: tuple[Distort, ...]
    mask: tuple[Mask, ...]
    split: Split
    output: Output
    stream: Stream = field(default_factory=Stream)  # decides nothing about a built data set
    path: str = field(default="", compare=False)  # for messages

    def resolved(self) -> dict[str, Any]:
        """Every setting with its default filled in, as JSON; what a data set's identity rests on.

        The source's folder is left out: where the files lie does not change the pictures. Nor does
        the folder of code from outside, whose own hash is in the data set's head.
        """
        values = asdict(self)
        del values["path"], values["source"]["folder"], values["stream"]
        if isinstance(self.render.evs, Range):
            values["render"]["evs"]["from"] = values["render"]["evs"].pop("from_")
        values["source"]["kind"] = short(self.source.kind)
        for block in values["distort"]:
            block["families"] = [short(name) for name in block["families"]]
        for block in values["mask"]:
            block.update(block.pop("shape"))
        return json.loads(json.dumps(values))


def load_recipe(
    name_or_path: str | Path, changes: Sequence[str] = (), *, code: Sequence[str] = ()
) -> Recipe:
    """Read a recipe file, or a shipped recipe by name.

    Parameters
    ----------
    name_or_path : "demo", or a path that ends in .toml
    changes : "render.long_edge=256" and the like, applied before anything is checked
    code : files and modules of code whose families and sources the recipe may use, such as
        "looks/my.py". A recipe that names others is refused: reading one must run nothing

    Raises
    ------
    RecipeError
        One line: the file, the table and key, what was wrong and what is allowed.
    """
    path = _find(name_or_path)
    try:
        with open_plain(path) as stream:
            data = stream.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise RecipeError(f"{path}: must be a recipe of up to {MOST_BYTES} bytes; it is longer")
        text = data.decode("utf-8")
        table = tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise RecipeError(f"{path}: not UTF-8 text (byte {error.start})") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise RecipeError(f"{path}: not TOML: {error}") from None
    except IsADirectoryError:
        raise RecipeError(f"{path}: is a folder; a recipe is a .toml file") from None
    for change in changes:
        _apply_change(table, change)
    try:
        return _with_code(parse_recipe(table, where=str(path)), code)
    except ValueError as error:
        raise RecipeError(str(error)) from None


def parse_recipe(table: Mapping[str, Any], *, where: str) -> Recipe:
    """Check a parsed TOML document; raises ValueError with one line that begins with `where`."""
    single = {
        "source": Source,
        "render": Render,
        "split": Split,
        "output": Output,
        "stream": Stream,
    }
    known = ["name", "seed", "distort", "mask", *single]
    for key in table:
        if key not in known:
            raise ValueError(f"{where}: unknown key {shown(key)}{nearest(key, known)}")
    name, seed = table.get("name"), table.get("seed", 0)
    name = convert(name, Annotated[str, short_name], f"{where}: name")
    if not isinstance(seed, int) or isinstance(seed, bool) or not 0 <= seed < 2**63:
        raise ValueError(f"{where}: seed: must be a whole number from 0, got {shown(seed)}")
    parts: dict[str, Any] = {
        key: read_table(cls, table.get(key, {}), f"{where}: [{key}]") for key, cls in single.items()
    }
    distort = tuple(
        read_table(Distort, block, f"{where}: [[distort]] {number}")
        for number, block in _blocks(table, "distort", where)
    )
    masks = tuple(
        _read_mask(block, f"{where}: [[mask]] {number}")
        for number, block in _blocks(table, "mask", where)
    )
    if isinstance(parts["render"].evs, Range) and any(block.evs for block in distort):
        raise ValueError(f"{where}: [[distort]] evs: names exposures, but [render] evs is a range")
    if not (parts["render"].undistorted or distort):
        raise ValueError(f"{where}: [render] undistorted: is false without any [[distort]] block")
    return Recipe(name=name, seed=seed, distort=distort, mask=masks, path=where, **parts)


def _with_code(recipe: Recipe, code: Sequence[str]) -> Recipe:
    """A recipe whose code from outside is that which the user named, where the user has it."""

    def place(name: str, where: str) -> str:
        return named(name, code, f"{recipe.path}: {where}") if is_outside(name) else name

    source = replace(recipe.source, kind=place(recipe.source.kind, "[source] kind"))
    distort = tuple(
        replace(
            block,
            families=tuple(place(name, f"[[distort]] {n} families") for name in block.families),
        )
        for n, block in enumerate(recipe.distort, start=1)
    )
    return replace(recipe, source=source, distort=distort)


def with_new_settings(resolved: Mapping[str, Any]) -> dict[str, Any]:
    """A resolved recipe of an earlier version, with the defaults of settings that came later.

    Raises ValueError when it is none.
    """
    source = {**resolved.get("source", {}), "folder": "unknown"}
    return parse_recipe({**resolved, "source": source}, where="").resolved()


def shipped_recipes() -> dict[str, Path]:
    """The recipes that come with the package, by name."""
    folder = Path(str(resources.files("datagen") / "recipe" / "shipped"))
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


def new_recipe(path: Path, *, folder: str) -> Path:
    """Write a commented recipe that works as it is; returns its path.

    Raises RecipeError when the file exists, or its name cannot name a recipe.
    """
    path = Path(path)
    if path.suffix != ".toml":
        raise RecipeError(f"{path}: a recipe's file name ends in .toml")
    if path.exists():
        raise RecipeError(f"{path}: is there already; choose another name")
    text = (Path(__file__).parent / "recipe.toml").read_text("utf-8")
    quoted = folder.replace("\\", "\\\\").replace('"', '\\"')
    text = text.replace("{name}", path.stem).replace("{folder}", quoted)
    try:
        parse_recipe(tomllib.loads(text), where=str(path))
    except ValueError as error:
        raise RecipeError(str(error)) from None
    write_text(path, text)
    return path


def _find(name_or_path: str | Path) -> Path:
    text = str(name_or_path)
    if text.endswith(".toml") or "/" in text:
        path = Path(text)
        if not path.exists():
            raise RecipeError(f"{path}: no such recipe file")
        return path
    shipped = shipped_recipes()
    if text not in shipped:
        raise RecipeError(f"{text}: no recipe of that name{nearest(text, shipped)}")
    return shipped[text]


def _blocks(table: Mapping[str, Any], key: str, where: str) -> list[tuple[int, Any]]:
    blocks = table.get(key, [])
    if not isinstance(blocks, list):
        raise ValueError(f"{where}: [[{key}]]: must be written with double brackets")
    if len(blocks) > MOST_BLOCKS:
        raise ValueError(f"{where}: [[{key}]]: up to {MOST_BLOCKS} blocks, got {len(blocks)}")
    return list(enumerate(blocks, start=1))


def _read_mask(block: object, where: str) -> Mask:
    if not isinstance(block, Mapping):
        raise ValueError(f"{where}: must be a table, got {shown(block)}")
    kind, share = block.get("kind"), block.get("share", 1.0)
    if not isinstance(kind, str) or kind not in SHAPES:
        raise ValueError(f"{where} kind: {shown(kind)} is no kind of mask{nearest(kind, SHAPES)}")
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share < 1e9:
        raise ValueError(f"{where} share: must be a number above 0, got {shown(share)}")
    rest = {key: value for key, value in block.items() if key not in ("kind", "share")}
    return Mask(kind, float(share), read_table(SHAPES[kind], rest, where))


def _apply_change(table: dict[str, Any], change: str) -> None:
    """Set one value given on the command line as table.key=value; a bare word is a text."""
    key, equals, text = change.partition("=")
    words = key.strip().split(".")
    if not equals or not all(words):
        raise RecipeError(f"--set {change}: must look like render.long_edge=256")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    for word in words[:-1]:
        table = table.setdefault(word, {})
        if not isinstance(table, dict):
            raise RecipeError(f"--set {change}: {word!r} is not a table that --set can reach")
    table[words[-1]] = value
