"""The light of all scenes of a recipe in one file: small enough to travel, or ready to map.

    tonebench light 1 | bytes of the header, 16 hex digits | header, JSON | arrays

The header lists the scenes with their splits and arrays, the recipe's own key, and the members of
its pools of distortions. Nothing but numpy is needed to read it.
"""

from __future__ import annotations

import functools
import json
import math
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import cv2
import numpy as np

from luts.tool import gate
from luts.tool.errors import UserError
from luts.tool.files import open_plain, sha256, whole_file
from luts.tool.gate import plain_text
from luts.tool.readers import plain_json
from luts.tool.strict import read_value
from luts.tool.words import shown

from ..recipe.load import Recipe
from .light_source import LIGHT
from .packed import pack, unpack
from .pictures import EXPOSURE, MATTE, REFERENCE, UNKNOWN_EV

MAGIC = b"tonebench light 1\n"
ALIGNMENT = 64
PACKED, PLAIN = "packed", "plain"
MOST_HEADER = 1 << 30  # bytes: a kilobyte a scene, for a million of them
Text = Annotated[str, gate.plain_text]
ABOUT = ("name", "group", "licence", "split")


class CacheError(UserError):
    """A file of light that cannot be used; the message names it and says why."""


@dataclass(frozen=True)
class Entry:
    """One scene: its name, group, licence and split, and loaders of its arrays by name."""

    name: str
    group: str
    licence: str
    split: str
    arrays: Mapping[str, Callable[[], np.ndarray]]


@dataclass(frozen=True)
class Cache:
    """An opened file: its scenes, and the members of the pools by key."""

    entries: tuple[Entry, ...]
    pools: Mapping[str, Any]


@dataclass(frozen=True)
class _Array:
    """Where an array lies behind the header, and what it is."""

    codec: Literal["packed", "plain"]
    dtype: Literal["float16", "float32", "uint8", "uint16"]
    shape: tuple[Annotated[int, gate.within(1, 1 << 20)], ...]
    offset: Annotated[int, gate.within(0, 1 << 50)]
    bytes: Annotated[int, gate.within(1, 1 << 40)]

    def __post_init__(self) -> None:
        if not 2 <= len(self.shape) <= 3:
            raise ValueError(f"shape: must be of a picture, got {shown(self.shape)}")
        if self.codec == PACKED and (len(self.shape) != 3 or self.shape[2] != 3):
            raise ValueError(f"shape: must be height, width, 3, got {shown(self.shape)}")
        plain = math.prod(self.shape) * np.dtype(self.dtype).itemsize
        if self.codec == PLAIN and plain != self.bytes:
            raise ValueError(f"bytes: must be {plain} for its shape, got {self.bytes}")


@dataclass(frozen=True)
class _Scene:
    name: Text
    group: Text
    licence: Text
    split: Text
    arrays: Mapping[Text, _Array]

    def __post_init__(self) -> None:
        light = self.arrays.get(LIGHT)
        if light is None or light.dtype != "float16" or light.shape[2:] != (3,):
            raise ValueError(f"arrays: must have {LIGHT!r}, height, width, 3 of float16")
        for name, array in self.arrays.items():
            kind = next((kind for kind in (EXPOSURE, REFERENCE) if name.startswith(kind)), name)
            if kind not in (LIGHT, MATTE, EXPOSURE, REFERENCE):
                raise ValueError(f"arrays: knows no {shown(name)}")
            if kind == EXPOSURE and (ev := name.removeprefix(EXPOSURE)) != UNKNOWN_EV:
                gate.within(-100, 100)(float(ev))
            grown = [a - b for a, b in zip(array.shape[:2], light.shape, strict=False)]
            # Light is packed with even sides; nothing else is cut.
            if not {*grown} <= {0, 1} or array.shape[2:] not in ((3,), *[()] * (kind == MATTE)):
                raise ValueError(f"arrays: {shown(name)} is {array.shape}, light {light.shape}")


@dataclass(frozen=True)
class _Header:
    recipe: Text
    key: Text
    scenes: tuple[_Scene, ...]
    pools: Mapping[Text, tuple[Mapping[str, Any], ...]]


def key_of(recipe: Recipe) -> str:
    """What a cache must share with the recipe it is used for: its source, size and distortions."""
    resolved = recipe.resolved()
    parts = {name: resolved[name] for name in ("source", "distort", "split", "seed")}
    parts["source"].pop("references", None)
    parts["render"] = {k: resolved["render"][k] for k in ("long_edge", "highlights", "baseline")}
    return sha256(json.dumps(parts, sort_keys=True).encode())[:16]


def write_cache(
    path: Path,
    recipe: Recipe,
    entries: Iterable[Entry],
    pools: Mapping[str, Any],
    *,
    edge: int = 0,
    plain: bool = False,
) -> int:
    """Write scenes to one file, whole or not at all; returns its bytes.

    Parameters
    ----------
    entries : opened one after another
    edge : longest side that panoramas are reduced to, 0 for none
    plain : store light as it lies in memory, to be mapped by several processes, instead of small
    """
    listed, blobs, offset = [], [], 0
    for entry in entries:
        arrays = {}
        for name, load in entry.arrays.items():
            array = _reduced(load(), edge)
            small = not plain and array.dtype == np.float16 and array.ndim == 3
            data = pack(_even(array)) if small else np.ascontiguousarray(array).tobytes()
            shape = list(_even(array).shape if small else array.shape)
            arrays[name] = {
                "codec": PACKED if small else PLAIN,
                "dtype": array.dtype.name,
                "shape": shape,
                "offset": offset,
                "bytes": len(data),
            }
            data += bytes(-len(data) % ALIGNMENT)
            blobs.append(data)
            offset += len(data)
        about = {k: getattr(entry, k) for k in ABOUT}
        listed.append({**about, "arrays": arrays})
    header = {"recipe": recipe.name, "key": key_of(recipe), "scenes": listed, "pools": dict(pools)}
    text = json.dumps(header).encode()
    text += b" " * (-(len(MAGIC) + 17 + len(text)) % ALIGNMENT)
    with whole_file(path) as scratch, scratch.open("wb") as stream:
        stream.write(MAGIC + f"{len(text):016x}\n".encode() + text)
        for data in blobs:
            stream.write(data)
    return len(MAGIC) + 17 + len(text) + offset


def read_cache(path: Path, recipe: Recipe) -> Cache:
    """Open a file of `write_cache`; arrays are read, or mapped, when they are wanted.

    Raises
    ------
    CacheError : missing, damaged, or of another recipe
    """
    try:
        with open_plain(path) as stream:
            whole = os.fstat(stream.fileno()).st_size
            if stream.read(len(MAGIC)) != MAGIC:
                raise CacheError(f"{path}: not a file of `datagen stream --cache`")
            length = int(stream.read(17), 16)
            if not 0 <= length <= MOST_HEADER:
                raise ValueError(f"of {length} bytes")
            header = read_value(_Header, plain_json(json.loads(stream.read(length))))
            start = stream.tell()
    except CacheError:
        raise
    except OSError as error:
        raise CacheError(f"{path}: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        reason = plain_text(str(error).partition("\n")[0][:200])
        raise CacheError(f"{path}: its header is damaged: {reason}") from None
    if header.key != key_of(recipe):
        raise CacheError(
            f"{path}: made for another recipe ({header.recipe}) or other settings of it;"
            f" make it anew with `datagen stream {recipe.name} --cache {path}`"
        )
    end = max((a.offset + a.bytes for s in header.scenes for a in s.arrays.values()), default=0)
    if start + end > whole:
        raise CacheError(f"{path}: cut short, {start + end - whole} bytes are missing")
    entries = tuple(
        Entry(
            scene.name,
            scene.group,
            scene.licence,
            scene.split,
            {
                name: functools.partial(_load, path, start, about)
                for name, about in scene.arrays.items()
            },
        )
        for scene in header.scenes
    )
    return Cache(entries, header.pools)


def _load(path: Path, start: int, about: _Array) -> np.ndarray:
    place, shape = start + about.offset, about.shape
    if about.codec == PLAIN:
        return np.memmap(path, np.dtype(about.dtype), "r", place, shape)
    with open_plain(path) as stream:
        stream.seek(place)
        data = stream.read(about.bytes)
    try:
        return unpack(data, (shape[0], shape[1]))
    except ValueError as error:
        raise CacheError(f"{path}: {error}") from None


def _reduced(array: np.ndarray, edge: int) -> np.ndarray:
    """Average light down to a longest side; everything else stays as it is."""
    if not edge or array.dtype != np.float16 or max(array.shape[:2]) <= edge:
        return array
    height, width = array.shape[:2]
    scale = edge / max(height, width)
    size = max(2, round(width * scale)), max(2, round(height * scale))
    small = cv2.resize(array.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    return small.astype(np.float16)


def _even(array: np.ndarray) -> np.ndarray:
    height, width = array.shape[:2]
    return np.ascontiguousarray(array[: height // 2 * 2, : width // 2 * 2])
