"""`make docs`: print the tables of the pages from the tables of the code.

A page holds `<!-- table: NAME -->`, the table, `<!-- end -->`; what stands between is written anew.
A test compares. To add a table: one function and one line in TABLES.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path

from benchmarks.methods.classical import CLASSICAL
from benchmarks.methods.models.cards import CARDS, training_of
from benchmarks.metrics import METRICS, Metric
from benchmarks.training.claims import CLAIMS, mean_and_spread, read_outcomes
from datagen.sources import SOURCES

from . import family_tables, learning_tables, outside_tables, results_tables, wins_tables
from .markdown import table

DOCS = Path(__file__).parent
MARKED = re.compile(r"(<!-- table: (?P<name>[\w-]+) -->\n).*?(<!-- end -->)", re.S)


def metrics(chosen: Iterable[Metric]) -> str:
    """Metrics with their direction, regions and ids."""
    rows = [[f"`{m.name}`", m.arrow, ", ".join(m.regions), m.summary, _id(m)] for m in chosen]
    return table(["metric", "better", "regions", "what it is", "id"], rows)


def _id(metric: Metric) -> str:
    return "`" + metric.id.replace("|", "\\|") + "`"


def classical() -> str:
    """Every classical method with its source."""
    rows = [
        [f"`{name}`" + (" (by name only)" if method.slow else ""), method.summary, method.paper]
        for name, method in CLASSICAL.items()
    ]
    return table(["method", "what it does [and on what]", "source"], rows)


def models() -> str:
    """Every model with its parameters, how its card trains it, and its local versions."""
    rows = [
        [
            f"`{name}`" + (" (by name only)" if card.slow else ""),
            f"{card.parameters:,}",
            _training(name) if card.parameters else "nothing to train",
            ", ".join(f"`+{version}` {count:,}" for version, count in card.local.items()),
            card.paper,
        ]
        for name, card in CARDS.items()
    ]
    return table(["model", "parameters", "trained with", "local versions", "source"], rows)


def _training(name: str) -> str:
    known = training_of(name)
    how = f"{known.get('optimiser', 'adam')} {known.get('lr', 1e-3):g}"
    words = (str(known.get("loss", "l1")), how, str(known.get("schedule", "")))
    return ", ".join(filter(None, words))


def sources() -> str:
    """Every kind of source, by the first line of its file."""
    rows = []
    for kind, target in SOURCES.items():
        module = import_module(f"datagen.sources.{target.partition(':')[0]}")
        rows.append([f"`{kind}`", str(module.__doc__).partition("\n")[0]])
    return table(["kind", "what it is"], rows)


def claims() -> str:
    """Both sides of every claim that was trained, by mean and spread over the seeds."""
    found = read_outcomes(DOCS / "results" / "claims.csv")
    rows = []
    for claim, arms in CLAIMS.items():
        for arm in arms:
            ours = [one for one in found if (one.claim, one.arm) == (claim, arm)]
            if ours:
                cells = [_over_seeds([o.measures.get(m) for o in ours]) for m in "ABC"]
                minutes = max(one.seconds for one in ours) / 60
                mean = _over_seeds([one.measures["psnr"] for one in ours])
                rows.append([f"`{arm}`", str(len(ours)), f"{minutes:.1f}", *cells, mean])
    head = ["trained", "seeds", "minutes each", "A (dB)", "B (dB)", "C (dB)", "mean PSNR A (dB)"]
    return table(head, rows)


def _over_seeds(values: list[float | None]) -> str:
    known = [value for value in values if value is not None]
    if not known:
        return ""
    mean, spread = mean_and_spread(known)
    return f"{mean:.2f} ± {spread:.2f}" if len(known) > 1 else f"{mean:.2f}"


TABLES: dict[str, Callable[[], str]] = {
    "metrics-by-default": lambda: metrics(m for m in METRICS.values() if m.by_default),
    "metrics-asked-for": lambda: metrics(
        m for m in METRICS.values() if not m.by_default and not m.legacy
    ),
    "metrics-legacy": lambda: metrics(m for m in METRICS.values() if m.legacy),
    "classical": classical,
    "models": models,
    "sources": sources,
    "claims": claims,
    **family_tables.TABLES,
    **results_tables.TABLES,
    **learning_tables.TABLES,
    **wins_tables.TABLES,
    **outside_tables.TABLES,
}


def renewed(page: str) -> str:
    """A page with its tables as the code has them now."""
    return MARKED.sub(lambda found: found[1] + TABLES[found["name"]]() + found[3], page)


def main() -> None:
    """Write every page that changes."""
    family_tables.measure_new()
    for path in sorted(DOCS.glob("*.md")):
        text = path.read_text("utf-8")
        if (now := renewed(text)) != text:
            path.write_text(now, "utf-8")
            print(path)


if __name__ == "__main__":
    main()
