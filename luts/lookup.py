"""Apply a LUT to pixels: OpenColorIO for speed, float64 numpy as the definition."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

from .lut import ONES, ZEROS, Lut, Lut1D, Lut3D, stages

INTERPOLATIONS = ("tetrahedral", "trilinear")
ENGINES = ("ocio", "numpy")

OCIO_MAX_SIZE = 129
ROW = 2048  # pixels OpenColorIO works on at a time: they stay in cache
TILE = 1 << 14  # pixels the numpy engine works on at a time: about 5 MB of scratch


def apply(
    lut: Lut,
    encoded: np.ndarray,
    interpolation: str = "tetrahedral",
    engine: str = "ocio",
    *,
    exact: bool = False,
) -> np.ndarray:
    """Look up every pixel of an image.

    Parameters
    ----------
    lut : Lut1D, Lut3D or ShapedLut
    encoded : (..., 3) uint8, uint16 or float32 (engine "numpy": float64 as well)
        Integers stand for [0, 1]. Input outside the LUT's domain is clamped to it; NaN counts as
        the lower end of its own channel.
    interpolation : "tetrahedral" or "trilinear"
        The rule inside a cube; curves are always linear. Tetrahedral keeps a LUT that is neutral
        at its grey nodes neutral in between, trilinear does not.
    engine : "ocio" or "numpy"
        "ocio" is OpenColorIO: about 100 Mpixel/s on one core, within 5e-7 of the definition.
        It takes cubes up to 129; larger ones go to "numpy", the float64 definition, which is
        some ten times slower and needs a bounded 5 MB beside its output.
    exact : the same bits on every machine, those of the definition
        Integers cost little more: OpenColorIO's answer stands where it cannot be off by a level,
        and the definition decides the rest. Floats are left to the definition.

    Returns
    -------
    (..., 3) of the same dtype. Integers are rounded half up and clipped; floats are as the
    table gives them, beyond [0, 1] where it is.

    Raises
    ------
    TypeError : other dtypes
    ValueError : last axis not 3, unknown interpolation or engine
    """
    encoded = np.asarray(encoded)
    kinds = "uint8, uint16 or float32" if engine == "ocio" else "uint8, uint16, float32 or float64"
    if encoded.dtype.name not in kinds.replace(",", "").split():
        raise TypeError(f"the {engine!r} engine takes {kinds} pixels, got {encoded.dtype}")
    if encoded.ndim == 0 or encoded.shape[-1] != 3:
        raise ValueError(f"an image is (..., 3), got shape {encoded.shape}")
    if interpolation not in INTERPOLATIONS:
        raise ValueError(f"interpolation is one of {INTERPOLATIONS}, got {interpolation!r}")
    if engine not in ENGINES:
        raise ValueError(f"engine is one of {ENGINES}, got {engine!r}")
    steps = stages(lut)
    fits = all(isinstance(step, Lut1D) or step.size <= OCIO_MAX_SIZE for step in steps)
    look_up = _ocio if engine == "ocio" and fits and _has_ocio() else _numpy
    if exact and look_up is _ocio:
        look_up = _settled
    result = np.empty(encoded.shape, encoded.dtype)
    look_up(steps, encoded, result, interpolation)
    return result


@functools.cache
def _has_ocio() -> bool:
    """A bare GPU machine may lack it; the definition gives the same values, later."""
    try:
        import PyOpenColorIO  # noqa: F401
    except ImportError:
        return False
    return True


def _ocio(steps: tuple, encoded: np.ndarray, result: np.ndarray, interpolation: str) -> None:
    """Through PackedImageDesc: the applyRGB(ndarray) road is 4x slower and takes 5x the memory."""
    import PyOpenColorIO as ocio  # noqa: N813

    depth = {
        "uint8": ocio.BIT_DEPTH_UINT8,
        "uint16": ocio.BIT_DEPTH_UINT16,
        "float32": ocio.BIT_DEPTH_F32,
    }[encoded.dtype.name]
    forward = ocio.TRANSFORM_DIR_FORWARD
    processor = _processor(steps, interpolation, forward).getOptimizedCPUProcessor(
        depth, depth, ocio.OPTIMIZATION_LOSSLESS
    )

    def describe(pixels: np.ndarray) -> ocio.PackedImageDesc:
        height, width, _ = pixels.shape
        item = pixels.itemsize
        order = ocio.CHANNEL_ORDERING_RGB
        strides = item, 3 * item, 3 * item * width
        return ocio.PackedImageDesc(pixels, width, height, order, depth, *strides)

    for source, target in _contiguous_blocks(encoded, result):
        processor.apply(describe(source), describe(target))


def _settled(steps: tuple, encoded: np.ndarray, result: np.ndarray, interpolation: str) -> None:
    """The definition's result: OpenColorIO's codes, but for those near the edge of a level."""
    bound = _error_bound(steps)
    if encoded.dtype.kind != "u" or bound is None:
        _numpy(steps, encoded, result, interpolation)
        return
    source, target = encoded.reshape(-1, 3), result.reshape(-1, 3)
    white = np.float32(np.iinfo(encoded.dtype).max)
    bound = float(np.float32(bound * white + 2 * np.spacing(white)))
    for start in range(0, len(source), TILE):
        part = slice(start, start + TILE)
        values = source[part].astype(np.float32)
        values /= white
        fast = np.empty_like(values)
        _ocio(steps, values, fast, interpolation)
        fast *= white
        fast += np.float32(0.5)
        codes = np.floor(fast)
        np.clip(codes, 0, white, out=values)
        target[part] = values
        fast -= codes
        near = ((fast < bound) | (fast > 1 - bound)).any(axis=1)
        if near.any():
            again = np.empty((int(near.sum()), 3), encoded.dtype)
            _numpy(steps, source[part][near], again, interpolation)
            target[part][near] = again


def _error_bound(steps: tuple) -> float | None:
    """How far a float32 lookup may be from the definition; None where that is not worked out.

    For one cube over [0, 1] of n nodes whose neighbours differ by at most d: the rounded code and
    its place in the cell are off by 2 * 2**-24 of n - 1 each, along three axes that is
    6 (n - 1) d * 2**-24, and four products of values up to m and their sum by 8 m * 2**-24. The
    tests have not seen a quarter of it; it is doubled all the same, for another order of sums.
    """
    step = steps[0]
    if len(steps) > 1 or not isinstance(step, Lut3D):
        return None
    if step.domain_min != ZEROS or step.domain_max != ONES:
        return None
    apart = max(float(np.abs(np.diff(step.table, axis=axis)).max()) for axis in range(3))
    most = float(np.abs(step.table).max())
    return 2.0**-23 * (6 * (step.size - 1) * apart + 8 * most)


def invert_exactly(lut: Lut, encoded: np.ndarray) -> np.ndarray:
    """Find the input that a LUT turns into each colour: OpenColorIO's exact tetrahedral inverse.

    Parameters
    ----------
    lut : cubes up to 129
    encoded : (n, 3) float32

    Returns
    -------
    (n, 3) float32 in the LUT's domain. A colour that the LUT never makes gets the input of a
    nearby one that it does; one that it makes twice gets either input.
    """
    import PyOpenColorIO as ocio  # noqa: N813

    steps = stages(lut)
    if any(isinstance(step, Lut3D) and step.size > OCIO_MAX_SIZE for step in steps):
        raise ValueError(f"the inverse takes cubes up to {OCIO_MAX_SIZE}; resize this one first")
    inverse = _processor(steps, "tetrahedral", ocio.TRANSFORM_DIR_INVERSE)
    # Without OPTIMIZATION_LUT_INV_FAST, which would resample the inverse and err by up to 0.06.
    processor = inverse.getOptimizedCPUProcessor(
        ocio.BIT_DEPTH_F32, ocio.BIT_DEPTH_F32, ocio.OPTIMIZATION_LOSSLESS
    )
    result = np.array(encoded, np.float32, order="C")[None]
    processor.apply(ocio.PackedImageDesc(result, result.shape[1], 1, 3))
    return result[0]


def _processor(steps: tuple, interpolation: str, direction):
    import PyOpenColorIO as ocio  # noqa: N813

    config = ocio.Config.CreateRaw()
    # The cache would keep every LUT ever applied: about 1 MB each.
    config.setProcessorCacheFlags(ocio.PROCESSOR_CACHE_OFF)
    group = ocio.GroupTransform([t for step in steps for t in ocio_transforms(step, interpolation)])
    return config.getProcessor(group, direction)


def ocio_transforms(step: Lut1D | Lut3D, interpolation: str) -> list:
    """One table as OpenColorIO transforms: the domain mapped to [0, 1], then the lookup."""
    import PyOpenColorIO as ocio  # noqa: N813

    if isinstance(step, Lut1D):
        lookup = ocio.Lut1DTransform(step.size, False)
        lookup.setInterpolation(ocio.INTERP_LINEAR)
        lookup.setData(step.table.ravel())
    else:
        lookup = ocio.Lut3DTransform(step.size)
        tetrahedral = interpolation == "tetrahedral"
        lookup.setInterpolation(ocio.INTERP_TETRAHEDRAL if tetrahedral else ocio.INTERP_LINEAR)
        lookup.setData(step.table)  # blue fastest, as our C order is
    if step.is_unit:
        return [lookup]
    low, high = np.array(step.domain_min), np.array(step.domain_max)
    scale = 1 / (high - low)
    matrix = np.diag([*scale, 1.0]).ravel().tolist()
    return [ocio.MatrixTransform(matrix, [*(-low * scale), 0.0]), lookup]


def _contiguous_blocks(encoded: np.ndarray, result: np.ndarray):
    """Cut both arrays into matching (height, width, 3) blocks that OpenColorIO can walk.

    A contiguous image is one block of rows and a remainder, whatever its shape was; a view with
    gaps (a crop, a channel flip) is copied a tile at a time instead of whole.
    """
    if encoded.flags.c_contiguous:
        source, target = encoded.reshape(-1, 3), result.reshape(-1, 3)
        whole = len(source) // ROW * ROW
        if whole:
            yield source[:whole].reshape(-1, ROW, 3), target[:whole].reshape(-1, ROW, 3)
        if whole < len(source):
            yield source[None, whole:], target[None, whole:]
    elif encoded.ndim > 1:
        row_pixels = max(1, encoded[0].size // 3)
        band = max(1, TILE // row_pixels)
        for start in range(0, len(encoded), band):
            copy = np.ascontiguousarray(encoded[start : start + band])
            yield from _contiguous_blocks(copy, result[start : start + band])
    else:
        yield from _contiguous_blocks(np.ascontiguousarray(encoded), result)


def _numpy(steps: tuple, encoded: np.ndarray, result: np.ndarray, interpolation: str) -> None:
    """The definition: float64 throughout, a tile at a time."""
    rule = {"tetrahedral": tetrahedral, "trilinear": trilinear}[interpolation]
    integer = encoded.dtype.kind == "u"
    white = np.iinfo(encoded.dtype).max if integer else 1.0
    target = result.reshape(-1, 3)
    source = encoded.reshape(-1, 3)
    for start in range(0, len(source), TILE):
        values = source[start : start + TILE].astype(np.float64) / white
        for step in steps:
            values = _look_up(step, values, rule)
        if integer:
            values = np.floor(np.clip(values, 0, 1) * white + 0.5)
        target[start : start + TILE] = values


def _look_up(step: Lut1D | Lut3D, values: np.ndarray, rule: Callable) -> np.ndarray:
    """Apply one table to (n, 3) float64 values."""
    low, high = np.array(step.domain_min), np.array(step.domain_max)
    # fmax, not maximum: it takes NaN to 0.
    position = np.fmin(np.fmax((values - low) / (high - low), 0), 1) * (step.size - 1)
    if isinstance(step, Lut3D):
        return rule(step.table, position)
    floor = np.minimum(position.astype(np.intp), step.size - 2)
    fraction = position - floor
    channel = np.arange(3)
    table = step.table.astype(np.float64)
    return (1 - fraction) * table[floor, channel] + fraction * table[floor + 1, channel]


def tetrahedral(table: np.ndarray, position: np.ndarray) -> np.ndarray:
    """Interpolate a cube by the four corners of the tetrahedron a colour lies in.

    With the fractions inside the cell sorted f1 >= f2 >= f3 and the corners reached by stepping
    along the axes in that order, (1-f1) V0 + (f1-f2) V1 + (f2-f3) V2 + f3 V3.

    Parameters
    ----------
    table : (n, n, n, 3) indexed [red, green, blue, channel]
    position : (m, 3) float64 in [0, n - 1], in units of nodes

    Returns
    -------
    (m, 3) float64

    References
    ----------
    Sakamoto and Itooka, US patent 4275413 (1981); Kasson et al., "Performing color space
    conversions with three-dimensional linear interpolation", J. Electronic Imaging 4(3), 1995.
    """
    size = table.shape[0]
    flat = table.reshape(-1, 3)
    place = np.ascontiguousarray(position.T)
    cell = np.minimum(place.astype(np.intp), size - 2)
    red, green, blue = place - cell
    along = size * size, size, 1  # from a node to its neighbour, by axis
    reds_first = red >= green
    brighter, darker = np.maximum(red, green), np.minimum(red, green)
    high, low = np.maximum(brighter, blue), np.minimum(darker, blue)
    middle = np.maximum(darker, np.minimum(brighter, blue))
    first = np.where(brighter >= blue, np.where(reds_first, along[0], along[1]), along[2])
    last = np.where(blue <= darker, along[2], np.where(reds_first, along[1], along[0]))
    corner = (cell[0] * size + cell[1]) * size + cell[2]
    white = corner + sum(along)
    result = (1 - high)[:, None] * flat.take(corner, 0)
    result += (high - middle)[:, None] * flat.take(corner + first, 0)
    result += (middle - low)[:, None] * flat.take(white - last, 0)
    result += low[:, None] * flat.take(white, 0)
    return result


def trilinear(table: np.ndarray, position: np.ndarray) -> np.ndarray:
    """Interpolate a cube by the eight corners of the cell a colour lies in.

    Parameters and result as in `tetrahedral`.
    """
    size = table.shape[0]
    flat = table.reshape(-1, 3)
    cell = np.minimum(position.astype(np.intp), size - 2)
    fraction = position - cell
    result = np.zeros(position.shape)
    for corner in np.ndindex(2, 2, 2):
        weight = np.where(corner, fraction, 1 - fraction).prod(axis=1, keepdims=True)
        index = np.ravel_multi_index(tuple((cell + corner).T), (size, size, size))
        result += weight * flat[index]
    return result
