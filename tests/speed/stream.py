"""Pairs per second of a stream, beside stored pairs, colour jitter and a training step.

    python -m tests.speed.stream FOLDER_OF_PANORAMAS [cuda]

One thread. Every stage is on: view, camera, noise, two references, distortion, region maps of every
kind. Beside it, of the same sizes: (a) reading stored PNG pairs with their region maps, (b) reading
one stored picture and jittering its colour as torchvision's ColorJitter does (brightness, contrast,
saturation in random order), (c) a training step of the U-Net and of the smallest model.
"""

from __future__ import annotations

import itertools
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import torch

import datagen
from benchmarks.methods.models import build
from benchmarks.training.loop import LAYOUT, loss_terms, make_optimiser
from benchmarks.training.settings import streamed_settings_for
from datagen.images.codes import quantise
from datagen.images.files import read_image, write_image
from datagen.recipe.load import load_recipe

SIZES = {(64, 96): 60, (128, 192): 15}  # (height, width) -> pairs per second wanted
BATCH, REPEATS, WARM = 8, 12, 8
MODELS = ("unet", "vae_recolour")


def main() -> None:
    """Print one table: what, pairs per second at each size."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    folder, device = sys.argv[1], (sys.argv[2:] or ["cpu"])[0]
    recipe = load_recipe("stream", [f"source.folder={folder}", "distort=" + "[]"])
    shipped = load_recipe("stream", [f"source.folder={folder}"])
    rows: dict[str, list[str]] = {}
    for size, wanted in SIZES.items():
        made = datagen.stream(shipped, size=size, batch=BATCH, device=device)
        steps = itertools.count()
        for _ in range(WARM):
            made.batch(next(steps))
        known = itertools.cycle(range(WARM))  # members of the pools are drawn by now
        figures = {
            "stream, all stages": _rate(lambda m=made, k=known: m.batch(next(k))),
            "stream, drawing its distortions": _rate(lambda m=made, s=steps: m.batch(next(s))),
            **_peers(made.batch(0), size),
        }
        plain = datagen.stream(recipe, size=size, batch=BATCH, device=device)
        figures["stream, no distortions"] = _rate(lambda m=plain, k=known: m.batch(next(k)))
        for name in MODELS:
            figures[f"training step of {name}"] = _step(name, made.batch(0), device)
        figures["wanted of the stream"] = wanted
        for name, figure in figures.items():
            rows.setdefault(name, []).append(f"{figure:.0f}")
    print(f"pairs per second, one thread, {device}")
    print("| what | 96 x 64 | 192 x 128 |\n|---|---:|---:|")
    for name, cells in rows.items():
        print(f"| {name} | {' | '.join(cells)} |")
    if device == "cpu":
        print("on a GPU: not measured")


def _peers(batch: dict, size: tuple[int, int]) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        names = ("degraded", "reference", "regions")
        for name in names:
            planes = batch[name] if name != "regions" else batch[name].sum(1, keepdim=True) / 2
            for number, picture in enumerate(planes):
                codes = quantise(picture.permute(1, 2, 0).cpu().numpy().squeeze(), 8)
                write_image(Path(folder) / f"{name}{number}.png", codes)

        def stored() -> None:
            for number in range(BATCH):
                for name in names:
                    _tensor(read_image(Path(folder) / f"{name}{number}.png"))

        def jittered() -> None:
            for number in range(BATCH):
                _jitter(_tensor(read_image(Path(folder) / f"reference{number}.png")), rng)

        rng = np.random.default_rng(0)
        return {"stored PNG pairs": _rate(stored), "colour jitter of a PNG": _rate(jittered)}


def _tensor(codes: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.atleast_3d(codes)).permute(2, 0, 1).float() / 255


def _jitter(image: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """Brightness, contrast and saturation by factors of 0.5 to 1.5, in random order."""
    weights = image.new_tensor([0.299, 0.587, 0.114]).view(3, 1, 1)
    for kind in rng.permutation(3):
        factor = float(rng.uniform(0.5, 1.5))
        grey = (image * weights).sum(0, keepdim=True)
        towards = (torch.zeros(()), grey.mean(), grey)[kind]
        image = (towards + factor * (image - towards)).clamp(0, 1)
    return image


def _step(name: str, batch: dict, device: str) -> float:
    settings = streamed_settings_for(name, bfloat16_on_cpu=True)
    model = build(name, **settings.model_settings).to(device, **LAYOUT).train()
    optimiser = make_optimiser(model, settings)
    planes = {k: batch[k].to(**LAYOUT) for k in ("degraded", "reference", "regions")}

    def step() -> None:
        optimiser.zero_grad()
        sum(loss_terms(model, planes, settings).values()).backward()
        optimiser.step()

    step()
    return _rate(step)


def _rate(make: Callable[[], object]) -> float:
    """Pairs per second of the faster half of the repeats, in processor time."""
    taken = []
    for _ in range(REPEATS):
        start = time.process_time()
        make()
        taken.append(time.process_time() - start)
    return BATCH / float(np.median(sorted(taken)[: REPEATS // 2]))


if __name__ == "__main__":
    main()
