"""What a row says but for its values: which evaluation it is, and why it failed where it did."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from luts.tool.strict import to_table

from .rows import Evaluation

if TYPE_CHECKING:
    from datagen.dataset.rows import Sample as ManifestRow

    from .tasks import Task


def labels(row: ManifestRow, task: Task, name: str) -> Evaluation:
    """The row of an evaluation that has not been made."""
    return Evaluation(
        key=task.key(name),
        method=name,
        sample=row.id,
        group=row.group,
        ev=row.ev,
        distortion=row.distortion_name,
        severity=0.0 if row.distortion is None else row.distortion.image_severity,
        mask=row.mask.kind,
        expert=task.reference,
        coverage=to_table(row.coverage),
        status="not made",
        seconds=0.0,
    )


def failure(
    row: ManifestRow, task: Task, name: str, status: str, seconds: float = 0.0
) -> Evaluation:
    """The row of an evaluation that has no values."""
    return replace(labels(row, task, name), status=status, seconds=seconds)


def status_of(error: BaseException) -> str:
    """Say in one line what went wrong."""
    if isinstance(error, SystemExit):
        return f"SystemExit: the method tried to end the program ({error.code})"
    lines = f"{type(error).__name__}: {error}".splitlines()
    return "".join(c if c.isprintable() else " " for c in lines[0])[:200]
