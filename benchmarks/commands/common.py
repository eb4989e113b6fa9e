"""What several verbs read in the same way."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from typing import Any

from luts.tool.errors import UserError


def add_settings(parser: argparse.ArgumentParser, example: str) -> None:
    """Add --set KEY=VALUE, as often as wanted."""
    text = f"a setting, its value as JSON or a word: {example}"
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help=text)


def read_settings(texts: Iterable[str]) -> dict[str, Any]:
    """Read what --set was given; raises UserError for another form, or one setting twice."""
    found: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier():
            raise UserError(f"--set takes KEY=VALUE, got {text!r}")
        if name in found:
            raise UserError(f"--set {name}: given twice")
        try:
            parsed = json.loads(value)
        except (ValueError, RecursionError):
            parsed = value
        found[name] = tuple(parsed) if isinstance(parsed, list) else parsed
    return found
