"""`datagen stream`: keep the light of a stream's scenes in one file."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .common import add_recipe

EXAMPLE = "datagen stream stream --set source.folder=hdri --cache light.cache"


def configure(parser: argparse.ArgumentParser) -> None:
    add_recipe(parser, "source.folder=hdri")
    parser.add_argument("--cache", type=Path, required=True, metavar="FILE", help="file to write")
    parser.add_argument(
        "--edge", type=int, default=512, help="pixels around a panorama; 0 keeps them (default 512)"
    )
    parser.add_argument(
        "--plain",
        action="store_true",
        help="as it lies in memory, to be mapped by processes on this machine, not to travel",
    )


def run(args: argparse.Namespace) -> None:
    from ..recipe.load import load_recipe
    from ..streaming.opening import save_light

    size = save_light(
        load_recipe(args.recipe, args.set, code=args.code),
        args.cache,
        edge=args.edge,
        plain=args.plain,
        say=lambda text: print(text, file=sys.stderr),
    )
    print(f"{size / 1e6:.1f} MB", file=sys.stderr)
    print(args.cache)
