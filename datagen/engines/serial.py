"""Everything in this process, for debugging: a file that crashes the decoder ends the build."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

from .worker import Outcome, TargetError, Task, Work, attempt


def run(work: Work, tasks: Iterable[Task], *, workers: int, memory: int) -> Iterator[Outcome]:
    """Do the tasks one after the other; `workers`, `memory` and deadlines have no effect here."""
    for task in tasks:
        started = time.monotonic()
        status, value = attempt(work, task.job)
        if status == "target":
            raise TargetError(*value)
        seconds = time.monotonic() - started
        if status == "ok":
            yield Outcome(task, result=value, seconds=seconds)
        else:
            yield Outcome(task, status=status, reason=value, seconds=seconds)
