"""Pictures between numpy (HWC) and tensors (NCHW)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor


def to_device(arrays: Sequence[np.ndarray], device: torch.device | str) -> Tensor:
    """Stack arrays of one shape on a device; to a GPU they travel in pinned memory."""
    stacked = torch.from_numpy(np.stack(arrays))
    if torch.device(device).type == "cuda":
        stacked = stacked.pin_memory()
    return stacked.to(device, non_blocking=True)


def to_batch(pictures: Sequence[np.ndarray], device: torch.device | str = "cpu") -> Tensor:
    """N pictures (H, W, C) of one shape as one tensor (N, C, H, W), channels last in memory."""
    return to_device(pictures, device).permute(0, 3, 1, 2)


def to_arrays(batch: Tensor) -> np.ndarray:
    """A tensor (N, C, H, W) as pictures (N, H, W, C) in main memory, without its gradients."""
    return np.ascontiguousarray(batch.detach().permute(0, 2, 3, 1).cpu().numpy())
