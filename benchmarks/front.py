"""The front door: a method on a picture, a run on a data set, in one call each.

import benchmarks

fix = benchmarks.method("tone_thumb+concat", device="cuda")
benchmarks.score(fix(pair.degraded, pair.regions), pair)
benchmarks.run("out/demo", ["classical", fix], out="out/bench")
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from datagen.dataset.read import Pair
from datagen.regions import labels as masks
from luts.tool.errors import UserError

from .environment import pick_device
from .harness.predict import Predict, predictor
from .harness.run import Resources, RunPlan, RunSummary
from .harness.run import run as run_plan
from .methods import Method, MethodError, find_methods
from .methods.models.given import GivenWeights, with_weights
from .metrics import score_regions

if TYPE_CHECKING:
    from luts.lut import Lut

    from .harness.ranks import Rank
    from .methods.models.record import TrainingRecord

__all__ = ["Fix", "UserError", "apply", "method", "run", "score", "train"]

SEEING = ("check", "oracle", "stored", "external")


@dataclass(frozen=True)
class Fix:
    """A method ready to be called: `fix(encoded, regions=None)`; see `method`."""

    name: str
    spec: str
    row: Method
    device: str
    _predict: Predict = field(repr=False)

    def __call__(self, encoded: np.ndarray, regions: np.ndarray | None = None) -> np.ndarray:
        """Correct a picture.

        Parameters
        ----------
        encoded : (H, W, 3) float, encoded, in [0, 1]
        regions : (H, W) uint8 labels, 2 = A (correct here), 1 = B (transition), 0 = C (leave
            alone); None corrects everywhere. A method that knows no regions is blended by them.

        Returns
        -------
        (H, W, 3) float32, encoded, in [0, 1]. Raises ValueError for another kind of array.
        """
        encoded = np.asarray(encoded)
        if encoded.dtype.kind != "f" or encoded.ndim != 3 or encoded.shape[2] != 3:
            raise ValueError(
                "pictures are (H, W, 3) floating-point arrays in [0, 1], got "
                f"{encoded.shape} {encoded.dtype}; divide 8-bit values by 255"
            )
        encoded = encoded.astype(np.float32)
        given = np.full(encoded.shape[:2], masks.A, np.uint8) if regions is None else regions
        masks.check_regions(given)
        if given.shape != encoded.shape[:2]:
            raise ValueError(f"regions are {given.shape} for a picture of {encoded.shape[:2]}")
        result = self._predict(Pair("picture", encoded, encoded, given), encoded)
        if regions is None or self.row.region_aware:
            return result
        return masks.ideal(encoded, result, masks.alpha(regions))

    def colour_map(self, encoded: np.ndarray, *, size: int | None = None) -> Lut:
        """The LUT of what a model does to one picture; see `export.colour_map`."""
        from .methods.models.export import colour_map

        return colour_map(self.name, self.row, encoded, size=size)


def method(
    name: str, device: str = "auto", *, weights: str | Path | None = None, **settings: Any
) -> Fix:
    """Make a method callable.

    Parameters
    ----------
    name : one of METHODS, or "my.py:name"
    device : "auto", "cpu", "cuda", ... of models
    weights : file or folder of a model's weights, other than the shipped ones
    settings : of the method, where they differ from those of its row: degree=0.8

    Raises
    ------
    MethodError for a method that does not exist, or that sees the answer; UntrainedError for a
    model without weights; ModelError for a setting that it does not have.
    """
    ((own, row),) = find_methods([name], with_slow=True).items()
    if row.kind in SEEING:
        raise MethodError(f"{name}: sees what is wanted; it cannot correct a picture")
    if weights is not None:
        row = with_weights({own: row}, [GivenWeights(Path(weights).resolve())])[own]
    if settings:
        row = replace(row, settings={**row.settings, **settings})
    chosen = pick_device(device)
    return Fix(own, name, row, chosen, predictor(own, row, chosen))


def score(
    estimate: np.ndarray, pair: Any, *, metrics: Sequence[str] | None = None
) -> dict[str, float]:
    """Score an estimate (H, W, 3) of a pair: full metric id with region -> value.

    pair : anything with `reference`, `degraded` and `regions` (see `datagen.open`)
    """
    return score_regions(estimate, pair.reference, pair.degraded, pair.regions, names=metrics)


def run(
    data: str | Path,
    methods: Sequence[str | Fix | Callable[..., Any]],
    out: str | Path,
    *,
    elsewhere: Mapping[str, Path] | None = None,
    pattern: str = "",
    metrics: Sequence[str] = ("default",),
    split: str = "test",
    limit: int | None = None,
    keep_predictions: bool = False,
    degree: float | None = None,
    weights: Sequence[GivenWeights | str | Path] = (),
    device: str = "cpu",
    scorer: str | None = None,
    jobs: int = 1,
    engine: str = "local",
    batch: int | None = None,
    rank: Rank | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> RunSummary:
    """Score methods on a built data set; see `harness.run.RunPlan` and `Resources`.

    methods : names, groups of names, functions of a file or module, and what `method` made
    """
    given = tuple(w if isinstance(w, GivenWeights) else GivenWeights.read(str(w)) for w in weights)
    given += tuple(
        GivenWeights(Path(fix.row.weights))
        for fix in methods
        if isinstance(fix, Fix) and fix.row.weights
    )
    plan = RunPlan(
        Path(data),
        [_spec(one) for one in methods],
        elsewhere or {},
        pattern,
        metrics,
        split,
        limit,
        keep_predictions,
        degree,
        given,
    )
    resources = Resources(device, scorer, jobs, engine, batch)
    resources = resources if rank is None else replace(resources, rank=rank)
    return run_plan(plan, Path(out), resources, progress)


def train(
    model: str, data: str | Path, out: str | Path, *, device: str = "auto", **settings: Any
) -> TrainingRecord:
    """Train a model as its card says, but for `settings`; see `training.loop.train`."""
    from .methods.models.record import parse_record
    from .training.loop import train as loop
    from .training.settings import settings_for

    loop(settings_for(model, **settings), Path(data), Path(out), device=device)
    return parse_record(Path(out) / "best.json")


def apply(
    name: str,
    picture: str | Path,
    out: str | Path,
    *,
    regions: str | Path | None = None,
    **how: Any,
) -> None:
    """Put a method on a picture file; see `photo.correct_file`."""
    from .photo import correct_file

    correct_file(method(name, **how), Path(picture), Path(out), regions and Path(regions))


def _spec(one: str | Fix | Callable[..., Any]) -> str:
    """Where a method is found again, in another process too."""
    if isinstance(one, str):
        return one
    if isinstance(one, Fix):
        return one.spec
    module, name = getattr(one, "__module__", ""), getattr(one, "__qualname__", "")
    if module == "__main__":
        module = getattr(sys.modules["__main__"], "__file__", "") or ""
    if not module or not name.isidentifier():
        raise MethodError(f"{one!r}: put it into a file, and say my.py:name")
    return f"{module}:{name}"
