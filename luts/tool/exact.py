"""Arithmetic that gives the same bits on every processor, for all that ends in a data set.

IEEE 754 rounds + - * / and square roots correctly, and numpy does one of them at a time, so an
array formula of these alone has one result. A library's powers, logarithms, sines and matrix
products do not: they depend on the vector unit, on fused multiply-add and on the number of
threads. Here they are made of the four operations, for float64; float32 keeps numpy's own, which
are faster and differ in their last bit between machines. `docs/reproducibility.md` says who needs
which.

The functions are good to a few units in the last place (the tests hold them to 4), which is their
quality and not what makes them reproducible: that is the order of operations.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps

import numpy as np

TILE = 4096  # samples at a time: a dozen temporaries of these stay in a core's cache
_MANTISSA = np.int64((1 << 52) - 1)
_ONE = np.int64(1023 << 52)
_CELL_BITS = 9  # cells per octave, around 1, 1 + 1/512, ..., 2: the series need |r| <= 2**-10
_HALF_CELL = np.int64(1 << (51 - _CELL_BITS))
_LEAST = 2.0**-1000  # roots, logarithms and powers take what is nearer to 0 for this
_DIGITS = 26  # decimal places of the tables before they are rounded to float64

_LN2 = (6.93147180369123816490e-01, 1.90821492927058770002e-10)  # high part ends in 21 zero bits
_HALF_PI = (1.57079632673412561417e00, 6.07710050630396597660e-11, 2.02226624879595063154e-21)
_SIN = [-1 / 6, 1 / 120, -1 / 5040, 1 / 362880, -1 / 39916800, 1 / 6227020800, -1 / 1307674368000]
_COS = [-1 / 2, 1 / 24, -1 / 720, 1 / 40320, -1 / 3628800, 1 / 479001600, -1 / 87178291200]
_COS += [1 / 20922789888000]


def _elementwise(plain: Callable | None) -> Callable:
    """Work tile by tile in float64; hand float32 arrays to numpy's own function."""

    def decorate(function: Callable) -> Callable:
        @wraps(function)
        def run(*arrays: np.ndarray) -> np.ndarray:
            arrays = np.broadcast_arrays(*arrays) if len(arrays) > 1 else (np.asarray(arrays[0]),)
            if plain is not None and all(array.dtype == np.float32 for array in arrays):
                return plain(*arrays)
            flat = [array.astype(np.float64, copy=False).reshape(-1) for array in arrays]
            result = np.empty(flat[0].shape)
            for start in range(0, result.size, TILE):
                part = slice(start, start + TILE)
                result[part] = function(*(array[part] for array in flat))
            return result.reshape(arrays[0].shape)[()]

        return run

    return decorate


@_elementwise(np.cbrt)
def cbrt(x: np.ndarray) -> np.ndarray:
    """Cube root of (...) float, of either sign."""
    return np.copysign(np.where(x == 0, 0.0, _power(np.abs(x), 1, 3)), x)


def power(x: np.ndarray, numerator: int, denominator: int) -> np.ndarray:
    """x ** (numerator / denominator) of (...) float > 0; x below 2**-1000 counts as that."""
    if np.asarray(x).dtype == np.float32:
        return x ** np.float32(numerator / denominator)
    return _elementwise(None)(lambda tile: _power(tile, numerator, denominator))(x)


@_elementwise(np.exp)
def exp(x: np.ndarray) -> np.ndarray:
    """e ** x of (...) float within -700 to 700; beyond these it counts as them."""
    return _exp2_of(np.clip(x, -700, 700), 64 / (_LN2[0] + _LN2[1]), _LN2[0] / 64, _LN2[1] / 64)


@_elementwise(np.exp2)
def exp2(x: np.ndarray) -> np.ndarray:
    """2 ** x of (...) float within -1000 to 1000; exact where x is whole."""
    x = np.clip(x, -1000, 1000)
    whole = np.rint(x * 64)
    return _scaled((x - whole / 64) * (_LN2[0] + _LN2[1]), whole)


@_elementwise(np.log)
def log(x: np.ndarray) -> np.ndarray:
    """Natural logarithm of (...) float > 0, to 2**-53 absolutely or a few last places."""
    exponent, r, cell = _split(np.maximum(x, _LEAST))
    series = _series(r, [1.0, -1 / 2, 1 / 3, -1 / 4, 1 / 5])
    return exponent * _LN2[0] + (_log_table()[cell] + (series + exponent * _LN2[1]))


def raised(x: np.ndarray | float, exponent: np.ndarray | float) -> np.ndarray:
    """x ** exponent of float64 x >= 0 by e ** (exponent * log x): good to |exponent log x| ulp."""
    x = np.asarray(x, np.float64)
    return np.where(x > 0, exp(exponent * log(x)), 0.0)[()]


@_elementwise(np.sin)
def sin(x: np.ndarray) -> np.ndarray:
    """Sine of (...) float radians, |x| <= 1e5; further from 0 the reduction loses digits."""
    return _sine(x, 0)


@_elementwise(np.cos)
def cos(x: np.ndarray) -> np.ndarray:
    """Cosine of (...) float radians, as `sin`."""
    return _sine(x, 1)


@_elementwise(np.arctan2)
def arctan2(y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Angle of the direction (x, y) in radians, -pi to pi; 0 for the zero vector."""
    across, along = np.abs(x), np.abs(y)
    low, high = np.minimum(across, along), np.maximum(across, along)
    slope = low / np.where(high == 0, 1.0, high)
    step = np.rint(slope * 16)
    near = step / 16
    t = (slope - near) / (1 + slope * near)  # tan of the difference of two angles, |t| < 1/32
    square = t * t
    series = _series(square, [-1 / 3, 1 / 5, -1 / 7, 1 / 9])
    series *= t
    series += t
    angle = _arctan_table().take(step.astype(np.intp))
    angle += series
    angle = np.where(along > across, _HALF_PI[0] - angle + _HALF_PI[1], angle)
    angle = np.where(x < 0, 2 * _HALF_PI[0] - angle + 2 * _HALF_PI[1], angle)
    return np.copysign(angle, y)


def hypot(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Length of (x, y), whose squares must not overflow: no libm's `hypot` is alike another's."""
    return np.sqrt(x * x + y * y)


def mix(colours: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Multiply every colour by a matrix: `colours @ matrix.T`, products added from left to right.

    Parameters
    ----------
    colours : (..., K) float
    matrix : (M, K)

    Returns
    -------
    (..., M) of the colours' dtype.
    """
    colours = np.asarray(colours)
    matrix = np.asarray(matrix, colours.dtype)
    flat = colours.reshape(-1, colours.shape[-1])
    result = np.empty((len(flat), len(matrix)), colours.dtype)
    for start in range(0, len(flat), TILE):
        planes = np.ascontiguousarray(flat[start : start + TILE].T)
        for row, weights in enumerate(matrix):
            total = planes[0] * weights[0]
            for plane, weight in zip(planes[1:], weights[1:], strict=True):
                total += plane * weight
            result[start : start + TILE, row] = total
    return result.reshape(*colours.shape[:-1], len(matrix))


def product(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """`left @ right` of two small float64 matrices."""
    return mix(np.asarray(left, float), np.asarray(right, float).T)


def inverse(matrix: np.ndarray) -> np.ndarray:
    """Invert a small float64 matrix: Gauss and Jordan's elimination with partial pivots.

    Raises
    ------
    np.linalg.LinAlgError : singular
    """
    work = np.concatenate([np.asarray(matrix, float), np.eye(len(matrix))], axis=1)
    for column in range(len(work)):
        pivot = column + int(np.argmax(np.abs(work[column:, column])))
        if work[pivot, column] == 0:
            raise np.linalg.LinAlgError("a singular matrix has no inverse")
        work[[column, pivot]] = work[[pivot, column]]
        work[column] = work[column] / work[column, column]
        for row in range(len(work)):
            if row != column:
                work[row] = work[row] - work[row, column] * work[column]
    return np.ascontiguousarray(work[:, len(work) :])


def _split(x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Write x > 0 as 2**exponent * c * (1 + r): exponent (float64), r, number of the cell of c."""
    bits = np.ascontiguousarray(x).view(np.int64)
    exponent = (bits >> 52) - 1023
    mantissa = ((bits & _MANTISSA) | _ONE).view(np.float64)
    cell = ((bits & _MANTISSA) + _HALF_CELL) >> (52 - _CELL_BITS)
    centre = 1 + cell * 2.0**-_CELL_BITS
    exponent += cell >> _CELL_BITS  # the last cell lies around 2, the next octave's 1
    return exponent.astype(np.float64), (mantissa - centre) / centre, cell


def _power(x: np.ndarray, numerator: int, denominator: int) -> np.ndarray:
    inverses, roots, of_two, series = _power_tables(numerator, denominator)
    bits = np.maximum(x, _LEAST).view(np.int64)
    cell = bits & _MANTISSA
    r = (cell | _ONE).view(np.float64)  # in [1, 2), and from here 1 + r
    cell += _HALF_CELL
    cell >>= 52 - _CELL_BITS
    r *= inverses.take(cell)
    r -= 1
    bits >>= 52
    total = _series(r, series)
    total += 1
    total *= roots.take(cell)
    total *= of_two.take(bits)
    return total


def _exp2_of(x: np.ndarray, per_step: float, high: float, low: float) -> np.ndarray:
    whole = np.rint(x * per_step)
    return _scaled((x - whole * high) - whole * low, whole)


def _scaled(r: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """e**r * 2**(whole / 64) for |r| <= ln(2) / 128."""
    series = _series(r, [1.0, 1 / 2, 1 / 6, 1 / 24, 1 / 120])
    steps = whole.astype(np.int64)
    root = _exp_table().take(steps & 63)
    return np.ldexp(root + root * series, (steps >> 6).astype(np.int32))


def _sine(x: np.ndarray, quarters: int) -> np.ndarray:
    whole = np.rint(x * (1 / (_HALF_PI[0] + _HALF_PI[1])))
    r = ((x - whole * _HALF_PI[0]) - whole * _HALF_PI[1]) - whole * _HALF_PI[2]
    turn = whole.astype(np.int64) + quarters
    square = r * r
    sine, cosine = _series(square, _SIN), _series(square, _COS)
    sine *= r
    sine += r
    cosine += 1
    value = np.where(turn & 1, cosine, sine)
    return np.where(turn & 2, -value, value)


def _series(x: np.ndarray, factors: list[float]) -> np.ndarray:
    """x (f0 + x (f1 + x (...))), in place from the innermost on."""
    total = x * factors[-1]
    for factor in factors[-2::-1]:
        total += factor
        total *= x
    return total


@cache
def _power_tables(numerator: int, denominator: int) -> tuple:
    """1 / c and c**p of every cell, (2**p)**e for e = -1023 to 1023, and the binomial series."""
    from decimal import Context, Decimal

    with_digits = Context(prec=_DIGITS)
    p = with_digits.divide(Decimal(numerator), Decimal(denominator))
    size = 2**_CELL_BITS
    centres = [Decimal(size + k) / size for k in range(size + 1)]
    inverses = np.array([float(with_digits.divide(Decimal(1), c)) for c in centres])
    roots = np.array([float(with_digits.power(c, p)) for c in centres])
    parts = [
        float(with_digits.power(Decimal(2), with_digits.divide(Decimal(k), Decimal(denominator))))
        for k in range(denominator)
    ]
    places = np.arange(-1023, 1024) * numerator
    whole = places // denominator
    of_two = np.ldexp(np.array(parts)[places - whole * denominator], np.clip(whole, -1070, 1023))
    exponent = numerator / denominator
    series: list[float] = []
    for k in range(4):  # the fifth is below 2**-55
        series.append((series[-1] if series else 1.0) * (exponent - k) / (k + 1))
    return inverses, roots, of_two, series


@cache
def _log_table() -> np.ndarray:
    from decimal import Context, Decimal

    size, with_digits = 2**_CELL_BITS, Context(prec=_DIGITS)
    return np.array([float(with_digits.ln(Decimal(size + k) / size)) for k in range(size)] + [0.0])


@cache
def _exp_table() -> np.ndarray:
    from decimal import Context, Decimal

    with_digits = Context(prec=_DIGITS)
    return np.array([float(with_digits.power(Decimal(2), Decimal(k) / 64)) for k in range(64)])


@cache
def _arctan_table() -> np.ndarray:
    """Arctangents of 0, 1/16, ..., 1, each the last one plus a small angle (added exactly)."""
    from fractions import Fraction

    angles, total = [0.0], Fraction(0)
    for k in range(1, 17):
        tangent = Fraction(16, 256 + k * (k - 1))  # of the difference to the one before
        total += sum(Fraction((-1) ** n, 2 * n + 1) * tangent ** (2 * n + 1) for n in range(12))
        total = Fraction(round(total * 2**120), 2**120)
        angles.append(float(total))
    return np.array(angles)
