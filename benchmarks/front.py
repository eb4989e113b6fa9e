"""The front door: a method on a picture, a run on a data set, in one call each.

import benchmarks

fix = benchmarks.method("light_grid+concat", device="cuda")
benchmarks.score(fix(pair.degraded, pair.regions), pair)
benchmarks.run("out/demo", ["classical", fix], out="out/bench")
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from luts.tool.errors import UserError

from .harness.fix import Fix, method
from .harness.photo import correct_file
from .harness.plan import Resources, RunPlan
from .harness.run import RunSummary
from .harness.run import run as run_plan
from .methods import MethodError
from .methods.models.trained.given import GivenWeights
from .metrics import score_regions

if TYPE_CHECKING:
    from .harness.ranks import Rank
    from .methods.models.trained.record import TrainingRecord

__all__ = ["Fix", "UserError", "apply", "method", "run", "score", "train"]


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
    """Score methods on a built data set; see `harness.plan.RunPlan` and `Resources`.

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
    from .methods.models.trained.record import parse_record
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
    """Put a method on a picture file; see `harness.photo.correct_file`."""
    correct_file(method(name, **how), Path(picture), Path(out), Path(regions) if regions else None)


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
