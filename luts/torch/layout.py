"""Pictures between numpy (HWC) and tensors (NCHW)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor


def to_device(arrays: Sequence[np.ndarray], device: str) -> Tensor:
    """Stack arrays of one shape on a device; to a GPU they travel in pinned memory."""
    stacked = torch.from_numpy(np.stack(arrays))
    if device.startswith("cuda"):
        stacked = stacked.pin_memory()
    return stacked.to(device, non_blocking=True)
