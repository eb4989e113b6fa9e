"""What a simulated camera is, and four of them.

Colour model (the one LibRaw and the DNG specification use for a single matrix): a camera sees the
linear sRGB colour `s` as `neutral_d65 * (mix @ s)`, where the rows of `mix` sum to one. So a D65
grey of value v has camera RGB v * neutral_d65, and green, the largest entry, saturates first.

References
----------
DNG Specification 1.7.1, "Mapping Camera Color Space to CIE XYZ Space" (ColorMatrix1) and
NoiseProfile.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np

from ..raw.colour import SRGB_TO_XYZ

PATTERNS = ("RGGB", "BGGR", "GRBG", "GBRG")
Matrix = tuple[tuple[float, float, float], ...]


@dataclass(frozen=True)
class Sensor:
    """A Bayer sensor with its converter, described by the numbers a data sheet would give."""

    name: str  # UniqueCameraModel of the files it writes
    pattern: str  # colours of the top left 2 x 2 sites, row by row
    bits: int  # of the converter
    black_level: int  # code of no light
    white_level: int  # code at which the converter saturates
    xyz_to_camera: Matrix  # ColorMatrix1 under D65, four decimals; its scale is free
    full_well: float  # electrons a site can hold
    white_electrons: float  # electrons that reach white_level at base_iso
    read_noise: float  # electrons, standard deviation
    base_iso: int = 100

    def __post_init__(self) -> None:
        if self.pattern not in PATTERNS:
            raise ValueError(f"a Bayer pattern is one of {', '.join(PATTERNS)}: {self.pattern!r}")
        if not (2 <= self.bits <= 16 and 0 <= self.black_level < self.white_level < 2**self.bits):
            raise ValueError(
                f"levels must satisfy 0 <= black < white < 2**bits with bits <= 16, got "
                f"{self.black_level}, {self.white_level} at {self.bits} bits"
            )
        if min(self.full_well, self.white_electrons, self.base_iso) <= 0 or self.read_noise < 0:
            raise ValueError("electrons and ISO are positive, read noise is not negative")
        if (self._response.sum(1) <= 0).any():
            raise ValueError("xyz_to_camera must see D65 white with three positive channels")

    @property
    def _response(self) -> np.ndarray:
        return np.array(self.xyz_to_camera) @ SRGB_TO_XYZ

    @property
    def neutral_d65(self) -> np.ndarray:
        """(3,) camera RGB of D65 white, largest entry 1."""
        neutral = self._response.sum(1)
        return neutral / neutral.max()

    @property
    def mix(self) -> np.ndarray:
        """(3, 3) linear sRGB to white-balanced camera RGB; rows sum to one, so grey stays grey."""
        return self._response / self._response.sum(1, keepdims=True)

    def white(self, light: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> np.ndarray:
        """Give the camera RGB of a grey card under a light: AsShotNeutral, largest entry 1.

        Parameters
        ----------
        light : linear sRGB colour of the light at any scale; (1, 1, 1) is D65
        """
        neutral = self.neutral_d65 * np.maximum(self.mix @ np.array(light), 1e-6)
        return neutral / neutral.max()

    def noise_profile(self, iso: int) -> tuple[float, float]:
        """Give (S, O) of DNG's noise model: variance = S x + O for raw values x in [0, 1].

        O holds read noise and the converter's rounding (variance 1/12 code).
        """
        electrons = self.electrons(iso)
        rounding = 1 / 12 / (self.white_level - self.black_level) ** 2
        return 1 / electrons, (self.read_noise / electrons) ** 2 + rounding

    def electrons(self, iso: int) -> float:
        """Electrons that reach white_level; doubling the ISO halves them."""
        return self.white_electrons * self.base_iso / iso


def _matrix(mix: Matrix, neutral: tuple[float, float, float]) -> Matrix:
    """Turn a mix and a D65 neutral into ColorMatrix1 with the four decimals a DNG stores."""
    rows = np.diag(neutral) @ np.array(mix) @ np.linalg.inv(SRGB_TO_XYZ)
    x, y, z = (tuple(round(float(value), 4) for value in row) for row in rows)
    return cast("Matrix", (x, y, z))


# The mixes are ours: broad overlapping filters whose entries are all positive, so no sRGB colour
# has a negative response. Neutrals, noise and wells are typical of the class, not of one product.
SENSORS: dict[str, Sensor] = {
    "compact-10bit": Sensor(
        name="Tonebench Compact 10-bit",
        pattern="RGGB",
        bits=10,
        black_level=32,
        white_level=1015,
        xyz_to_camera=_matrix(
            ((0.74, 0.23, 0.03), (0.12, 0.74, 0.14), (0.02, 0.24, 0.74)), (0.56, 1.0, 0.68)
        ),
        full_well=10_500,
        white_electrons=10_000,
        read_noise=6.0,
    ),
    "phone-12bit": Sensor(
        name="Tonebench Phone 12-bit",
        pattern="BGGR",
        bits=12,
        black_level=256,
        white_level=4095,
        xyz_to_camera=_matrix(
            ((0.70, 0.26, 0.04), (0.16, 0.69, 0.15), (0.03, 0.27, 0.70)), (0.50, 1.0, 0.62)
        ),
        full_well=6_400,
        white_electrons=6_000,
        read_noise=2.2,
        base_iso=50,
    ),
    "reflex-14bit": Sensor(
        name="Tonebench Reflex 14-bit",
        pattern="GRBG",
        bits=14,
        black_level=1024,
        white_level=15600,
        xyz_to_camera=_matrix(
            ((0.79, 0.19, 0.02), (0.09, 0.78, 0.13), (0.01, 0.19, 0.80)), (0.48, 1.0, 0.72)
        ),
        full_well=63_000,
        white_electrons=60_000,
        read_noise=9.0,
    ),
    "mirrorless-14bit": Sensor(
        name="Tonebench Mirrorless 14-bit",
        pattern="GBRG",
        bits=14,
        black_level=512,
        white_level=16383,
        xyz_to_camera=_matrix(
            ((0.76, 0.22, 0.02), (0.08, 0.80, 0.12), (0.02, 0.21, 0.77)), (0.52, 1.0, 0.64)
        ),
        full_well=52_000,
        white_electrons=50_000,
        read_noise=2.8,
    ),
}
