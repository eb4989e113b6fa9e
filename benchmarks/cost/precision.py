"""Faster variants of a model, and whether they are still the same method.

A variant is the same method when its mean PSNR in region A stays within TOLERANCE_DB of the fp32
model's on every stratum of a data set. A speed without that row beside it means nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from datagen.dataset.read import load_pair, open_dataset
from luts.tool.errors import UserError

from ..harness.device import exact_float32
from ..harness.runners import infer
from ..methods.models import model_row
from ..methods.models.trained.checkpoints import load_row
from ..metrics import METRICS
from ..report.strata import STRATA
from ..report.summary import PSNR_CAP_DB

if TYPE_CHECKING:
    from torch import Tensor, nn

    from ..methods import Method
    from ..methods.models.output import Output

TOLERANCE_DB = 0.05


def variant(module: nn.Module, precision: str, device: str) -> nn.Module:
    """Make the variant of a model that runs in one of PRECISIONS; the weights stay as they are."""
    import torch

    if precision == "fp32":
        return module
    if precision == "compile":
        compiled = torch.compile(module)
        if not isinstance(compiled, torch.nn.Module):  # as torch's stub has it for functions
            raise TypeError(f"torch.compile made {type(compiled).__name__} of a module")
        return compiled
    dtype = {"bf16": torch.bfloat16, "fp16": torch.float16}[precision]

    class Autocast(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = module

        def forward(self, images: Tensor, regions: Tensor | None = None) -> Output:
            with torch.autocast(torch.device(device).type, dtype):
                return self.inner(images, regions)

    return Autocast().eval()


PRECISIONS = ("fp32", "bf16", "fp16", "compile")


@dataclass(frozen=True)
class Quality:
    """PSNR in region A of a variant beside the fp32 model's, in dB, where they differ most."""

    psnr: float
    psnr_fp32: float
    moved_db: float
    stratum: str

    @property
    def same(self) -> bool:
        """Whether the variant may be listed as the same method; never when a value is missing."""
        return abs(self.moved_db) <= TOLERANCE_DB


def psnr_by_pair(
    module: nn.Module, data: Path, *, split: str = "test", limit: int | None = None
) -> pd.DataFrame:
    """Score a model on the pairs of a split, against the first reference of each.

    Returns
    -------
    One row per pair, with columns ev, distortion ("none" where there is none) and psnr (dB).
    """
    dataset = open_dataset(data)
    rows = dataset.select(split=split)[:limit]
    if not rows:
        raise UserError(f"{data}: no sample in split {split!r}")
    found = []
    for row in rows:
        pair = load_pair(dataset, row)
        estimate = infer(module, [pair])[0].clip(0, 1)
        inside = (pair.regions == 2).astype(np.float32)
        psnr = METRICS["psnr"](estimate, pair.reference, inside)
        distortion = "none" if row.distortion is None else "lut"
        found.append((row.ev, distortion, min(psnr, PSNR_CAP_DB)))
    table = pd.DataFrame(found, columns=["ev", "distortion", "psnr"])
    return table.astype({"ev": float})  # not known is NaN


def compare_quality(fast: pd.DataFrame, exact: pd.DataFrame) -> Quality:
    """Find the stratum in which a variant moved most; tables as `psnr_by_pair` gives them.

    A variant that gave no number for a pair moved by NaN, which is never the same.
    """
    worst: Quality | None = None
    for name, chosen in STRATA.items():
        inside = chosen(exact)
        if not inside.any():
            continue
        one, two = (float(np.mean(table["psnr"][inside].to_numpy())) for table in (fast, exact))
        if worst is None or not abs(one - two) <= abs(worst.moved_db):
            worst = Quality(one, two, one - two, name)
        if np.isnan(worst.moved_db):
            break
    if worst is None:
        raise UserError("no pair to compare the variants on")
    return worst


def gate(
    name: str,
    precisions: list[str],
    data: Path,
    *,
    device: str = "cpu",
    limit: int | None = None,
    row: Method | None = None,
    make: Callable[..., nn.Module] = variant,
) -> dict[str, Quality]:
    """Compare variants of a trained model with itself in fp32.

    Parameters
    ----------
    name : key of MODELS, trained
    precisions : of PRECISIONS
    data : a built data set
    device : where the model runs
    limit : use only the first samples
    row : of the model, where its settings or weights are not those of MODELS
    make : function(module, precision, device) -> module that makes the variants

    Raises UntrainedError for a model without weights: random weights say nothing about quality.
    """
    exact_float32(device)
    module = load_row(name, row or model_row(name))[0].to(device).eval()
    exact = psnr_by_pair(module, data, limit=limit)
    return {
        precision: compare_quality(
            psnr_by_pair(make(module, precision, device), data, limit=limit), exact
        )
        for precision in precisions
    }
