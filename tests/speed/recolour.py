"""What recolouring costs at full resolution, and what tabulating the colour map costs in accuracy.

    python -m tests.speed.recolour

The peer is the article's way: the fitted map itself, on every pixel of the picture. Ours is its
table of 33 nodes per axis. Processor time of one thread, the fastest of three; difference in levels
of 8 bits.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import torch
from torch.nn import functional as F  # noqa: N812

from benchmarks.methods.models import build
from benchmarks.methods.models.networks.vae_recolour import SIZE, thumbnail
from benchmarks.methods.models.parts.colour_map import MAPS, fit
from luts import apply
from luts.lut import Lut3D, nodes

THUMBNAIL, MEGAPIXEL, LARGE = (168, 224), (1000, 1000), (3000, 4000)
TARGET_S = 0.5  # at 12 MP, beyond the networks
REPEATS = 3


def main() -> None:
    """Print one table of maps, then the parts of one picture of 12 MP."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    before = _picture(THUMBNAIL).reshape(-1, 3)
    picture = _picture(MEGAPIXEL)
    print(f"{'1 MP':14}{'fit ms':>9}{'table ms':>9}{'direct ms':>10}{'ratio':>7}", end="")
    print(f"{'mean':>8}{'largest':>9}")
    for kind in MAPS:
        _compare(kind, before, picture)
    _parts()


def _compare(kind: str, before: np.ndarray, picture: np.ndarray) -> None:
    after = _graded(before)
    fitting = _seconds(lambda: fit(kind, before, before, after))
    colour_map = fit(kind, before, before, after)
    table = colour_map(nodes(SIZE).reshape(-1, 3).astype(np.float32)).clip(0, 1)
    cube = Lut3D(table.reshape(SIZE, SIZE, SIZE, 3))
    pixels = picture.reshape(-1, 3)
    ours = _seconds(lambda: apply(cube, picture, "trilinear"))
    theirs = _seconds(lambda: colour_map(pixels).clip(0, 1))
    apart = np.abs(apply(cube, pixels, "trilinear") - colour_map(pixels).clip(0, 1)) * 255
    print(f"{kind:14}{1e3 * fitting:9.0f}{1e3 * ours:9.1f}{1e3 * theirs:10.1f}", end="")
    print(f"{theirs / ours:7.1f}{apart.mean():8.3f}{apart.max():9.2f}", flush=True)


@torch.inference_mode()
def _parts() -> None:
    """Seconds of the networks, and of everything else, recolouring once."""
    model = build("vae_recolour", iterations=1).eval()
    picture = torch.from_numpy(_picture(LARGE)).permute(2, 0, 1)[None]
    small = thumbnail(picture)
    latents = model.vae.encode(small).latent_dist
    networks = _seconds(
        lambda: (
            model.vae.encode(small),
            model.vae.decode(model.balancer(latents).mean),
            model.vae.decode(latents.mean),
        )
    )
    for kind in MAPS:
        model.colour_map = kind
        rest = _seconds(lambda: model(picture)) - networks
        print(
            f"12 MP, {kind}: networks {networks:.2f} s, the rest {rest:.2f} s ({TARGET_S} wanted)"
        )


def _picture(size: tuple[int, int]) -> np.ndarray:
    """Smooth colours, (H, W, 3): noise would miss the cache at every pixel, as no picture does."""
    coarse = torch.rand(1, 3, 12, 16, generator=torch.Generator().manual_seed(0))
    smooth = F.interpolate(coarse, size, mode="bicubic").clamp(0, 1)
    return np.ascontiguousarray(smooth[0].permute(1, 2, 0).numpy())


def _graded(encoded: np.ndarray) -> np.ndarray:
    """A strong but ordinary correction: a third of a stop, a cast, some contrast."""
    gained = (encoded * [1.25, 1.1, 0.9]).clip(0, 1)
    return (gained + 0.1 * np.sin(2 * np.pi * (gained - 0.5)) / 2).astype(np.float32)


def _seconds(task: Callable[[], object]) -> float:
    """Processor time of a task, the fastest of a few."""
    spent = []
    for _ in range(REPEATS):
        started = time.process_time()
        task()
        spent.append(time.process_time() - started)
    return min(spent)


if __name__ == "__main__":
    main()
