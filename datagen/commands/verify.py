"""`datagen verify`: check every file and claim of a data set."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

EXAMPLE = "datagen verify out/demo"
MOST_LINES = 50


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", help="folder, or URL, of a built data set")
    parser.add_argument(
        "--against", type=Path, metavar="MANIFEST", help="another manifest that must match"
    )
    parser.add_argument(
        "--strict",
        action="store_true",
        help="near-duplicates across splits and implausible scenes are problems",
    )


def run(args: argparse.Namespace) -> int:
    from luts.tool.command import PARTIAL, SUCCESS

    from ..dataset.verify import verify

    report = verify(args.folder, against=args.against, strict=args.strict)
    for note in report.notes:
        print(f"note: {note}", file=sys.stderr)
    for problem in report.problems[:MOST_LINES]:
        print(f"problem: {problem}", file=sys.stderr)
    problems = len(report.problems) + report.untold
    if problems > MOST_LINES:
        print(f"... and {problems - MOST_LINES} more", file=sys.stderr)
    verdict = f"{problems} problems" if problems else "sound"
    print(f"{args.folder}: {report.samples} samples, {report.files} files: {verdict}")
    return PARTIAL if problems else SUCCESS
