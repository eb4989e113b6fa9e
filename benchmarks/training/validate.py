"""The score that decides which weights of a training are kept."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from datagen.dataset.read import DataSet
from datagen.dataset.rows import Sample
from datagen.regions.labels import A, B, C, alpha
from datagen.regions.labels import ideal as blended
from luts.torch.layout import to_arrays

from ..methods.models import model_row
from .batches import Batch
from .settings import Training, TrainingError

LABELS = {"A": A, "B": B, "C": C}
BEST = 2.0**-32  # squared error of rounding to 16 bits: as good as none
MOST = 100.0  # dB of one picture in a mean: equal pictures would outweigh all others


def validation_rows(dataset: DataSet, settings: Training) -> list[Sample]:
    """The samples to score, the same for every model; TrainingError when the val split is empty.

    Drawn at random: manifests repeat the same exposures and casts scene after scene, and a constant
    stride would meet only some of them.
    """
    rows = dataset.select(split="val")
    if not rows:
        raise TrainingError(f"{dataset.folder}: no sample in split 'val'")
    drawn = np.random.default_rng(0).permutation(len(rows))[: settings.validate_images]
    return [rows[i] for i in sorted(drawn)]


@torch.inference_mode()
def validate(
    model: nn.Module,
    pictures: Iterable[tuple[Batch, list[dict[str, Any]]]],
    settings: Training,
    device: str,
) -> dict[str, float]:
    """Score a model on whole images of the val split.

    Parameters
    ----------
    pictures : batches with what is known of each picture: its EV, and whether it is distorted

    Returns
    -------
    score : what weights are chosen by: `pooled`
    pooled : PSNR of the mean of the regions' squared errors, which count alike, as in training.
        A mean of decibels rewards leaving alone what needs no correction.
    A, B, C : the same of each region, dB: to the reference in A, to the input in C, to their blend
        in B; for a global model everything is A
    psnr : mean over the pictures of the PSNR in A, as in tables
    under, shot, over, lut, plain : the same over pictures at negative, no, positive EV, with a
        distortion and without; what there is
    images : how many were scored
    """
    local = model_row(settings.model).region_aware
    errors: dict[str, list[float]] = {region: [] for region in LABELS}
    strata: dict[str, list[float]] = {"psnr": []}
    model.eval()
    for batch, abouts in pictures:
        images = model(batch["degraded"].to(device), batch["regions"].to(device)).image
        found = _errors(images.clamp(0, 1).float().cpu(), batch, local)
        for own, about in zip(found, abouts, strict=True):
            for region, error in own.items():
                errors[region].append(error)
            if "A" in own:
                for name in ("psnr", *_strata(about)):
                    strata.setdefault(name, []).append(min(_decibel(own["A"]), MOST))
    means = {region: float(np.mean(values)) for region, values in errors.items() if values}
    pooled = _decibel(float(np.mean(list(means.values()))))
    scores = {"score": pooled, "pooled": pooled}
    scores |= {region: _decibel(error) for region, error in means.items()}
    scores |= {name: float(np.mean(values)) for name, values in strata.items()}
    return scores | {"images": len(strata["psnr"])}


def _errors(estimates: Tensor, batch: Batch, local: bool) -> list[dict[str, float]]:
    """The mean squared error in each region of each picture."""
    planes = (estimates, batch["degraded"], batch["reference"])
    made, degraded, references = (to_arrays(x.float()) for x in planes)
    in_a, in_ab = batch["regions"].cpu().numpy().transpose(1, 0, 2, 3)
    found = []
    for number, estimate in enumerate(made):
        if not local:
            found.append({"A": float(np.square(estimate - references[number]).mean())})
            continue
        regions = (in_a[number] + in_ab[number]).astype(np.uint8)
        wanted = blended(degraded[number], references[number], alpha(regions))
        error = np.square(estimate - wanted).mean(axis=2)
        found.append(
            {
                region: float(error[inside].mean())
                for region, label in LABELS.items()
                if (inside := regions == label).any()
            }
        )
    return found


def _strata(about: dict[str, Any]) -> list[str]:
    ev = about["ev"]
    named = [] if ev is None else ["under" if ev < 0 else "over" if ev > 0 else "shot"]
    return [*named, "lut" if about["distorted"] else "plain"]


def _decibel(squared_error: float) -> float:
    """PSNR on [0, 1]; an error of rounding to 16 bits is as good as none."""
    return float(-10 * np.log10(squared_error + BEST))
