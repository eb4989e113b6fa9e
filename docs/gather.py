"""`make results`: take from runs and trainings what the pages of results are printed from.

    python -m docs.gather scores out/bench          docs/results/scores.csv, tests.csv, run.json
    python -m docs.gather cost out/bench            images/cost.png
    python -m docs.gather failures out/bench        failures.csv, images/failures_*.jpg
    python -m docs.gather curves out/train          curves.csv, images/curves.png
    python -m docs.gather rules hdri                rules.csv: rules on the pictures of validation
    python -m docs.gather outside euvp=out/euvp ... outside.csv

What is written is small and belongs into the repository; `make docs` prints the pages from it.
"""

from __future__ import annotations

import csv
import dataclasses
import json
import math
import sys
from collections.abc import Callable, Iterable, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any

from benchmarks.methods import lookup
from benchmarks.methods.models import MODELS
from benchmarks.report.families import ALL, LOCAL, family_of
from luts.tool.errors import UserError
from luts.tool.files import whole_file, write_text

from .champions import REGIONAL, TESTED, duels

DOCS = Path(__file__).parent
RESULTS, IMAGES = DOCS / "results", DOCS / "images"
BLENDED = "all, blended rows too"
FACTS = ("mean", "low", "high", "valid", "asked", "tie")  # of a cell
CORE_MINUTE = 60.0  # seconds


def scores(run: str) -> None:
    """Every mean of the tables with its interval and tie group; tests between the best of kinds."""
    from benchmarks.report.ranking import headline_rows
    from benchmarks.report.remarks import introduction, omissions, training
    from benchmarks.report.results import load_results
    from benchmarks.report.strata import STRATA
    from benchmarks.report.summary import COLUMNS, tabulate

    info, every = load_results([Path(run)])
    chosen = [pair in COLUMNS for pair in zip(every["metric"], every["region"], strict=True)]
    asked = every[chosen]
    plain = asked[[not lookup(name).blend_of for name in asked["method"]]]
    head = headline_rows(plain)["expert"].unique().tolist()
    tables = {}
    for stratum, inside in STRATA.items():
        part = plain[inside(plain) & plain["expert"].isin(head)]
        if not part.empty:
            tables[", ".join(head), stratum] = tabulate(part, COLUMNS)
    tables[", ".join(head), BLENDED] = tabulate(asked[asked["expert"].isin(head)], COLUMNS)
    for expert in sorted(set(plain["expert"]) - set(head)):
        tables[expert, "all"] = tabulate(plain[plain["expert"] == expert], COLUMNS)
    columns = [f"{metric}:{region}" for metric, region in COLUMNS]
    facts = [f"{column} {fact}" for column in columns for fact in FACTS]
    lines = [
        [reference, stratum, name, *_numbers(cells.values())]
        for (reference, stratum), table in tables.items()
        for name, cells in table.items()
    ]
    _write("scores.csv", ["reference", "stratum", "method", *facts], lines)
    tests = duels(headline_rows(plain), tables, ", ".join(head), STRATA)
    _write("tests.csv", TESTED, [[*line[:5], *map(_short, line[5:])] for line in tests])
    told = training(info, every)
    page = {
        "introduction": introduction(info, every),
        "reference": ", ".join(head),
        "warnings": told.warnings,
        "training": told.facts,
        "missing": omissions(info, every),
        "parts": {
            name: [int(part["sample"].nunique()), int(part["group"].nunique())]
            for name, inside in STRATA.items()
            if not (part := plain[inside(plain)]).empty
        },
    }
    write_text(RESULTS / "run.json", json.dumps(page, indent=1, ensure_ascii=False) + "\n")


def _numbers(cells: Iterable[Any]) -> list[str]:
    return [
        text
        for cell in cells
        for text in (
            *map(_short, (cell.mean, cell.low, cell.high)),
            *map(str, (cell.valid, cell.asked, cell.tie)),
        )
    ]


def _short(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.6g}"


def cost(run: str) -> None:
    """The picture of quality against cost."""
    from benchmarks.report.costs import read_costs
    from benchmarks.report.ranking import headline_rows
    from benchmarks.report.results import load_results

    found = read_costs(Path(run), headline_rows(load_results([Path(run)])[1]))
    if found is None:
        raise UserError(f"{run}: was not timed; `benchmarks time --run {run}` does")
    with whole_file(IMAGES / "cost.png") as scratch:
        scratch.write_bytes(found.png)


def failures(run: str) -> None:
    """The pictures that every family does worst on, and in what way."""
    from benchmarks.harness.predict import predictor
    from benchmarks.report.failures import Failure, describe, sheet, worst_pairs
    from benchmarks.report.ranking import headline_rows
    from benchmarks.report.results import load_results
    from datagen.dataset.read import open_dataset

    info, every = load_results([Path(run)])
    rows = headline_rows(every)
    chosen = worst_pairs(rows)
    wanted = {method for pairs in chosen.values() for method, _, _ in pairs}
    predictors = {name: predictor(name, info.methods[name].row(name)) for name in wanted}
    told = describe(open_dataset(Path(info.dataset.folder)), rows, chosen, predictors)
    for family, pictures in told.items():
        with whole_file(IMAGES / f"failures_{slug(family)}.jpg") as scratch:
            scratch.write_bytes(sheet(pictures))
    names = [field.name for field in dataclasses.fields(Failure)]
    lines = [
        [_short(v) if isinstance(v, float) else v for v in dataclasses.astuple(one)]
        for pictures in told.values()
        for one, *_ in pictures
    ]
    _write("failures.csv", names, lines)


def slug(family: str) -> str:
    """A family in the name of a file."""
    return family.lower().replace(" ", "_").replace("-", "_")


def curves(trained: str) -> None:
    """Validation of every row over the minutes of all its rounds.

    A training that went on from installed weights goes on behind the curve that is known of the
    row; lines say what weights their rounds began with, so gathering twice changes nothing. A row
    that `trained` does not hold keeps its curve.
    """
    from benchmarks.training.standing import begun_with
    from benchmarks.training.standing import curves as read

    from .results_tables import read as lines_of

    rows = [name for name, row in MODELS.items() if row.trained]
    found = read(Path(trained), rows)
    if not found:
        raise UserError(f"{trained}: holds no training of `benchmarks train-all`")
    known: dict[str, list[tuple[float, str, str]]] = {}
    for line in lines_of("curves.csv"):
        point = (float(line["minutes"]), line["psnr"], line["begun_with"])
        known.setdefault(line["row"], []).append(point)
    for row, curve in found.items():
        weights, before = begun_with(Path(trained), row)
        older = list(takewhile(lambda point, now=weights: point[2] != now, known.get(row, [])))
        spent = older[-1][0] if older else before
        known[row] = older + [
            (spent + s / CORE_MINUTE, f"{psnr:.2f}", weights) for s, psnr in curve
        ]
    lines = [
        [row, f"{minutes:.2f}", psnr, weights]
        for row in rows
        for minutes, psnr, weights in known.get(row, [])
    ]
    _write("curves.csv", ["row", "minutes", "psnr", "begun_with"], lines)


def draw_curves() -> None:
    """Draw curves.csv, a panel a family, with the best rule of rules.csv as a line."""
    from benchmarks.training.plot import plot_families

    from .learning_tables import best_rules
    from .results_tables import read

    panels: dict[str, dict[str, list[tuple[float, float]]]] = {}
    for line in read("curves.csv"):
        panel = panels.setdefault(family_of(line["row"]), {})
        panel.setdefault(line["row"], []).append((float(line["minutes"]), float(line["psnr"])))
    rules = best_rules("psnr")
    where = {family: "in A" if family == LOCAL else "everywhere" for family in panels}
    levels = {family: rules[place] for family, place in where.items() if place in rules}
    ordered = {family: panels[family] for family in ALL if family in panels}
    plot_families(ordered, levels, IMAGES / "curves.png")


def rules(source: str) -> None:
    """Rules on the pictures that trainings are judged on."""
    from benchmarks.training.material import Streamed
    from benchmarks.training.rules import score_rules
    from datagen.recipe.load import load_recipe

    material = Streamed(load_recipe("stream", [f"source.folder={json.dumps(source)}"]))
    measures = ("psnr", "under", "shot", "over", "lut", "plain")
    lines = [
        [where, name, *(f"{found[m]:.2f}" for m in measures)]
        for where, name, found in score_rules(material, say=_say)
    ]
    _write("rules.csv", ["where", "rule", *measures], lines)


def outside(*sets: str) -> None:
    """Means over all pairs of runs on other sets, NAME=RUN."""
    from benchmarks.report.ranking import headline_rows
    from benchmarks.report.results import load_results
    from benchmarks.report.summary import tabulate

    lines = []
    for word in sets:
        name, equals, run = word.partition("=")
        if not equals:
            raise UserError(f"a set is NAME=RUN, got {word!r}")
        rows = headline_rows(load_results([Path(run)])[1])
        pairs, scenes = rows["sample"].nunique(), rows["group"].nunique()
        for method, cells in tabulate(rows, REGIONAL).items():
            if not lookup(method).blend_of:
                lines.append([name, pairs, scenes, method, *_numbers(cells.values())])
    facts = [f"{m}:{r} {fact}" for m, r in REGIONAL for fact in FACTS]
    _write("outside.csv", ["set", "pairs", "scenes", "method", *facts], lines)


def _write(name: str, head: Sequence[str], lines: Iterable[Sequence[Any]]) -> None:
    with (
        whole_file(RESULTS / name) as scratch,
        scratch.open("w", newline="", encoding="utf-8") as s,
    ):
        csv.writer(s, lineterminator="\n").writerows([head, *lines])
    print(RESULTS / name)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


STEPS: dict[str, Callable[..., None]] = {
    "scores": scores,
    "cost": cost,
    "failures": failures,
    "curves": curves,
    "rules": rules,
    "outside": outside,
    "draw-curves": draw_curves,
}


def main(words: Sequence[str]) -> int:
    """Do one step; its exit status."""
    if not words or words[0] not in STEPS:
        print(f"python -m docs.gather STEP ...: one of {', '.join(STEPS)}", file=sys.stderr)
        return 2
    try:
        STEPS[words[0]](*words[1:])
    except UserError as error:
        print(f"docs.gather: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
