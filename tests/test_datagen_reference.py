"""The automatic reference, and pictures in other colour spaces."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from datagen.icc import to_linear_srgb
from datagen.reference import auto_exposure
from luts.transfer import decode_srgb


def grey(*values: float) -> np.ndarray:
    return np.repeat(np.float32(values).reshape(1, -1, 1), 3, axis=2)


def test_white_goes_to_white_when_the_middle_is_grey():
    scene = grey(*[0.09] * 70, *[0.5] * 30)
    assert auto_exposure(scene) == pytest.approx(1.0, abs=1e-3)


def test_a_bright_picture_stays_bright():
    """White at 0.5 asks for +1; the median wants much less and gets half a stop."""
    assert auto_exposure(grey(*[0.45] * 90, *[0.5] * 10)) == pytest.approx(0.5, abs=1e-3)


def test_a_night_stays_a_night():
    """Lamps at the clip, the rest 8 stops below: opened by 1.5 EV, not by the 6 to middle grey."""
    assert auto_exposure(grey(*[1 / 256] * 95, *[1.0] * 5)) == 1.5


@pytest.mark.parametrize("ev", [-2.0, -0.7, 0.4, 1.0])
def test_the_rule_undoes_any_exposure(rng, ev):
    scene = rng.random((20, 30, 3)).astype(np.float32) * 0.2
    assert auto_exposure(scene * np.float32(2.0**ev)) == pytest.approx(
        auto_exposure(scene) - ev, abs=2e-3
    )


def test_what_has_no_exposure_is_left():
    assert auto_exposure(np.zeros((4, 4, 3), np.float32)) == 0.0
    assert auto_exposure(grey(*[1e-9] * 10)) == 4.0


def profile(curve: bytes, colorants: np.ndarray) -> bytes:
    """A minimal matrix profile; columns of `colorants` are the XYZ of red, green, blue."""
    bodies = [curve] * 3
    for column in colorants.T:
        numbers = [round(value * 65536) for value in column]
        bodies.append(b"XYZ \0\0\0\0" + struct.pack(">3i", *numbers))
    names = [b"rTRC", b"gTRC", b"bTRC", b"rXYZ", b"gXYZ", b"bXYZ"]
    offset, table, data = 132 + 12 * 6, b"", b""
    for name, body in zip(names, bodies, strict=True):
        table += struct.pack(">4sII", name, offset + len(data), len(body))
        data += body + b"\0" * (-len(body) % 4)
    header = b"\0" * 36 + b"acsp" + b"\0" * 88
    return header + struct.pack(">I", 6) + table + data


# ROMM (ProPhoto) RGB, ANSI/I3A IT10.7666:2003: primaries to XYZ D50, as in its profile.
PROPHOTO = np.array([[0.7977, 0.1352, 0.0313], [0.2880, 0.7119, 0.0001], [0.0, 0.0, 0.8249]])
# The sRGB profile's own colorants, IEC 61966-2-1 adapted to D50.
SRGB = np.array([[0.4361, 0.3851, 0.1431], [0.2225, 0.7169, 0.0606], [0.0139, 0.0971, 0.7141]])
GAMMA_18 = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(1.8 * 256))


def test_prophoto_agrees_with_colour_science(rng):
    import colour

    encoded = 0.2 + 0.5 * rng.random((6, 5, 3))
    space = colour.RGB_COLOURSPACES["ProPhoto RGB"]
    xyz = encoded**1.8 @ space.matrix_RGB_to_XYZ.T
    adapted = colour.adaptation.chromatic_adaptation_VonKries(
        xyz, colour.xy_to_XYZ(space.whitepoint), [0.95047, 1, 1.08883], transform="Bradford"
    )
    expected = adapted @ colour.RGB_COLOURSPACES["sRGB"].matrix_XYZ_to_RGB.T
    found = to_linear_srgb(encoded, profile(GAMMA_18, PROPHOTO))
    np.testing.assert_allclose(found, expected, atol=2e-3)


def test_white_stays_white():
    found = to_linear_srgb(np.ones((1, 1, 3)), profile(GAMMA_18, PROPHOTO))
    np.testing.assert_allclose(found, 1, atol=2e-3)


def test_an_srgb_profile_changes_nothing(rng):
    encoded = rng.random((4, 4, 3))
    numbers = [2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045]
    curve = b"para\0\0\0\0" + struct.pack(">HH5i", 3, 0, *(round(n * 65536) for n in numbers))
    found = to_linear_srgb(encoded, profile(curve, SRGB))
    np.testing.assert_allclose(found, decode_srgb(encoded), atol=1e-3)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "damaged"),
        (b"\0" * 200, "damaged"),
        (profile(GAMMA_18, PROPHOTO).replace(b"rTRC", b"A2B0"), "not an RGB matrix profile"),
        (profile(b"mess" + GAMMA_18[4:], PROPHOTO), "curve of type"),
    ],
)
def test_a_profile_that_cannot_be_used_is_refused(data, message):
    with pytest.raises(ValueError, match=message):
        to_linear_srgb(np.zeros((1, 1, 3)), data)
