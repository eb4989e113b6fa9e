"""What a layer's parameter may be: checked when a look is read, drawn as a control by the page."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any


@dataclass(frozen=True)
class Parameter:
    """One parameter of a kind of layer.

    default : what leaves colours alone, where there is such a value
    low, high : bounds of a number, of each entry of a vector, of each y of points
    step : of the page's slider
    form : "number", "whole" (integer), "vector" (as many numbers as `labels`), "points" (rising x,
        any number of them), "choice" (one of `choices`) or "text"
    labels : of a vector's entries
    across : bounds of x, for points
    round_about : points whose x is an angle: the right end meets the left
    choices : for a choice
    help : one line for the page: what it does, and its unit
    """

    default: Any
    low: float = 0.0
    high: float = 1.0
    step: float = 0.01
    form: str = "number"
    labels: tuple[str, ...] = ()
    across: tuple[float, float] = (0.0, 1.0)
    round_about: bool = False
    choices: tuple[str, ...] = ()
    help: str = ""

    def check(self, value: object) -> Any:
        """Return the value in its one form (numbers as float, lists as tuples).

        Raises
        ------
        ValueError : what was found and what is allowed, without the parameter's name
        """
        if self.form == "text":
            return _text(value)
        if self.form == "choice":
            if value not in self.choices:
                raise ValueError(f"is one of {', '.join(self.choices)}; got {_shown(value)}")
            return value
        if self.form == "whole":
            if not isinstance(value, int) or isinstance(value, bool):
                raise ValueError(f"is a whole number, got {_shown(value)}")
            self._number(value)
            return value
        if self.form == "number":
            return self._number(value)
        if self.form == "vector":
            entries = _list(value, f"{len(self.labels)} numbers ({', '.join(self.labels)})")
            if len(entries) != len(self.labels):
                raise ValueError(
                    f"is {len(self.labels)} numbers ({', '.join(self.labels)}), got {len(entries)}"
                )
            return tuple(self._number(entry) for entry in entries)
        return self._points(value)

    def _number(self, value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"is a number, got {_shown(value)}")
        if not math.isfinite(value) or not self.low <= value <= self.high:
            raise ValueError(f"is {self.low:g} to {self.high:g}, got {value!r:.20}")
        return float(value)

    def _points(self, value: object) -> tuple[tuple[float, float], ...]:
        what = "a list of points [x, y]"
        points = [_list(point, what) for point in _list(value, what)]
        if any(len(point) != 2 for point in points) or not points:
            raise ValueError(f"is {what}, at least one; got {_shown(value)}")
        rows = tuple((_finite(x), self._number(y)) for x, y in points)
        left, right = self.across
        if any(not left <= x <= right for x, _ in rows):
            raise ValueError(f"has points at {left:g} to {right:g}, got {_shown(value)}")
        steps = [b[0] - a[0] for a, b in pairwise(rows)]
        if any(step <= 0 for step in steps):
            raise ValueError(f"has points from left to right, no two at one place: {_shown(value)}")
        if self.round_about and len(rows) > 1 and rows[-1][0] - rows[0][0] >= right - left:
            raise ValueError(f"meets itself at {left:g} and {right:g}: leave one of them out")
        return rows


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"is a text, got {_shown(value)}")
    return value


def _list(value: object, what: str) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise ValueError(f"is {what}, got {_shown(value)}")
    return list(value)


def _finite(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"has a point at {_shown(value)}, which is no number")
    return float(value)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
