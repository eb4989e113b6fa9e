"""`datagen render`: develop a few raws at several EVs."""

from __future__ import annotations

import argparse
import sys

EXAMPLE = "datagen render photo.CRW --evs -1.5 -1 0 1 1.5 --long-edge 1024 -o out/render"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("raws", nargs="+", metavar="RAW", help="camera raw files")
    parser.add_argument("-o", "--out", required=True, help="folder for the pictures")
    parser.add_argument(
        "--evs",
        nargs="+",
        type=float,
        default=[-1.5, -1.0, 0.0, 1.0, 1.5],
        metavar="EV",
        help="stops from the exposure as shot (default -1.5 -1 0 1 1.5)",
    )
    parser.add_argument(
        "--long-edge",
        type=int,
        default=512,
        metavar="PX",
        help="longer side in pixels, 0 keeps the sensor's (default 512)",
    )
    parser.add_argument("--bits", type=int, choices=(8, 16), default=8, help="default 8")
    parser.add_argument(
        "--format", choices=("png", "tif", "jpg"), default="png", help="default png"
    )
    parser.add_argument(
        "--highlights", choices=("clip", "blend", "rebuild"), default="blend", help="default blend"
    )
    parser.add_argument(
        "--tone", choices=("none", "filmic"), default="none", help="tone curve (default none)"
    )
    parser.add_argument(
        "--baseline",
        choices=("ignore", "dng"),
        default="ignore",
        help="what to do with a DNG's BaselineExposure (default ignore)",
    )
    parser.add_argument(
        "--noise",
        choices=("none", "rgb", "mosaic"),
        default="none",
        help="give EVs below 0 the noise of a shorter exposure, there (default none)",
    )
    parser.add_argument("--seed", type=int, default=0, help="of the noise (default 0)")
    parser.add_argument(
        "--demosaic",
        choices=("ahd", "ppg", "dht", "vng", "linear", "malvar", "bilinear"),
        default="ahd",
        help="above half the sensor's size (default ahd)",
    )
    parser.add_argument(
        "--device",
        choices=("cpu", "cuda"),
        default="cpu",
        help="cuda develops on the GPU, always with malvar (default cpu)",
    )


def run(args: argparse.Namespace) -> int:
    from pathlib import Path

    from tqdm import tqdm

    from luts.tool.command import PARTIAL, SUCCESS
    from luts.tool.errors import UserError

    from ..raw.read import RawError

    if args.format == "jpg" and args.bits == 16:
        raise UserError("--bits 16 needs --format png or tif; JPEG holds 8 bits")
    names = [Path(raw).stem for raw in args.raws]
    if len(set(names)) < len(names):
        raise UserError("two raws have the same name; render them into different folders")
    failures = []
    for raw in tqdm(args.raws, unit="raw", file=sys.stderr, disable=not sys.stderr.isatty()):
        try:
            for path in _render_one(Path(raw), args):
                print(path)
        except RawError as error:
            failures.append(str(error))
    for failure in failures:
        print(f"failed: {failure}", file=sys.stderr)
    return PARTIAL if failures else SUCCESS


def _render_one(path, args):
    """Write the series of one raw; yields the paths written."""
    from pathlib import Path

    from ..images.files import write_image

    for ev, image in zip(args.evs, _series(path, args), strict=True):
        target = Path(args.out) / f"{path.stem}_ev{ev:+g}.{args.format}"
        write_image(target, image)
        yield target


def _series(path, args):
    from luts.tool.errors import UserError
    from luts.tool.seeding import sample_rng

    from ..develop.series import develop_series
    from ..raw.read import read_raw

    photo = read_raw(path)
    size = args.long_edge or None
    look = {"highlights": args.highlights, "baseline": args.baseline, "tone": args.tone}
    if args.device == "cuda":
        from ..develop.on_gpu import develop_series as on_gpu

        if args.noise != "none":
            raise UserError("--noise is added on the CPU only; leave out --device cuda")
        return on_gpu(photo, args.evs, size, args.bits, device="cuda", **look)
    rng = sample_rng(args.seed, f"{path.name}/noise")
    look = {**look, "demosaic": args.demosaic, "noise": args.noise, "rng": rng}
    return develop_series(photo, args.evs, size, args.bits, **look)
