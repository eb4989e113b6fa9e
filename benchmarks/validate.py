"""The score that decides which weights of a training are kept."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from datagen.dataset import DataSet, load_pair
from datagen.masks import A

from .batches import to_batch
from .metrics import METRICS, REGIONS, score_regions
from .models import MODELS
from .train_settings import Training, TrainingError

CEILING = 60.0  # dB; a thousandth of the range


@torch.inference_mode()
def validate(
    model: nn.Module, dataset: DataSet, settings: Training, device: str
) -> dict[str, float]:
    """Score a model on whole images of the val split.

    Returns
    -------
    psnr[A], psnr[B], psnr[C], psnr[all] : dB, means over the images that have the region. For a
        global model everything is A. "all" is against what was asked for: the reference in A, the
        input in C, their blend in B.
        An image without any error, such as one that is all white, counts as CEILING.
    score : psnr[all], by which weights are compared
    images : how many were scored, evenly spread over the split
    """
    rows = dataset.select(split="val")
    if not rows:
        raise TrainingError(f"{dataset.folder}: no sample in split 'val'")
    rows = rows[:: -(-len(rows) // settings.validate_images)]
    local, psnr = MODELS[settings.model].region_aware, METRICS["psnr"]
    values = {f"psnr[{region}]": [] for region in REGIONS}
    model.eval()
    for row in rows:
        pair = load_pair(dataset, row)
        batch = to_batch(pair, device)
        image = model(batch["degraded"], batch["regions"]).image[0]
        estimate = image.permute(1, 2, 0).clamp(0, 1).cpu().numpy()
        regions = pair.regions if local else np.full_like(pair.regions, A)
        scored = score_regions(estimate, pair.reference, pair.degraded, regions, names=["psnr"])
        for region in REGIONS:
            values[f"psnr[{region}]"].append(min(scored[psnr.region_id(region)], CEILING))
    scores = {name: float(np.nanmean(v)) for name, v in values.items() if not np.isnan(v).all()}
    return {"score": scores["psnr[all]"], **scores, "images": len(rows)}
