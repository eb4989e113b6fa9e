"""`python -m benchmarks.conformance`: print which checks a metric passes; exit 1 if not all."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Callable, Sequence

from .checks import CHECKS, REGION, run_check


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.conformance", description=__doc__.partition(":")[2].strip()
    )
    parser.add_argument("metric", choices=[*CHECKS, "band"], help="band prints the failure table")
    parser.add_argument(
        "function", nargs="?", help="module:function; this project's own if left out"
    )
    parser.add_argument("--regions", action="store_true", help="it takes a weight as well")
    args = parser.parse_args(argv)
    if args.metric == "band":
        from .band_failures import markdown, measure

        print(markdown(measure()))
        return 0
    if args.function is None:
        function, regions = _ours(args.metric), args.metric != "delta_e_2000"
    else:
        module, _, attribute = args.function.partition(":")
        try:
            function = getattr(importlib.import_module(module), attribute)
        except (ImportError, AttributeError, ValueError) as error:
            parser.error(f"{args.function}: {error}; give module:function")
        regions = args.regions
    findings = [run_check(check, function) for check in CHECKS[args.metric] + REGION * regions]
    for finding in findings:
        verdict = "pass" if finding.passed else "FAIL"
        why = "" if finding.passed else f": {finding.said}; look at {finding.check.why}"
        print(f"{verdict}  {finding.check.name}  (off by {finding.worst:.2g}){why}")
    return 0 if all(finding.passed for finding in findings) else 1


def _ours(metric: str) -> Callable[..., float]:
    if metric == "delta_e_2000":
        from luts.colour.colorimetry import delta_e_2000

        return delta_e_2000
    from ..metrics import METRICS

    return METRICS[metric]


if __name__ == "__main__":
    sys.exit(main())
