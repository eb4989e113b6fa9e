"""Random colour distortions: seeded, with a known severity, each reproducible from its record.

A family is one file: how to draw its parameters and what they do to a colour; family.py says what
is asked of it. Adding one takes the file and a line in table.py; outside.py finds those of others.
"""

from .distortion import Distortion
from .drawing import draw, random_lut
from .family import DistortionError, Family
from .outside import find
from .table import FAMILIES

__all__ = ["FAMILIES", "Distortion", "DistortionError", "Family", "draw", "find", "random_lut"]
