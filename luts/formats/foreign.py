"""LUT files that OpenColorIO reads: its own readers, and what they find as one of our LUTs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..cube.grammar import Note
from ..fidelity import fidelity
from ..lut import Lut, Lut1D, Lut3D, LutFormatError, ShapedLut, nodes, stages
from ..ocio import ocio_transforms

ROWS = 4096  # of curves that are sampled
SIZE = 65  # of a cube that stands for what is neither curves nor a cube
WIDEST = 1 << 16  # of a domain


def read(path: Path) -> tuple[Lut, list[Note]]:
    """Read a file through OpenColorIO.

    A cube, curves, and curves before a cube come out as they are, domains too. Any other chain is
    sampled into a cube of 65 nodes, with a note of what that costs.
    """
    import PyOpenColorIO as ocio  # noqa: N813

    transform = ocio.FileTransform(str(path), interpolation=ocio.INTERP_BEST)
    ocio.ClearAllCaches()  # it would give a file that has changed as it was
    try:
        config = ocio.Config.CreateRaw()
        chain = list(config.getProcessor(transform).createGroupTransform())
        return _as_lut(chain, path.stem)
    except ocio.Exception as error:
        raise LutFormatError(f"{path}: {_reason(str(error))}") from None
    except ValueError as error:
        if isinstance(error, LutFormatError):
            raise
        raise LutFormatError(f"{path}: {error}") from None
    finally:
        ocio.ClearAllCaches()


def write_clf(lut: Lut, path: Path) -> None:
    """Write the Academy/ASC Common LUT Format, in full float, curves and domains too."""
    import PyOpenColorIO as ocio  # noqa: N813

    group = ocio.GroupTransform(
        [step for stage in stages(lut) for step in ocio_transforms(stage, "tetrahedral")]
    )
    group.getFormatMetadata().setID("tonebench")
    if lut.title:
        group.getFormatMetadata().setName(lut.title)
    group.write(
        formatName="Academy/ASC Common LUT Format",
        fileName=str(path),
        config=ocio.Config.CreateRaw(),
    )


def _reason(error: str) -> str:
    """OpenColorIO's own reason, without its list of all the formats it knows."""
    lines = [line.strip() for line in error.replace("\t", " ").splitlines() if line.strip()]
    causes = [line for line in lines if "failed with" in line]
    told = causes[0].split("failed with:", 1)[-1] if causes else lines[0] if lines else "damaged"
    return f"cannot be read: {' '.join(told.split())[:160]}"


def _as_lut(chain: Sequence, title: str) -> tuple[Lut, list[Note]]:
    import PyOpenColorIO as ocio  # noqa: N813

    if not chain:
        raise LutFormatError("holds no table")
    *before, last = chain
    if isinstance(last, ocio.Lut3DTransform) and not before:
        return Lut3D(_cube(last), title=title), []
    if isinstance(last, ocio.Lut1DTransform) and not before and not last.getInputHalfDomain():
        return Lut1D(np.asarray(last.getData()).reshape(-1, 3), title=title), []
    if any(_mixes(step) for step in before) or _mixes(last, but_cube=True):
        return _sampled(chain, title)
    if isinstance(last, ocio.Lut3DTransform):
        curves = _curves(before)
        return ShapedLut(curves, Lut3D(_cube(last)), title=title), []
    curves = _curves(chain)
    return Lut1D(curves.table, curves.domain_min, curves.domain_max, title), []


def _cube(transform) -> np.ndarray:
    size = transform.getGridSize()
    return np.asarray(transform.getData()).reshape(size, size, size, 3)


def _mixes(step, but_cube: bool = False) -> bool:
    """Whether a transform makes one channel depend on another."""
    import PyOpenColorIO as ocio  # noqa: N813

    if isinstance(step, ocio.MatrixTransform):
        matrix = np.array(step.getMatrix()).reshape(4, 4)[:3, :3]
        return bool(np.any(matrix != np.diag(np.diag(matrix))))
    if isinstance(step, ocio.Lut3DTransform):
        return not but_cube
    separate = (
        ocio.Lut1DTransform,
        ocio.RangeTransform,
        ocio.ExponentTransform,
        ocio.ExponentWithLinearTransform,
        ocio.LogTransform,
        ocio.LogAffineTransform,
        ocio.LogCameraTransform,
    )
    return not isinstance(step, separate)


def _processed(chain: Sequence, values: np.ndarray) -> np.ndarray:
    import PyOpenColorIO as ocio  # noqa: N813

    group = ocio.GroupTransform(list(chain))
    processor = ocio.Config.CreateRaw().getProcessor(group).getDefaultCPUProcessor()
    result = np.array(values, np.float32, order="C").reshape(1, -1, 3)
    processor.apply(ocio.PackedImageDesc(result, result.shape[1], 1, 3))
    return result.reshape(np.shape(values))


def _curves(chain: Sequence) -> Lut1D:
    """Sample transforms that keep channels apart over the input that changes their output."""
    low, high = 0.0, 1.0

    def still(a: float, b: float) -> bool:
        one, two = _processed(chain, np.array([[a] * 3, [b] * 3]))
        return bool(np.abs(one - two).max() <= 1e-6)

    while high < WIDEST and not still(high, high * 2):
        high *= 2
    while low > -WIDEST and not still(low, low * 2 if low else -1.0):
        low = low * 2 if low else -1.0
    if high >= WIDEST or low <= -WIDEST:  # it never ends: what pictures hold is what matters
        low, high = 0.0, 1.0
    ramp = np.linspace(low, high, ROWS)[:, None].repeat(3, 1)
    return Lut1D(_processed(chain, ramp), (low,) * 3, (high,) * 3)


def _sampled(chain: Sequence, title: str) -> tuple[Lut, list[Note]]:
    lut = Lut3D(_processed(chain, nodes(SIZE)), title=title)
    found = fidelity(lambda encoded: _processed(chain, encoded), lut)
    kinds = ", ".join(type(step).__name__.removesuffix("Transform") for step in chain)
    return lut, [Note(0, f"a chain of {kinds}, sampled into a cube of {SIZE}: {found}")]
