"""`datagen develop`: a few raws at several EVs."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from tqdm import tqdm

from luts.tool.command import PARTIAL, SUCCESS
from luts.tool.errors import UserError
from luts.tool.seeding import sample_rng

from ..develop.series import develop_series
from ..images.files import write_image
from ..raw.read import RawError, read_raw

MOST_EV = 10


def run(args: Namespace) -> int:
    if args.format == "jpg" and args.bits == 16:
        raise UserError("--bits 16 needs --format png or tif; JPEG holds 8 bits")
    _check_numbers(args)
    names = [Path(raw).stem for raw in args.raws]
    if len(set(names)) < len(names):
        raise UserError("two raws have the same name; develop them into different folders")
    failures = []
    for raw in tqdm(args.raws, unit="raw", file=sys.stderr, disable=not sys.stderr.isatty()):
        try:
            for path in _develop_one(Path(raw), args):
                print(path)
        except RawError as error:
            failures.append(str(error))
    for failure in failures:
        print(f"failed: {failure}", file=sys.stderr)
    return PARTIAL if failures else SUCCESS


def _check_numbers(args: Namespace) -> None:
    """Refuse what a recipe would refuse, in one line."""
    for ev in args.evs:
        if not -MOST_EV <= ev <= MOST_EV:  # also false for nan
            raise UserError(f"--evs: must lie within -{MOST_EV} to {MOST_EV} stops, got {ev:g}")
    if len({f"{ev:+g}" for ev in args.evs}) < len(args.evs):  # pictures are named so
        raise UserError("--evs: must be given each once, to six digits")
    if args.long_edge and not 16 <= args.long_edge <= 65535:
        raise UserError(f"--long-edge: must be 0 (as is) or 16 to 65535, got {args.long_edge}")
    if not 0 <= args.seed < 2**63:
        raise UserError(f"--seed: must be a whole number from 0, got {args.seed}")


def _develop_one(path: Path, args: Namespace) -> Iterator[Path]:
    """Write the series of one raw; yields the paths written."""
    for ev, image in zip(args.evs, _series(path, args), strict=True):
        target = Path(args.out) / f"{path.stem}_ev{ev:+g}.{args.format}"
        write_image(target, image)
        yield target


def _series(path: Path, args: Namespace) -> Iterator[np.ndarray]:
    photo = read_raw(path)
    size = args.long_edge or None
    if args.device == "cuda":
        from ..develop.on_gpu import develop_series as on_gpu

        if args.noise != "none":
            raise UserError("--noise is added on the CPU only; leave out --device cuda")
        return on_gpu(
            photo,
            args.evs,
            size,
            args.bits,
            device="cuda",
            highlights=args.highlights,
            baseline=args.baseline,
            tone=args.tone,
        )
    return develop_series(
        photo,
        args.evs,
        size,
        args.bits,
        highlights=args.highlights,
        baseline=args.baseline,
        tone=args.tone,
        demosaic=args.demosaic,
        noise=args.noise,
        rng=sample_rng(args.seed, f"{path.name}/noise"),
    )
