"""One disposable process that does one task at a time and may be killed at any moment.

Raw decoders are native code fed with damaged files: they crash, hang and eat memory. Whatever
engine schedules the work, the decoding happens in such a process, and its death costs one task.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from luts.tool.errors import UserError

Work = Callable[[Any], Any]

READY = "ready"
RECYCLE_AFTER = 500  # tasks; bounds what a leaking native library can pile up
GRACE_S = 60.0  # of processor time, to start Python and import the image libraries
PATIENCE = 4.0  # times a limit may pass by the clock on an idle machine; more on a busy one


@dataclass(frozen=True)
class Task:
    """A job and how much processor time it may take.

    By the clock it may take several times as long, and the longer the busier the machine is: a
    process that waits for its turn is not one that hangs.
    """

    job: Any
    deadline_s: float


@dataclass(frozen=True)
class Outcome:
    """What came of a task: its result, or the status and reason of its loss."""

    task: Task  # NO_TASK: of a process that died before it had one
    result: Any = None
    status: str = "ok"  # or: crashed, timeout, oom, error
    reason: str = ""
    seconds: float = 0.0


NO_TASK = Task(None, 0.0)


class EngineError(UserError):
    """An engine that cannot be used here."""


class TargetError(OSError):
    """The place written to is full, read-only or forbidden: no other task would fare better."""


class Worker:
    """A spawned process that serves `work`; `connection` is readable when it has something to say.

    Spawned, because a forked child of a process with OpenMP threads can hang for ever.
    """

    def __init__(self, work: Work, memory: int) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        # Pickled here, so that the child sets its limits before it imports what `work` needs.
        args = (theirs, pickle.dumps(work), memory)
        self.process = context.Process(target=_serve, args=args, daemon=True)
        self.process.start()
        theirs.close()
        self.task: Task | None = None
        self.ready = False
        self.done = 0
        self.started = time.monotonic()
        self.limit, self.used_before = GRACE_S, 0.0
        self.due = self.started + GRACE_S  # when to look whether it is past its limit

    @property
    def worn_out(self) -> bool:
        """Whether it has done so much that a fresh process shall go on."""
        return self.done >= RECYCLE_AFTER

    def submit(self, task: Task) -> None:
        """Hand over a task; its deadline begins now."""
        self.task, self.started = task, time.monotonic()
        self.limit, self.used_before = task.deadline_s, self._processor_s() or 0.0
        self.due = self.started + self.limit
        with contextlib.suppress(BrokenPipeError):  # it has just died; `receive` will say so
            self.connection.send(task.job)

    def receive(self) -> Outcome | None:
        """Take what the process has to say; None for the sign that it is ready.

        Raises TargetError when the task could not write its files.
        """
        try:
            status, value = self.connection.recv()
        except (EOFError, OSError):
            return self._lost(*self._post_mortem())
        if status == READY:
            self.ready, self.due = True, float("inf")
            return None
        if status == "target":
            raise TargetError(*value)
        task, self.task, self.due = self.task or NO_TASK, None, float("inf")
        self.done += 1
        seconds = time.monotonic() - self.started
        if status == "ok":
            return Outcome(task, result=value, seconds=seconds)
        return Outcome(task, status=status, reason=value, seconds=seconds)

    def overdue(self) -> bool:
        """Is it past its limit of processor time, or so long silent that it must be hanging?"""
        now = time.monotonic()
        if now < self.due:
            return False
        used = self._processor_s()
        if used is None or used - self.used_before >= self.limit:
            return True
        if now - self.started >= self.limit * PATIENCE * max(1.0, _load()):
            return True
        self.due = now + max(0.1, min(self.limit - used + self.used_before, self.limit / 2))
        return False

    def speaks(self) -> bool:
        """Wait until it has something to say (True) or is overdue (False)."""
        while not self.connection.poll(max(0.0, self.due - time.monotonic())):
            if self.overdue():
                return False
        return True

    def give_up(self) -> Outcome:
        """Kill a process that is overdue."""
        used = (self._processor_s() or self.limit) - self.used_before
        clock = time.monotonic() - self.started
        self.kill()
        if used >= self.limit:
            return self._lost("timeout", f"took longer than {self.limit:g} s of processor time")
        words = f"hung: {clock:.0f} s by the clock, {used:.1f} s of processor time"
        return self._lost("timeout", f"{words}; the limit is {self.limit:g} s")

    def _processor_s(self) -> float | None:
        """Seconds of processor time the process has used; None where that cannot be told."""
        try:
            stat = Path(f"/proc/{self.process.pid}/stat").read_bytes()
        except OSError:
            return None
        user, system = stat.rpartition(b")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def kill(self) -> None:
        """End the process, whatever it is doing."""
        self.connection.close()
        self.process.kill()
        self.process.join()

    def retire(self) -> None:
        """Let an idle process leave in its own time: it does when its pipe closes."""
        self.connection.close()
        self.process.join(5)
        self.kill()

    def _lost(self, status: str, reason: str) -> Outcome:
        return Outcome(
            self.task or NO_TASK,
            status=status,
            reason=reason,
            seconds=time.monotonic() - self.started,
        )

    def _post_mortem(self) -> tuple[str, str]:
        self.process.join(5)
        code = self.process.exitcode
        self.kill()
        if code is not None and code < 0:
            return "crashed", f"the worker process was ended by {signal.Signals(-code).name}"
        return "crashed", f"the worker process ended with exit code {code}"


def _load() -> float:
    """Processes that want a core, per core."""
    try:
        return os.getloadavg()[0] / (os.cpu_count() or 1)
    except OSError:
        return 1.0


def attempt(work: Work, job: Any) -> tuple[str, Any]:
    """Do one job; what fails becomes (status, reason), so that nothing but a crash escapes."""
    try:
        return "ok", work(job)
    except TargetError as error:
        return "target", (error.errno, error.strerror, error.filename)
    except Exception as error:
        if isinstance(error, MemoryError) or "Insufficient memory" in str(error):  # OpenCV's own
            return "oom", "needed more memory than a worker may use"
        frame = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(frame.filename).name}:{frame.lineno}"
        return "error", f"{type(error).__name__} at {where}: {' '.join(str(error).split())}"


def _serve(connection: Connection, pickled: bytes, memory: int) -> None:
    """The child: announce, then answer one job after the other until the pipe closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the driver's business
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = "1"
    _limit_memory(memory)
    work = pickle.loads(pickled)
    try:
        connection.send((READY, None))
        while True:
            connection.send(attempt(work, connection.recv()))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return  # the driver is gone, or has no more work


def _limit_memory(memory: int) -> None:
    """Cap the address space, so that a run-away allocation fails here and not on the machine."""
    if sys.platform.startswith("linux") and memory:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
