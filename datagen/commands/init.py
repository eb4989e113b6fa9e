"""`datagen init`: write a recipe with every setting explained."""

from __future__ import annotations

import argparse
from pathlib import Path

EXAMPLE = "datagen init mine.toml --source photos"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", type=Path, help="the .toml file to write; must not exist")
    parser.add_argument("--source", default="samples:", help="folder of raws or pictures")


def run(args: argparse.Namespace) -> None:
    from ..recipe.load import new_recipe

    print(new_recipe(args.path, folder=args.source))
