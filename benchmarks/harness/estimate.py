"""How long a run would take, from one pair of what is still to be done."""

from __future__ import annotations

import time
from collections import Counter
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .plan import Resources, RunPlan
from .prepare import prepare
from .rows import finished_keys

if TYPE_CHECKING:
    from .evaluate import Evaluator
    from .tasks import Tasks


def estimate(plan: RunPlan, out: Path, resources: Resources | None = None) -> str:
    """Score one pair with every method that has work left, and say what all would take.

    Nothing is written. The pair is scored twice and the second time counts, since methods load
    their weights in the first. Slow rows of few pairs stand for all pairs of their size.

    Raises as `run` does.
    """
    resources = resources or Resources()
    _, evaluator, _, _, made, every = prepare(plan, out, resources)
    todo = every.without(finished_keys(out, made.measures.values()))
    if not todo:
        return "nothing is left to score"
    left = Counter({name: count for name, count in todo.counts().items() if count})
    each = _seconds(evaluator, todo, len(left))
    seconds = sum(each[name] * count for name, count in left.items()) / resources.jobs
    slow = sorted(left, key=lambda name: -each[name] * left[name])[:3]
    share = ", ".join(f"{name} {_words(each[name] * left[name] / resources.jobs)}" for name in slow)
    return (
        f"about {_words(seconds)} for {left.total():,} evaluations of {len(left)} methods "
        f"in {resources.jobs} processes (most: {share})"
    )


def _seconds(evaluator: Evaluator, todo: Tasks, methods: int) -> dict[str, float]:
    """What one evaluation of each method takes, metrics with it, on a pair of middling size."""
    found: dict[str, float] = {}
    ordered = todo[np.argsort(todo.pixels, kind="stable")]
    for task in chain([ordered[len(ordered) // 2]], ordered):
        if len(found) == methods:
            break
        for name in task.names:
            if name not in found:
                one = task.only([name])
                evaluator((one,))
                started = time.perf_counter()
                evaluator((one,))
                found[name] = time.perf_counter() - started
    return found


def _words(seconds: float) -> str:
    """A length of time as one says it.

    Examples
    --------
    >>> _words(40), _words(200), _words(7000)
    ('40 s', '3 min', '1.9 h')
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
