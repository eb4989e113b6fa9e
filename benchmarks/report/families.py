"""Families of methods: what their corrections are made of."""

from __future__ import annotations

from collections.abc import Iterable

from ..methods import lookup
from ..methods.models.card import FAMILIES
from ..methods.models.cards import CARDS
from .summary import COMPETING

OWN = "own entry"
LOCAL = "local"
ALL = ("classical", *FAMILIES[:-1], LOCAL, OWN)


def family_of(name: str) -> str:
    """One of ALL; "" for what does not compete, is from outside, or is a row blended by the map.

    A blended row is its method in region A, and no family's doing elsewhere. Local versions of our
    own entry are our own.
    """
    method = lookup(name)
    if method.kind not in COMPETING or method.blend_of:
        return ""
    if method.kind == "classical":
        return "classical"
    card = CARDS.get(name.partition("@")[0].partition("+")[0])
    if card is None:
        return ""
    return LOCAL if method.region_aware and card.family != OWN else card.family


def by_family(names: Iterable[str]) -> dict[str, list[str]]:
    """Names in the order of ALL; families without any are left out."""
    found: dict[str, list[str]] = {family: [] for family in ALL}
    for name in names:
        if family := family_of(name):
            found[family].append(name)
    return {family: members for family, members in found.items() if members}
