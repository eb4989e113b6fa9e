"""Uncertainty that knows about scenes.

Samples of one scene are not independent: five exposures against five experts are 25 rows and one
photograph. Taken as independent they make intervals several times too narrow, so everything here
resamples whole scenes. All of it is seeded.

References
----------
Field and Welsh, "Bootstrapping clustered data", JRSS B 69(3), 2007: resample whole clusters.
Hesterberg, "What teachers should know about the bootstrap", American Statistician 69(4), 2015,
section 4.3: the expanded percentile interval, which is wide enough for few clusters.
Ernst, "Permutation methods", Statistical Science 19(4), 2004: sign flips of paired differences.
Holm, "A simple sequentially rejective multiple test procedure", Scand. J. Statistics 6(2), 1979.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import stats as distributions

Values = Sequence[float] | np.ndarray
Scenes = Sequence[str] | np.ndarray

RESAMPLES = 4000
PERMUTATIONS = 9999
_CHUNK = 9999
_CELLS = 1 << 18  # of patterns that are held at more than a byte each
_ENUMERATED = 13  # scenes: up to here all 2**n sign patterns are fewer than PERMUTATIONS


@dataclass(frozen=True)
class Summary:
    """One column of values: where it lies, how it spreads, how much of it there is."""

    mean: float
    low: float
    high: float
    median: float
    p5: float
    p95: float
    valid: int
    asked: int


def summarise(values: Values, scenes: Scenes) -> Summary:
    """Describe values with their 95 % interval over scenes; NaN values are left out, and counted.

    An infinite value (a PSNR of identical pixels) makes the mean infinite and the interval NaN;
    median and percentiles stay meaningful.
    """
    values = np.asarray(values, float)
    kept = ~np.isnan(values)
    valid = values[kept]
    if not len(valid):
        return Summary(*(math.nan,) * 6, valid=0, asked=len(values))
    finite = np.isfinite(valid).all()
    low, high = scene_interval(valid, np.asarray(scenes)[kept]) if finite else (math.nan, math.nan)
    # "lower" never averages a number with infinity, which would be NaN.
    median, p5, p95 = np.percentile(valid, [50, 5, 95], method="linear" if finite else "lower")
    mean = float(valid.mean())
    return Summary(mean, low, high, float(median), float(p5), float(p95), len(valid), len(values))


def scene_interval(
    values: Values,
    scenes: Scenes,
    *,
    level: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> tuple[float, float]:
    """Bootstrap an interval of the mean by resampling whole scenes.

    Parameters
    ----------
    values : n finite numbers
    scenes : n scene names; rows of one scene stay together
    level : nominal coverage

    Returns
    -------
    Low and high end; NaN, NaN for fewer than two scenes, which say nothing about their spread.

    Raises
    ------
    ValueError for values that are not finite or lists of different lengths.
    """
    sums, counts = _per_scene(values, scenes)
    n = len(sums)
    if n < 2:
        return math.nan, math.nan
    drawn = _floats(_draws(n, resamples, seed))
    means = np.concatenate([(part @ sums) / (part @ counts) for part in drawn])
    # Widen the percentiles as Student's t is wider than the normal, and for the 1/n variance.
    t = distributions.t.ppf((1 + level) / 2, n - 1)
    tail = distributions.norm.cdf(-math.sqrt(n / (n - 1)) * t)
    low, high = np.quantile(means, [tail, 1 - tail])
    return float(low), float(high)


def paired_test(
    one: Values,
    two: Values,
    scenes: Scenes,
    *,
    permutations: int = PERMUTATIONS,
    seed: int = 0,
) -> float:
    """Test whether two methods differ on the same rows: two-sided p of the mean difference.

    Under the null hypothesis a scene's differences are as likely of the other sign, so the signs of
    whole scenes are flipped: all patterns for few scenes, random ones otherwise.

    Raises
    ------
    ValueError for values that are not finite or lists of different lengths.
    """
    if len(one) != len(two):
        raise ValueError(f"paired values are of one length, got {len(one)} and {len(two)}")
    sums, _ = _per_scene(np.asarray(one, float) - np.asarray(two, float), scenes)
    return float(_flip_test(sums[:, None], permutations, seed)[0])


def _flip_test(sums: np.ndarray, permutations: int, seed: int) -> np.ndarray:
    """p of each column of (scenes, tests) summed differences."""
    n, observed = len(sums), np.abs(sums.sum(0))
    # A little slack, so that equal sums in another order of addition count as equal.
    slack = 1e-12 * np.abs(sums).sum(0)
    extreme = np.zeros(sums.shape[1], int)
    all_patterns = n <= _ENUMERATED
    for at in range(0, 1 if all_patterns else permutations, _CHUNK):  # in memory: so many at a time
        flips = _flips(n, min(_CHUNK, permutations - at), seed + at)
        for part in _floats(flips, bits_of=n):
            extreme += (np.abs((1 - 2 * part) @ sums) >= observed - slack).sum(0)
    return extreme / 2**n if all_patterns else (1 + extreme) / (1 + permutations)


def _floats(patterns: np.ndarray, *, bits_of: int | None = None) -> Iterator[np.ndarray]:
    """Rows of small integers as floats, some at a time: all at once would take eight times more.

    Parameters
    ----------
    bits_of : what the packed bits of a row stand for, where they are packed
    """
    for some in _some(len(patterns), bits_of or patterns.shape[1]):
        part = patterns[some]
        yield (part if bits_of is None else np.unpackbits(part, 1, bits_of)).astype(float)


def permutations_for(tests: int) -> int:
    """How many random permutations so many tests need for Holm's smallest p to be well below 5 %.

    That is tests / (permutations + 1), here at most a twentieth of it.
    """
    return max(PERMUTATIONS, 400 * tests - 1)


def smallest_p(scenes: int, permutations: int = PERMUTATIONS) -> float:
    """The smallest p that a paired test of so many scenes can give."""
    return 2.0 ** (1 - scenes) if scenes <= _ENUMERATED else 1 / (1 + permutations)


def holm(p_values: Values) -> np.ndarray:
    """Adjust p values for their number; compare the results with the level of the whole family.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03]).round(3).tolist()
    [0.03, 0.06, 0.06]
    """
    p = np.asarray(p_values, float)
    order = np.argsort(p, kind="stable")
    factors = np.arange(len(p), 0, -1)
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(1, np.maximum.accumulate(p[order] * factors))
    return adjusted


def tie_groups(
    values: Mapping[str, Values],
    scenes: Scenes,
    *,
    higher_is_better: bool,
    level: float = 0.05,
) -> list[list[str]]:
    """Rank methods into groups that the data cannot tell apart.

    The first group is the best mean and every method that does not differ from it (paired test,
    Holm over the comparisons); the next group is found among the rest in the same way.

    Parameters
    ----------
    values : method -> one finite value per row, rows in the same order for all
    scenes : scene of every row

    Returns
    -------
    Groups, best first; inside a group the better mean first.
    """
    sign = -1 if higher_is_better else 1
    rest = sorted(values, key=lambda name: (sign * float(np.mean(values[name])), name))
    sums = {name: _per_scene(values[name], scenes)[0] for name in values}
    groups = []
    while rest:
        best, others = rest[0], rest[1:]
        differences = np.stack([sums[best] - sums[name] for name in rest], axis=1)
        p_values = holm(_flip_test(differences, PERMUTATIONS, 0)[1:])
        tied = {name for name, p in zip(others, p_values, strict=True) if p >= level}
        groups.append([name for name in rest if name == best or name in tied])
        rest = [name for name in others if name not in tied]
    return groups


def _some(rows: int, n: int) -> Iterator[slice]:
    """Part rows of n cells.

    Parts begin at multiples of four rows, by which BLAS and numpy's random bits go: what is made of
    them is the same to the last bit as if there were one part.
    """
    step = max(4, _CELLS // n // 4 * 4)
    return (slice(at, min(at + step, rows)) for at in range(0, rows, step))


# A table asks for the same draws thousands of times; making them costs far more than using them.
@lru_cache(maxsize=2)
def _draws(n: int, resamples: int, seed: int) -> np.ndarray:
    """How often each of n scenes is drawn in each resample: (resamples, n) uint8."""
    rng = np.random.default_rng(seed)
    found = np.empty((resamples, n), np.uint8)  # 255 of one scene: never, where n is as large
    for part in (found[some] for some in _some(resamples, n)):
        cells = rng.integers(0, n, part.shape, dtype=np.int32) + n * np.arange(len(part))[:, None]
        part[:] = np.bincount(cells.ravel(), minlength=part.size).reshape(part.shape)
    return found


@lru_cache(maxsize=2)
def _flips(n: int, permutations: int, seed: int) -> np.ndarray:
    """Patterns of flipped signs, n bits packed into a row: all there are, or random ones for many.

    Returns (patterns, ceil(n / 8)) uint8.
    """
    if n <= _ENUMERATED:
        flips = (np.arange(2**n)[:, None] >> np.arange(n)) & 1
        return np.packbits(flips.astype(bool), axis=1)
    rng = np.random.default_rng(seed)
    sizes = ((some.stop - some.start, n) for some in _some(permutations, n))
    drawn = [np.packbits(rng.integers(0, 2, size, dtype=np.int8), axis=1) for size in sizes]
    return np.concatenate(drawn)


def _per_scene(values: Values, scenes: Scenes) -> tuple[np.ndarray, np.ndarray]:
    values, names = np.asarray(values, float), np.asarray(scenes)
    if values.shape != names.shape or values.ndim != 1:
        raise ValueError(f"one scene per value, got {values.shape} values, {names.shape} scenes")
    if not np.isfinite(values).all():
        bad = int((~np.isfinite(values)).sum())
        raise ValueError(f"{bad} of {len(values)} values are NaN or infinite; drop or cap them")
    _, index = np.unique(names, return_inverse=True)
    return np.bincount(index, values), np.bincount(index).astype(float)
