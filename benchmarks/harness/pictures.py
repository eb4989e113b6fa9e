"""Pictures that another program made: which file of a folder belongs to which sample."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from datagen.images.files import ImageError, read_image
from luts.tool.files import read_plain
from luts.tool.words import shown

from ..methods import Method, MethodError

SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".npy")
PART = re.compile(r"\{(id|flat|scene)\}")  # and nothing else that str.format would do


@dataclass
class PictureFolder:
    """A folder of pictures, one per sample.

    pattern : the name of a sample's file, with {id} (such as scene/ev+0), {flat} (scene_ev+0) and
        {scene}; "" finds {id} and {flat} with any suffix of SUFFIXES
    """

    folder: Path
    pattern: str = ""

    def __post_init__(self) -> None:
        if re.search("[{}]", PART.sub("", self.pattern)):
            raise MethodError(
                f"--pattern {shown(self.pattern)}: may hold {{id}}, {{flat}} and {{scene}}, and no "
                "other braces"
            )

    @classmethod
    def of(cls, method: Method) -> PictureFolder:
        """The folder of a row of kind "external"; MethodError where its settings name none."""
        folder, pattern = (method.settings.get(key, "") for key in ("folder", "pattern"))
        if not isinstance(folder, str) or not folder or not isinstance(pattern, str):
            raise MethodError(
                "settings of pictures made elsewhere: folder and pattern must be texts, got "
                f"{shown(folder)} and {shown(pattern)}"
            )
        return cls(Path(folder), pattern)

    def find(self, sample: str) -> Path:
        """The file of a sample; MethodError says which names are wanted and what lies there."""
        found = self._found(sample)
        if len(found) > 1:
            places = " and ".join(path.relative_to(self.folder).as_posix() for path in found[:2])
            raise MethodError(
                f"{self.folder}: {places} may both be {sample}; take one away, or give --pattern"
            )
        if not found:
            raise MethodError(f"{self.folder}: no such picture: {self._wanted(sample)}")
        return found[0]

    def missing(self, samples: Iterable[str]) -> list[str]:
        """The samples without a file; MethodError when all lack one, or one has several."""
        samples = list(samples)
        lacking = [sample for sample in samples if not self._found(sample)]
        for sample in set(samples).difference(lacking):
            self.find(sample)
        if samples and len(lacking) == len(samples):
            there = sorted(path for path in self.folder.rglob("*") if path.is_file())
            names = [path.relative_to(self.folder).as_posix() for path in there[:2]]
            found = ", ".join(names) or "nothing"
            raise MethodError(
                f"{self.folder}: no picture of any of the {len(samples)} samples; wanted is "
                f"{self._wanted(samples[0])}, there is {found}; "
                "--pattern says how files are called, such as '{flat}_out.png'"
            )
        return lacking

    def missing_one(self, sample: str) -> bool:
        """Whether a sample has no file."""
        return not self._found(sample)

    def _found(self, sample: str) -> list[Path]:
        names = (name.lower() for name in self._names(sample))
        return [self._files[name] for name in dict.fromkeys(names) if name in self._files]

    @cached_property
    def _files(self) -> dict[str, Path]:
        found: dict[str, Path] = {}
        for path in sorted(self.folder.rglob("*")):
            if path.suffix.lower() in SUFFIXES:
                name = path.relative_to(self.folder).as_posix().lower()
                found.setdefault(name, path)
        return found

    def _names(self, sample: str) -> list[str]:
        parts = {"id": sample, "flat": sample.replace("/", "_"), "scene": sample.split("/")[0]}
        if self.pattern:
            return [PART.sub(lambda found: parts[found[1]], self.pattern)]
        stems = (sample, parts["flat"], sample.replace("/", "__"), f"scenes/{sample}")
        return [stem + suffix for stem in stems for suffix in SUFFIXES]

    def _wanted(self, sample: str) -> str:
        first, *more = self._names(sample)
        return first if not more else f"{first} (or {', '.join(SUFFIXES[1:])}, or flat names)"


def read_picture(path: Path) -> np.ndarray:
    """Read a picture: integers as stored, or floating-point values from .npy and .tif.

    Raises ImageError when it cannot be read.
    """
    if path.suffix.lower() == ".npy":
        try:
            return np.load(io.BytesIO(read_plain(path)), allow_pickle=False)
        except (ValueError, OSError, EOFError) as error:
            raise ImageError(f"{path}: not a readable array ({error})") from None
    try:
        return read_image(path)
    except ImageError:
        if path.suffix.lower() not in (".tif", ".tiff"):
            raise
        import tifffile

        try:
            picture = tifffile.imread(path)
        except Exception:  # what read_image said stands
            picture = None
        if picture is None or picture.dtype.kind != "f":
            raise
        return np.asarray(picture, np.float32)
