"""The light of all scenes of a recipe in one file: small enough to travel, or ready to map.

    tonebench light 1 | bytes of the header, 16 hex digits | header, JSON | arrays

The header lists the scenes with their splits and arrays, the recipe's own key, and the members of
its pools of distortions. Nothing but numpy is needed to read it.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from luts.tool.errors import UserError
from luts.tool.files import sha256, whole_file

from ..recipe.load import Recipe
from .packed import pack, unpack

MAGIC = b"tonebench light 1\n"
ALIGNMENT = 64
PACKED, PLAIN = "packed", "plain"
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
        with path.open("rb") as stream:
            known = stream.read(len(MAGIC)) == MAGIC
            header = json.loads(stream.read(int(stream.read(17), 16))) if known else {}
            start = stream.tell()
        whole = path.stat().st_size
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "its header is damaged"
        raise CacheError(f"{path}: {reason}") from None
    if not known:
        raise CacheError(f"{path}: not a file of `datagen stream --cache`")
    if header["key"] != key_of(recipe):
        raise CacheError(
            f"{path}: made for another recipe ({header['recipe']}) or other settings of it;"
            f" make it anew with `datagen stream {recipe.name} --cache {path}`"
        )
    ends = [a["offset"] + a["bytes"] for s in header["scenes"] for a in s["arrays"].values()]
    if ends and start + max(ends) > whole:
        raise CacheError(f"{path}: cut short, {start + max(ends) - whole} bytes are missing")
    entries = tuple(
        Entry(
            **{key: scene[key] for key in ABOUT},
            arrays={
                name: functools.partial(_load, path, start, about)
                for name, about in scene["arrays"].items()
            },
        )
        for scene in header["scenes"]
    )
    return Cache(entries, header["pools"])


def _load(path: Path, start: int, about: Mapping[str, Any]) -> np.ndarray:
    place, shape = start + about["offset"], tuple(about["shape"])
    if about["codec"] == PLAIN:
        return np.memmap(path, np.dtype(about["dtype"]), "r", place, shape)
    with path.open("rb") as stream:
        stream.seek(place)
        data = stream.read(about["bytes"])
    try:
        return unpack(data, shape[:2])
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
