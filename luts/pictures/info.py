"""What a picture file says about itself, and what comes out of it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ..colour.space import UNTAGGED, Space
from ..lut import LutFormatError

MAX_PIXELS = 1 << 28


class PictureError(LutFormatError):
    """A picture that cannot be read or written as it is: path, what was found, what to do."""


@dataclass(frozen=True)
class PictureInfo:
    """What a file's headers say."""

    kind: str  # "png", "jpeg", "tiff", or another format that Pillow decodes: "webp", "bmp", "gif"
    width: int  # as stored, before the orientation
    height: int
    bits: int  # of a sample as stored
    channels: int  # of the RGB or grey picture: 1 grey, 2 grey + alpha, 3 RGB, 4 RGB + alpha
    palette: bool = False
    space: Space = field(default=UNTAGGED, compare=False)
    subsampled: bool = False  # JPEG with chroma at a lower resolution
    model: str = "RGB"  # as stored: RGB, grey, grey (white is 0), palette, CMYK, YCbCr, Lab
    alpha: str = "none"  # or straight, premultiplied, unspecified
    orientation: int = 1  # EXIF code, 1 to 8; the pixels that are read have been turned
    compression: str = ""
    sample: str = "unsigned"  # or signed, float
    notes: tuple[str, ...] = ()  # what was odd, and how it was taken

    @property
    def is_srgb(self) -> bool:
        """Whether the numbers can be taken as sRGB as they stand: untagged, or sRGB by content."""
        return self.space.is_srgb and self.model not in ("CMYK", "Lab")

    @property
    def profile(self) -> str:
        """Name of the colour space the file states; "" when it states none."""
        return "" if self.space.origin == "untagged" else self.space.name


@dataclass(frozen=True, eq=False)
class Picture:
    """Pixels upright and in sRGB: (H, W, 3) uint8 or uint16, and the alpha plane if there is one.

    Alpha is straight: colours that were stored multiplied by it have been divided again.
    """

    pixels: np.ndarray
    alpha: np.ndarray | None
    info: PictureInfo


def check_size(width: int, height: int) -> None:
    """Refuse a picture of no pixels, or of more than 2^28, before anything is decoded."""
    if not 0 < width * height <= MAX_PIXELS:
        raise ValueError(f"{width}x{height} pixels; at most 2^28 are read")
