"""Looks: a distortion made by eye, as a list of layers that a TOML file holds.

What a layer does is defined here, in numpy; the page of luts/studio repeats the same arithmetic in
the browser. A kind of layer is one file or part of one, and a line in table.py.
"""

from .file import LookError, dump_look, load_baked, named, parse_look, read_look, write_look
from .look import Layer, Look
from .severity import to_severity
from .table import KINDS

__all__ = [
    "KINDS",
    "Layer",
    "Look",
    "LookError",
    "dump_look",
    "load_baked",
    "named",
    "parse_look",
    "read_look",
    "to_severity",
    "write_look",
]
