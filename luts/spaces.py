"""Colour spaces that LUTs are made for, and the way between them and sRGB.

A LUT knows nothing of its space: a log-to-display LUT of a camera maker put on sRGB values is wrong
without a word. Named, its input is converted to the space it expects and its output back.

References
----------
IEC 61966-2-1 (sRGB); SMPTE EG 432-1 and Apple's Display P3; Adobe RGB (1998) Color Image
Encoding, 2005; ITU-R BT.709-6, BT.2020-2 and BT.1886 (their displays, gamma 2.4). Camera logs with
their gamuts are OpenColorIO's built-in transforms, which cite the makers' papers (ARRI LogC3 at EI
800 and LogC4, Sony S-Log3, Panasonic V-Log, Canon Log 2 and 3, RED Log3G10, Apple Log, ACEScct).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .colour.space import ADOBE_GAMMA, ADOBE_RGB, PRIMARIES, from_chromaticities
from .lookup import apply
from .lut import Lut
from .tool.errors import UserError
from .tool.words import nearest

D65_TO_SRGB = np.array(  # IEC 61966-2-1: XYZ of D65 to linear sRGB
    [
        [3.2404542, -1.5371385, -0.4985314],
        [-0.9692660, 1.8760108, 0.0415560],
        [0.0556434, -0.2040259, 1.0572252],
    ]
)


@dataclass(frozen=True)
class Space:
    """A space by what it is for people, and by OpenColorIO's transforms to linear sRGB."""

    summary: str
    to_linear: Callable[[], list]
    scene: bool = False  # a camera's: light beyond white, and no display to show it on as it is


def convert(values: np.ndarray, source: str, target: str) -> np.ndarray:
    """Convert colours (..., 3) float from one space of SPACES to another: float32, not clipped.

    Raises
    ------
    UserError : a name that SPACES does not hold
    """
    source, target = check_space(source), check_space(target)
    pixels = np.array(values, np.float32, order="C")
    if source == target or not pixels.size:
        return pixels
    import PyOpenColorIO as ocio  # noqa: N813

    flat = pixels.reshape(1, -1, 3)
    _processor(source, target).apply(ocio.PackedImageDesc(flat, flat.shape[1], 1, 3))
    return flat.reshape(pixels.shape)


def adapted(
    lut: Lut, input_space: str = "srgb", output_space: str | None = None, rule: str = "tetrahedral"
) -> Callable[[np.ndarray], np.ndarray]:
    """A LUT of other spaces as a function from encoded sRGB to encoded sRGB.

    Parameters
    ----------
    input_space : what the LUT takes, of SPACES
    output_space : what it gives; as the input when None, but sRGB for a camera's log, whose LUTs
        end on a display

    Returns
    -------
    Function of (..., 3) float, clipped to [0, 1].
    """
    space = check_space(input_space)
    back = check_space(output_space) if output_space else _usual_output(space)

    def colour_map(encoded: np.ndarray) -> np.ndarray:
        taken = convert(np.asarray(encoded, np.float32), "srgb", space)
        return np.clip(convert(apply(lut, taken, rule), back, "srgb"), 0, 1)

    return colour_map


def check_space(name: str) -> str:
    """The key of SPACES that a user means; UserError when there is none."""
    key = name.lower().replace(" ", "-").replace("_", "-").replace(".", "")
    key = ALIASES.get(key, key)
    if key not in SPACES:
        raise UserError(f"no colour space {name!r}{nearest(key, SPACES)}")
    return key


def _usual_output(space: str) -> str:
    return "srgb" if SPACES[space].scene else space


@functools.cache
def _processor(source: str, target: str):
    import PyOpenColorIO as ocio  # noqa: N813

    config = ocio.Config.CreateRaw()
    there = ocio.GroupTransform(SPACES[source].to_linear())
    back = ocio.GroupTransform(SPACES[target].to_linear())
    back.setDirection(ocio.TRANSFORM_DIR_INVERSE)
    return config.getProcessor(ocio.GroupTransform([there, back])).getDefaultCPUProcessor()


def _matrix(matrix: np.ndarray):
    import PyOpenColorIO as ocio  # noqa: N813

    whole = np.eye(4)
    whole[:3, :3] = matrix
    return ocio.MatrixTransform(whole.ravel().tolist(), [0.0] * 4)


def _srgb_curve():
    import PyOpenColorIO as ocio  # noqa: N813

    curve = ocio.ExponentWithLinearTransform(gamma=[2.4] * 3 + [1], offset=[0.055] * 3 + [0])
    curve.setNegativeStyle(ocio.NEGATIVE_MIRROR)
    return curve


def _power(gamma: float):
    import PyOpenColorIO as ocio  # noqa: N813

    curve = ocio.ExponentTransform([gamma] * 3 + [1])
    curve.setNegativeStyle(ocio.NEGATIVE_MIRROR)
    return curve


def _display(primaries: int | None, gamma: float | None = None) -> Callable[[], list]:
    """A display by its primaries (H.273's number, None: Adobe's) and gamma (None: sRGB's curve)."""

    def transforms() -> list:
        points = ADOBE_RGB if primaries is None else PRIMARIES[primaries][1]
        matrix = from_chromaticities("", "", points, lambda x: x).matrix
        assert matrix is not None
        curve = _srgb_curve() if gamma is None else _power(gamma)
        return [curve] if primaries == 1 else [curve, _matrix(matrix)]

    return transforms


def _camera(builtin: str) -> Callable[[], list]:
    """A camera's log, by the name of OpenColorIO's transform to ACES2065-1."""

    def transforms() -> list:
        import PyOpenColorIO as ocio  # noqa: N813

        names = (f"{builtin}_to_ACES2065-1", "UTILITY - ACES-AP0_to_CIE-XYZ-D65_BFD")
        return [*(ocio.BuiltinTransform(name) for name in names), _matrix(D65_TO_SRGB)]

    return transforms


SPACES: dict[str, Space] = {
    "srgb": Space("sRGB, as pictures are", _display(1)),
    "linear": Space("linear light, sRGB primaries", lambda: [], scene=True),
    "display-p3": Space("Display P3, of phones and screens", _display(12)),
    "adobe-rgb": Space("Adobe RGB (1998)", _display(None, ADOBE_GAMMA)),
    "rec709": Space("Rec.709 video on its display, gamma 2.4", _display(1, 2.4)),
    "rec2020": Space("Rec.2020 video on its display, gamma 2.4", _display(9, 2.4)),
    "acescct": Space("ACEScct", _camera("ACEScct"), scene=True),
    "logc3": Space("ARRI LogC3, EI 800", _camera("ARRI_ALEXA-LOGC-EI800-AWG"), scene=True),
    "logc4": Space("ARRI LogC4", _camera("ARRI_LOGC4"), scene=True),
    "slog3": Space("Sony S-Log3, S-Gamut3", _camera("SONY_SLOG3-SGAMUT3"), scene=True),
    "slog3-cine": Space("S-Log3, S-Gamut3.Cine", _camera("SONY_SLOG3-SGAMUT3.CINE"), scene=True),
    "vlog": Space("Panasonic V-Log, V-Gamut", _camera("PANASONIC_VLOG-VGAMUT"), scene=True),
    "clog2": Space("Canon Log 2, Cinema Gamut", _camera("CANON_CLOG2-CGAMUT"), scene=True),
    "clog3": Space("Canon Log 3, Cinema Gamut", _camera("CANON_CLOG3-CGAMUT"), scene=True),
    "log3g10": Space("RED Log3G10, RWG", _camera("RED_LOG3G10-RWG"), scene=True),
    "apple-log": Space("Apple Log, Rec.2020", _camera("APPLE_LOG"), scene=True),
}
ALIASES = {
    "p3": "display-p3",
    "adobergb": "adobe-rgb",
    "adobe": "adobe-rgb",
    "bt709": "rec709",
    "bt2020": "rec2020",
    "s-log3": "slog3",
    "v-log": "vlog",
    "c-log2": "clog2",
    "c-log3": "clog3",
    "logc": "logc3",
}
