"""What a scene should look like: references by name, one file each, one line in REFERENCES.

Folders of experts come beside these by the names their sources give them.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable

from .material import Made, Material

REFERENCES: dict[str, str] = {
    "fusion": "fused:fused",
    "auto": "automatic:automatic",
    "camera": "camera:camera",
}
EXPERTS = "all"  # in a recipe: whatever experts the source has
DEFAULT = "fusion"  # of a scene without experts, when the recipe names no reference
OLD_NAMES = {"embedded": "camera"}


def make(name: str, material: Material) -> Made | None:
    """Make a reference of REFERENCES, or give None where the scene has nothing to make it from.

    Raises
    ------
    ValueError : what the scene has cannot be used, as a camera's picture of another shape
    """
    module, _, function = REFERENCES[name].partition(":")
    return getattr(importlib.import_module(f".{module}", __name__), function)(material)


def wanted_of(references: Iterable[str], experts: Iterable[str]) -> list[str]:
    """The names a scene is to have: what the recipe says, with its experts in place of "all".

    Examples
    --------
    >>> wanted_of([], ["a", "b"]), wanted_of([], []), wanted_of(["all", "auto"], ["a", "b"])
    (['a', 'b'], ['fusion'], ['a', 'b', 'auto'])
    """
    references, experts = list(references), list(experts)
    if not references:
        return experts or [DEFAULT]
    names = (experts if name == EXPERTS else [name] for name in references)
    return list(dict.fromkeys(name for some in names for name in some))


def leading(names: Iterable[str]) -> str:
    """The one to take where one is wanted: an expert, else the first of REFERENCES.

    Examples
    --------
    >>> leading(["auto", "fusion"]), leading(["fusion", "c", "a"])
    ('fusion', 'a')
    """
    order = list(REFERENCES)
    return min(names, key=lambda name: (order.index(name) if name in order else -1, name))


def headline(names: Iterable[str]) -> list[str]:
    """Those whose mean is a set's headline: its experts', else the leading one alone.

    A rule's reference would give the headline to the rule.

    Examples
    --------
    >>> headline(["auto", "fusion"]), headline(["c", "fusion", "a"])
    (['fusion'], ['a', 'c'])
    """
    names = sorted(names)
    experts = [name for name in names if name not in REFERENCES]
    return experts or [leading(names)]
