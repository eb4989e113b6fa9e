"""What a results folder would have us read outside itself: it may come from a stranger."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from luts.tool.gate import plain_lines

from ..methods import Method

SHOWN = 4  # places in one line


def places(run: Path, methods: Mapping[str, Method]) -> list[str]:
    """One line that names the weights and pictures outside of a run that its run.json names.

    They are used, as in a run of one's own, but not in silence; no line where there are none. Of
    the data set nothing is said: it is used only where its hash is that of the rows.
    """
    names: dict[str, list[str]] = {}
    for name, method in methods.items():
        place = method.settings.get("folder") if method.kind == "external" else method.weights
        if isinstance(place, str) and place and _is_outside(run, Path(place)):
            names.setdefault(place, []).append(name)
    if not names:
        return []
    told = [f"{place} ({', '.join(users[:SHOWN])})" for place, users in names.items()]
    more = f" and {len(told) - SHOWN} more" if len(told) > SHOWN else ""
    words = f"{run}: as its run.json says, weights and pictures are read from outside of it: "
    return [plain_lines(f"{words}{', '.join(told[:SHOWN])}{more}").replace("\n", "\ufffd")]


def _is_outside(run: Path, place: Path) -> bool:
    try:
        return place.exists() and not place.resolve().is_relative_to(run.resolve())
    except (OSError, ValueError, RuntimeError):  # a name too long, with a NUL, a circle of links
        return False
