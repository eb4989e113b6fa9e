"""Everything a report consists of, written beside the rows it was made from."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datagen.files import write_text

from ..methods import lookup
from ..rows import RunError, load_rows, load_run
from .figures import quality_by_exposure
from .formats import comma_separated, latex, markdown
from .page import page
from .pictures import Story, choose, tell
from .summary import COLUMNS, STRATA, tabulate

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Report:
    """The table as Markdown text and the files that were written."""

    text: str
    files: list[Path]


def write_report(run: Path) -> Report:
    """Write table.md, table.tex, table.csv, rows.csv, exposure.svg and report.html into a run.

    Raises RunError when the folder holds no rows.
    """
    about, rows = load_run(run), load_rows(run)
    if rows.empty:
        raise RunError(f"{run}: holds no rows yet; finish `benchmarks run` first")
    tables = {
        name: tabulate(part, COLUMNS)
        for name, chosen in STRATA.items()
        if not (part := rows[chosen(rows)]).empty
    }
    text = "\n".join(
        [
            introduction(about, rows),
            *(f"### {name}\n\n{markdown(table)}" for name, table in tables.items()),
            remarks(about, rows),
        ]
    )
    exposure = quality_by_exposure(rows)
    texts = {
        "introduction": introduction(about, rows),
        "remarks": remarks(about, rows),
        "exposure": exposure[exposure.index("<svg") :],
    }
    contents = {
        "table.md": text,
        "table.tex": latex(tables["all"], f"{about['dataset']['name']}, all exposures"),
        "table.csv": comma_separated(tables),
        "rows.csv": rows.to_csv(index=False),
        "exposure.svg": exposure,
        "report.html": page(about, tables, texts, _stories(about, rows)),
    }
    for name, content in contents.items():
        write_text(run / name, content)
    return Report(text, [run / name for name in contents])


def _stories(about: dict[str, Any], rows: pd.DataFrame) -> list[Story]:
    """Draw the chosen pairs, or none when the data set has been moved or deleted since."""
    folder = Path(about["dataset"]["folder"])
    if not folder.is_dir():
        return []
    methods = {
        name: replace(lookup(name), settings=facts["settings"])
        for name, facts in about["methods"].items()
    }
    return tell(folder, rows, choose(rows), methods)


def introduction(about: dict[str, Any], rows: pd.DataFrame) -> str:
    """Say what was scored, on what, by which code."""
    data, machine = about["dataset"], about["environment"]
    versions = ", ".join(f"{k} {v}" for k, v in machine["versions"].items() if v)
    partial = f" Partial run: --limit {about['limit']}." if about["limit"] else ""
    return (
        f"Data set {data['name']} ({data['hash'][:12]}), split {about['split']}: "
        f"{rows['sample'].nunique()} pairs of {rows['scene'].nunique()} scenes.{partial} "
        f"Device {machine['device']} ({machine['device_name']}); {versions}.\n"
    )


def remarks(about: dict[str, Any], rows: pd.DataFrame) -> str:
    """Say how to read the numbers, and what is missing from them."""
    lines = [
        "A: correct here, against the reference. B: transition, against the ideal blend. "
        "C: leave alone, against the input. Means over evaluations ± half of the 95 % interval "
        "(bootstrap over scenes). Bold: the best, and what a paired permutation test (Holm, 5 %) "
        "cannot tell from it. An untouched region (∞) counts as 100 dB.",
    ]
    failed = rows[rows["status"] != "ok"]
    for (method, status), count in Counter(
        zip(failed["method"], failed["status"], strict=True)
    ).items():
        lines.append(f"{method}: {count} evaluations failed: {status}")
    lines += [f"{name}: not scored: {why}" for name, why in about["untrained"].items()]
    return "\n\n".join(lines) + "\n"
