"""`datagen pack`: tar shards in WebDataset layout."""

from __future__ import annotations

import argparse
from pathlib import Path

EXAMPLE = "datagen pack out/demo -o out/demo_shards"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, help="folder of a built data set")
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder for the shards")
    parser.add_argument("--shard-mb", type=float, default=256.0, help="size of a shard (256)")
    parser.add_argument(
        "--force", action="store_true", help="pack although a source's licence forbids it"
    )


def run(args: argparse.Namespace) -> None:
    from ..dataset.pack import pack

    print(pack(args.folder, args.out, shard_mb=args.shard_mb, force=args.force))
