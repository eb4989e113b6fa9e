"""LUT files of every kind: read by what they are, written by what their name says."""

from .files import READABLE, WRITABLE, check_output, read_file, read_file_noted, write_file

__all__ = [
    "READABLE",
    "WRITABLE",
    "check_output",
    "read_file",
    "read_file_noted",
    "write_file",
]
