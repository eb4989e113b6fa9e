"""A scene opened for rendering: its linear light at working size, its references and its guides.

Whatever the source is, a raw file, a finished picture or a set of ready exposures, the renderer
sees the same thing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from luts.colour.transfer import decode_srgb, encode_srgb
from luts.tool import exact
from luts.tool.files import sha256_file
from luts.tool.gate import plain_text
from luts.tool.seeding import sample_rng

from ..camera.metering import meter
from ..dataset.rows import Develop, SourceFile
from ..develop import series as develop
from ..develop.auto_exposure import MAX_EV
from ..develop.bracket import Shot, agreeing, merge
from ..develop.plausible import (
    ENLARGED,
    exposure_note,
    no_evidence,
    reference_notes,
    scene_notes,
)
from ..develop.tone import TONES
from ..images.align import align_to
from ..images.codes import quantise, to_float, values_of
from ..images.files import ImageError, read_image, upright
from ..images.hdr import HdrError, read_scene
from ..images.resample import area_mean
from ..images.resample import resize as resample
from ..raw.light import colours_from
from ..raw.noise import NoiseError, noise_profile
from ..raw.read import RawError, read_raw, read_thumbnail
from ..recipe.load import Recipe
from ..references import REFERENCES, make, wanted_of
from ..references.light_file import LightError, read_light
from ..references.material import Made, Material
from ..regions.geometry import Guide
from ..regions.mask_file import MaskFile
from ..regions.shapes import follows_segmentation
from ..sources.scene import LIGHT, RAWS, Scene
from .mattes import MatteError, read_matte, union

RESIZE = "area, linear light"


class OpenSceneError(Exception):
    """A scene that gives no samples; `status` is the word for the manifest."""

    def __init__(self, status: str, reason: str) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True, eq=False)
class OpenScene:
    """An opened scene. `exposures` is empty unless the source's inputs are ready pictures."""

    linear: np.ndarray  # (H, W, 3) float32, scene-linear, at working size
    references: Mapping[str, Made] = field(default_factory=dict)
    mattes: Sequence[MaskFile | MatteError] = ()  # one for all samples, or one for each mask
    centre: tuple[float, float] | None = None  # of a mask: x, y as shares of width and height
    source: SourceFile = field(default_factory=lambda: SourceFile(""))  # as what follows: for rows
    develop: Develop = field(default_factory=lambda: Develop("picture"))
    camera: str = ""
    orientation: int = 1  # of the file, EXIF
    facts: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()  # what looks like a wrong reading, see datagen.develop.plausible
    lost: Mapping[float | None, tuple[str, str]] = field(default_factory=dict)  # EV: status, reason
    exposures: Mapping[float | None, np.ndarray] = field(default_factory=dict)  # encoded, by EV
    shots: Mapping[float | None, np.ndarray] = field(default_factory=dict)  # of a bracket: linear
    light_kind: str = "developed"  # what `linear` is, for the references
    white: float | None = 1.0  # where it was cut off
    tone: str = "none"
    noisy: Callable[[float], np.ndarray] | None = None  # `linear` with a shorter exposure's noise
    shift_ev: float = 0.0  # the file's BaselineExposure, when the recipe wants it added

    @property
    def size(self) -> tuple[int, int]:
        """Height and width, pixels."""
        height, width = self.linear.shape[:2]
        return height, width

    def guide(self, mask: int | None) -> Guide:
        """What a region map may follow, of the mask of that number; raises OpenSceneError."""
        if not self.mattes:
            return Guide(None, self.centre)
        matte = self.mattes[mask or 0]
        if isinstance(matte, MatteError):
            raise OpenSceneError(matte.status, str(matte))
        return Guide(matte.matte, self.centre)

    def matte_facts(self, mask: int | None, scene: Scene) -> dict[str, Any]:
        """Which mask a region map may follow and how it was read, for the row."""
        matte = self.mattes[mask or 0] if self.mattes else None
        if not isinstance(matte, MaskFile):
            return {}
        names = scene.masks if mask is None else scene.masks[mask : mask + 1]
        return {"segmentation": {"path": plain_text(", ".join(names)), "read": matte.read}}

    def codes(self, ev: float | None, bits: int) -> np.ndarray:
        """The picture at an EV: (H, W, 3) uint8 or uint16, as `datagen.develop.series` gives it."""
        if ev in self.exposures:
            return quantise(self.exposures[ev], bits)
        light, stops = self._exposed(ev)
        return develop.render(light, stops, bits, tone=self.tone)

    def encoded(self, ev: float | None) -> np.ndarray:
        """The same before rounding, for a distortion to work on: (H, W, 3) float32 in [0, 1]."""
        if ev in self.exposures:
            return self.exposures[ev]
        light, stops = self._exposed(ev)
        exposed = TONES[self.tone](np.clip(light * np.float32(exact.exp2(stops)), 0, 1))
        return np.asarray(encode_srgb(exposed.astype(np.float64)), np.float32)

    def _exposed(self, ev: float | None) -> tuple[np.ndarray, float]:
        """The light to show for an EV, and by how many stops to raise it: a shot has its own."""
        if ev in self.shots:
            return self.shots[ev], self.shift_ev
        return self._light(_known(ev)), _known(ev) + self.shift_ev

    def _light(self, ev: float) -> np.ndarray:
        return self.noisy(ev) if self.noisy is not None and ev < 0 else self.linear


def _known(ev: float | None) -> float:
    """An exposure that light is developed at; ready pictures alone have none."""
    if ev is None:
        raise ValueError("ev: must be a number of stops for a scene that has no ready picture")
    return ev


def open_scene(scene: Scene, folder: Path, recipe: Recipe) -> OpenScene:
    """Read everything that a scene's samples need.

    Raises
    ------
    OpenSceneError
        A file is missing, damaged, not supported, or does not match the others; the status is one
        of the raw reader's, or unreadable, misaligned, no_reference.
    """
    source = _source_file(scene, folder, recipe)
    opened = _open_pictures(scene, folder, recipe)
    references, notes = _references(scene, folder, recipe, opened)
    notes = [*scene_notes(opened.linear), *notes]
    mattes = _mattes(scene, folder, recipe, opened.size)
    made = {name: dict(reference.facts) for name, reference in references.items()}
    facts = {
        **opened.facts,
        "references_made": {name: known for name, known in made.items() if known},
    }
    return replace(
        opened,
        references=references,
        mattes=mattes,
        centre=scene.centre,
        source=source,
        facts=facts,
        notes=tuple(plain_text(note) for note in notes),
    )


def _source_file(scene: Scene, folder: Path, recipe: Recipe) -> SourceFile:
    """The picture's path, origin and hash, and the hashes of all else the scene is made of."""
    name, *others = scene.files
    wanted = _wanted(scene, recipe)
    others += [path for name, path in scene.references if name in wanted]
    others += [path.partition("#")[0] for path in (*scene.masks, scene.light) if path]
    if "camera" in wanted and (beside := _picture_beside(scene, folder)):
        others.append(beside)
    try:
        digest, size = sha256_file(folder / name), (folder / name).stat().st_size
        there = [path for path in others if (folder / path).is_file()]  # what is not is told later
        hashes = {plain_text(path): sha256_file(folder / path) for path in there}
    except OSError as error:
        reason = f"{Path(error.filename).relative_to(folder).as_posix()}: {error.strerror}"
        raise OpenSceneError("unreadable", reason) from None
    if scene.sha256 and scene.sha256 != digest:
        raise OpenSceneError("corrupt", f"{name}: its SHA-256 is not the one in the index")
    return SourceFile(plain_text(name), digest, size, plain_text(scene.origin), hashes)


def _open_pictures(scene: Scene, folder: Path, recipe: Recipe) -> OpenScene:
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
    linear = resize(_codes(folder, scene.path), render.longest(ready=False), linear=True)
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
            found[ev] = resize(_codes(folder, file), long_edge)
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


def _wanted(scene: Scene, recipe: Recipe) -> list[str]:
    return wanted_of(recipe.source.references, (name for name, _ in scene.references))


def _references(
    scene: Scene, folder: Path, recipe: Recipe, opened: OpenScene
) -> tuple[dict[str, Made], list[str]]:
    """The references the recipe asks for, by name, aligned with the working picture; and notes.

    One that cannot be used is left out, with a note; the others stay. Raises OpenSceneError when
    none is left.
    """
    found: dict[str, Made] = {}
    notes: list[str] = []
    faults: list[OpenSceneError] = []
    bits, experts = recipe.output.bits, dict(scene.references)
    for name in _wanted(scene, recipe):
        place = partial(_placed, opened=opened, name=name, notes=notes)
        try:
            if name in REFERENCES:
                made = make(name, _material(scene, folder, opened, bits, place))
            elif file := experts.get(name):
                made = Made(quantise(place(_read(folder, file, floats=True), file), bits))
            else:
                continue
        except OpenSceneError as error:
            faults.append(error)
            notes.append(f"reference {name} is left out: {error}")
            continue
        if made is not None:
            found[name] = made
            notes += reference_notes(name, made.codes)
            notes += exposure_note(float(made.facts.get("ev", 0.0)), MAX_EV)
    if not found and faults:
        raise faults[0]
    if not found:
        wanted = ", ".join(recipe.source.references)
        raise OpenSceneError("no_reference", f"has none of the references asked for ({wanted})")
    return found, notes


def _placed(
    encoded: np.ndarray, file: str, *, opened: OpenScene, name: str, notes: list[str]
) -> np.ndarray:
    """A reference brought to the working picture; what is doubtful about it becomes a note."""
    try:
        aligned = align_to(encoded, opened.size, guide=opened.linear)
    except ValueError as error:
        raise OpenSceneError("misaligned", f"{file}: {error}") from None
    if not aligned.proven:
        notes.append(no_evidence(name, aligned.response))
    if aligned.enlarged > ENLARGED:
        notes.append(f"reference {name} is enlarged {aligned.enlarged:.1f} times")
    return aligned.encoded


def _material(
    scene: Scene,
    folder: Path,
    opened: OpenScene,
    bits: int,
    place: Callable[[np.ndarray, str], np.ndarray],
) -> Material:
    """What the references of REFERENCES may be made from."""

    def camera() -> np.ndarray | None:
        if beside := _picture_beside(scene, folder):
            return place(_read(folder, beside), beside)
        codes = _preview_inside(scene, folder, opened)
        return None if codes is None else place(to_float(codes), scene.path)

    known: dict[str, Any] = {
        "linear": opened.linear,
        "bits": bits,
        "tone": opened.tone,
        "camera": camera,
    }
    light = _light(scene, folder, opened.size)
    if light is not None:
        return Material(**known, light=light, light_kind="scene", white=scene.light_white)
    return Material(**known, light_kind=opened.light_kind, white=opened.white)


def _light(scene: Scene, folder: Path, size: tuple[int, int]) -> np.ndarray | None:
    """The true light of a simulated scene at working size; None where it is not known so finely."""
    if not scene.light:
        return None
    try:
        light = read_light(folder / scene.light)
    except LightError as error:
        reason = str(error).replace(str(folder / scene.light), scene.light)
        raise OpenSceneError("corrupt", reason) from None
    height, width = light.shape[:2]
    if abs(width * size[0] - height * size[1]) > max(width, height):
        raise OpenSceneError(
            "misaligned",
            f"{scene.light}: {width} x {height} pixels do not have the shape of the picture, "
            f"{size[1]} x {size[0]}",
        )
    if max(height, width) < max(size):
        return None
    return (
        light if light.shape[:2] == tuple(size) else np.asarray(resample(light, size), np.float32)
    )


def _picture_beside(scene: Scene, folder: Path) -> str:
    """The JPEG a camera wrote beside a raw, by its name in the source; "" without one."""
    path = PurePosixPath(scene.path)
    if path.suffix.lower() not in RAWS:
        return ""
    beside = (path.with_suffix(suffix) for suffix in (".jpg", ".JPG", ".jpeg", ".JPEG"))
    return next((str(name) for name in beside if (folder / name).is_file()), "")


def _preview_inside(scene: Scene, folder: Path, opened: OpenScene) -> np.ndarray | None:
    """The camera's own picture inside a raw, upright; None without one."""
    path = folder / scene.path
    if not scene.path or path.suffix.lower() not in RAWS:
        return None
    codes = read_thumbnail(path)
    return None if codes is None else upright(codes, opened.orientation)


def _mattes(
    scene: Scene, folder: Path, recipe: Recipe, size: tuple[int, int]
) -> list[MaskFile | MatteError]:
    """The mattes the samples follow, or why one cannot be used; none where no block wants one."""
    if not scene.masks or not any(follows_segmentation(block.shape) for block in recipe.mask):
        return []
    found: list[MaskFile | MatteError] = []
    for reference in scene.masks:
        try:
            found.append(read_matte(reference, folder, recipe.source, size))
        except MatteError as error:
            if recipe.source.masks == "union" or len(scene.masks) == 1:
                raise OpenSceneError(error.status, str(error)) from None
            found.append(error)
    if recipe.source.masks == "union":
        return [union([each for each in found if isinstance(each, MaskFile)])]
    return found


def resize(codes: np.ndarray, long_edge: int, *, linear: bool = False) -> np.ndarray:
    """Shrink a picture by area averaging until the longer side fits; never enlarge.

    Parameters
    ----------
    codes : (H, W, 3) uint8 or uint16
    linear : average linear light, and give it, instead of encoded values

    Returns
    -------
    (h, w, 3) float32.
    """
    table = values_of(codes.dtype)
    if linear:
        table = decode_srgb(table)
    height, width = codes.shape[:2]
    scale = min(1.0, (long_edge or np.inf) / max(height, width))
    size = max(1, round(height * scale)), max(1, round(width * scale))
    if size == (height, width):
        return table.astype(np.float32)[codes]
    return np.asarray(area_mean(codes, size, table=table), np.float32)


def _read(folder: Path, file: str, *, floats: bool = False) -> np.ndarray:
    """A picture file as (H, W, 3) float32, sRGB-encoded."""
    return to_float(_codes(folder, file, floats=floats))


def _codes(folder: Path, file: str, *, floats: bool = False) -> np.ndarray:
    """A picture file as (H, W, 3) uint8 or uint16; with `floats` light up to white, too."""
    try:
        codes = read_image(folder / file, floats=floats)
    except (ImageError, HdrError) as error:
        missing = not (folder / file).exists()
        reason = str(error).replace(str(folder / file), file)
        raise OpenSceneError("unreadable" if missing else "corrupt", reason) from None
    return codes if codes.ndim == 3 else np.repeat(codes[..., None], 3, axis=2)
