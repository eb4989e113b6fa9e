"""Evaluations as one table, a row per metric and region: columns that grow while rows are read.

A text is a number into the list of those that a column has, so that a row of the table takes some
sixty bytes whatever its texts are.
"""

from __future__ import annotations

import itertools
import math
from array import array
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .rows import Evaluation, split_id
from .run_info import load_run, tries

if TYPE_CHECKING:
    import pandas as pd

TEXTS = ("method", "sample", "group", "distortion", "mask", "expert", "status", "scorer", "note")
PAIR = ("method", "sample", "expert")  # what the table has one evaluation of
NUMBERS = ("ev", "severity", "seconds")
LABELS = (
    "method",
    "sample",
    "group",
    "ev",
    "distortion",
    "severity",
    "mask",
    "expert",
    "status",
    "seconds",
    "scorer",
    "note",
)


class Texts:
    """A column of texts that repeat: each of them once, and numbers into them."""

    def __init__(self) -> None:
        self.known: dict[str, int] = {}
        self.codes = array("I")

    def append(self, text: str) -> None:
        """Add the next one."""
        self.codes.append(self.known.setdefault(text, len(self.known)))


def newest(pair: Sequence[Texts], ok: Sequence[int]) -> np.ndarray:
    """Of several tries of a pair choose the last that worked, else the last.

    Parameters
    ----------
    pair : method, sample and reference of every try, in the order in which they were made
    ok : whether it worked

    Returns
    -------
    Places of the tries that count, one a pair, in the order in which pairs were first tried.
    """
    first = np.zeros(len(ok), np.int64)
    for column in pair:
        # The number of a pair so far and of the next text make one; numbers stay below 2^32.
        both = first * len(column.known) + np.array(column.codes, np.int64)
        first = np.unique(both, return_inverse=True)[1].astype(np.int64)
    order = np.lexsort((np.arange(len(first)), np.array(ok), first))  # a pair's best comes last
    ends = np.flatnonzero(np.diff(first[order], append=-1))
    begun = np.unique(first, return_index=True)[1]
    chosen: np.ndarray = order[ends][np.argsort(begun)]
    return chosen


class LongTable:
    """Collects evaluations; `frame` makes the table of those that count."""

    def __init__(self) -> None:
        self.texts = {name: Texts() for name in TEXTS}
        self.numbers = {name: array("d") for name in NUMBERS}
        self.ok = array("B")
        self.counts = array("I")  # values of each evaluation
        self.ids = Texts()  # metric ids, of each value
        self.values, self.coverage = array("d"), array("d")

    def __len__(self) -> int:
        return len(self.counts)

    def add(self, row: Evaluation) -> None:
        """Add an evaluation; one that failed has one row, with metric and region empty."""
        self.ok.append(row.ok)
        for name, texts in self.texts.items():
            texts.append(getattr(row, name))
        for name, numbers in self.numbers.items():
            value = getattr(row, name)
            numbers.append(math.nan if value is None else value)
        values = row.values or {"": math.nan}
        self.counts.append(len(values))
        for metric_id, value in values.items():
            self.ids.append(metric_id)
            self.values.append(value)
            self.coverage.append(row.coverage.get(split_id(metric_id)[1], 1.0))

    def frame(self, checkpoints: Mapping[str, str | None]) -> pd.DataFrame:
        """The table; see `load_rows`. Texts are categories in the order of the alphabet.

        Parameters
        ----------
        checkpoints : method -> SHA-256 of its weights
        """
        import pandas as pd

        places = newest([self.texts[name] for name in PAIR], self.ok)
        counts = np.array(self.counts)
        where: slice | np.ndarray = slice(None)  # of the values of what counts: mostly of all
        if len(places) < len(counts) or (np.diff(places) < 0).any():
            starts = np.cumsum(counts, dtype=np.int64) - counts
            values = (range(starts[place], starts[place] + counts[place]) for place in places)
            where = np.fromiter(itertools.chain.from_iterable(values), np.int64)

        def labels(name: str) -> object:
            if name in self.numbers:
                return np.repeat(np.array(self.numbers[name])[places], counts[places])
            codes = np.array(self.texts[name].codes)[places]
            return _categories(list(self.texts[name].known), codes, counts[places])

        methods = self.texts["method"]
        ids = np.asarray(self.ids.codes)[where]
        parts = [split_id(metric_id) for metric_id in self.ids.known]
        return pd.DataFrame(
            {
                **{name: labels(name) for name in LABELS},
                "checkpoint": _categories(
                    [checkpoints.get(name) for name in methods.known],
                    np.array(methods.codes)[places],
                    counts[places],
                ),
                "metric": _categories([metric for metric, _ in parts], ids),
                "region": _categories([region for _, region in parts], ids),
                "value": np.asarray(self.values)[where],
                "coverage": np.asarray(self.coverage)[where],
            },
            copy=False,
        )


def load_rows(run: Path) -> pd.DataFrame:
    """Load a run as the long table.

    Returns
    -------
    One row per method, sample, reference, metric and region, with the columns of LABELS and
    metric, region, value, coverage (share of the frame) and checkpoint. Failed evaluations have one
    row with metric and region empty and value NaN. An exposure that is not known is NaN. Texts are
    categories.
    """
    info = load_run(run)
    return long_table(
        tries(run, info), {name: facts.checkpoint for name, facts in info.methods.items()}
    )


def long_table(rows: Iterable[Evaluation], checkpoints: Mapping[str, str | None]) -> pd.DataFrame:
    """The long table of some evaluations; see `load_rows`."""
    table = LongTable()
    for row in rows:
        table.add(row)
    return table.frame(checkpoints)


def _categories(
    texts: Sequence[str | None], codes: np.ndarray, counts: np.ndarray | int = 1
) -> pd.Categorical:
    """A column of texts: each by its number, so many times. None is a missing one."""
    import pandas as pd

    used = np.zeros(len(texts), bool)
    used[codes] = True
    kept = [text if is_used else None for text, is_used in zip(texts, used, strict=True)]
    known = sorted({text for text in kept if text is not None})
    number = {text: at for at, text in enumerate(known)} | {None: -1}
    new = np.array([number[text] for text in kept], np.min_scalar_type(-len(known) - 1))
    dtype = pd.CategoricalDtype(pd.Index(known, dtype="str"))
    return pd.Categorical.from_codes(np.repeat(new[codes], counts), dtype=dtype)
