"""`make docs`: print the tables of README and pages from the tables of the code.

A page holds `<!-- table: NAME -->`, the table, `<!-- end -->`; what stands between is written anew.
A test compares. To add a table: one function and one line in TABLES.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
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
CLAIMED = DOCS / "results" / "claims.csv"
PAGES = (DOCS.parent / "README.md", *sorted(DOCS.glob("*.md")))
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
    found = read_outcomes(CLAIMED)
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


def claims_apart() -> str:
    """Every side of a claim less the one it is compared with, seed by seed."""
    rows = []
    for claim, arms in CLAIMS.items():
        known = {(o.arm, o.seed): o.measures for o in read_outcomes(CLAIMED) if o.claim == claim}
        first, *others = arms
        for arm in others:
            base = arms[arm].against or first
            seeds = [seed for name, seed in known if name == arm and (base, seed) in known]
            apart = {
                m: [known[arm, s][m] - known[base, s][m] for s in seeds if m in known[arm, s]]
                for m in ("A", "B", "C", "psnr")
            }
            if seeds:
                ahead = sum(value > 0 for value in apart["A"])
                cells = [_over_seeds(values, "+") for values in apart.values()]
                rows.append([f"`{arm}` less `{base}`", *cells, f"{ahead} of {len(seeds)}"])
    return table(["", "A (dB)", "B (dB)", "C (dB)", "mean PSNR A (dB)", "ahead in A"], rows)


def _over_seeds(values: Sequence[float | None], sign: str = "") -> str:
    known = [value for value in values if value is not None]
    if not known:
        return ""
    mean, spread = mean_and_spread(known)
    return f"{mean:{sign}.2f}" + (f" ± {spread:.2f}" if len(known) > 1 else "")


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
    "claims-apart": claims_apart,
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
    for path in PAGES:
        text = path.read_text("utf-8")
        if (now := renewed(text)) != text:
            path.write_text(now, "utf-8")
            print(path)


if __name__ == "__main__":
    main()
