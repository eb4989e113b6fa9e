"""What a method does must touch only its own row: process-wide state is put back after each call.

A method gets pictures of its own (see `runners`), starts from generators that its name and the
sample decide, and may leave threads, types and modes of libraries as it likes.
"""

from __future__ import annotations

import os
import random
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from luts.tool.seeding import sample_rng


@contextmanager
def isolated(*names: str) -> Iterator[None]:
    """Seed the global generators by `names`; put all that is global back at the end.

    That is: generators, threads, error handling, warnings, the working folder; of torch default
    type, grad mode and the switches of its back ends.
    """
    torch = sys.modules.get("torch")
    kept = random.getstate(), np.random.get_state(), np.geterr(), cv2.getNumThreads(), Path.cwd()  # noqa: NPY002
    filters = warnings.filters[:]  # type: ignore[index]
    torch_kept = _torch_state(torch) if torch else None
    seed = int(sample_rng(0, "/".join(names)).integers(2**32))
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - the generator that methods of others draw from
    if torch:
        torch.manual_seed(seed)
    try:
        yield
    finally:
        random.setstate(kept[0])
        np.random.set_state(kept[1])  # noqa: NPY002
        np.seterr(**kept[2])
        if cv2.getNumThreads() != kept[3]:
            cv2.setNumThreads(kept[3])
        if Path.cwd() != kept[4]:
            os.chdir(kept[4])
        if warnings.filters != filters:
            warnings.filters[:] = filters  # type: ignore[index]
        if torch and torch_kept:
            _restore_torch(torch, torch_kept)


def _torch_state(torch: Any) -> tuple[Any, ...]:
    backends = torch.backends
    return (
        torch.get_rng_state(),
        torch.get_default_dtype(),
        torch.is_grad_enabled(),
        torch.get_num_threads(),
        torch.are_deterministic_algorithms_enabled(),
        (backends.cudnn.enabled, backends.cudnn.benchmark, backends.cudnn.deterministic),
        (backends.cuda.matmul.allow_tf32, backends.cudnn.allow_tf32),
    )


def _restore_torch(torch: Any, kept: tuple[Any, ...]) -> None:
    torch.set_rng_state(kept[0])
    torch.set_default_dtype(kept[1])
    torch.set_grad_enabled(kept[2])
    if torch.get_num_threads() != kept[3]:
        torch.set_num_threads(kept[3])
    if torch.are_deterministic_algorithms_enabled() != kept[4]:
        torch.use_deterministic_algorithms(kept[4])
    cudnn, now = torch.backends.cudnn, _torch_state(torch)
    if now[5] != kept[5]:
        cudnn.enabled, cudnn.benchmark, cudnn.deterministic = kept[5]
    if now[6] != kept[6]:
        torch.backends.cuda.matmul.allow_tf32, cudnn.allow_tf32 = kept[6]
