"""Flags that several verbs share."""

from __future__ import annotations

from argparse import ArgumentParser


def add_recipe(parser: ArgumentParser, example: str = "render.long_edge=256") -> None:
    """The recipe, --set KEY=VALUE as often as wanted, and what code it may use."""
    parser.add_argument("recipe", help="name of a shipped recipe, or a .toml file")
    text = f"change a setting of the recipe, such as {example}"
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help=text)
    add_code(parser)


def add_code(parser: ArgumentParser) -> None:
    """--code: what code the recipe may use."""
    parser.add_argument(
        "--code",
        action="append",
        default=[],
        metavar="FILE.py",
        help="file or module whose LUT families and sources the recipe may use; it is run",
    )
