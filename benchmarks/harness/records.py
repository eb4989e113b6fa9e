"""The record of one evaluation: what was evaluated, how it went, and its values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from luts.tool.words import to_table

if TYPE_CHECKING:
    from datagen.dataset.read import Pair

    from ..metrics import Target
    from .tasks import Task

Record = dict[str, Any]
Finish = Callable[[], Record]  # does what is left of an evaluation
Scorer = Literal["numpy", "torch"]  # METRICS' own functions, or their twins on a device


@dataclass(frozen=True, eq=False)
class Sample:
    """A task with its pictures; `notes` has what methods said about them, by name."""

    task: Task
    pair: Pair
    target: Target
    notes: dict[str, str] = field(default_factory=dict)


def scored(
    sample: Sample, name: str, values: dict[str, float], seconds: float, scorer: Scorer = "numpy"
) -> Record:
    """Make the record of an evaluation that worked; `seconds` are the method's alone."""
    facts = {"status": "ok", "seconds": seconds, "scorer": scorer, "values": values}
    return _labels(sample.task, name) | facts | {"note": sample.notes.get(name, "")}


def failure(task: Task, name: str, status: str, seconds: float = 0.0) -> Record:
    """Make the record of an evaluation that has no values."""
    facts = {"status": status, "seconds": seconds, "scorer": "numpy", "values": {}, "note": ""}
    return _labels(task, name) | facts


def status_of(error: Exception) -> str:
    """Say in one line what went wrong."""
    return f"{type(error).__name__}: {error}".splitlines()[0][:200]


def _labels(task: Task, name: str) -> Record:
    row = task.row
    return {
        "key": task.keys[name],
        "method": name,
        "sample": row.id,
        "scene": row.group,  # views of one place are one scene to the statistics
        "ev": row.ev,
        "distortion": row.distortion_name,
        "severity": 0.0 if row.distortion is None else row.distortion.image_severity,
        "mask": row.mask.kind,
        "expert": task.reference,
        "coverage": to_table(row.coverage),
    }
