"""`benchmarks conform`: check an implementation of a metric, this project's or anybody's."""

from __future__ import annotations

import argparse

EXAMPLE = "benchmarks conform ssim my_module:my_ssim"
METRICS = ("psnr", "ssim", "delta_e_2000", "band")  # those of conformance.CHECKS, and the table
TARGET = "benchmarks.conformance.report:run"


def configure(parser: argparse.ArgumentParser) -> None:
    what = "what is implemented; band prints which metric notices which failure of a transition"
    parser.add_argument("metric", choices=METRICS, help=what)
    function = "module:function or file.py:function (default: this project's own)"
    parser.add_argument("function", nargs="?", metavar="FUNCTION", help=function)
    parser.add_argument("--regions", action="store_true", help="it takes a weight as well")
