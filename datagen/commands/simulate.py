"""`datagen simulate`: photograph linear scenes into DNG files with a virtual camera."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from luts.tool.command import PARTIAL, SUCCESS
from luts.tool.errors import UserError

EXAMPLE = "datagen simulate scenes/*.hdr -o out/raws --views 12 --seed 1"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "scenes",
        nargs="+",
        type=Path,
        metavar="SCENE",
        help=".hdr, .exr or float TIFF (linear light), or a photo (decoded), or a folder of them; "
        "a picture twice as wide as high is a panorama",
    )
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder of the DNG files")
    parser.add_argument("--views", type=int, default=1, help="directions per panorama (1)")
    parser.add_argument("--long-edge", type=int, default=384, help="pixels (384)")
    parser.add_argument("--fov", type=float, default=70.0, help="degrees of the long edge (70)")
    parser.add_argument(
        "--evs", type=float, nargs="+", default=[0.0], help="exposure series, stops (0)"
    )
    parser.add_argument("--camera", default="", help="name of a sensor (one drawn per view)")
    parser.add_argument(
        "--metering-sd", type=float, default=0.3, help="error of the light meter, stops (0.3)"
    )
    parser.add_argument(
        "--segment", action="store_true", help="also write a mask of each view's brightest region"
    )
    parser.add_argument("--source", default="", help="who made the scenes, for the files and index")
    parser.add_argument("--licence", default="", help="licence of the scenes, likewise")
    parser.add_argument("--seed", type=int, default=0)


def run(args: argparse.Namespace) -> int:
    from ..camera.index import INDEX, scene_name, write_index
    from ..camera.shooting import frame, plan_views, shoot_view
    from ..images.hdr import SceneError, find_scenes, read_scene

    shoot = _checked(args)
    paths = find_scenes(args.scenes)
    _refuse_twins(paths)
    rows, failed = [], []
    for path in _progress(paths):
        try:
            linear = read_scene(path)
        except SceneError as error:
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


def _checked(args: argparse.Namespace):
    """Make the settings, refusing what cannot work in the user's own words."""
    from ..camera.sensors import SENSORS
    from ..camera.shooting import Shoot

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
    names = "views long_edge fov camera metering_sd segment source licence seed"
    settings = {name: getattr(args, name) for name in names.split()}
    return Shoot(evs=tuple(args.evs), **settings)


def _refuse_twins(paths: list[Path]) -> None:
    """Files are named after scenes, so two files may not show the same one."""
    from ..camera.index import scene_name

    seen: dict[str, Path] = {}
    for path in paths:
        twin = seen.setdefault(scene_name(path.stem), path)
        if twin is not path:
            raise UserError(f"{path}: same scene name as {twin}; rename one or leave it out")


def _progress(paths: list[Path]):
    from tqdm import tqdm

    return tqdm(paths, unit="scene", disable=not sys.stderr.isatty())
