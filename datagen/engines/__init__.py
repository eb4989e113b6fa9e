"""Engines schedule tasks; what a task does, and every byte it writes, is the same in all."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from .worker import EngineError

__all__ = ["ENGINES", "EngineError", "load"]

ENGINES: dict[str, str] = {
    "local": "worker processes on this machine (default)",
    "serial": "this process alone, for debugging",
    "ray": "a Ray cluster; needs tonebench[ray]",
    "dask": "a dask.distributed cluster; needs tonebench[dask]",
}


def load(name: str) -> Callable[..., Any]:
    """The `run(work, tasks, *, workers, memory)` of an engine; EngineError when there is none."""
    if name not in ENGINES:
        raise EngineError(f"--engine {name}: must be one of {', '.join(ENGINES)}")
    return importlib.import_module(f".{name}", __name__).run
