"""How true development is: tables for docs/raw_development.md, measured on the virtual camera.

    python -m tests.speed.raw_accuracy HDRI... [--pictures docs/images]

Every panorama is photographed with four sensors at five EVs. One frame, developed at the EVs, is
compared with the frames taken at those exposures: errors in stops between frames without noise,
and the noise of the two, with it.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

EVS = (-1.5, -1.0, 0.0, 1.0, 1.5)
PICTURE_EVS = (-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0)
LONG_EDGE = 288
VIEW = (1152, 768)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("panoramas", nargs="+", type=Path, help="linear .hdr panoramas")
    parser.add_argument("--pictures", type=Path, help="also write the docs' pictures here")
    args = parser.parse_args(argv)
    rows = [row for path in args.panoramas for row in _measure(path)]
    print(
        "| EV | median error | p95 error | clipped share error | noise / truth: gain, rgb, mosaic |"
    )
    print("| ---: | ---: | ---: | ---: | ---: |")
    for ev in EVS:
        of_ev = [row for row in rows if row["ev"] == ev]
        median, p95 = np.median([r["median"] for r in of_ev]), np.max([r["p95"] for r in of_ev])
        clipped = np.max([abs(r["clipped"]) for r in of_ev])
        noise = np.median([r["noise"] for r in of_ev], axis=0)
        noise = ", ".join(f"{n:.2f}" for n in noise) if ev < 0 else ""
        print(f"| {ev:+g} | {median:.4f} | {p95:.4f} | {clipped:.4f} | {noise} |")
    if args.pictures:
        _series_picture(args.panoramas[0], args.pictures / "raw_series.jpg")
        _highlight_picture(args.panoramas[0], args.pictures / "raw_highlights.jpg")


def _view(path: Path) -> np.ndarray:
    """A view whose median luminance develops to a fifth of white."""
    from datagen.camera.panorama import perspective_view
    from datagen.images.hdr import read_scene

    view = perspective_view(read_scene(path), size=VIEW)
    return view * np.float32(0.2 / np.median(view.mean(axis=2)))


def _take(folder: Path, light: np.ndarray, name: str, ev: float, rng) -> object:
    """One real frame, `ev` stops from the unit exposure, through a DNG file and back."""
    from datagen.camera.dng import write_dng
    from datagen.camera.simulate import SENSORS, UNIT_TIME_S, Exposure, photograph
    from datagen.raw.read import read_raw

    sensor, exposure = SENSORS[name], Exposure(UNIT_TIME_S * 2.0**ev)
    write_dng(folder / "shot.dng", photograph(light, sensor, exposure, rng), sensor, exposure)
    return read_raw(folder / "shot.dng")


def _measure(path: Path) -> Iterator[dict]:
    """One row per sensor and EV: errors in stops, clipped share, ratio of noise variances."""
    from datagen.camera.simulate import SENSORS
    from datagen.develop.series import linear

    light = _view(path)
    with tempfile.TemporaryDirectory() as name_of_folder:
        folder = Path(name_of_folder)
        for name in SENSORS:
            rng = np.random.default_rng(1)
            noisy = _take(folder, light, name, 0, rng)
            photo = _take(folder, light, name, 0, None)
            clean = linear(photo, LONG_EDGE)
            for ev in EVS:
                shot = _take(folder, light, name, ev, None)
                estimate, truth = clean * np.float32(2.0**ev), linear(shot, LONG_EDGE)
                good = _unclipped(estimate, truth, [photo, shot])
                error = np.abs(np.log2(estimate[good].mean(1) / truth[good].mean(1)))
                taken = linear(_take(folder, light, name, ev, rng), LONG_EDGE)
                yield {
                    "ev": ev,
                    "median": np.median(error),
                    "p95": np.quantile(error, 0.95),
                    "clipped": (estimate >= 1).mean() - (truth >= 1).mean(),
                    "noise": _noise_ratios(noisy, clean, taken, ev, good) if ev < 0 else (),
                }


def _unclipped(estimate: np.ndarray, truth: np.ndarray, photos: list) -> np.ndarray:
    """Pixels above 2 % of white of which, and beside which, nothing is clipped in any frame."""
    import cv2

    from datagen.raw.light import camera_light

    both = np.concatenate([estimate, truth], axis=2)
    good = (both.max(axis=2) < 0.98) & (both.min(axis=2) > 0.02)
    for photo in photos:
        good &= camera_light(photo, LONG_EDGE).clipped.max(axis=2) == 0
    return cv2.erode(np.uint8(good), np.ones((3, 3), np.uint8)) > 0


def _noise_ratios(noisy, clean, taken, ev: float, good: np.ndarray) -> tuple[float, ...]:
    """Variance of gained, RGB and mosaic noise, each over that of the frame taken at the EV."""
    from datagen.develop.series import linear, linear_with_noise

    def noise(picture: np.ndarray) -> float:
        return float(np.square((picture - clean * 2.0**ev)[good]).mean())

    made = (
        linear_with_noise(noisy, ev, LONG_EDGE, domain=domain, rng=np.random.default_rng(2))
        for domain in ("rgb", "mosaic")
    )
    pictures = (linear(noisy, LONG_EDGE), *made)
    return tuple(noise(picture * 2.0**ev) / noise(taken) for picture in pictures)


def _series_picture(path: Path, target: Path) -> None:
    """Above one frame developed at seven EVs, below the frames taken at them."""
    from datagen.develop.series import develop
    from datagen.images.files import write_image

    light = _view(path) * np.float32(0.6)
    rng = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as folder:
        photo = _take(Path(folder), light, "reflex-14bit", 0, rng)
        ours = [develop(photo, ev, 240) for ev in PICTURE_EVS]
        shots = (_take(Path(folder), light, "reflex-14bit", ev, rng) for ev in PICTURE_EVS)
        taken = [develop(shot, 0, 240) for shot in shots]
    write_image(target, np.vstack([np.hstack(ours), np.hstack(taken)]))


def _highlight_picture(path: Path, target: Path) -> None:
    """An overexposed frame at -1.5 EV: clip, blend, rebuild, and the truth."""
    from datagen.develop.series import develop
    from datagen.images.files import write_image
    from datagen.raw.highlights import HIGHLIGHTS

    light = _view(path)
    with tempfile.TemporaryDirectory() as folder:
        over = _take(Path(folder), light, "reflex-14bit", 1.5, np.random.default_rng(1))
        modes = [develop(over, -1.5, 420, highlights=mode) for mode in HIGHLIGHTS]
        truth = develop(_take(Path(folder), light, "reflex-14bit", 0, None), 0, 420)
    write_image(target, np.hstack([*modes, truth]))


if __name__ == "__main__":
    main()
