"""Ray core tasks as the scheduler: the cluster of RAY_ADDRESS, or one started here.

Every task still runs in its own disposable process, so a poison file ends its task and not a Ray
worker; Ray's own retries are for lost nodes only.
"""

from __future__ import annotations

import itertools
import logging
import os
from collections.abc import Iterable, Iterator
from typing import Any

from .isolated import run_isolated
from .worker import EngineError, Outcome, TargetError, Task, Work

# Read when Ray is imported: one machine is the whole cluster, and every server of it binds to
# 127.0.0.1. Ray turns that address into a reachable one when it is given to `ray.init`.
LOOPBACK = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}


def run(work: Work, tasks: Iterable[Task], *, workers: int, memory: int) -> Iterator[Outcome]:
    """Do the tasks on a Ray cluster, at most two per worker under way.

    Raises EngineError when Ray is missing, or its cluster does not start or answer.
    """
    local = "RAY_ADDRESS" not in os.environ
    if local:  # a cluster of our own listens to this machine alone
        os.environ.update(LOOPBACK)
    try:
        import ray
    except ImportError:
        raise EngineError("--engine ray needs Ray: pip install 'tonebench[ray]'") from None
    here = {"num_cpus": workers, "include_dashboard": False} if local else {}
    try:
        _connect(ray, here)
        shared = ray.put(work)
        remote = ray.remote(num_cpus=1, max_retries=1)(run_isolated)
        queue = iter(tasks)
        first = itertools.islice(queue, 2 * workers)
        running = [remote.remote(shared, task, memory) for task in first]
        while running:
            (done, *_), running = ray.wait(running, num_returns=1)
            task = next(queue, None)
            if task is not None:
                running.append(remote.remote(shared, task, memory))
            yield _result(ray, done)
    finally:
        ray.shutdown()


def _connect(ray: Any, here: dict[str, Any]) -> None:
    try:
        ray.init(log_to_driver=False, logging_level=logging.ERROR, **here)
    except Exception as error:  # Ray has many words for a cluster that does not answer in time
        said = " ".join(str(error).split()) or type(error).__name__
        raise EngineError(f"--engine ray: no cluster: {said}") from error


def _result(ray: Any, done: Any) -> Outcome:
    """Fetch an outcome; raise a target that cannot be written as itself, not as Ray wraps it."""
    try:
        return ray.get(done)
    except ray.exceptions.RayTaskError as error:
        if isinstance(error.cause, TargetError):
            raise error.cause from None
        raise
