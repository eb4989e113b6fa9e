"""Hand out groups of tasks: in this process, in processes that may die, or both side by side."""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING

import cv2

from datagen import engines
from datagen.engines.worker import Task as Work

from .labels import failure

if TYPE_CHECKING:
    from .evaluate import Done, Evaluator
    from .rows import Evaluation
    from .tasks import Task

PATIENCE_S = 1e6  # for one task: eleven days; a slow method is no dead one
AHEAD = 4  # groups that are decoded before the device asks for them
BEHIND = 256  # evaluations that wait for the CPU; each holds a picture

Groups = Sequence[tuple["Task", ...]]  # they may be made when they are asked for


def evaluate(
    groups: Groups, evaluator: Evaluator, jobs: int, engine: str = "local"
) -> Iterator[Done]:
    """Evaluate groups of tasks and yield their rows as they come.

    Parameters
    ----------
    groups : the work, in the order in which it is handed out
    evaluator : what scores it
    jobs : processes; 1 on the local engine does everything in this one, where a crash of native
        code ends the run. A worker that dies is replaced, and costs only the evaluation it died of.
    engine : of datagen.engines; it schedules, and changes no number
    """
    if jobs == 1 and engine == "local":
        yield from map(evaluator, groups)
        return
    workers = partial(_in_workers, evaluator=evaluator, jobs=jobs, engine=engine)
    lost: list[Task] = []
    for outcome in workers(groups):
        if outcome.status == "ok":
            yield outcome.result
        else:
            lost += outcome.task.job
    for outcome in workers([(task.only([name]),) for task in lost for name in task.names]):
        if outcome.status == "ok":
            yield outcome.result
        else:
            (task,) = outcome.task.job
            status = f"{outcome.status}: {outcome.reason}"
            row = evaluator.row_of(task)
            yield [failure(row, task, name, status) for name in task.names], outcome.seconds


def _in_workers(groups: Groups, *, evaluator: Evaluator, jobs: int, engine: str) -> Iterator:
    if not groups:
        return iter(())
    tasks = (Work(group, deadline_s=PATIENCE_S) for group in groups)
    work = partial(_on_one_core, evaluator)
    return engines.load(engine)(work, tasks, workers=min(jobs, len(groups)), memory=0)


def _on_one_core(evaluator: Evaluator, group: tuple[Task, ...]) -> Done:
    cv2.setNumThreads(1)
    return evaluator(group)


def pipelined(groups: Groups, evaluator: Evaluator, threads: int) -> Iterator[Done]:
    """Evaluate groups in this process for a device that should never wait.

    While the device works on a group, the next ones are decoded, and the records of those before
    are finished, by `threads` threads. The seconds yielded are those of the thread that drives the
    device: starting its work and waiting for pictures.
    """
    ahead: deque[Future] = deque()
    behind: deque[Future[Evaluation]] = deque()
    queue = iter(groups)
    with ThreadPoolExecutor(threads, initializer=cv2.setNumThreads, initargs=(1,)) as pool:
        coming = True
        while coming:
            started, records = time.perf_counter(), []
            while len(ahead) < AHEAD and (group := next(queue, None)) is not None:
                ahead.append(pool.submit(evaluator.load, group))
            if ahead:
                for finish in evaluator.start(ahead.popleft().result()):
                    behind.append(pool.submit(finish))
                    if len(behind) > BEHIND:
                        records.append(behind.popleft().result())
            coming = bool(ahead)
            while behind and (behind[0].done() or not coming):
                records.append(behind.popleft().result())
            yield records, time.perf_counter() - started


def side_by_side(here: Iterator[Done], elsewhere: Callable[[], Iterator[Done]]) -> Iterator[Done]:
    """Yield what two streams give, as it comes.

    `here` is drawn from in this thread, for the sake of the device it drives; `elsewhere` is made
    and drawn from in a thread of its own.
    """
    given: SimpleQueue[Done | BaseException | None] = SimpleQueue()

    def draw() -> None:
        try:
            for done in elsewhere():
                given.put(done)
            given.put(None)
        except BaseException as error:
            given.put(error)

    threading.Thread(target=draw, daemon=True).start()
    ended = False
    for done in itertools.chain(here, [None]):
        if done is not None:
            yield done
        while not ended and (done is None or not given.empty()):
            other = given.get()
            if isinstance(other, BaseException):
                raise other
            if other is None:
                ended = True
            else:
                yield other
