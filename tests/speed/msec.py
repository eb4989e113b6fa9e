"""MSEC and bilateral guided upsampling beside plain versions with the same results.

    python -m tests.speed.msec [--quick]

Plain fit: every row of the least-squares problem in a sparse matrix, and scipy's solver on its
normal equations. Plain application: eight gathered corners per pixel in numpy, and PyTorch's
trilinear grid_sample. Plain forward: default memory layout, pyramid filters as 5 x 5 convolutions.
One thread, processor time, the fastest of the repeats; the wall time of two threads where threads
are used. Results are compared first.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Callable

import cv2
import numpy as np
import torch
from scipy import sparse
from scipy.sparse.linalg import spsolve
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from benchmarks.methods.models import build
from benchmarks.methods.models.networks.msec import SLOPE, Msec
from benchmarks.methods.models.parts.bgu import (
    CURVATURE,
    FIT_SIDE,
    GRID,
    TETHER,
    _apply_on_device,
    fit_bgu,
)
from benchmarks.methods.models.parts.bilateral_grid import LUMA, apply_bgu

TWELVE_MP = (3000, 4000)
REPEATS = 3


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="1 MP instead of 12, no full msec")
    args = parser.parse_args(argv)
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    print(f"{'':34}{'ours ms':>10}{'plain ms':>10}{'ratio':>8}")
    grid = _compare_fit(rng)
    _compare_apply(grid, (1000, 1000) if args.quick else TWELVE_MP, rng)
    for name in ("msec_small",) if args.quick else ("msec_small", "msec"):
        for label, side in (("256", 256), ("1 MP", 1000)):
            _compare_forward(f"{name}, {label}", name, _picture((side, side), rng))


def _compare_fit(rng: np.random.Generator) -> np.ndarray:
    before = _picture((FIT_SIDE, FIT_SIDE), rng).astype(np.float64)
    after = before**0.6 * np.linspace(0.7, 1.2, FIT_SIDE)[:, None]
    ours, plain = fit_bgu(before, after), plain_fit(before, after)
    found = [apply_bgu(grid, before.astype(np.float32)) for grid in (ours, plain)]
    np.testing.assert_allclose(*found, atol=1e-4)
    tasks = {"ours": lambda: fit_bgu(before, after), "plain": lambda: plain_fit(before, after)}
    _row("fit 22 x 22 x 8 on 200 x 200", tasks)
    return ours


def _compare_apply(grid: np.ndarray, size: tuple[int, int], rng: np.random.Generator) -> None:
    full = _picture(size, rng)
    grid_t, full_t = torch.from_numpy(grid), torch.from_numpy(full).permute(2, 0, 1)
    np.testing.assert_allclose(apply_bgu(grid, full), plain_apply(grid, full), atol=1e-4)
    title = f"apply at {full.shape[0] * full.shape[1] / 1e6:g} MP"
    tasks = {"ours": lambda: apply_bgu(grid, full), "plain": lambda: plain_apply(grid, full)}
    _row(f"{title}, beside numpy", tasks)
    tasks["plain"] = lambda: _apply_on_device(grid_t, full_t)
    _row("  beside grid_sample", tasks)
    cv2.setNumThreads(2)
    started = time.perf_counter()
    apply_bgu(grid, full)
    print(f"{'  two threads, wall':34}{(time.perf_counter() - started) * 1e3:10.1f}", flush=True)
    cv2.setNumThreads(1)


def _compare_forward(title: str, name: str, picture: np.ndarray) -> None:
    images = torch.from_numpy(picture).permute(2, 0, 1)[None].contiguous()
    standard, ours = build(name).eval(), build(name).eval()
    ours.load_state_dict(standard.state_dict())
    ours = ours.to(memory_format=torch.channels_last)
    with torch.inference_mode():
        torch.testing.assert_close(
            ours(images).image, plain_msec(standard, images), atol=1e-3, rtol=1e-3
        )
        _row(title, {"ours": lambda: ours(images), "plain": lambda: plain_msec(standard, images)})


def _picture(size: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Smooth colours with some grain, (H, W, 3) float32."""
    coarse = rng.random((12, 12, 3), np.float32)
    smooth = cv2.resize(coarse, size[::-1], interpolation=cv2.INTER_LINEAR)
    return (smooth + rng.normal(0, 0.02, smooth.shape).astype(np.float32)).clip(0.01, 1)


def _row(title: str, tasks: dict[str, Callable]) -> None:
    best = dict.fromkeys(tasks, float("inf"))
    for _ in range(REPEATS):
        for name, task in tasks.items():
            started = time.process_time()
            task()
            best[name] = min(best[name], time.process_time() - started)
    ours, plain = best["ours"] * 1e3, best["plain"] * 1e3
    print(f"{title:34}{ours:10.1f}{plain:10.1f}{plain / ours:8.1f}", flush=True)


# The plain versions


def plain_fit(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    rows, columns, depth = GRID
    height, width = before.shape[:2]
    pixels = np.arange(height * width)
    corners, weights = _corners(before, GRID, np.arange(height), height)
    colours = np.column_stack([before.reshape(-1, 3), np.ones(len(pixels))])
    entries = [
        (pixels, 4 * corner + k, weight * colours[:, k])
        for corner, weight in zip(corners, weights, strict=True)
        for k in range(4)
    ]
    shape = len(pixels), 4 * rows * columns * depth
    data = sum(sparse.csr_array((v, (r, c)), shape) for r, c, v in entries)
    cell_y, cell_x, cell_z = height / rows, width / columns, 1 / depth
    bend = np.diff(np.eye(depth + 2), n=2, axis=0)[:, 1:-1]
    bend[0, 0] = bend[-1, -1] = -1
    one = sparse.eye_array
    along_y = sparse.kron(_steps(rows), one(columns * depth * 4)) * cell_x * cell_z / cell_y
    along_x = sparse.kron(sparse.kron(one(rows), _steps(columns)), one(depth * 4))
    along_z = sparse.kron(sparse.kron(one(rows * columns), bend), one(4))
    matrix = sparse.vstack(
        [
            data,
            along_y,
            along_x * cell_y * cell_z / cell_x,
            along_z * CURVATURE * cell_y * cell_x / cell_z**2,
            one(shape[1]) * TETHER**0.5,
        ]
    ).tocsc()
    right = np.zeros((matrix.shape[0], 3))
    right[: len(pixels)] = after.reshape(-1, 3)
    right[-shape[1] :] = TETHER**0.5 * np.tile(np.eye(4, 3), (rows * columns * depth, 1))
    return spsolve(matrix.T @ matrix, matrix.T @ right).reshape(*GRID, 4, 3).astype(np.float32)


def _steps(count: int) -> np.ndarray:
    """First differences of `count` neighbours."""
    return np.diff(np.eye(count), axis=0)


def _corners(
    encoded: np.ndarray, shape: tuple[int, int, int], rows: np.ndarray, height: int
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Flat index and trilinear weight of the eight cells around each pixel of some rows."""
    width = encoded.shape[1]
    y = np.repeat((rows + 0.5) * (shape[0] - 1) / height, width)
    x = np.tile((np.arange(width) + 0.5) * (shape[1] - 1) / width, len(rows))
    z = (encoded.reshape(-1, 3) @ np.array(LUMA)).clip(0, 1) * (shape[2] - 1)
    places = (y, x, z)
    first = [np.minimum(p.astype(int), n - 2) for p, n in zip(places, shape, strict=True)]
    indices, weights = [], []
    for steps in itertools.product((0, 1), repeat=3):
        corner = [i + step for i, step in zip(first, steps, strict=True)]
        indices.append(np.ravel_multi_index(corner, shape))
        weights.append(np.prod([1 - abs(p - c) for p, c in zip(places, corner, strict=True)], 0))
    return indices, weights


def plain_apply(grid: np.ndarray, full: np.ndarray) -> np.ndarray:
    """In strips of 50 rows: all matrices of 12 MP at once would take 1.2 GB."""
    cells, result = grid.reshape(-1, 4, 3), []
    for rows in np.array_split(np.arange(len(full)), -(-len(full) // 50)):
        corners, weights = _corners(full[rows], grid.shape[:3], rows, len(full))
        matrices = sum(w[:, None, None] * cells[c] for c, w in zip(corners, weights, strict=True))
        pixels = full[rows].reshape(-1, 3)
        transformed = np.einsum("pk,pkc->pc", pixels, matrices[:, :3]) + matrices[:, 3]
        result.append(transformed.reshape(len(rows), -1, 3))
    return np.concatenate(result)


def plain_msec(model: Msec, images: Tensor) -> Tensor:
    longest = max(images.shape[-2:])
    if longest <= model.working_side:
        return plain_levels(model, images)
    size = [round(side * model.working_side / longest) for side in images.shape[-2:]]
    small = F.interpolate(images, size, mode="bicubic", antialias=True).clamp(0, 1)
    pair = torch.cat([small, plain_levels(model, small)])
    pair = F.interpolate(pair, (FIT_SIDE, FIT_SIDE), mode="bicubic", antialias=True)
    before, after = pair.permute(0, 2, 3, 1).double().numpy()
    return _apply_on_device(torch.from_numpy(fit_bgu(before, after)), images[0])[None]


def plain_levels(model: Msec, images: Tensor) -> Tensor:
    gaussian = [images * model.peak]
    for _ in model.doubling:
        gaussian.append(plain_blur(gaussian[-1])[..., ::2, ::2])
    pairs = itertools.pairwise(gaussian)
    levels = [*(fine - plain_double(coarse, fine) for fine, coarse in pairs), gaussian[-1]]
    result = plain_unet(model.nets[-1], levels[-1])
    result = result + levels[-1] if model.skip == "change" else result
    for i in reversed(range(len(model.doubling))):
        height, width = levels[i].shape[-2:]
        changed = result - gaussian[i + 1] if model.skip == "change" else result
        carried = model.doubling[i](changed)[..., :height, :width]
        if model.skip == "change":
            carried = carried + plain_double(gaussian[i + 1], levels[i])
        read = carried + levels[i]
        result = plain_unet(model.nets[i], read) + (carried if model.skip == "code" else read)
    return result / model.peak


def plain_blur(x: Tensor) -> Tensor:
    tap = torch.tensor([1.0, 4, 6, 4, 1]) / 16
    kernel = torch.outer(tap, tap).expand(3, 1, 5, 5)
    return F.conv2d(F.pad(x, (2, 2, 2, 2), mode="replicate"), kernel, groups=3)


def plain_double(x: Tensor, like: Tensor) -> Tensor:
    """Zeros between pixels, blur, times four; the padded pixels are blurred in as well."""
    padded = F.pad(x, (1, 1, 1, 1), mode="replicate")
    spread = padded.new_zeros(*padded.shape[:2], 2 * padded.shape[2], 2 * padded.shape[3])
    spread[..., ::2, ::2] = padded
    return 4 * plain_blur(spread)[..., 2 : 2 + like.shape[2], 2 : 2 + like.shape[3]]


def plain_unet(net: nn.Module, x: Tensor) -> Tensor:
    stages = []
    for first, second in zip(net.first, net.second, strict=True):
        x = F.max_pool2d(x, 2, ceil_mode=True) if stages else x
        x = F.leaky_relu(second(F.leaky_relu(first(x), SLOPE)), SLOPE)
        stages.append(x)
    for i in reversed(range(len(net.widen))):
        x = F.relu(net.widen[i](x))[..., : stages[i].shape[2], : stages[i].shape[3]]
        x = F.leaky_relu(net.merge[i](torch.cat([x, stages[i]], 1)), SLOPE)
        x = F.leaky_relu(net.refine[i](x), SLOPE)
    return net.last(x)


if __name__ == "__main__":
    main()
