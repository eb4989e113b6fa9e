"""Shots of one scene at different exposures: do they agree, and what is their light together?

Everything is compared in linear light over the range that both shots hold: between the darker
one's noise and the brighter one's clipping.

References
----------
Debevec & Malik, "Recovering high dynamic range radiance maps from photographs", SIGGRAPH 1997, for
the weighted mean of exposures; Hasinoff et al., "Noise-optimal capture for high dynamic range
photography", CVPR 2010: with shot noise, the weight is the exposure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from luts.colour.transfer import encode_srgb
from luts.tool import exact

from ..images.align import MIN_RESPONSE, shift

FULL, FADING = 0.95, 0.8  # of the clip, brightest channel: no weight from here, full up to there
LEAST_WEIGHT = 2.0**-20  # of the darkest shot, where all are clipped
DARKEST = 0.004  # of the clip, in the mean of a block: below it noise has too large a part
MOST_SHIFT = 1.0  # pixels at working size; a part of one shows where the light is compared
MOST_EV = 0.25  # by which the light may differ from what the exposures say
MOVED_EV, MOST_MOVED = 0.5, 0.02  # share of the picture that may differ by more
BLOCK = 4  # pixels a side, averaged before two shots are compared
LEAST_BLOCKS = 30
OK, UNKNOWN = ("ok", ""), ("unknown", "")


@dataclass(frozen=True, eq=False)
class Shot:
    """One exposure: (H, W, 3) float32 scene-linear light, 1.0 = clipped in this shot."""

    file: str
    ev: float  # stops, relative to the others
    linear: np.ndarray

    @property
    def gain(self) -> float:
        """Factor from the light at EV 0 to this shot's."""
        return float(exact.exp2(np.float64(self.ev)))


def merge(shots: Sequence[Shot]) -> np.ndarray:
    """The light of all shots together, in the unit of EV 0: (H, W, 3) float32.

    Each pixel is the mean over the shots that do not clip there, weighted by exposure. Where all
    clip it is the darkest one's, cut off at 1 / its gain.
    """
    darkest = min(shots, key=lambda shot: shot.ev)
    total, weights = 0.0, 0.0
    for shot in shots:
        brightest = shot.linear.max(-1, keepdims=True).astype(np.float64)
        weight = np.clip((FULL - brightest) / (FULL - FADING), 0, 1) * shot.gain
        if shot is darkest:
            weight = weight + LEAST_WEIGHT
        total = total + weight * (shot.linear.astype(np.float64) / shot.gain)
        weights = weights + weight
    return np.asarray(total / weights, np.float32)


def agreeing(shots: Sequence[Shot]) -> tuple[list[Shot], dict[float, tuple[str, str]]]:
    """Keep the shots that show the same scene in the same place; say why the others do not.

    Shots are compared in pairs. The one that agrees with most others is the anchor; the others
    follow by distance, each judged by the nearest exposure among those that stay.

    Returns
    -------
    The shots that stay, by EV, and EV -> (status, reason with the measured amount) of the others.
    """
    verdicts = {
        (one.ev, two.ev): compare(one, two) for one in shots for two in shots if one is not two
    }
    anchor = max(
        shots,
        key=lambda one: (
            sum(verdicts[one.ev, two.ev] == OK for two in shots if two is not one),
            -abs(one.ev),
        ),
    )
    kept, lost = [anchor], {}
    for shot in sorted(shots, key=lambda shot: abs(shot.ev - anchor.ev))[1:]:
        nearest = sorted(kept, key=lambda other: abs(other.ev - shot.ev))
        known = (other for other in nearest if verdicts[other.ev, shot.ev] != UNKNOWN)
        judge = next(known, None)
        if judge is None:
            lost[shot.ev] = "misaligned", f"{shot.file}: shares no light with the other shots"
            continue
        status, reason = verdicts[judge.ev, shot.ev]
        if status == "ok":
            kept.append(shot)
        else:
            lost[shot.ev] = status, f"{shot.file}: {reason} against {judge.file}"
    return sorted(kept, key=lambda shot: shot.ev), lost


def compare(reference: Shot, estimate: Shot) -> tuple[str, str]:
    """Is a shot of the same scene, in the same place, at the exposure it claims?

    Returns
    -------
    OK, UNKNOWN when the two hold too little light in common, or a status and the reason.
    """
    if reference.linear.shape != estimate.linear.shape:
        height, width = estimate.linear.shape[:2]
        return "misaligned", f"has {width} x {height} pixels at working size, unlike the others"
    ceiling = FADING / max(reference.gain, estimate.gain)
    floor = DARKEST / min(reference.gain, estimate.gain)
    pictures = [shot.linear / np.float32(shot.gain) for shot in (reference, estimate)]
    shown = [encode_srgb(np.clip(picture / np.float32(ceiling), 0, 1)) for picture in pictures]
    dx, dy, response = shift(shown[1], shown[0])
    if response >= MIN_RESPONSE and np.hypot(dx, dy) > MOST_SHIFT:
        return "misaligned", f"is shifted by {dx:+.2f}, {dy:+.2f} pixels"
    one, two = (_blocks(picture) for picture in pictures)
    usable = (np.minimum(one, two) > floor) & (np.maximum(one, two) < ceiling)
    if usable.sum() < LEAST_BLOCKS:
        return UNKNOWN
    stops = np.log2(two[usable] / one[usable])
    off = float(np.median(stops))
    if abs(off) > MOST_EV:
        asked = estimate.ev - reference.ev
        return "other_exposure", f"is {asked + off:+.2f} EV away and not {asked:+.2f}"
    moved = float((np.abs(stops - off) > MOVED_EV).mean())
    if moved > MOST_MOVED:
        return "moved", f"shows something else in {moved:.1%} of the picture"
    return OK


def _blocks(linear: np.ndarray) -> np.ndarray:
    """Mean of all channels over blocks of pixels: (H, W, 3) to (H // BLOCK, W // BLOCK)."""
    height, width = (length // BLOCK * BLOCK for length in linear.shape[:2])
    whole = linear[:height, :width].mean(-1)
    return whole.reshape(height // BLOCK, BLOCK, width // BLOCK, BLOCK).mean((1, 3))
