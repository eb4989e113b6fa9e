"""Families that are not of this project: a Family of the user's, or of an installed package.

    my.py:VIBRANCE        a `Family` that stands in a file
    package.module:NAME   the same of anything that can be imported
    vibrance              offered by a package, under an entry point of the group
                          "tonebench.families"

A distortion is recorded by the plain name (VIBRANCE above), which draws the same on any machine.
A record is data: its name is looked up among the families that `find` was asked for by the user,
and never imported.
"""

from __future__ import annotations

from ..tool.outside import FAMILIES as GROUP
from ..tool.outside import OutsideError, is_outside, load_target, offered
from ..tool.words import nearest
from .family import DistortionError, Family
from .table import FAMILIES

_FOUND: dict[str, tuple[str, Family]] = {}  # plain name -> (where it was found, the family)


def find(name: str) -> tuple[str, Family]:
    """Find a family by name, or import it from where the user says it is.

    Returns
    -------
    (its plain name, the family). Raises DistortionError naming the nearest known.
    """
    if name in FAMILIES:
        return name, FAMILIES[name]
    if is_outside(name):
        return _remembered(name.rpartition(":")[2], name)
    target = offered(GROUP).get(name)
    if target is None:
        known = [*FAMILIES, *offered(GROUP)]
        raise DistortionError(f"no family {name!r}{nearest(name, known)}")
    return _remembered(name, target)


def family_of(name: str) -> Family:
    """The family of a record, by its plain name; DistortionError where it is not at hand."""
    if name in FAMILIES:
        return FAMILIES[name]
    if name not in _FOUND:
        raise DistortionError(f"no family {name!r} is at hand; name where it is: my.py:{name}")
    return _FOUND[name][1]


def _remembered(name: str, target: str) -> tuple[str, Family]:
    if name in FAMILIES:
        raise DistortionError(f"{target}: there is a family {name!r}; call yours otherwise")
    try:
        made = load_target(target)
    except OutsideError as error:
        raise DistortionError(str(error)) from None
    if not isinstance(made, Family):
        kind = type(made).__name__
        raise DistortionError(f"{target}: is a {kind}; give a luts.families.Family")
    known, _ = _FOUND.setdefault(name, (target, made))
    if known != target:
        raise DistortionError(f"{target}: {known} is called {name!r} too; call one otherwise")
    return name, made
