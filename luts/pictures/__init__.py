"""The one reader and the one writer of picture files, for all packages of the project."""

from .info import Picture, PictureError, PictureInfo
from .read import describe, read_info, read_picture, read_samples
from .write import WRITABLE, check_suffix, encode, write_picture

__all__ = [
    "WRITABLE",
    "Picture",
    "PictureError",
    "PictureInfo",
    "check_suffix",
    "describe",
    "encode",
    "read_info",
    "read_picture",
    "read_samples",
    "write_picture",
]
