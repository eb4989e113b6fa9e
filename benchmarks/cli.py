"""`benchmarks`: score correction methods, region by region."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from luts.tool.command import MISUSE, run_program

VERBS: dict[str, str] = {
    "list": "show every method: kind, paper, parameters, trained or not, region-aware or not",
    "apply": "put a method on your own photos",
    "run": "score methods on a built data set, one row per evaluation",
    "train": "train a model on a built data set, or on a stream",
    "train-all": "train every row that learns until it stops improving; resumes",
    "train-claims": "train both sides of what the documentation claims, over seeds; resumes",
    "adopt": "make weights trained elsewhere those of a model, or a row beside it",
    "time": "measure latency, throughput, memory and FLOPs",
    "verify": "recompute a sample of a run's rows",
    "explain": "define a metric: range, direction, conventions, source",
    "dial": "show one pair of pictures under every convention in use",
    "conform": "check an implementation of a metric against published values and properties",
    "compare": "what changed between two runs, or lies between two methods; exit code 1 for a loss",
    "report": "turn the rows of runs into tables, plots and a page",
}
RENAMED = {
    "score": "`benchmarks run --predictions DIR --name NAME`",
    "recolour": "`benchmarks apply vae_recolour PICTURE -o OUT --cube CUBE --set iterations=N`",
    "export-lut": "`benchmarks apply METHOD PICTURE --cube CUBE`",
    "plot": "`benchmarks report RUN`, which draws it after `benchmarks time --run RUN`",
}


def main(argv: Sequence[str] | None = None) -> int:
    words = list(sys.argv[1:] if argv is None else argv)
    if words and words[0] in RENAMED:
        print(f"benchmarks {words[0]}: is now {RENAMED[words[0]]}", file=sys.stderr)
        return MISUSE
    return run_program("benchmarks", "Score correction methods, region by region.", VERBS, words)
