"""Run models: pictures in, estimates out, on whatever device their weights are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from luts.torch.layout import to_device

from ..methods.models import MODELS
from ..methods.models.checkpoints import WEIGHTS, load

if TYPE_CHECKING:
    from datagen.dataset.read import Pair

    from ..methods.method import Method


def load_model(
    name: str, device: str, *, weights: Path = WEIGHTS, settings: dict[str, Any] | None = None
) -> nn.Module:
    """Make a model ready to predict: trained weights where it has any to train.

    Parameters
    ----------
    name : key of MODELS
    device : torch device; fp32 there means fp32, never TF32
    weights : folder of NAME.safetensors and NAME.json
    settings : what to build differently from when it was trained, such as degree=0.8

    Raises UntrainedError when it should have weights and there are none.
    """
    if device.startswith("cuda"):
        torch.cuda.set_device(device)
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    module, _ = load(name, weights, **(settings or {}))
    return module.to(device).eval()


def changed_settings(name: str, method: Method) -> dict[str, Any]:
    """What a run asks of a model beside the settings it always has, such as its degree."""
    own = MODELS[name].settings
    return {key: value for key, value in method.settings.items() if own.get(key) != value}


def put(pairs: Sequence[Pair], device: str) -> tuple[Tensor, Tensor]:
    """Place pairs of one size on a device: images (N, 3, H, W), regions (N, 2, H, W)."""
    images = to_device([pair.degraded for pair in pairs], device).permute(0, 3, 1, 2)
    labels = to_device([pair.regions for pair in pairs], device)
    return images.contiguous(), torch.stack([labels == 2, labels >= 1], 1).float()


def infer(module: nn.Module, pairs: Sequence[Pair]) -> list[np.ndarray]:
    """Run a model on pairs of one size as one batch, wherever its weights are.

    Returns
    -------
    One (H, W, 3) float32 array per pair.
    """
    device = next(module.parameters(), torch.empty(0)).device
    with torch.inference_mode():
        output = module(*put(pairs, str(device))).image
        return list(output.permute(0, 2, 3, 1).float().cpu().numpy())
