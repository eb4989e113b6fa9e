"""Which checks an implementation of a metric passes."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from luts.colour.colorimetry import delta_e_2000
from luts.tool.command import PARTIAL, SUCCESS
from luts.tool.outside import load_target

from ..metrics import METRICS
from .band_failures import markdown, measure
from .checks import CHECKS, REGION, run_check


def run(args: argparse.Namespace) -> int:
    """Print the checks; 1 if not all are passed."""
    if args.metric == "band":
        print(markdown(measure()))
        return SUCCESS
    if args.function is None:
        function, regions = _ours(args.metric), args.metric != "delta_e_2000"
    else:
        function, regions = load_target(args.function), args.regions
    findings = [run_check(check, function) for check in CHECKS[args.metric] + REGION * regions]
    for finding in findings:
        verdict = "pass" if finding.passed else "FAIL"
        why = "" if finding.passed else f": {finding.said}; look at {finding.check.why}"
        print(f"{verdict}  {finding.check.name}  (off by {finding.worst:.2g}){why}")
    return SUCCESS if all(finding.passed for finding in findings) else PARTIAL


def _ours(metric: str) -> Callable[..., Any]:
    return delta_e_2000 if metric == "delta_e_2000" else METRICS[metric]
