"""Pictures for the page: pairs chosen by rule, the same ones for every method."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from datagen.dataset.read import load_pair
from datagen.dataset.rows import Sample
from datagen.images.codes import quantise
from luts.colour.colorimetry import delta_e_2000, encoded_to_lab, luminance
from luts.colour.transfer import decode_srgb

from ..harness.rows import RunError
from ..metrics import Target
from .formats import kind_word
from .summary import leaders

if TYPE_CHECKING:
    import pandas as pd

    from datagen.dataset.read import DataSet

    from ..harness.predict import Predict

QUANTILES = {"best": 1.0, "median": 0.5, "worst": 0.0}
ERROR_FULL_SCALE = 20.0  # ΔE00 drawn as white
GAIN_FULL_SCALE = 3.0  # stops drawn as full red or blue
FLOOR = 0.01  # linear light added before a ratio, so that noise in black does not look like gain


@dataclass(frozen=True)
class Panel:
    """One method on one pair; pictures are data URIs."""

    method: str
    kind: str
    score: float
    estimate: str
    error: str
    gain: str


@dataclass(frozen=True)
class Story:
    """One pair with every method on it. `outlines` are SVG point lists of A and of A with B."""

    title: str
    sample: str
    width: int
    height: int
    outlines: list[tuple[str, str]]
    degraded: str
    ideal: str
    panels: list[Panel]


def choose(rows: pd.DataFrame) -> dict[str, tuple[str, str]]:
    """Pick the best, median and worst pair of the method that leads in PSNR of region A.

    Returns
    -------
    Title -> (sample id, reference name). Ties go to the first id in order, so the choice is stable.
    """
    best = leaders(rows)[:1]
    if not best:
        return {}
    (leader,) = best
    scores = rows[(rows["metric"] == "psnr") & (rows["region"] == "A") & rows["value"].notna()]
    ranked = scores[scores["method"] == leader].sort_values(["value", "sample", "expert"])
    return {
        f"{title} pair of {leader}": (ranked["sample"].iloc[at], ranked["expert"].iloc[at])
        for title, share in QUANTILES.items()
        for at in [round(share * (len(ranked) - 1))]
    }


def tell(
    dataset: DataSet,
    rows: pd.DataFrame,
    chosen: dict[str, tuple[str, str]],
    predictors: Mapping[str, Predict],
) -> list[Story]:
    """Draw the chosen pairs: the estimate, colour error and gain of every method that worked."""
    chosen_rows = rows[(rows["metric"] == "psnr") & (rows["region"] == "A")]
    keys = chosen_rows[["method", "sample", "expert"]].itertuples(index=False, name=None)
    scores = dict(zip(keys, chosen_rows["value"].astype(float), strict=True))
    stories = []
    for title, (sample, expert) in chosen.items():
        pair = load_pair(dataset, sample_row(dataset, sample), expert)
        ideal = Target(pair.reference, pair.degraded, pair.regions).ideal.encoded
        panels = []
        for name, predict in predictors.items():
            score = scores.get((name, sample, expert))
            if score is None:  # it failed on this pair; the table says how
                continue
            estimate = predict(pair, ideal)
            panels.append(
                Panel(
                    name,
                    kind_word(name),
                    score,
                    _jpeg(estimate),
                    _jpeg(error_map(estimate, ideal)),
                    _jpeg(gain_map(estimate, pair.degraded)),
                )
            )
        height, width = pair.regions.shape
        stories.append(
            Story(
                title,
                sample,
                width,
                height,
                [("A", _points(pair.regions == 2)), ("B", _points(pair.regions >= 1))],
                _jpeg(pair.degraded),
                _jpeg(ideal),
                panels,
            )
        )
    return stories


def sample_row(dataset: DataSet, sample: str) -> Sample:
    """The manifest's row of a sample that was scored; RunError when there is none."""
    try:
        row = dataset.row(sample)
    except KeyError:
        row = None
    if not isinstance(row, Sample):
        raise RunError(f"{dataset.folder}: has no sample {sample}")
    return row


def error_map(estimate: np.ndarray, ideal: np.ndarray) -> np.ndarray:
    """Draw ΔE00 between two encoded (H, W, 3) images: black 0, white ERROR_FULL_SCALE and above."""
    difference = delta_e_2000(encoded_to_lab(estimate), encoded_to_lab(ideal))
    grey = np.clip(difference / ERROR_FULL_SCALE, 0, 1)
    colours = cv2.applyColorMap(quantise(grey, 8), cv2.COLORMAP_INFERNO)
    return colours[..., ::-1] / np.float32(255)


def gain_map(estimate: np.ndarray, degraded: np.ndarray) -> np.ndarray:
    """Draw the light a method added (red) or took away (blue), in stops; white is unchanged."""
    after, before = (luminance(decode_srgb(encoded)) + FLOOR for encoded in (estimate, degraded))
    stops = np.clip(np.log2(after / before) / GAIN_FULL_SCALE, -1, 1)[..., None]
    red, blue = (np.array(c, np.float32) for c in ((0.75, 0.1, 0.1), (0.1, 0.25, 0.8)))
    return np.where(stops > 0, 1 - stops * (1 - red), 1 + stops * (1 - blue)).astype(np.float32)


def _jpeg(encoded: np.ndarray) -> str:
    codes = quantise(encoded, 8)
    ok, data = cv2.imencode(".jpg", codes[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88])
    if not ok:
        raise RuntimeError("OpenCV could not encode a JPEG")
    return "data:image/jpeg;base64," + base64.b64encode(data.tobytes()).decode()


def _points(inside: np.ndarray) -> str:
    """Trace the largest outline of a region as SVG path data."""
    found, _ = cv2.findContours(inside.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    steps = (" L".join(f"{x} {y}" for x, y in line[:, 0]) for line in found)
    return " ".join(f"M{step} Z" for step in steps)
