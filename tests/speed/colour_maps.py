"""What one LUT per picture costs at full resolution; part of `make bench-models`.

The network sees a thumbnail; what grows with the picture is the lookup. On a CPU ours applies the
exported LUT through OpenColorIO. Its peers are one `grid_sample` of the mixed cube, and one for
each cube of the basis, mixed afterwards, which is how the authors train. On a GPU ours is the one
`grid_sample`, and the limit is copying the picture.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from benchmarks.methods.models import build
from benchmarks.methods.models.networks.lut3d import ImageAdaptiveLut, look_up
from benchmarks.methods.models.trained.checkpoints import load
from luts.torch import lookup as torch_ops

NAMES = ("image_adaptive_lut", "adaint")
CPU_SIZE, CPU_TARGET_MS = (3000, 4000), 500
GPU_SIZE, GPU_TARGET_MS = (2160, 3840), 2
OWN, OWN_TARGETS_MS = "light_grid", {(256, 256): 60, CPU_SIZE: 500}

Fastest = Callable[[dict[str, Callable], torch.device], dict[str, float]]


@torch.inference_mode()
def compare(fastest: Fastest, device: str) -> None:
    """Print one table; `fastest` gives the seconds of tasks that take turns."""
    on_gpu = torch.device(device).type == "cuda"
    size, target = (GPU_SIZE, GPU_TARGET_MS) if on_gpu else (CPU_SIZE, CPU_TARGET_MS)
    images = _picture(size).to(device)
    print(f"\nlookup at {size[1]} x {size[0]} on {device}, ms; {target} wanted")
    for name in NAMES:
        seconds = fastest(_tasks(_lively(name).to(device), images), images.device)
        cells = (f"{task} {1e3 * value:.1f}" for task, value in seconds.items())
        print(f"{name:34}{'   '.join(cells)}", flush=True)
    own = load(OWN)[0].to(device).eval()
    for (height, width), wanted in OWN_TARGETS_MS.items():
        pictures = _picture((height, width)).to(device)
        seconds = fastest(
            {"whole": lambda p=pictures: own(p), "copy": pictures.clone}, images.device
        )
        cells = "   ".join(f"{task} {1e3 * value:.1f}" for task, value in seconds.items())
        print(f"{f'{OWN}, {width} x {height}':34}{cells}   ({wanted} wanted)", flush=True)
    if not on_gpu:
        print(f"at 4K on a GPU, {GPU_TARGET_MS} ms wanted: no GPU")


def _tasks(model: ImageAdaptiveLut, images: Tensor) -> dict[str, Callable]:
    """The network, our lookup and its peers; their results are compared first."""
    weights, tables, vertices = model.tables(images)

    def one_grid(cube: Tensor) -> Tensor:
        even = images if vertices is None else torch_ops.spread(vertices, images)
        return torch_ops.apply(cube, even, "trilinear")

    def grid_per_cube() -> Tensor:
        return sum(w * one_grid(cube) for w, cube in zip(weights[0], model.cubes(), strict=True))

    ours = look_up(images, tables, vertices)
    for peer in (one_grid(tables), grid_per_cube()):
        torch.testing.assert_close(ours, peer, atol=1e-4, rtol=0)
    return {
        "network": lambda: model.tables(images),
        "lookup": lambda: look_up(images, tables, vertices),
        "one grid_sample": lambda: one_grid(tables),
        "one per cube": grid_per_cube,
        "copy": images.clone,
    }


def _lively(name: str) -> ImageAdaptiveLut:
    """An untrained model whose cubes are no identity that an engine could skip."""
    model = build(name).eval()
    model.basis += 0.02 * torch.randn_like(model.basis)
    return model


def _picture(size: tuple[int, int]) -> Tensor:
    """Smooth colours: noise would miss the cache at every pixel, as no picture does."""
    coarse = torch.rand(1, 3, size[0] // 20, size[1] // 20)
    return F.interpolate(coarse, size, mode="bilinear")
