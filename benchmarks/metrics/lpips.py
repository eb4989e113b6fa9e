"""LPIPS (AlexNet, v0.1) from weights that the user has; nothing is bundled or downloaded.

Two files are needed: an AlexNet as torchvision saves it (`alexnet-owt-*.pth`, features.0.weight
and so on) and the linear heads of the lpips package (`lpips/weights/v0.1/alex.pth`).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as functional
from torch import Tensor

from luts.torch.layout import to_batch

from .inputs import MetricError
from .lpips_files import LPIPS
from .metric import Metric
from .picture import Comparison

# The package's ScalingLayer: ImageNet's mean and deviation for images in [-1, 1].
SHIFT, SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)
# Index in torchvision's `features`, stride, padding, and whether a pooling comes before.
LAYERS = ((0, 4, 2, False), (3, 1, 2, True), (6, 1, 1, True), (8, 1, 1, False), (10, 1, 1, False))
LEAST_SIDE = 64  # below, the last pooling has nothing left to pool
CHANNELS = (64, 192, 384, 256, 256)


def lpips_metric(trunk: Path, heads: Path) -> Metric:
    """Make the metric from two weight files.

    Raises
    ------
    MetricError for files that are missing, or hold another network.
    """
    convolutions = _load(trunk, [f"features.{index}" for index, *_ in LAYERS], ("weight", "bias"))
    linear = _load(heads, [f"lin{k}.model.1" for k in range(len(LAYERS))], ("weight",))
    for (weight, _), (head,), channels in zip(convolutions, linear, CHANNELS, strict=True):
        if weight.shape[0] != channels or head.shape != (1, channels, 1, 1):
            raise MetricError(
                f"{heads}: heads of shape {tuple(head.shape)} beside {weight.shape[0]} channels; "
                "the AlexNet of torchvision and the heads alex.pth of lpips v0.1 are needed"
            )

    @torch.inference_mode()
    def function(comparison: Comparison, weight: None) -> float:
        if min(comparison.estimate.encoded.shape[:2]) < LEAST_SIDE:
            return float("nan")
        images = (_prepare(p.encoded) for p in (comparison.estimate, comparison.reference))
        features = (_features(image, convolutions) for image in images)
        return sum(
            float(functional.conv2d((one - two).square(), head).mean())
            for one, two, (head,) in zip(*features, linear, strict=True)
        )

    return replace(LPIPS, function=function, needs=None)


def _load(path: Path, names: list[str], parts: tuple[str, ...]) -> list[list[Tensor]]:
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        return [[state[f"{name}.{part}"].float() for part in parts] for name in names]
    except FileNotFoundError:
        raise MetricError(f"{path}: no such file of LPIPS weights") from None
    except KeyError as error:
        raise MetricError(f"{path}: holds no {error}; not the network LPIPS needs") from None
    except Exception as error:  # torch raises many kinds for a file that is not its own
        raise MetricError(f"{path}: not a PyTorch weight file ({type(error).__name__})") from None


def _prepare(encoded: np.ndarray) -> Tensor:
    image = to_batch([encoded.astype(np.float32)]).contiguous()
    shift, scale = (torch.tensor(values).view(1, 3, 1, 1) for values in (SHIFT, SCALE))
    return (2 * image - 1 - shift) / scale


def _features(image: Tensor, convolutions: list[list[Tensor]]) -> list[Tensor]:
    """The five rectified layers, each place scaled to unit length."""
    layers = []
    for (weight, bias), (_, stride, padding, pooled) in zip(convolutions, LAYERS, strict=True):
        if pooled:
            image = functional.max_pool2d(image, 3, 2)
        image = functional.relu(functional.conv2d(image, weight, bias, stride, padding))
        length = image.square().sum(1, keepdim=True).sqrt()
        layers.append(image / (length + 1e-10))
    return layers
