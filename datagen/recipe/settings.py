"""The tables of a recipe as values, each checked when it is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from ..references import OLD_NAMES
from ..regions.shapes import Shape

MSEC_EVS = (-1.5, -1.0, 0.0, 1.0, 1.5)  # Afifi et al., CVPR 2021: the five relative exposures
SAMPLES = "samples:"  # as [source] folder: the files that come with the package

RENDERED = 512  # pixels of the longer side of what is rendered
MOST_EVS = 1000
SPLITS = ("train", "val", "test")

Baseline = Literal["ignore", "dng"]
Noise = Literal["none", "rgb", "mosaic"]


@dataclass(frozen=True)
class Source:
    """Where pictures, references and segmentations are."""

    folder: str
    kind: str = "folder"  # one of datagen.sources.SOURCES
    inputs: str = ""  # of kind "pairs": the folder of inputs, where its name does not tell
    references: tuple[str, ...] = ()  # none: a scene's experts, or fusion where it has none
    licence: str = ""  # for files whose source does not say
    brackets: bool = False  # join exposure series into scenes, by the files' own tags
    burst_s: float = 0.0  # group pictures of one camera taken within so many seconds
    near_duplicates: bool = False  # group pictures that look alike; opens every file to plan
    limit: int = 0  # only the first so many scenes; 0 is all
    classes: tuple[Any, ...] = ()  # of segmentations: numbers, names or "#rrggbb" of the subject
    masks: Literal["union", "each"] = "union"  # of a picture with several: one map, or one each
    instance: Any = ""  # of segmentations: "largest", or the number of one; "" is everything

    def __post_init__(self) -> None:
        if not all(_is_label(item) for item in self.classes):
            raise ValueError(
                f'classes: must be numbers from 0, names or "#rrggbb", got {list(self.classes)}'
            )
        if self.instance not in ("", "largest") and not (
            _is_label(self.instance) and isinstance(self.instance, int) and self.instance
        ):
            raise ValueError(f'instance: must be "largest" or a number, got {self.instance!r}')
        if not self.folder:
            raise ValueError(f'folder: must name a folder, or "{SAMPLES}" for the embedded samples')
        names = tuple(OLD_NAMES.get(name, name) for name in self.references)
        object.__setattr__(self, "references", names)
        if len(set(names)) < len(names):
            raise ValueError("references: must name each once")
        if self.burst_s < 0 or self.limit < 0:
            raise ValueError("burst_s and limit: must not be negative")


def _is_label(value: object) -> bool:
    if isinstance(value, str):
        return bool(value)
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 65536


@dataclass(frozen=True)
class Range:
    """Exposures drawn anew for every scene of a build, and for every sample of a stream."""

    from_: float
    to: float
    normal: tuple[float, ...] = ()  # mean and sd of a distribution cut at the ends; else uniform
    count: int = 5  # so many per scene of a build

    def __post_init__(self) -> None:
        if not -10 <= self.from_ < self.to <= 10:
            raise ValueError(
                f"from, to: need -10 <= from < to <= 10 stops, got {self.from_:g}, {self.to:g}"
            )
        if self.normal and not (
            len(self.normal) == 2 and self.from_ <= self.normal[0] <= self.to and self.normal[1] > 0
        ):
            raise ValueError("normal: needs a mean between from and to, and an sd above 0")
        most = min(1000, round(10 * (self.to - self.from_)))
        if not 1 <= self.count <= most:
            raise ValueError(f"count: must be 1 to {most} in this range, got {self.count}")

    def draw(self, rng: np.random.Generator) -> float:
        """One exposure in stops."""
        if not self.normal:
            return float(rng.uniform(self.from_, self.to))
        mean, sd = self.normal
        while not self.from_ <= (ev := float(rng.normal(mean, sd))) <= self.to:
            pass
        return ev

    def draw_all(self, rng: np.random.Generator) -> tuple[float, ...]:
        """`count` different exposures in hundredths of a stop, for one scene of a build."""
        found: set[float] = set()
        while len(found) < self.count:
            found.add(round(self.draw(rng), 2) + 0.0)
        return tuple(sorted(found))


@dataclass(frozen=True)
class Render:
    """How a raw becomes inputs: one per EV, all from one demosaic.

    Pictures that a source has ready-made (inputs of pairs, of published sets) are scored at their
    own size, as the literature scores them; only a `long_edge` that is said shrinks them.
    """

    evs: tuple[float, ...] | Range = MSEC_EVS
    long_edge: int | None = None  # pixels, 0: the source's own; not said: see `longest`
    undistorted: bool = True  # also without any [[distort]]
    highlights: Literal["clip", "blend", "rebuild"] = "blend"
    baseline: Baseline = "ignore"
    tone: Literal["none", "filmic"] = "none"
    noise: Noise = "none"  # that of a shorter exposure, for EVs below 0

    def __post_init__(self) -> None:
        if not isinstance(self.evs, Range):
            names = {f"{ev:+g}" for ev in self.evs}  # by which samples are called
            if not self.evs or len(names) < len(self.evs):
                raise ValueError("evs: must list one or more, each once, to six digits")
            if len(self.evs) > MOST_EVS:
                raise ValueError(f"evs: must list up to {MOST_EVS}, got {len(self.evs)}")
            if not all(-10 <= ev <= 10 for ev in self.evs):
                raise ValueError(f"evs: must lie within -10 to 10 stops, got {list(self.evs)}")
        if self.long_edge and not 16 <= self.long_edge <= 65535:
            raise ValueError(f"long_edge: must be 0 (as is) or 16 to 65535, got {self.long_edge}")

    def longest(self, *, ready: bool) -> int:
        """Pixels of the longer side of ready-made pictures, or of rendered ones; 0: their own."""
        if self.long_edge is None:
            return 0 if ready else RENDERED
        return self.long_edge


@dataclass(frozen=True)
class Distort:
    """Draw colour distortions on top of every EV, or of some.

    Each of `count` samples per EV takes one entry of a pool of `pool` distortions. Train, val and
    test have pools of their own: families draw other members for each, and the lists of library
    LUTs and files are divided, so that no LUT seen in training is scored on.
    """

    families: tuple[str, ...] = ()
    library: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    severity: tuple[float, float] = (3.0, 12.0)  # mean dE00 of a family's LUT
    evs: tuple[float, ...] = ()  # only on inputs at these EVs; empty: on all
    count: int = 1
    stack: int = 1  # so many distortions after one another
    pool: int = 32
    lut_size: int = 33
    shared: bool = False  # library LUTs and files may be in several splits: none is then unseen

    def __post_init__(self) -> None:
        if not (self.families or self.library or self.files):
            raise ValueError("families: name some families, library LUTs or files")
        if not 0 < self.severity[0] <= self.severity[1] <= 100:
            raise ValueError(f"severity: needs 0 < low <= high <= 100, got {list(self.severity)}")
        limits = {"count": 1000, "stack": 8, "pool": 1_000_000}
        for name, most in limits.items():
            if not 1 <= getattr(self, name) <= most:
                raise ValueError(f"{name}: must be 1 to {most}, got {getattr(self, name)}")
        if not 2 <= self.lut_size <= 129:
            raise ValueError(f"lut_size: must be 2 to 129, got {self.lut_size}")


@dataclass(frozen=True)
class Stream:
    """How a stream frames its sources, and the camera that photographs panoramas for it."""

    fov: tuple[float, float] = (45.0, 90.0)  # degrees across the long edge
    pitch: tuple[float, float] = (3.0, 10.0)  # mean and standard deviation, degrees
    roll_sd: float = 3.0  # degrees
    zoom: tuple[float, float] = (0.4, 1.0)  # of pictures: share of the largest crop that fits
    mirror: bool = True
    shots: int = 2  # of each view, at exposures of their own
    cameras: tuple[str, ...] = ()  # names as of `datagen simulate --camera`; empty: all
    metering_sd: float = 0.3  # stops
    white_balance_sd: float = 0.0  # stops, of red and of blue
    noise: bool = True
    sites: tuple[float, float] = (1.0, 16.0)  # sensor sites whose mean a pixel is
    brackets: float = 0.5  # share whose EV is the shot's own; else one shot developed at that EV

    def __post_init__(self) -> None:
        if not 1 <= self.fov[0] <= self.fov[1] <= 150:
            raise ValueError(f"fov: needs 1 <= low <= high <= 150 degrees, got {list(self.fov)}")
        if not 0 < self.zoom[0] <= self.zoom[1] <= 1:
            raise ValueError(f"zoom: needs 0 < low <= high <= 1, got {list(self.zoom)}")
        if not 1 <= self.sites[0] <= self.sites[1] <= 1e6:
            raise ValueError(f"sites: needs 1 <= low <= high, got {list(self.sites)}")
        if not -90 <= self.pitch[0] <= 90:
            raise ValueError(f"pitch: the mean is -90 to 90 degrees, got {self.pitch[0]:g}")
        spreads = (self.pitch[1], self.roll_sd, self.metering_sd, self.white_balance_sd)
        if min(spreads) < 0:
            raise ValueError("pitch, roll_sd, metering_sd, white_balance_sd: not below 0")
        if not 1 <= self.shots <= 1000:
            raise ValueError(f"shots: must be 1 to 1000, got {self.shots}")
        if not 0 <= self.brackets <= 1:
            raise ValueError(f"brackets: must be a share, 0 to 1, got {self.brackets:g}")


@dataclass(frozen=True)
class Mask:
    """One kind of region map; a sample draws among the blocks that suit it, by `share`."""

    kind: str
    share: float
    shape: Shape


@dataclass(frozen=True)
class Split:
    """How scenes are divided. All pictures of one group stay together."""

    by: Literal["source", "hash", "order", "random", "list"] = "source"
    train: float = 0.8
    val: float = 0.1
    test: float = 0.1
    train_list: str = ""  # files of names, when by = "list"
    val_list: str = ""
    test_list: str = ""

    def __post_init__(self) -> None:
        sizes = (self.train, self.val, self.test)
        if min(sizes) < 0 or sum(sizes) <= 0:
            raise ValueError("train, val, test: must not be negative, nor all zero")
        counted = self.by in ("order", "random")
        if not counted and abs(sum(sizes) - 1) > 1e-6:
            raise ValueError(f"train, val, test: must add up to 1, got {sum(sizes):g}")
        if counted and any(size != int(size) for size in sizes):
            raise ValueError(
                f"train, val, test: must be whole numbers of scenes when by = {self.by!r}"
            )
        lists = [self.train_list, self.val_list, self.test_list]
        if (self.by == "list") != any(lists):
            raise ValueError("train_list, val_list, test_list: go with by = 'list', one or more")


@dataclass(frozen=True)
class Output:
    """How pictures are stored."""

    format: Literal["png", "tiff"] = "png"
    bits: Literal[8, 16] = 8
