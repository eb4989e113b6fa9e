"""The default engine: a few worker processes on this machine."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from multiprocessing.connection import wait

from .worker import NO_TASK, EngineError, Outcome, Task, Work, Worker

MAX_FAILED_STARTS = 3


def run(work: Work, tasks: Iterable[Task], *, workers: int, memory: int) -> Iterator[Outcome]:
    """Do the tasks on `workers` processes and yield the outcomes as they come.

    Each worker holds one task, and the next is taken from `tasks` only when a worker is free, so
    nothing piles up however long the list is. A worker that dies or overruns is replaced.

    Raises
    ------
    TargetError
        The outputs cannot be written; the other workers are killed, which leaves no half file.
    EngineError
        Workers die before they can take a task, several times in a row.
    """
    queue = iter(tasks)
    team: list[Worker] = []
    failed_starts = 0
    waiting = next(queue, None)
    try:
        while waiting or any(worker.task for worker in team):
            while waiting and len(team) < workers:
                team.append(Worker(work, memory))
            for worker in team:
                if waiting and worker.ready and not worker.task:
                    worker.submit(waiting)
                    waiting = next(queue, None)
            for worker in _something_to_say(team):
                outcome = worker.receive() if worker.connection.poll() else worker.give_up()
                if worker.process.exitcode is not None or worker.worn_out:
                    team.remove(worker)
                    worker.retire()
                if outcome and outcome.task is not NO_TASK:
                    yield outcome
                failed_starts = failed_starts + 1 if outcome and outcome.task is NO_TASK else 0
                if outcome and failed_starts >= MAX_FAILED_STARTS:
                    raise EngineError(f"worker processes cannot start: {outcome.reason}")
    finally:
        for worker in team:
            worker.kill()


def _something_to_say(team: list[Worker]) -> list[Worker]:
    """Wait for workers that have a message, have died, or are past their deadline."""
    patience = max(0.0, min(worker.due for worker in team) - time.monotonic())
    speaking = wait(
        [worker.connection for worker in team],
        timeout=None if patience == float("inf") else patience,
    )
    return [worker for worker in team if worker.connection in speaking or worker.overdue()]
