"""The device that models run on: exact arithmetic, points in time, copies that wait for nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import torch
    from torch import Tensor


def exact_float32(device: str) -> None:
    """Make a device the current one; fp32 there means fp32, never TF32."""
    if device.startswith("cuda"):
        import torch

        torch.cuda.set_device(device)
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False


def mark(device: str) -> float | torch.cuda.Event:
    """A point in time, of the device's own work where it is a GPU."""
    if not device.startswith("cuda"):
        return time.perf_counter()
    import torch

    event = torch.cuda.Event(enable_timing=True)
    event.record()
    return event


def between(began: Any, ended: Any) -> float:
    """Seconds between two marks; both have been reached."""
    return ended - began if isinstance(began, float) else began.elapsed_time(ended) / 1e3


def fetch(*tensors: Tensor) -> Callable[[], list[np.ndarray]]:
    """Start copying to the CPU; the result, called, waits for the copies."""
    if not tensors[0].is_cuda:
        return lambda: [tensor.numpy() for tensor in tensors]
    import torch

    copies = [_pinned(tensor).copy_(tensor, non_blocking=True) for tensor in tensors]
    done = torch.cuda.Event()
    done.record()

    def wait() -> list[np.ndarray]:
        done.synchronize()
        return [copy.numpy() for copy in copies]

    return wait


def _pinned(like: Tensor) -> Tensor:
    import torch

    return torch.empty(like.shape, dtype=like.dtype, pin_memory=True)
