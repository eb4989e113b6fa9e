"""Everything a report consists of, written beside the rows it was made from."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from datagen.dataset.read import load_pair, open_dataset
from luts.tool.errors import UserError
from luts.tool.files import whole_file, write_text

from ..harness.elsewhere import places
from ..harness.predict import Predict, predictor
from ..methods.blend import blend
from .costs import read_costs
from .escape import cell, md
from .fade import IDEAL, fade_plot, spread_pairs, typical_fades
from .figures import LINES, quality_by_exposure
from .formats import FLAG, comma_separated, latex, literature_markdown, markdown, plain_markdown
from .literature import published_blocks
from .names import Column, ColumnError
from .page import page
from .pictures import Story, choose, sample_row, tell
from .ranking import headline_line, headline_rows, ranking_tables
from .remarks import READING, introduction, omissions, training
from .results import load_results
from .seeds import over_labels
from .splits import IN_CSV, expert_tables, split_tables
from .strata import STRATA
from .summary import ROWS_AT_ONCE, leaders, measured, tabulate, usual_columns

if TYPE_CHECKING:
    import pandas as pd

    from datagen.dataset.read import DataSet, Pair

    from ..harness.run_info import RunInfo
    from ..methods import Method

LEFT_ALONE = "C"  # compared with the input: no reference has a say there


@dataclass(frozen=True)
class Report:
    """The table as Markdown text, the files that were written, what else was read or is missing."""

    text: str
    files: list[Path]
    notes: list[str]


def write_report(
    run: Path | Sequence[Path],
    *,
    out: Path | None = None,
    columns: Sequence[Column] | None = None,
    by: Sequence[str] = (),
    published: bool = False,
    outside: Mapping[str, Method] | None = None,
) -> Report:
    """Write table.md, table.tex, table.csv, rows.csv, the plots and report.html into a run.

    With a timing of `benchmarks time --run`, quality and cost are among the tables and plots.

    Parameters
    ----------
    run : results folder of `benchmarks run`, or several, which make one table
    out : folder to write into; the first results folder when None
    columns : (metric, region) of every column; None for the usual ones that were measured
    by : splits to show a table per part of, keys of `splits.ORDER`
    outside : methods from outside by name, whose code may be run again for pictures
    published : add the papers' own numbers in a block of their own

    Raises
    ------
    RunError when the folder holds no rows, ColumnError for a column that the run has no values for.
    """
    runs = [run] if isinstance(run, Path) else list(run)
    out = out or runs[0]
    info, every = load_results(runs)
    rows = headline_rows(every)
    if columns is None:
        columns = usual_columns(rows)
    _check_columns(runs[0], rows, columns)
    asked = _rows_of(rows, columns)
    tables = {
        name: tabulate(part, columns)
        for name, chosen in STRATA.items()
        if not (part := asked[chosen(asked)]).empty
    }
    splits = {name: split_tables(asked, name, columns) for name in dict.fromkeys((*by, *IN_CSV))}
    shown = tables | {name: table for split in by for name, table in splits[split].items()}
    listed = tables | {name: table for split in splits.values() for name, table in split.items()}
    by_reference = [column for column in columns if column[1] != LEFT_ALONE]
    experts = expert_tables(every, by_reference) | ranking_tables(every, by_reference)
    blocks = published_blocks() if published else []
    start, missing, trained = (
        " ".join(filter(None, [introduction(info, every), headline_line(every)])),
        omissions(info, every),
        training(info, rows),
    )
    flagged = {*trained.leaks, *trained.unknown}
    costs = read_costs(runs[0], rows)
    seeds = over_labels(tables["all"]) if "all" in tables else []
    text = "\n".join(
        [
            md(start) + "\n",
            *(f"**{FLAG} {md(line)}**\n" for line in trained.warnings),
            *(f"### {md(name)}\n\n{markdown(table, flagged)}" for name, table in shown.items()),
            *([f"### several weights of one model\n\n{plain_markdown(seeds)}"] if seeds else []),
            *(f"### {md(title)}\n\n{plain_markdown(lines)}" for title, lines in experts.items()),
            *([f"### quality and cost\n\n{plain_markdown(costs.lines)}"] if costs else []),
            "\n\n".join([READING, *map(md, trained.facts), *map(md, missing)]) + "\n",
            *([literature_markdown(blocks)] if blocks else []),
        ]
    )
    plots = {}
    if exposure := quality_by_exposure(rows):
        plots["exposure"] = exposure
    given = outside or {}
    dataset, notes = _dataset(info)
    if dataset:
        notes += places(runs[0], info.rows(given))
    stories, fade = _pictures(dataset, info, rows, given) if dataset else ([], "")
    if fade:
        plots["fade"] = fade
    if costs:
        plots["cost"] = costs.svg
    content = {
        "warnings": trained.warnings,
        "training": trained.facts,
        "flagged": flagged,
        "costs": costs.lines if costs else [],
        "cost_note": costs.note if costs else "",
        "introduction": start,
        "reading": READING,
        "missing": missing,
        "strata": shown,
        "experts": experts | ({"several weights of one model": seeds} if seeds else {}),
        "plots": {name: svg[svg.index("<svg") :] for name, svg in plots.items()},
        "stories": stories,
        "blocks": blocks,
    }
    contents = {
        "table.md": text,
        "table.tex": latex(tables["all"], f"{info.dataset.name}, all pairs"),
        "table.csv": comma_separated(listed),
        **{f"{name}.svg": svg for name, svg in plots.items()},
        "report.html": page(info, content),
    }
    for name, file in contents.items():
        write_text(out / name, file)
    _write_rows(out / "rows.csv", every)
    if costs:
        with whole_file(out / "cost.png") as scratch:
            scratch.write_bytes(costs.png)
    files = [*contents, "rows.csv", *(["cost.png"] if costs else [])]
    return Report(text, [out / name for name in files], notes)


def _write_rows(path: Path, rows: pd.DataFrame) -> None:
    """Write the long table, part by part, with texts that no spreadsheet takes for a formula."""
    texts = {
        str(name): rows[name].cat.categories.map(cell) for name in rows if _is_text(rows[name])
    }
    with whole_file(path) as scratch, scratch.open("w", encoding="utf-8", newline="") as stream:
        for start in range(0, len(rows), ROWS_AT_ONCE):
            part = rows.iloc[start : start + ROWS_AT_ONCE]
            safe = {name: _named(part[name].cat.codes, known) for name, known in texts.items()}
            part.assign(**safe).to_csv(stream, index=False, header=not start)


def _is_text(column: pd.Series) -> bool:
    return column.dtype == "category"


def _named(codes: pd.Series, texts: pd.Index) -> np.ndarray:
    """Texts by their numbers; -1 is a missing one."""
    return np.array([*texts, None], object)[codes.to_numpy()]


def _rows_of(rows: pd.DataFrame, columns: Sequence[Column]) -> pd.DataFrame:
    """Keep what the tables need: the columns' values, failures, and A's shares of the frame."""
    keep = np.zeros(len(rows), bool)
    for metric, region in {*columns, ("psnr", "A"), ("", "")}:
        keep |= (rows["metric"] == metric).to_numpy() & (rows["region"] == region).to_numpy()
    return rows[keep]


def _check_columns(run: Path, rows: pd.DataFrame, columns: Sequence[Column]) -> None:
    """Refuse a column of nothing but dashes; a run in which everything failed has no column."""
    computed = measured(rows)
    for column in columns:
        if computed and column not in computed:
            known = ", ".join(f"{metric}:{region}" for metric, region in sorted(computed))
            raise ColumnError(f"{run}: has no values of {':'.join(column)}; it has {known}")


def _dataset(info: RunInfo) -> tuple[DataSet | None, list[str]]:
    """The data set of the rows; None when it has been moved since, or another lies there.

    Whatever folder a run.json names, pictures are shown only of the data set that was scored.
    """
    folder = Path(info.dataset.folder)
    if not info.dataset.folder or not folder.is_dir():
        return None, []
    try:
        dataset = open_dataset(folder)
    except UserError as error:
        return None, [f"{error}; the report has no pictures"]
    if dataset.hash != info.dataset.hash:
        what = f"holds {dataset.hash[:12]}, not data set {info.dataset.hash[:12]} of these rows"
        return None, [f"{folder}: {what}; the report has no pictures"]
    return dataset, []


def _pictures(
    dataset: DataSet, info: RunInfo, rows: pd.DataFrame, outside: Mapping[str, Method]
) -> tuple[list[Story], str]:
    """Draw the chosen pairs and the fade."""
    predictors = _predictors(info, outside)
    stories = tell(dataset, rows, choose(rows), predictors)
    drawn = {name: predictors[name] for name in leaders(rows)[:LINES] if name in predictors}
    pairs = spread_pairs(rows, list(drawn)) if drawn else []
    fades = typical_fades(
        (load_pair(dataset, sample_row(dataset, name), ref) for name, ref in pairs), drawn
    )
    return stories, fade_plot(fades) if IDEAL in fades else ""


def _predictors(info: RunInfo, outside: Mapping[str, Method]) -> dict[str, Predict]:
    """Make the methods of a run callable; one whose weights, file or pictures are gone is left out.

    A blended row takes what its method has just made of the pair, where the run has that as well.
    """
    predictors: dict[str, Predict] = {}
    for name, facts in info.methods.items():
        if facts.blend_of in predictors:
            predictors[name] = _blended(predictors[facts.blend_of])
            continue
        with contextlib.suppress(UserError):
            predictors[name] = _remembering(predictor(name, outside.get(name) or facts.row(name)))
    return predictors


def _remembering(predict: Predict) -> Predict:
    """Keep the last estimate, for those who ask for it again."""
    last: list[tuple[Pair, np.ndarray]] = []

    def remember(pair: Pair, ideal: np.ndarray) -> np.ndarray:
        if not last or last[0][0] is not pair:
            last[:] = [(pair, predict(pair, ideal))]
        return last[0][1]

    return remember


def _blended(host: Predict) -> Predict:
    return lambda pair, ideal: blend(host(pair, ideal), pair.degraded, pair.regions)
