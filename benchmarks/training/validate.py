"""The score that decides which weights of a training are kept."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from datagen.dataset.read import DataSet, load_pair
from datagen.dataset.rows import Sample
from datagen.regions.labels import A, B, C, alpha, ideal

from ..methods.models import MODELS
from .batches import to_batch
from .settings import Training, TrainingError

LABELS = {"A": A, "B": B, "C": C}


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
    model: nn.Module, dataset: DataSet, settings: Training, device: str
) -> dict[str, float]:
    """Score a model on whole images of the val split.

    Squared errors are averaged over images before they become decibels. A mean of decibels, as in
    the tables, rewards leaving everything alone: images that need no correction reach 60 dB and
    more, and outweigh those that do.

    Returns
    -------
    A, B, C : PSNR in each region, dB: to the reference in A, to the input in C, to their blend in
        B; for a global model everything is A
    score : PSNR of the mean of the regions' errors, which count alike, as in training
    images : how many were scored
    """
    rows = validation_rows(dataset, settings)
    local = MODELS[settings.model].region_aware
    errors: dict[str, list[float]] = {region: [] for region in LABELS}
    model.eval()
    for row in rows:
        pair = load_pair(dataset, row)
        batch = to_batch(pair, device)
        image = model(batch["degraded"], batch["regions"]).image[0]
        estimate = image.permute(1, 2, 0).clamp(0, 1).cpu().numpy()
        regions = pair.regions if local else np.full_like(pair.regions, A)
        wanted = ideal(pair.degraded, pair.reference, alpha(regions))
        error = np.square(estimate - wanted).mean(axis=2)
        for region, label in LABELS.items():
            if (inside := regions == label).any():
                errors[region].append(float(error[inside].mean()))
    means = {region: float(np.mean(values)) for region, values in errors.items() if values}
    scores = {"score": _decibel(np.mean(list(means.values())))}
    return scores | {region: _decibel(e) for region, e in means.items()} | {"images": len(rows)}


def _decibel(squared_error: float) -> float:
    """PSNR on [0, 1]; an error of rounding to 16 bits is as good as none."""
    return float(-10 * np.log10(squared_error + 2.0**-32))
