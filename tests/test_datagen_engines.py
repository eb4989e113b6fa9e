"""Engines: every task gets one outcome, whatever the others do."""

from __future__ import annotations

import ctypes
import os
import re
import signal
import sys
import threading
import time

import cv2
import numpy as np
import pytest

from datagen import engines
from datagen.engines.worker import EngineError, TargetError, Task, Worker

MEMORY = 1 << 30


def play(job: tuple[str, int]) -> int:
    """Behave as a decoder might. At module level: the worker finds it by name."""
    kind, number = job
    if kind == "segfault":
        ctypes.string_at(0)
    elif kind == "hang":
        time.sleep(3600)
    elif kind == "spin":
        while True:
            number + 1
    elif kind == "eat":
        bytearray(MEMORY * 4)
    elif kind == "eat with OpenCV":
        cv2.resize(np.zeros((9, 9), np.float32), (60_000, 60_000))
    elif kind == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    elif kind == "bug":
        raise KeyError("a bug of ours\nin two lines")
    elif kind == "full":
        raise TargetError(28, "No space left on device", "out/x.png")
    return number**2


def run(kinds: dict[int, str], *, count: int = 20, engine: str = "local", deadline_s: float = 30):
    tasks = (
        Task((kinds.get(i, "good"), i), 2.0 if kinds.get(i) in ("hang", "spin") else deadline_s)
        for i in range(count)
    )
    return list(engines.load(engine)(play, tasks, workers=2, memory=MEMORY))


EXTRAS = {"dask": "distributed", "ray": "ray"}


def slow_clusters(names):
    """Ray takes ten seconds to start, so it is not part of the quick suite."""
    return [pytest.param(n, marks=[pytest.mark.slow] if n == "ray" else []) for n in names]


@pytest.mark.parametrize("engine", slow_clusters(engines.ENGINES))
def test_every_engine_does_every_task_once(engine):
    if engine in EXTRAS:
        pytest.importorskip(EXTRAS[engine])
    outcomes = run({}, count=7, engine=engine)
    assert sorted(outcome.result for outcome in outcomes) == [i**2 for i in range(7)]


@pytest.mark.parametrize(
    ("kind", "status", "reason"),
    [
        ("segfault", "crashed", "ended by SIGSEGV"),
        ("killed", "crashed", "ended by SIGKILL"),
        ("spin", "timeout", "took longer than 2 s of processor time"),
        ("hang", "timeout", r"hung: \d+ s by the clock, .* the limit is 2 s"),
        ("eat", "oom", "more memory"),
        ("eat with OpenCV", "oom", "more memory"),
        ("bug", "error", r"KeyError at test_datagen_engines.py:\d+: 'a bug of ours"),
    ],
)
def test_one_bad_file_of_twenty_costs_only_itself(kind, status, reason, monkeypatch):
    patience = 1.1 if kind == "hang" else 100.0
    monkeypatch.setattr("datagen.engines.worker.PATIENCE", patience)
    monkeypatch.setattr("datagen.engines.worker._load", lambda: 1.0)
    outcomes = run({7: kind})
    good = [outcome.result for outcome in outcomes if outcome.status == "ok"]
    assert sorted(good) == [i**2 for i in range(20) if i != 7]
    (lost,) = [outcome for outcome in outcomes if outcome.status != "ok"]
    assert (lost.task.job, lost.status) == ((kind, 7), status)
    assert re.search(reason, lost.reason) and "\n" not in lost.reason


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["segfault", "hang", "eat"])
@pytest.mark.parametrize("engine", sorted(EXTRAS.keys() & engines.ENGINES.keys()))
def test_a_cluster_loses_only_the_bad_file(engine, kind):
    pytest.importorskip(EXTRAS[engine])
    outcomes = run({3: kind}, count=8, engine=engine)
    assert sorted(outcome.result for outcome in outcomes if outcome.status == "ok") == [
        i**2 for i in range(8) if i != 3
    ]
    (lost,) = [outcome for outcome in outcomes if outcome.status != "ok"]
    assert lost.task.job == (kind, 3)


def test_a_target_that_cannot_be_written_stops_everything():
    with pytest.raises(TargetError, match="No space left on device"):
        run({3: "full"})


def test_tasks_are_taken_only_when_a_worker_is_free():
    taken, most = [], 0
    tasks = (taken.append(i) or Task(("good", i), 30) for i in range(40))
    for done, _ in enumerate(engines.load("local")(play, tasks, workers=2, memory=MEMORY), start=1):
        most = max(most, len(taken) - done)
    assert done == 40 and most <= 3


def test_an_engine_that_is_not_there_is_one_line():
    with pytest.raises(EngineError, match="--engine slurm: must be one of local, serial"):
        engines.load("slurm")


@pytest.mark.parametrize("engine", EXTRAS)
def test_an_engine_without_its_package_says_what_to_install(engine, monkeypatch):
    monkeypatch.setitem(sys.modules, engine, None)
    with pytest.raises(EngineError, match=rf"pip install 'tonebench\[{engine}\]'"):
        run({}, engine=engine)


def refuse_to_load() -> None:
    raise ImportError("cannot be loaded")


class Unloadable:
    def __reduce__(self):
        return refuse_to_load, ()

    def __call__(self, job: object) -> object:
        return job


def test_workers_that_cannot_start_are_not_tried_for_ever(capfd):
    tasks = (Task(i, 30) for i in range(5))
    with pytest.raises(EngineError, match=r"worker processes cannot start: .* exit code 1"):
        list(engines.load("local")(Unloadable(), tasks, workers=2, memory=0))
    assert "cannot be loaded" in capfd.readouterr().err


def test_a_worn_out_worker_is_replaced(monkeypatch):
    monkeypatch.setattr("datagen.engines.worker.RECYCLE_AFTER", 3)
    outcomes = run({}, count=8)
    assert sorted(outcome.result for outcome in outcomes) == [i**2 for i in range(8)]


def test_a_worker_that_waits_for_its_turn_is_not_given_up(monkeypatch):
    """Stopped for longer than the limit, as on a crowded machine, it still finishes."""
    monkeypatch.setattr("datagen.engines.worker._load", lambda: 50.0)
    worker = Worker(play, MEMORY)
    assert worker.speaks() and worker.receive() is None
    os.kill(worker.process.pid, signal.SIGSTOP)
    worker.submit(Task(("good", 3), 0.5))
    threading.Timer(1.5, os.kill, (worker.process.pid, signal.SIGCONT)).start()
    assert worker.speaks() and worker.receive().result == 9
    worker.retire()
