"""Maps of exposures: every picture placed by the shape of its luminance histogram.

Pictures of a data set beside those of any other folder show which exposures the one covers and the
other lacks. `principal_map` keeps large distances and has an axis with a meaning; `neighbour_map`
keeps neighbourhoods, as such figures in the literature do.

References
----------
van der Maaten & Hinton, "Visualizing data using t-SNE", JMLR 2008; Belkina et al., "Automated
optimized parameters for t-SNE", Nature Communications 2019 (learning rate); Kobak & Berens, "The
art of using t-SNE for single-cell transcriptomics", Nature Communications 2019 (initialisation).
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from luts.colour.colorimetry import luminance
from luts.colour.transfer import decode_srgb

from ..images.codes import to_float
from ..images.files import read_image

SMALL = 64  # pixels of the longer side: enough for a histogram
BINS = 32
FLOOR_EV = -10.0  # relative to white; darker is all the same
PERPLEXITY = 30.0
EXAGGERATION = 12.0  # of the attraction, in the first third of the steps
STEPS = 600


@dataclass(frozen=True)
class Luminance:
    """How bright a picture is."""

    mean_luminance: float  # of linear light, white = 1
    histogram: np.ndarray  # (32,) pixels of the small picture, over log2 luminance from -10 EV to 0


@dataclass(frozen=True, eq=False)
class Luminances:
    """How bright many pictures are: 68 bytes each."""

    means: np.ndarray  # (n,) float32
    histograms: np.ndarray  # (n, 32) uint16: pixels, of at most SMALL * SMALL

    @classmethod
    def of(cls, lights: Iterable[Luminance]) -> Luminances:
        """Collect what `light` found."""
        means, histograms = array("f"), array("H")
        for found in lights:
            means.append(found.mean_luminance)
            histograms.extend(found.histogram.tolist())
        return cls(np.asarray(means), np.asarray(histograms).reshape(-1, BINS))  # nothing is copied


def light(path: Path) -> Luminance:
    """Measure a picture file; raises ImageError when it cannot be read."""
    codes = read_image(path)
    scale = SMALL / max(codes.shape[:2])
    if scale < 1:
        size = [max(1, round(side * scale)) for side in codes.shape[1::-1]]
        codes = cv2.resize(codes, size, interpolation=cv2.INTER_AREA)
    encoded = to_float(codes)
    linear = decode_srgb(encoded if encoded.ndim == 3 else np.repeat(encoded[..., None], 3, 2))
    values = luminance(linear)
    stops = np.log2(np.maximum(values, 2.0**FLOOR_EV))
    histogram, _ = np.histogram(stops, BINS, range=(FLOOR_EV, 0.0))
    return Luminance(float(values.mean()), histogram)


def shares(histograms: np.ndarray) -> np.ndarray:
    """Histograms (n, 32) of pixels as shares of each, float32."""
    totals = histograms.sum(axis=1, keepdims=True, dtype=np.float64)
    found = np.empty(histograms.shape, np.float32)
    return np.divide(histograms, np.maximum(totals, 1), out=found, casting="same_kind")


def principal_map(groups: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Place luminance histograms in the plane by their two principal components.

    Parameters
    ----------
    groups : name -> histograms (n, 32); the components are those of the first group

    Returns
    -------
    name -> (n, 2) float. The Hellinger distance between histograms is what the plane approximates;
    signs are fixed so that brighter lies to the right.
    """
    groups = {name: np.asarray(found) for name, found in groups.items() if len(found)}
    first = next(iter(groups.values()))
    middle = np.sum([part.sum(0) for part in _roots(first)], axis=0) / len(first)
    spread = np.sum([(part - middle).T @ (part - middle) for part in _roots(first)], axis=0)
    axes = np.linalg.eigh(spread)[1].T[:-3:-1].copy()
    brighter = np.linspace(-1, 1, BINS)
    axes *= np.where(axes @ brighter < 0, -1, 1)[:, None]
    return {
        name: np.concatenate([(part - middle) @ axes.T for part in _roots(found)])
        for name, found in groups.items()
    }


def _roots(histograms: np.ndarray) -> Iterator[np.ndarray]:
    """Square roots of histograms in float64, some thousand at a time."""
    for at in range(0, len(histograms), 4096):
        yield np.sqrt(shares(histograms[at : at + 4096]).astype(np.float64))


def neighbour_map(groups: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Place luminance histograms in the plane by t-SNE on their Hellinger distances.

    Exact and without randomness: it starts from the principal components, and is turned to lie as
    they do. Memory and time grow with the square of the number of pictures.

    Parameters
    ----------
    groups : name -> histograms (n, 32); all are placed together

    Returns
    -------
    name -> (n, 2) float; distances have no unit.
    """
    start = principal_map(groups)
    features = np.concatenate([np.sqrt(shares(np.asarray(groups[name]))) for name in start])
    middle = np.concatenate(list(start.values()))
    middle -= middle.mean(0)
    places = _tsne(features, middle)
    left, _, right = np.linalg.svd(places.T @ middle)
    places = places @ (left @ right)
    ends = np.cumsum([len(found) for found in start.values()])
    return dict(zip(start, np.split(places, ends[:-1]), strict=True))


def affinities(features: np.ndarray, perplexity: float) -> np.ndarray:
    """How close every two of (n, d) points are: (n, n), symmetric, sum 1 (JMLR 2008, eq. 1, 2).

    Each point's kernel is as wide as gives it `perplexity` neighbours, found by bisection.
    """
    apart = _squared_distances(features)
    np.fill_diagonal(apart, np.inf)
    nearest = apart.min(1, keepdims=True)
    low, high = np.full(len(apart), -60.0), np.full(len(apart), 60.0)  # log2 of the precision
    for _ in range(60):
        precision = np.exp2((low + high) / 2)[:, None]
        share = np.exp(-(apart - nearest) * precision)
        share /= share.sum(1, keepdims=True)
        entropy = -(share * np.log2(np.maximum(share, 1e-300))).sum(1)
        wide = entropy > np.log2(perplexity)
        low, high = np.where(wide, (low + high) / 2, low), np.where(wide, high, (low + high) / 2)
    return (share + share.T) / (2 * len(share))


def _tsne(features: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Gradient descent with momentum and gains (JMLR 2008, section 3.4): (n, d) to (n, 2)."""
    count = len(features)
    if count < 4:
        return start
    attraction = affinities(features, min(PERPLEXITY, (count - 1) / 3)).astype(np.float32)
    places = (start / max(start[:, 0].std(), 1e-9) * 1e-4).astype(np.float32)
    speed, gains = np.zeros_like(places), np.ones_like(places)
    rate = max(count / EXAGGERATION, 50.0)
    for step in range(STEPS):
        early = step < STEPS // 3
        kernel = 1 / (1 + _squared_distances(places))
        np.fill_diagonal(kernel, 0)
        force = attraction * (EXAGGERATION if early else 1.0) - kernel / kernel.sum()
        force *= kernel
        slope = 4 * (force.sum(1, keepdims=True) * places - force @ places)
        gains = np.maximum(np.where(slope * speed < 0, gains + 0.2, gains * 0.8), 0.01)
        speed = (0.5 if early else 0.8) * speed - rate * gains * slope
        places = places + speed
    return places - places.mean(0)


def _squared_distances(points: np.ndarray) -> np.ndarray:
    lengths = np.square(points).sum(1)
    apart = lengths[:, None] + lengths[None, :] - 2 * points @ points.T
    return np.maximum(apart, 0, out=apart)
