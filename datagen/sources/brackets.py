"""Exposure series become scenes: shots of one scene, each with its own exposure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import numpy as np

from luts.tool import exact

from ..recipe.load import RecipeError
from .exif import read_capture
from .scene import Scene, check_unique

PAUSE_S = 5.0  # between the starts of two shots of one series, beyond the longer one's own time


@dataclass(frozen=True)
class _Shot:
    scene: Scene
    camera: str
    taken: datetime
    exposure: float  # seconds at ISO 100 and f/1


def by_column(scenes: Sequence[Scene], folder: Path) -> list[Scene]:
    """Join the scenes that name the same bracket in an index; the others stay as they are.

    Raises RecipeError when a shot has no EV, or two have the same.
    """
    series: dict[str, list[Scene]] = {}
    for scene in scenes:
        if scene.bracket:
            series.setdefault(scene.bracket, []).append(scene)
    joined = []
    for scene in scenes:
        shots = series.get(scene.bracket, [scene]) if scene.bracket else [scene]
        if len(shots) < 2:
            joined.append(scene)
        elif scene is shots[0]:
            joined.append(_joined(scene.bracket, [(_ev(shot, folder), shot) for shot in shots]))
    return check_unique(joined, folder)


def by_capture(scenes: Sequence[Scene], folder: Path) -> list[Scene]:
    """Join what one camera took in one go at different exposures, by the files' own tags.

    A series ends with a pause, or when an exposure comes again. Its middle exposure is EV 0. Files
    whose tags do not say time and exposure stay scenes of their own.
    """
    shots = []
    for scene in scenes:
        shot = read_capture(folder / scene.files[0])
        if shot.taken is not None and shot.exposure is not None and scene.path:
            shots.append(_Shot(scene, shot.camera, shot.taken, shot.exposure))
    shots.sort(key=lambda shot: (shot.camera, shot.taken, shot.scene.path))
    member: dict[str, Scene] = {}
    for series in _series(shots):
        middle = sorted(shot.exposure for shot in series)[(len(series) - 1) // 2]
        rated = [(_stops(shot.exposure / middle), shot.scene) for shot in series]
        joined = _joined(series[0].scene.name, rated)
        member |= {shot.scene.name: joined for shot in series}
    return list(
        {
            found.name: found for scene in scenes for found in [member.get(scene.name, scene)]
        }.values()
    )


def _series(shots: Iterable[_Shot]) -> list[list[_Shot]]:
    found: list[list[_Shot]] = []
    for shot in shots:
        before = found[-1] if found else []
        if before and _continues(before, shot):
            before.append(shot)
        else:
            found.append([shot])
    return [series for series in found if len(series) > 1]


def _continues(series: Sequence[_Shot], shot: _Shot) -> bool:
    last = series[-1]
    pause = (shot.taken - last.taken).total_seconds()
    again = any(abs(_stops(shot.exposure / other.exposure)) < 0.1 for other in series)
    return shot.camera == last.camera and pause <= PAUSE_S + last.exposure and not again


def _joined(name: str, shots: Sequence[tuple[float, Scene]]) -> Scene:
    """One scene of several shots; what only one of them knows holds for all."""
    shots = sorted(shots, key=lambda shot: shot[0])
    for (ev, one), (next_ev, two) in pairwise(shots):
        if ev == next_ev:
            raise RecipeError(f"bracket {name!r}: {one.path} and {two.path} both have {ev:+g} EV")
    scenes = [scene for _, scene in shots]
    references = {key: path for scene in scenes for key, path in scene.references}
    return replace(
        scenes[0],
        name=name,
        path="",
        inputs=tuple((ev, scene.path) for ev, scene in shots),
        references=tuple(sorted(references.items())),
        masks=next((s.masks for s in scenes if s.masks), ()),
        light=next((s.light for s in scenes if s.light), ""),
        bracket="",
        ev=None,
        sha256="",
    )


def _ev(scene: Scene, folder: Path) -> float:
    if scene.ev is None:
        raise RecipeError(
            f"{folder}: {scene.path}: a shot of bracket {scene.bracket!r} needs its EV in column ev"
        )
    return scene.ev


def _stops(ratio: float) -> float:
    stops = exact.log(np.float64(ratio)) / exact.log(np.float64(2.0))
    return round(float(stops), 2) + 0.0
