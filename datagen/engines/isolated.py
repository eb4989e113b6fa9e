"""Do one task in a disposable process, from wherever a cluster's scheduler has put us."""

from __future__ import annotations

import threading

from .worker import Outcome, Task, Work, Worker

_here = threading.local()  # a warm worker per thread, since starting one takes longer than a task


def run_isolated(work: Work, task: Task, memory: int) -> Outcome:
    """Do the task; whatever happens to its process becomes an outcome.

    Raises TargetError when the outputs cannot be written.
    """
    worker = _ready_worker(work, memory)
    if isinstance(worker, Outcome):
        return Outcome(task, status=worker.status, reason=worker.reason)
    worker.submit(task)
    outcome = (worker.receive() if worker.speaks() else None) or worker.give_up()
    if worker.process.exitcode is not None or worker.worn_out:
        worker.retire()
        _here.worker = None
    return outcome


def _ready_worker(work: Work, memory: int) -> Worker | Outcome:
    """The thread's worker, started when there is none; its loss when it cannot start."""
    worker = getattr(_here, "worker", None)
    if worker is not None and _here.work == work and worker.process.is_alive():
        return worker
    if worker is not None:
        worker.retire()
    _here.worker, _here.work = Worker(work, memory), work
    while not _here.worker.ready:
        worker = _here.worker
        outcome = worker.receive() if worker.speaks() else worker.give_up()
        if outcome is not None:
            _here.worker = None
            return outcome
    return _here.worker
