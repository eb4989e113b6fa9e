"""`benchmarks`: score correction methods, region by region."""

from __future__ import annotations

from collections.abc import Sequence

from luts.tool.command import run_program

VERBS: dict[str, str] = {
    "list": "show every method: kind, paper, parameters, trained or not, region-aware or not",
    "run": "score methods on a built data set, one row per evaluation",
    "train": "train a model on a built data set, or on a stream",
    "train-all": "train every row that learns until it stops improving; resumes",
    "time": "measure latency, throughput, memory and FLOPs",
    "recolour": "a picture through balanced latents, as often as wanted, and the .cube it took",
    "export-lut": "what a model does to one picture, as a .cube for other programs",
    "score": "score pictures made elsewhere, by any program",
    "verify": "recompute a sample of a run's rows",
    "explain": "define a metric: range, direction, conventions, source",
    "dial": "show one pair of pictures under every convention in use",
    "compare": "what changed between two runs; exit code 1 for a regression",
    "plot": "draw quality against latency and parameters",
    "report": "turn the rows of a run into tables, plots and a page",
}


def main(argv: Sequence[str] | None = None) -> int:
    return run_program("benchmarks", "Score correction methods, region by region.", VERBS, argv)
