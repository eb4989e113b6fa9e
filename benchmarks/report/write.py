"""Everything a report consists of, written beside the rows it was made from."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datagen.dataset.read import load_pair, open_dataset
from luts.tool.files import whole_file, write_text

from ..harness.predict import Predict, predictor, weights_of
from ..harness.rows import RunError, load_rows, load_run
from ..methods import lookup
from ..methods.blend import blend
from ..methods.models.checkpoints import UntrainedError
from .costs import read_costs
from .fade import IDEAL, fade_plot, spread_pairs, typical_fades
from .figures import LINES, quality_by_exposure
from .formats import FLAG, comma_separated, latex, literature_markdown, markdown, plain_markdown
from .literature import published_blocks
from .names import Column, ColumnError
from .page import page
from .pictures import Story, choose, tell
from .remarks import READING, introduction, omissions, training
from .splits import IN_CSV, expert_tables, split_tables
from .strata import STRATA
from .summary import COLUMNS, leaders, tabulate

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from datagen.dataset.read import Pair

EXPERT_COLUMNS = (("psnr", "A"), ("ssim", "A"), ("delta_e_2000", "A"), ("psnr", "all"))


@dataclass(frozen=True)
class Report:
    """The table as Markdown text and the files that were written."""

    text: str
    files: list[Path]


def write_report(
    run: Path,
    *,
    columns: Sequence[Column] = COLUMNS,
    by: Sequence[str] = (),
    published: bool = False,
) -> Report:
    """Write table.md, table.tex, table.csv, rows.csv, the plots and report.html into a run.

    With a timing of `benchmarks time --run`, quality and cost are among the tables and plots.

    Parameters
    ----------
    run : results folder of `benchmarks run`
    columns : (metric, region) of every column
    by : splits to show a table per part of, keys of `splits.ORDER`
    published : add the papers' own numbers in a block of their own

    Raises
    ------
    RunError when the folder holds no rows, ColumnError for a column that the run has no values for.
    """
    about, rows = load_run(run), load_rows(run)
    if rows.empty:
        raise RunError(f"{run}: holds no rows yet; finish `benchmarks run` first")
    _check_columns(run, rows, columns)
    asked = _rows_of(rows, columns)
    tables = {
        name: tabulate(part, columns)
        for name, chosen in STRATA.items()
        if not (part := asked[chosen(asked)]).empty
    }
    splits = {name: split_tables(asked, name, columns) for name in dict.fromkeys((*by, *IN_CSV))}
    shown = tables | {name: table for split in by for name, table in splits[split].items()}
    listed = tables | {name: table for split in splits.values() for name, table in split.items()}
    experts = expert_tables(rows, EXPERT_COLUMNS)
    blocks = published_blocks() if published else []
    start, missing, trained = (
        introduction(about, rows),
        omissions(about, rows),
        training(about, rows),
    )
    flagged = {*trained.leaks, *trained.unknown}
    costs = read_costs(run, rows)
    text = "\n".join(
        [
            start + "\n",
            *(f"**{FLAG} {line}**\n" for line in trained.warnings),
            *(f"### {name}\n\n{markdown(table, flagged)}" for name, table in shown.items()),
            *(f"### {title}\n\n{plain_markdown(lines)}" for title, lines in experts.items()),
            *([f"### quality and cost\n\n{plain_markdown(costs.lines)}"] if costs else []),
            "\n\n".join([READING, *trained.facts, *missing]) + "\n",
            *([literature_markdown(blocks)] if blocks else []),
        ]
    )
    plots = {}
    if exposure := quality_by_exposure(rows):
        plots["exposure"] = exposure
    stories, fade = _pictures(about, rows)
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
        "experts": experts,
        "plots": {name: svg[svg.index("<svg") :] for name, svg in plots.items()},
        "stories": stories,
        "blocks": blocks,
    }
    contents = {
        "table.md": text,
        "table.tex": latex(tables["all"], f"{about['dataset']['name']}, all pairs"),
        "table.csv": comma_separated(listed),
        "rows.csv": rows.to_csv(index=False),
        **{f"{name}.svg": svg for name, svg in plots.items()},
        "report.html": page(about, content),
    }
    for name, file in contents.items():
        write_text(run / name, file)
    if costs:
        with whole_file(run / "cost.png") as scratch:
            scratch.write_bytes(costs.png)
    return Report(text, [run / name for name in (*contents, *(["cost.png"] if costs else []))])


def _rows_of(rows: pd.DataFrame, columns: Sequence[Column]) -> pd.DataFrame:
    """Keep what the tables need: the columns' values, failures, and A's shares of the frame."""
    wanted = {*columns, ("psnr", "A"), ("", "")}
    return rows[[pair in wanted for pair in zip(rows["metric"], rows["region"], strict=True)]]


def _check_columns(run: Path, rows: pd.DataFrame, columns: Sequence[Column]) -> None:
    """Refuse a column of nothing but dashes; a run in which everything failed has no column."""
    computed = set(zip(rows["metric"], rows["region"], strict=True)) - {("", "")}
    for column in columns:
        if computed and column not in computed:
            known = ", ".join(f"{metric}:{region}" for metric, region in sorted(computed))
            raise ColumnError(f"{run}: has no values of {':'.join(column)}; it has {known}")


def _pictures(about: dict[str, Any], rows: pd.DataFrame) -> tuple[list[Story], str]:
    """Draw the chosen pairs and the fade; nothing when the data set has been moved since."""
    folder = Path(about["dataset"]["folder"])
    if not folder.is_dir():
        return [], ""
    dataset = open_dataset(folder)
    predictors = _predictors(about)
    stories = tell(dataset, rows, choose(rows), predictors)
    by_id = {row.id: row for row in dataset.rows}
    drawn = {name: predictors[name] for name in leaders(rows)[:LINES] if name in predictors}
    pairs = spread_pairs(rows, list(drawn)) if drawn else []
    fades = typical_fades((load_pair(dataset, by_id[name], ref) for name, ref in pairs), drawn)
    return stories, fade_plot(fades) if IDEAL in fades else ""


def _predictors(about: dict[str, Any]) -> dict[str, Predict]:
    """Make the methods of a run callable; a model whose weights are gone is left out.

    A blended row takes what its method has just made of the pair, where the run has that as well.
    """
    predictors: dict[str, Predict] = {}
    for name, facts in about["methods"].items():
        method = replace(lookup(name), settings=facts["settings"])
        if method.blend_of in predictors:
            predictors[name] = _blended(predictors[method.blend_of])
            continue
        with contextlib.suppress(UntrainedError):
            predictors[name] = _remembering(predictor(name, method, weights=weights_of(about)))
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
