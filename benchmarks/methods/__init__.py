"""METHODS: every row the results table can have, by name, in the order of the tables."""

from __future__ import annotations

import difflib

from luts.tool.errors import UserError

from .blended import BLENDED
from .checks import CHECKS
from .classical import CLASSICAL
from .method import Method
from .models import MODELS
from .oracles import ORACLES, STORED

METHODS: dict[str, Method] = {
    **CHECKS,
    **CLASSICAL,
    **MODELS,
    **BLENDED,
    **ORACLES,
    **STORED,
}


EXTERNAL = Method("", "external", "pictures made elsewhere")


def lookup(name: str) -> Method:
    """Find a row by name; a name that METHODS does not have was scored from pictures."""
    return METHODS.get(name, EXTERNAL)


class MethodError(UserError):
    """A method that does not exist, or cannot run as asked."""


def find_methods(names: list[str], *, with_slow: bool = False) -> dict[str, Method]:
    """Look methods up by name, or groups of them.

    A group is "all", a kind such as "classical" or "model" without the blended versions, or "blend"
    for just those. Groups hold the rows marked slow only `with_slow`.

    Raises MethodError naming the nearest known names.
    """
    chosen: dict[str, Method] = {}
    for name in names:
        if name in METHODS:
            chosen[name] = METHODS[name]
            continue
        group = {
            key: method
            for key, method in METHODS.items()
            if name in ("all", "blend" if method.blend_of else method.kind)
            and (with_slow or not method.slow)
        }
        if not group:
            near = difflib.get_close_matches(name, METHODS, n=3, cutoff=0.4)
            hint = f"nearest: {', '.join(near)}" if near else "see `benchmarks list`"
            raise MethodError(f"no method called {name!r}; {hint}")
        chosen |= group
    return chosen
