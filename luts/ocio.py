"""LUTs through OpenColorIO: fast lookup, and the exact inverse."""

from __future__ import annotations

import functools

import numpy as np

from .lut import Lut, Lut1D, Lut3D, stages

OCIO_MAX_SIZE = 129
ROW = 2048  # pixels OpenColorIO works on at a time: they stay in cache
TILE = 1 << 14  # pixels of a view with gaps that are copied at a time


@functools.cache
def has_ocio() -> bool:
    """A bare GPU machine may lack it; the definition gives the same values, later."""
    try:
        import PyOpenColorIO  # noqa: F401
    except ImportError:
        return False
    return True


def look_up(steps: tuple, encoded: np.ndarray, result: np.ndarray, interpolation: str) -> None:
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
