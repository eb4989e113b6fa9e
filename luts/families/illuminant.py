"""Illuminant: the light of the scene is not the light the camera was balanced for.

Two kinds of light, both a 3x3 matrix on linear sRGB (casts computed on encoded values come out
1.7 times too strong):

* a colour temperature and a tint: a point beside the Planckian locus, and the Bradford transform
  from D65 to it;
* a lamp (or a depth of water) of lamps.tsv, by a matrix fitted to spectra: its light mixed with
  daylight by `mix`, and the camera's white balance undoing part of the cast by `adaptation`.

References
----------
Krystek, "An algorithm to calculate correlated colour temperature", Color Research and Application
10(1), 1985 (Planckian locus in CIE 1960 u, v). CIE 15:2018, equations 4.7 to 4.9 (D series).
Lam, "Metamerism and colour constancy", thesis, Bradford, 1985 (the transform's matrix, as in
ICC.1:2022 annex E).
"""

from __future__ import annotations

import numpy as np

from ..colour.colorimetry import LINEAR_TO_XYZ, REC709_LUMINANCE
from ..colour.transfer import decode_srgb, encode_srgb
from ..tool import exact
from .family import Family, Parameters
from .lamps import lamp_matrix, lamp_names

MIRED_RANGE = (40.0, 600.0)  # 25 000 K to 1 667 K
MAX_DUV = 0.06
MIN_GAIN = 0.05  # no camera multiplies a channel by more than twenty to balance a lamp

BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)


def planckian_uv(kelvin: float) -> np.ndarray:
    """CIE 1960 (u, v) of a black body: within 2e-4 up to 15 000 K, 8e-4 at 25 000 K."""
    t = kelvin
    u = (0.860117757 + 1.54118254e-4 * t + 1.28641212e-7 * t * t) / (
        1 + 8.42420235e-4 * t + 7.08145163e-7 * t * t
    )
    v = (0.317398726 + 4.22806245e-5 * t + 4.20481691e-8 * t * t) / (
        1 - 2.89741816e-5 * t + 1.61456053e-7 * t * t
    )
    return np.array([u, v])


def chromaticity_uv(mired: float, duv: float) -> np.ndarray:
    """CIE 1960 (u, v) of a light: `duv` from the locus at 1e6 / `mired` K, + towards green."""
    ahead, behind = (planckian_uv(1e6 / (mired + step)) for step in (0.01, -0.01))
    along = (ahead - behind) / exact.hypot(*(ahead - behind))  # to the warm end: +u
    return planckian_uv(1e6 / mired) + duv * np.array([-along[1], along[0]])


def place_on_locus(uv: np.ndarray) -> tuple[float, float]:
    """Return (mired, duv) of a chromaticity: undo `chromaticity_uv` by Newton steps."""
    mired, duv = 200.0, 0.0
    for _ in range(30):
        miss = uv - chromaticity_uv(mired, duv)
        step = 0.05
        slope = (chromaticity_uv(mired + step, duv) - chromaticity_uv(mired, duv)) / step
        normal = (chromaticity_uv(mired, duv + 1e-3) - chromaticity_uv(mired, duv)) / 1e-3
        d_mired, d_duv = exact.mix(miss, exact.inverse(np.stack([slope, normal], axis=1)))
        mired, duv = float(np.clip(mired + d_mired, 20, 1000)), float(duv + d_duv)
    return mired, duv


def daylight_uv(kelvin: float) -> np.ndarray:
    """CIE 1960 (u, v) of CIE daylight, 4000 to 25 000 K."""
    t = kelvin
    if t <= 7000:
        x = -4.6070e9 / (t * t * t) + 2.9678e6 / (t * t) + 99.11 / t + 0.244063
    else:
        x = -2.0064e9 / (t * t * t) + 1.9018e6 / (t * t) + 247.48 / t + 0.237040
    return xy_to_uv(x, -3 * x * x + 2.87 * x - 0.275)


def xy_to_uv(x: float, y: float) -> np.ndarray:
    """CIE 1931 chromaticity to CIE 1960 (u, v)."""
    return np.array([4 * x, 6 * y]) / (-2 * x + 12 * y + 3)


def uv_to_xyz(uv: np.ndarray) -> np.ndarray:
    """CIE 1960 (u, v) to XYZ with Y = 1."""
    u, v = uv
    x, y = np.array([3 * u, 2 * v]) / (2 * u - 8 * v + 4)
    return np.array([x / y, 1.0, (1 - x - y) / y])


_WHITE = LINEAR_TO_XYZ.sum(axis=1)
D65_MIRED, D65_DUV = place_on_locus(xy_to_uv(_WHITE[0] / _WHITE.sum(), _WHITE[1] / _WHITE.sum()))


def chromaticity_matrix(mired: float, duv: float) -> np.ndarray:
    """Linear sRGB under D65 to linear sRGB under another light, white's luminance kept (3x3)."""
    white = exact.mix(uv_to_xyz(chromaticity_uv(mired, duv)), BRADFORD)
    neutral = exact.mix(uv_to_xyz(chromaticity_uv(D65_MIRED, D65_DUV)), BRADFORD)
    to_cone = exact.product(BRADFORD, LINEAR_TO_XYZ)
    return exact.product(exact.inverse(to_cone), (white / neutral)[:, None] * to_cone)


def mixed_lamp_matrix(lamp: str, mix: float, adaptation: float) -> np.ndarray:
    """Daylight with a share of a lamp's light, partly balanced (3x3 on linear sRGB).

    Parameters
    ----------
    lamp : a name of lamps.tsv
    mix : share of the lamp in the light of a white surface, 0 to 1: rendering is linear in light
    adaptation : 0 the camera stays at D65, 1 white comes out white; the lamp's gains to this power
    """
    matrix = (1 - mix) * np.eye(3) + mix * lamp_matrix(lamp)
    gain = np.maximum(matrix.sum(axis=1), MIN_GAIN)
    matrix = matrix / exact.exp(adaptation * exact.log(gain))[:, None]
    return matrix / (REC709_LUMINANCE * matrix.sum(axis=1)).sum()


def draw(rng: np.random.Generator) -> Parameters:
    """A black body (100-500 mired), CIE daylight (40-250 mired) or a lamp, with a tint."""
    kind = rng.choice(["planckian", "daylight", "lamp"], p=[0.4, 0.25, 0.35])
    if kind == "lamp":
        return {
            "lamp": str(rng.choice(lamp_names())),
            "mix": float(rng.uniform(0.5, 1.0)),
            "adaptation": float(rng.uniform(0.0, 0.6)),
        }
    tint = float(np.clip(rng.normal(0, 0.006), -0.02, 0.02))
    if kind == "planckian":
        return {"mired": float(rng.uniform(100, 500)), "duv": tint}
    mired, duv = place_on_locus(daylight_uv(1e6 / rng.uniform(40, 250)))
    return {"mired": mired, "duv": duv + tint}


def matrix(parameters: Parameters, strength: float = 1.0) -> np.ndarray:
    """The 3x3 of a light on linear sRGB; the identity at strength 0."""
    if "lamp" in parameters:
        mix = parameters["mix"] * strength
        return mixed_lamp_matrix(parameters["lamp"], mix, parameters["adaptation"])
    mired = D65_MIRED + strength * (parameters["mired"] - D65_MIRED)
    return chromaticity_matrix(mired, D65_DUV + strength * (parameters["duv"] - D65_DUV))


def apply(encoded: np.ndarray, parameters: Parameters, strength: float = 1.0) -> np.ndarray:
    """Relight linear colours.

    Parameters: mired and duv (a point beside the Planckian locus), or lamp, mix and adaptation.
    Strength moves along the locus in mired, about evenly to the eye, or adds lamp light.
    """
    return encode_srgb(exact.mix(decode_srgb(encoded), matrix(parameters, strength)))


def limit(parameters: Parameters) -> float:
    """All light from the lamp; or 1667 K, 25 000 K or a tint 0.06 away from daylight's."""
    if "lamp" in parameters:
        return 1 / parameters["mix"]
    way, tint = parameters["mired"] - D65_MIRED, abs(parameters["duv"] - D65_DUV)
    room = MIRED_RANGE[1] - D65_MIRED if way > 0 else D65_MIRED - MIRED_RANGE[0]
    return float(min(room / max(abs(way), 1e-6), MAX_DUV / max(tint, 1e-6)))


ILLUMINANT = Family(
    draw,
    apply,
    limit,
    "light of another colour: sky, sun, lamps and their mix",
    how="a black body or daylight by mired and Duv (Bradford), or a lamp or water "
    "column as a 3x3 fitted to spectra, mixed with daylight, partly balanced",
    drawn="mired, Duv; or lamp, mix, adaptation",
)
