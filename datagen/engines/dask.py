"""dask.distributed as the scheduler: the cluster of DASK_SCHEDULER_ADDRESS, or threads here.

Every task still runs in its own disposable process. Dask's nanny makes workers that may have no
children, so start a cluster's workers with `dask worker --no-nanny`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

from .isolated import run_isolated
from .worker import EngineError, Outcome, Task, Work

LOOPBACK = "127.0.0.1"


def run(work: Work, tasks: Iterable[Task], *, workers: int, memory: int) -> Iterator[Outcome]:
    """Do the tasks on a dask cluster, at most two per worker under way."""
    try:
        import dask
        from distributed import Client, LocalCluster, as_completed
    except ImportError:
        raise EngineError("--engine dask needs dask: pip install 'tonebench[dask]'") from None
    address = dask.config.get("scheduler-address", None)
    cluster = address or LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        processes=False,  # speaking within this process, through no port
        dashboard_address=f"{LOOPBACK}:0",  # it cannot be left out; nobody else may reach it
        worker_dashboard_address=f"{LOOPBACK}:0",
    )
    queue = iter(tasks)
    with Client(cluster) as client:

        def submit(task: Task) -> object:
            return client.submit(run_isolated, work, task, memory, pure=False, retries=1)

        first = [submit(task) for task in itertools.islice(queue, 2 * workers)]
        running = as_completed(first, with_results=True)
        for _, outcome in running:
            task = next(queue, None)
            if task is not None:
                running.add(submit(task))
            yield outcome
    if address is None:
        cluster.close()
