"""METHODS: every row the results table can have, by name, in the order of the tables."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

from .blended import BLENDED
from .checks import CHECKS
from .classical import CLASSICAL
from .leaderboard import LEADERBOARD
from .method import Method, MethodError
from .models import MODELS
from .oracles import ORACLES, STORED
from .outside import from_outside, from_packages, is_outside

__all__ = ["EXTERNAL", "METHODS", "Method", "MethodError", "find_methods", "lookup", "remember"]

METHODS: dict[str, Method] = {
    **CHECKS,
    **CLASSICAL,
    **MODELS,
    **BLENDED,
    **ORACLES,
    **STORED,
}


EXTERNAL = Method("", "external", "pictures made elsewhere")

# Rows that runs hold beside METHODS: what outside methods and labelled weights were when scored.
_SEEN: dict[str, Method] = {}


def lookup(name: str) -> Method:
    """Find a row by name; one that neither METHODS nor a run knows was scored from pictures."""
    if name in METHODS:
        return METHODS[name]
    return _SEEN.get(name) or METHODS.get(name.partition("@")[0], EXTERNAL)


def remember(rows: Mapping[str, Method]) -> None:
    """Let `lookup` know the rows of a run; those of METHODS stay what they are."""
    _SEEN.update({name: row for name, row in rows.items() if name not in METHODS})


def find_methods(names: Sequence[str], *, with_slow: bool = False) -> dict[str, Method]:
    """Look methods up by name, or groups of them, or by where they are found.

    A group is "all", a kind such as "classical" or "model" without the blended versions, "blend"
    for just those, or "leaderboard" (see `leaderboard`). Groups hold the rows marked slow only
    `with_slow`. "file.py:name" is a function or network from outside (see `outside`), "NAME@LABEL"
    a model with the weights adopted under that label.

    Raises MethodError naming the nearest known names.
    """
    chosen: dict[str, Method] = {}
    for name in names:
        if is_outside(name):
            own, row = from_outside(name)
            if own in METHODS or own in chosen:
                raise MethodError(f"{name}: there is a method {own!r}; say mine={name}")
            chosen[own] = row
        else:
            chosen |= _named(name, with_slow)
    return chosen


def _named(name: str, with_slow: bool) -> dict[str, Method]:
    if name in METHODS:
        return {name: METHODS[name]}
    if name == "leaderboard":
        return {key: METHODS[key] for key in LEADERBOARD}
    group = {
        key: method
        for key, method in METHODS.items()
        if name in ("all", "blend" if method.blend_of else method.kind)
        and (with_slow or not method.slow)
    }
    if group:
        return group
    if name in (offered := from_packages()):
        return {name: offered[name]}
    if "@" in name:
        from .models.trained.given import adopted_row  # which looks rows up

        return {name: adopted_row(name, METHODS)}
    near = difflib.get_close_matches(name, [*METHODS, *offered], n=3, cutoff=0.4)
    hint = f"nearest: {', '.join(near)}" if near else "see `benchmarks list`"
    raise MethodError(f"no method called {name!r}; {hint}")
