"""`benchmarks explain`: what a metric is, from its own entry of the table."""

from __future__ import annotations

import argparse
import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..metrics import Metric

EXAMPLE = "benchmarks explain ssim"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("metric", nargs="?", metavar="METRIC", help="name; all of them if left out")


def run(args: argparse.Namespace) -> None:
    from ..metrics import METRICS, find_metrics

    if args.metric is None:
        width = max(map(len, METRICS))
        for name, metric in METRICS.items():
            print(f"{name:{width}}  {metric.arrow:2}  {metric.summary}")
        return
    (metric,) = find_metrics([args.metric])
    print(explanation(metric))


def explanation(metric: Metric) -> str:
    """Write everything the table knows about a metric, as lines of text."""
    facts = {
        "id": metric.id,
        "definition": metric.definition,
        "range": metric.span,
        "unit": metric.unit or "none",
        "better": "higher" if metric.higher_is_better else "lower",
        "regions": _regions(metric),
        "compared": {
            "ideal": "A with the reference, B with the ideal blend, C with the input",
            "input": "with the input, in every region",
        }[metric.against],
        "computed": "by default" if metric.by_default else "only when asked for by name",
        "source": metric.source,
    }
    lines = [f"{metric.name}: {metric.summary}"]
    for name, text in facts.items():
        lines += textwrap.wrap(text, 96, initial_indent=f"  {name:11}", subsequent_indent=" " * 13)
    return "\n".join(lines)


def _regions(metric: Metric) -> str:
    rule = f", in regions by {metric.region_rule}" if metric.region_rule else ""
    return ", ".join(metric.regions) + rule
