"""`datagen simulate`: photograph linear scenes into DNG files with a virtual camera."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterable
from pathlib import Path

from tqdm import tqdm

from luts.tool.command import PARTIAL, SUCCESS
from luts.tool.errors import UserError

from ..camera.index import INDEX, scene_name, write_index
from ..camera.sensors import SENSORS
from ..camera.shooting import Shoot, frame, plan_views, shoot_view
from ..images.hdr import HdrError, find_scenes, read_scene


def run(args: Namespace) -> int:
    shoot = _checked(args)
    paths = find_scenes(args.scenes)
    _refuse_twins(paths)
    rows, failed = [], []
    for path in _progress(paths):
        try:
            linear = read_scene(path)
        except HdrError as error:
            failed.append(str(error))
            continue
        for view in plan_views(scene_name(path.stem), linear, shoot):
            rows += shoot_view(frame(linear, view, shoot), view, args.out, shoot)
    for reason in failed:
        print(f"failed: {reason}", file=sys.stderr)
    if not rows:
        return PARTIAL
    write_index(args.out / INDEX, rows)
    print(args.out / INDEX)
    scenes = len(paths) - len(failed)
    print(f"shots: {len(rows)}, scenes: {scenes}, failed: {len(failed)}", file=sys.stderr)
    return PARTIAL if failed else SUCCESS


def _checked(args: Namespace) -> Shoot:
    """Make the settings, refusing what cannot work in the user's own words."""
    limits = {
        "views": (1, 1000),
        "long_edge": (16, 16384),
        "fov": (1, 170),
        "metering_sd": (0, 10),
        "seed": (0, 2**63),
    }
    for name, (least, most) in limits.items():
        value = getattr(args, name)
        if not least <= value <= most:
            flag = "--" + name.replace("_", "-")
            raise UserError(f"{flag}: must be {least} to {most}, got {value}")
    if not all(-12 <= ev <= 12 for ev in args.evs) or len(set(args.evs)) < len(args.evs):
        raise UserError(f"--evs: must differ and lie within -12 to 12 stops, got {args.evs}")
    if args.camera and args.camera not in SENSORS:
        raise UserError(f"--camera: one of {', '.join(SENSORS)}, got {args.camera!r}")
    for flag in ("source", "licence"):
        if not getattr(args, flag).isascii():
            raise UserError(f"--{flag}: a DNG keeps ASCII text only, got {getattr(args, flag)!r}")
    names = "views long_edge fov camera metering_sd flat segment source licence seed"
    settings = {name: getattr(args, name) for name in names.split()}
    return Shoot(evs=tuple(args.evs), **settings)


def _refuse_twins(paths: list[Path]) -> None:
    """Files are named after scenes, so two files may not show the same one."""
    seen: dict[str, Path] = {}
    for path in paths:
        twin = seen.setdefault(scene_name(path.stem), path)
        if twin is not path:
            raise UserError(f"{path}: same scene name as {twin}; rename one or leave it out")


def _progress(paths: list[Path]) -> Iterable[Path]:
    return tqdm(paths, unit="scene", disable=not sys.stderr.isatty())
