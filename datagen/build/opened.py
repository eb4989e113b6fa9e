"""A scene opened for rendering: its linear light at working size, its references and its guides.

Whatever the source is, a raw file, a finished picture or a set of ready exposures, the renderer
sees the same thing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from luts.colour.transfer import decode_srgb, encode_srgb
from luts.tool.files import sha256_file
from luts.tool.seeding import sample_rng

from ..develop import series as develop
from ..develop.auto_exposure import auto_exposure
from ..develop.tone import TONES
from ..images.align import align_to
from ..images.codes import quantise, to_float
from ..images.files import ImageError, read_image, upright
from ..raw.noise import NoiseError, noise_profile
from ..raw.read import RawError, read_raw, read_thumbnail
from ..recipe.load import Recipe
from ..regions.geometry import Guide
from ..sources.scene import RAWS, Scene

RESIZE = "area, linear light"


class SceneError(Exception):
    """A scene that gives no samples; `status` is the word for the manifest."""

    def __init__(self, status: str, reason: str) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True, eq=False)
class Negative:
    """An opened scene. `exposures` is empty unless the source's inputs are ready pictures."""

    linear: np.ndarray  # (H, W, 3) float32, scene-linear, at working size
    references: Mapping[str, np.ndarray] = field(default_factory=dict)  # codes, by name
    guide: Guide = field(default_factory=Guide)
    facts: Mapping[str, Any] = field(default_factory=dict)  # for the manifest row
    exposures: Mapping[float | None, np.ndarray] = field(default_factory=dict)  # encoded, by EV
    tone: str = "none"
    noisy: Callable[[float], np.ndarray] | None = None  # `linear` with a shorter exposure's noise
    shift_ev: float = 0.0  # the file's BaselineExposure, when the recipe wants it added

    @property
    def size(self) -> tuple[int, int]:
        return self.linear.shape[:2]

    def codes(self, ev: float | None, bits: int) -> np.ndarray:
        """The picture at an EV: (H, W, 3) uint8 or uint16, as `datagen.develop.series` gives it."""
        if ev in self.exposures:
            return quantise(self.exposures[ev], bits)
        return develop.render(self._light(ev), ev + self.shift_ev, bits, tone=self.tone)

    def encoded(self, ev: float | None) -> np.ndarray:
        """The same before rounding, for a distortion to work on: (H, W, 3) float32 in [0, 1]."""
        if ev in self.exposures:
            return self.exposures[ev]
        exposed = np.clip(self._light(ev) * np.float32(2.0 ** (ev + self.shift_ev)), 0, 1)
        return encode_srgb(TONES[self.tone](exposed))

    def _light(self, ev: float) -> np.ndarray:
        return self.noisy(ev) if self.noisy is not None and ev < 0 else self.linear


def open_negative(scene: Scene, folder: Path, recipe: Recipe) -> Negative:
    """Read everything that a scene's samples need.

    Raises
    ------
    SceneError
        A file is missing, damaged, not supported, or does not match the others; the status is one
        of the raw reader's, or unreadable, misaligned, no_reference.
    """
    facts = {"source": _source_facts(scene, folder, recipe), "licence": scene.licence}
    negative = _open_pictures(scene, folder, recipe)
    references = _references(scene, folder, recipe, negative)
    if not references:
        wanted = ", ".join(recipe.source.references)
        raise SceneError("no_reference", f"has none of the references asked for ({wanted})")
    guide = Guide(_segmentation(scene, folder, negative.size), scene.centre)
    facts = {**facts, **negative.facts}
    if "auto" in references:
        facts["auto_reference_ev"] = auto_exposure(negative.linear)
    return replace(negative, references=references, guide=guide, facts=facts)


def _source_facts(scene: Scene, folder: Path, recipe: Recipe) -> dict[str, Any]:
    """The picture's path, origin and hash, and the hashes of all else the scene is made of."""
    name, *others = scene.files
    wanted = recipe.source.references
    others += [path for expert, path in scene.references if {expert, "all"} & {*wanted}]
    if scene.segmentation:
        others.append(scene.segmentation)
    try:
        facts = {"sha256": sha256_file(folder / name), "bytes": (folder / name).stat().st_size}
        facts["others"] = {path: sha256_file(folder / path) for path in others}
    except OSError as error:
        reason = f"{Path(error.filename).relative_to(folder).as_posix()}: {error.strerror}"
        raise SceneError("unreadable", reason) from None
    if scene.sha256 and scene.sha256 != facts["sha256"]:
        raise SceneError("corrupt", f"{name}: its SHA-256 is not the one in the index")
    return {"path": name, "origin": scene.origin, **facts}


def _open_pictures(scene: Scene, folder: Path, recipe: Recipe) -> Negative:
    """The scene's light at working size; references and guide are still to come."""
    render = recipe.render
    if scene.inputs:
        exposures = {ev: resize(_read(folder, file), render.long_edge) for ev, file in scene.inputs}
        if len({encoded.shape for encoded in exposures.values()}) > 1:
            raise SceneError("misaligned", f"{scene.files[0]}: its exposures differ in size")
        nearest = min(exposures, key=lambda ev: abs(ev or 0.0))
        linear, develop_facts = decode_srgb(exposures[nearest]), {"kind": "ready"}
        return Negative(linear, exposures=exposures, facts={"develop": develop_facts})
    if Path(scene.path).suffix.lower() in RAWS:
        return _develop_raw(folder / scene.path, scene, recipe)
    linear = resize(decode_srgb(_read(folder, scene.path)), render.long_edge)
    develop_facts = {"kind": "picture", "tone": render.tone, "resize": RESIZE}
    return Negative(linear, tone=render.tone, facts={"develop": develop_facts})


def _develop_raw(path: Path, scene: Scene, recipe: Recipe) -> Negative:
    render = recipe.render
    size = render.long_edge or None
    noisy = profile = None
    try:
        photo = read_raw(path)
        linear = develop.linear(photo, size, highlights=render.highlights)
        if render.noise != "none":
            profile = noise_profile(photo)
    except (RawError, NoiseError) as error:
        reason = str(error).replace(str(path), scene.path)  # the folder is nobody's business
        raise SceneError(getattr(error, "status", "no_noise_profile"), reason) from None
    if profile:

        def noisy(ev: float) -> np.ndarray:
            return develop.linear_with_noise(
                photo,
                ev,
                size,
                domain=render.noise,
                rng=sample_rng(recipe.seed, f"{scene.name}/ev{ev:+g}/noise"),
                profile=profile,
                highlights=render.highlights,
            )

    facts = {
        "camera": photo.camera,
        "iso": photo.iso,
        "exposure_time_s": photo.exposure_time_s,
        "orientation": photo.orientation,
        "develop": {
            "kind": "raw",
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
            "tone": render.tone,
            "noise": render.noise,
            "noise_profile": [list(pair) for pair in profile] if profile else None,
            "resize": RESIZE,
            "unapplied": list(photo.unapplied),
        },
    }
    shift = develop.baseline_shift(photo, render.baseline)
    return Negative(linear, tone=render.tone, noisy=noisy, shift_ev=shift, facts=facts)


def _references(
    scene: Scene, folder: Path, recipe: Recipe, negative: Negative
) -> dict[str, np.ndarray]:
    """The references the recipe asks for, by name, aligned with the working picture."""
    found, bits = {}, recipe.output.bits
    for wanted in recipe.source.references:
        if wanted == "auto":
            ev = auto_exposure(negative.linear)
            found["auto"] = develop.render(negative.linear, ev, bits, tone=negative.tone)
        if wanted == "embedded" and (codes := _embedded(scene, folder)) is not None:
            found["embedded"] = quantise(_aligned(to_float(codes), scene.path, negative), bits)
        for name, file in scene.references:
            if wanted in (name, "all"):
                found[name] = quantise(_aligned(_read(folder, file), file, negative), bits)
    return found


def _embedded(scene: Scene, folder: Path) -> np.ndarray | None:
    """The camera's own picture inside a raw, upright; None without one."""
    path = folder / scene.path
    if not scene.path or path.suffix.lower() not in RAWS:
        return None
    codes = read_thumbnail(path)
    if codes is None:
        return None
    return upright(codes, read_raw(path).orientation)


def _aligned(encoded: np.ndarray, name: str, negative: Negative) -> np.ndarray:
    try:
        return align_to(encoded, negative.size, guide=negative.linear)
    except ValueError as error:
        raise SceneError("misaligned", f"{name}: {error}") from None


def _segmentation(scene: Scene, folder: Path, size: tuple[int, int]) -> np.ndarray | None:
    """The subject's matte at working size, (H, W) float32 in [0, 1]."""
    if not scene.segmentation:
        return None
    matte = _read(folder, scene.segmentation)[..., 0]
    height, width = matte.shape
    if abs(width * size[0] - height * size[1]) > max(width, height):
        raise SceneError(
            "misaligned",
            f"{scene.segmentation}: {width} x {height} pixels do not have the shape of the "
            f"picture, {size[1]} x {size[0]}",
        )
    return cv2.resize(matte, (size[1], size[0]), interpolation=cv2.INTER_AREA)


def resize(values: np.ndarray, long_edge: int) -> np.ndarray:
    """Shrink (H, W, 3) float values by area averaging until the longer side fits; never enlarge."""
    height, width = values.shape[:2]
    scale = long_edge / max(height, width)
    if not long_edge or scale >= 1:
        return values
    target = max(1, round(width * scale)), max(1, round(height * scale))
    return cv2.resize(values, target, interpolation=cv2.INTER_AREA)


def _read(folder: Path, file: str) -> np.ndarray:
    """A picture file as (H, W, 3) float32, sRGB-encoded."""
    try:
        encoded = to_float(read_image(folder / file))
    except ImageError as error:
        missing = not (folder / file).exists()
        reason = str(error).replace(str(folder / file), file)
        raise SceneError("unreadable" if missing else "corrupt", reason) from None
    return encoded if encoded.ndim == 3 else np.repeat(encoded[..., None], 3, axis=2)
