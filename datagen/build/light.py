"""The light of a scene at working size: of a raw, a bracket, a panorama or a finished picture."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from luts.colour.transfer import decode_srgb
from luts.tool import exact
from luts.tool.seeding import sample_rng

from ..camera.metering import meter
from ..dataset.rows import Develop
from ..develop import series as develop
from ..develop.bracket import Shot, agreeing, merge
from ..images.hdr import HdrError, read_scene
from ..raw.light import colours_from
from ..raw.noise import NoiseError, noise_profile
from ..raw.read import RawError, read_raw
from ..recipe.load import Recipe
from ..sources.scene import LIGHT, RAWS, Scene
from .opened import OpenScene, OpenSceneError
from .pictures import read_codes, resize

RESIZE = "area, linear light"


def open_light(scene: Scene, folder: Path, recipe: Recipe) -> OpenScene:
    """The scene's light at working size; references and guide are still to come."""
    render = recipe.render
    if scene.ready:
        exposures, lost = _exposures(scene, folder, render.longest(ready=True))
        if len({encoded.shape for encoded in exposures.values()}) > 1:
            raise OpenSceneError("misaligned", f"{scene.files[0]}: its exposures differ in size")
        nearest = min(exposures, key=lambda ev: abs(ev or 0.0))
        linear = np.asarray(decode_srgb(exposures[nearest].astype(np.float64)), np.float32)
        return OpenScene(linear, exposures=exposures, develop=Develop("ready"), lost=lost)
    if scene.inputs:
        return _open_bracket(scene, folder, recipe)
    if Path(scene.path).suffix.lower() in RAWS:
        return _develop_raw(folder / scene.path, scene, recipe)
    if Path(scene.path).suffix.lower() in LIGHT:
        return _point_at(folder / scene.path, scene, recipe)
    linear = resize(read_codes(folder, scene.path), render.longest(ready=False), linear=True)
    how = Develop("picture", render.tone, {"resize": RESIZE})
    return OpenScene(linear, tone=render.tone, develop=how)


def _exposures(
    scene: Scene, folder: Path, long_edge: int
) -> tuple[dict[float | None, np.ndarray], dict[float | None, tuple[str, str]]]:
    """The ready exposures by EV, and those that cannot be read; raises when none can."""
    found: dict[float | None, np.ndarray] = {}
    lost: dict[float | None, tuple[str, str]] = {}
    for ev, file in scene.inputs:
        try:
            found[ev] = resize(read_codes(folder, file), long_edge)
        except OpenSceneError as error:
            lost[ev] = error.status, str(error)
    if not found:
        raise OpenSceneError(*next(iter(lost.values())))
    return found, lost


def _open_bracket(scene: Scene, folder: Path, recipe: Recipe) -> OpenScene:
    """The shots of a bracket that agree, each with its own noise and clipping, and their light."""
    opened: dict[float, OpenScene] = {}
    lost: dict[float | None, tuple[str, str]] = {}
    for ev, file in scene.inputs:
        assert ev is not None  # sources give every raw of a bracket its exposure
        one = replace(scene, path=file, inputs=())
        try:
            opened[ev] = _develop_raw(folder / file, one, recipe, own_noise=True)
        except OpenSceneError as error:
            lost[ev] = error.status, str(error)
    if not opened:
        raise OpenSceneError(*next(iter(lost.values())))
    files = dict(scene.inputs)
    shots, others = agreeing([Shot(files[ev], ev, one.linear) for ev, one in opened.items()])
    lost.update(others.items())
    if len(shots) < 2:
        reasons = "; ".join(reason for _, reason in lost.values()) or "has one shot only"
        raise OpenSceneError("misaligned", f"no two shots of the bracket agree: {reasons}")
    first = opened[min((shot.ev for shot in shots), key=abs)]
    darkest = min(shots, key=lambda shot: shot.ev)
    return replace(
        first,
        linear=merge(shots),
        shots={shot.ev: shot.linear for shot in shots},
        light_kind="bracket",
        white=round(1 / darkest.gain, 9),
        lost=lost,
        develop=replace(first.develop, kind="bracket"),
        facts={**first.facts, "bracket": {files[shot.ev]: shot.ev for shot in shots}},
    )


def _point_at(path: Path, scene: Scene, recipe: Recipe) -> OpenScene:
    """A scene of linear light as a perfect camera sees it: one view, metered, without noise."""
    from ..camera.shooting import Shoot, frame, plan_views  # it writes DNGs too, with tifffile

    size = recipe.render.longest(ready=False) or Shoot().long_edge
    shoot = Shoot(long_edge=size, seed=recipe.seed)
    try:
        light = read_scene(path)
    except HdrError as error:
        raise OpenSceneError("corrupt", str(error).replace(str(path), scene.path)) from None
    view = plan_views(scene.name, light, shoot)[0]
    framed = frame(light, view, shoot)
    gain = meter(framed) * float(exact.exp2(view.metering_error))
    known = {"view": view.direction, "gain": round(gain, 6), "inexact": "view, metering"}
    how = Develop("picture", recipe.render.tone, known)
    return OpenScene(framed * np.float32(gain), tone=recipe.render.tone, develop=how)


def _develop_raw(path: Path, scene: Scene, recipe: Recipe, *, own_noise: bool = False) -> OpenScene:
    render = recipe.render
    if own_noise:  # a bracket's shots have the noise of their exposures
        render = replace(render, noise="none")
    size = render.longest(ready=False) or None
    noisy = profile = None
    try:
        photo = read_raw(path)
        linear = develop.linear(photo, size, highlights=render.highlights)
        if render.noise != "none":
            profile = noise_profile(photo)
    except (RawError, NoiseError) as error:
        reason = str(error).replace(str(path), scene.path)  # the folder is nobody's business
        raise OpenSceneError(getattr(error, "status", "no_noise_profile"), reason) from None
    domain = render.noise
    if profile and domain != "none":

        def noisy(ev: float) -> np.ndarray:
            return develop.linear_with_noise(
                photo,
                ev,
                size,
                domain=domain,
                rng=sample_rng(recipe.seed, f"{scene.name}/ev{ev:+g}/noise"),
                profile=profile,
                highlights=render.highlights,
            )

    facts = {
        "iso": photo.iso,
        "exposure_time_s": photo.exposure_time_s,
        "orientation": photo.orientation,
    }
    how = Develop(
        "raw",
        render.tone,
        {
            "black": [round(float(value), 4) for value in np.unique(photo.black)],
            "white": float(photo.white),
            "white_balance": [round(float(gain), 6) for gain in photo.white_balance],
            "white_balance_origin": photo.white_balance_origin,
            "matrix_origin": photo.matrix_origin,
            "crop": list(photo.crop),
            "crop_origin": photo.crop_origin,
            "highlights": render.highlights,
            "baseline": render.baseline,
            "baseline_ev": photo.baseline_ev,
            "noise": render.noise,
            "noise_profile": [list(pair) for pair in profile] if profile else None,
            "colours_from": colours_from(photo, size),
            "resize": RESIZE,
            "unapplied": list(photo.unapplied),
        },
    )
    return OpenScene(
        linear,
        tone=render.tone,
        noisy=noisy,
        shift_ev=develop.baseline_shift(photo, render.baseline),
        develop=how,
        camera=photo.camera,
        orientation=photo.orientation,
        facts=facts,
    )
