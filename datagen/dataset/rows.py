"""What a data set holds: one row per sample, read strictly and written back the same.

A row is a `Sample`, or a `Lost` one with the reason. Every name, path and number is checked here,
once, when a line is read; what these classes hold may be used without another look. Their fields
are the columns of manifest.jsonl; other keys are kept in `facts`, for people: no code reads them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal, get_args

from luts.tool import gate
from luts.tool.strict import read_value, rest, to_table
from luts.tool.words import FieldError, shown

from .summary import Summary

OK = "ok"
Split = Literal["train", "val", "test"]
SPLITS: tuple[str, ...] = get_args(Split)
Kind = Literal["family", "library", "file"]  # of one layer of a distortion

Id = Annotated[str, gate.plain_path]
Name = Annotated[str, gate.plain_name]
Text = Annotated[str, gate.plain_text]
Digest = Annotated[str, gate.digest]
ScenePath = Annotated[str, gate.below("scenes")]
LutPath = Annotated[str, gate.below("luts")]
OutputPath = Annotated[str, gate.below("scenes", "luts")]
Stops = Annotated[float, gate.within(-100, 100)]
Share = Annotated[float, gate.within(0, 1)]
Pixels = Annotated[int, gate.within(1, 1_000_000)]
DeltaE = Annotated[float, gate.within(0, 1000)]


@dataclass(frozen=True, slots=True)
class Layer:
    """One of the distortions that lie on top of each other."""

    kind: Kind
    name: Text  # of the family, the library LUT or the file
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Distortion:
    """The colour distortion of a sample; a stack has layers, any other has parameters."""

    kind: Literal["family", "library", "file", "stack"]
    lut: LutPath  # the same sampled on a grid
    severity: DeltaE  # mean CIEDE2000 over all colours
    image_severity: DeltaE  # over this picture
    exact: bool  # applied by formula, not through a table
    baked: Mapping[Name, DeltaE] = field(default_factory=dict)  # how far the stored LUT is off
    name: Text = ""  # of a stack: those of its layers, joined
    layers: tuple[Layer, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if (self.kind == "stack") != bool(self.layers):
            raise ValueError("layers: a stack must have some, and nothing else may")
        if self.layers:
            object.__setattr__(self, "name", " + ".join(layer.name for layer in self.layers))
        if not self.name:
            raise ValueError("name: is missing")


@dataclass(frozen=True, slots=True)
class Mask:
    """The kind of region map, and what was drawn."""

    kind: Name
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Coverage:
    """Shares of the picture in region A, B and C."""

    A: Share
    B: Share
    C: Share


@dataclass(frozen=True, slots=True)
class SourceFile:
    """The file a sample was made from; its path is relative to the source's folder."""

    path: Text
    sha256: str = ""
    bytes: Annotated[int, gate.within(0, 1 << 62)] = 0
    origin: Text = ""
    others: Mapping[Text, Digest] = field(default_factory=dict)  # references, mattes: their hashes


@dataclass(frozen=True, slots=True)
class Develop:
    """How the source became linear light; `facts` hold what its reader found."""

    kind: Literal["raw", "picture", "ready", "bracket"]
    tone: Name = "none"
    facts: Mapping[str, Any] = rest()


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample that was made. Every file it names has a hash."""

    id: Id
    scene: Name
    group: Text
    split: Split
    ev: Stops | None  # of the input, relative to as shot; None: not known
    distortion: Distortion | None
    input: ScenePath
    regions: ScenePath
    references: Mapping[Name, ScenePath]
    sha256: Mapping[OutputPath, Digest]
    mask: Mask
    coverage: Coverage
    width: Pixels
    height: Pixels
    bits: Literal[8, 16]
    source: SourceFile
    develop: Develop
    licence: Text  # "" when it is not known
    camera: Text = ""
    notes: tuple[Text, ...] = ()  # what looks like a wrong reading of the scene's files
    pictures: Mapping[OutputPath, Summary] = field(default_factory=dict)  # their sums
    facts: Mapping[str, Any] = rest()
    status: ClassVar[str] = OK

    def __post_init__(self) -> None:
        if not self.references:
            raise ValueError("references: is empty")
        named = [("input", self.input), ("regions", self.regions)]
        named += [(f"references.{name}", path) for name, path in self.references.items()]
        if self.distortion is not None:
            named.append(("distortion.lut", self.distortion.lut))
        for name, path in named:
            if path not in self.sha256:
                raise ValueError(f"{name}: {shown(path)} has no sha256")
        if not self.source.sha256:
            raise ValueError("source.sha256: is missing")

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.height, self.width

    @property
    def distortion_name(self) -> str:
        """One word for tables: "none", or the distortion's name."""
        return "none" if self.distortion is None else self.distortion.name


@dataclass(frozen=True, slots=True)
class Lost:
    """A sample that was not made: `status` is one word, `reason` a line."""

    id: Id
    scene: Name
    group: Text
    split: Split
    ev: Stops | None
    status: Name
    reason: Text = ""
    source: SourceFile | None = None
    facts: Mapping[str, Any] = rest()


Row = Sample | Lost


@dataclass(frozen=True, slots=True)
class Head:
    """What dataset.json says of the whole set; all but the first three are there once it is done.

    The recipe is that of `Recipe.resolved`, and `distort` the hashes of the LUT files it names:
    together they decide the pixels.
    """

    name: Annotated[str, gate.short_name]
    recipe: Mapping[str, Any]
    complete: bool
    distort: Mapping[Text, Digest] = field(default_factory=dict)
    hash: str = ""
    samples: Mapping[Split, Mapping[Name, int]] = field(default_factory=dict)  # by status
    versions: Mapping[Text, Text] = field(default_factory=dict)
    files: Mapping[Name, Digest] = field(default_factory=dict)  # beside the pictures
    derived: Mapping[str, Any] = field(default_factory=dict)  # what it was cut or merged from
    facts: Mapping[str, Any] = rest()

    def __post_init__(self) -> None:
        if self.complete or self.hash:
            try:
                gate.digest(self.hash)
            except ValueError as error:
                raise ValueError(f"hash: {error}") from None


def read_row(table: object) -> Row:
    """Check one parsed line.

    Raises
    ------
    FieldError
        "field: what is allowed, what was found".
    """
    if not isinstance(table, dict):
        raise FieldError(f"must be a JSON object, got {type(table).__name__}")
    if "status" not in table:
        raise FieldError("status is missing")
    if table["status"] != OK:
        return read_value(Lost, table)
    return read_value(Sample, {key: table[key] for key in table if key != "status"})


def row_table(row: Row) -> dict[str, Any]:
    """A row as JSON holds it."""
    table: dict[str, Any] = to_table(row)
    return {**table, "status": row.status}


def json_line(value: Mapping[str, Any]) -> bytes:
    """One line of JSON, always the same bytes for the same value."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8") + b"\n"
