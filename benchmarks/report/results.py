"""What one or several results folders hold, as one table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..harness.long_table import LongTable
from ..harness.rows import Evaluation, RunError
from ..harness.run_info import MethodInfo, RunInfo, load_run, tries
from ..methods import remember

if TYPE_CHECKING:
    import pandas as pd


def load_results(runs: Sequence[Path]) -> tuple[RunInfo, pd.DataFrame]:
    """Read results folders as one run and its long table.

    A method that two folders have counts once; where its code, settings or weights differ, those of
    the later folder stand as METHOD@FOLDER.

    Raises RunError when the folders are of different data sets or splits, or hold no rows.
    """
    first = load_run(runs[0])
    methods: dict[str, MethodInfo] = {}
    untrained: dict[str, str] = {}
    table = LongTable()
    for run in runs:
        info = load_run(run)
        one, two = first.dataset, info.dataset
        if (one.hash, first.split) != (two.hash, info.split):
            raise RunError(
                f"{run}: of data set {two.name} ({two.hash[:12]}), split {info.split}; "
                f"{runs[0]} is of {one.name} ({one.hash[:12]}), split {first.split}"
            )
        names = {}
        for name, facts in info.methods.items():
            known = methods.get(name)
            if known and _same(known, facts):
                continue
            names[name] = f"{name}@{run.name}" if known else name
            methods[names[name]] = facts
        untrained |= info.untrained
        for row in tries(run, info):
            if row.method in names:
                table.add(row if names[row.method] == row.method else _named(row, names))
    if not table:
        words = "holds no rows yet; finish `benchmarks run` first"
        raise RunError(f"{', '.join(map(str, runs))}: {words}")
    remember({name: facts.row(name) for name, facts in methods.items()})
    untrained = {name: why for name, why in untrained.items() if name not in methods}
    keys = first.keys if len(runs) == 1 else ()
    joined = replace(first, methods=methods, untrained=untrained, keys=keys)
    return joined, table.frame({name: facts.checkpoint for name, facts in methods.items()})


def _same(one: MethodInfo, two: MethodInfo) -> bool:
    """Whether two runs' rows of a method are of one thing, whatever was measured of it."""
    return (one.code, one.settings, one.checkpoint) == (two.code, two.settings, two.checkpoint)


def _named(row: Evaluation, names: dict[str, str]) -> Evaluation:
    return replace(row, method=names[row.method])
