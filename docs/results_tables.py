"""Tables of the pages of results, out of docs/results/ (made by docs/gather.py)."""

from __future__ import annotations

import csv
import json
import math
import tomllib
from collections.abc import Sequence
from functools import cache
from typing import Any

from benchmarks.methods import lookup
from benchmarks.methods.leaderboard import LEADERBOARD
from benchmarks.report.escape import md
from benchmarks.report.failures import Failure
from benchmarks.report.families import ALL
from benchmarks.report.formats import Table, cell_text, kind_word, markdown, plain_markdown
from benchmarks.report.names import Column, heading
from benchmarks.report.remarks import READING
from benchmarks.report.strata import STRATA
from benchmarks.report.summary import CEILINGS, COLUMNS, Cell, best_of, group_of

from .champions import REGIONAL
from .gather import BLENDED, RESULTS, slug

PSNR, DELTA_E = REGIONAL
SHORT = {
    "under-exposed (EV < 0)": "under",
    "as shot (EV 0)": "as shot",
    "over-exposed (EV > 0)": "over",
    "LUT-distorted": "LUT",
}


def read(name: str) -> list[dict[str, str]]:
    """The lines of a file of docs/results; none where there is none yet."""
    path = RESULTS / name
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@cache
def tables() -> dict[tuple[str, str], Table]:
    """(reference, stratum) -> table, as the run had them."""
    found: dict[tuple[str, str], Table] = {}
    for line in read("scores.csv"):
        table = found.setdefault((line["reference"], line["stratum"]), {})
        table[line["method"]] = {column: _cell(line, column) for column in COLUMNS}
    return found


def _cell(line: dict[str, str], column: Column) -> Cell:
    name = ":".join(column)
    mean, low, high = (float(line[f"{name} {fact}"] or "nan") for fact in ("mean", "low", "high"))
    valid, asked, tie = (int(line[f"{name} {fact}"]) for fact in ("valid", "asked", "tie"))
    return Cell(mean, low, high, *(math.nan,) * 3, valid, asked, tie)


@cache
def facts() -> dict[str, Any]:
    """What is known of the run."""
    path = RESULTS / "run.json"
    return json.loads(path.read_text("utf-8")) if path.is_file() else {"reference": "", "parts": {}}


def strata() -> dict[str, Table]:
    """The tables of the leading reference."""
    reference = facts()["reference"]
    return {name: tables()[reference, name] for name in STRATA if (reference, name) in tables()}


def short(stratum: str) -> str:
    """A stratum as the head of a column."""
    return SHORT.get(stratum, stratum)


def run() -> str:
    """What was scored, how to read it, what is missing."""
    known = facts()
    parts = "; ".join(
        f"{name} {pairs} of {places} places" for name, (pairs, places) in known["parts"].items()
    )
    lines = [known.get("introduction", ""), f"Pairs: {parts}." if parts else "", READING]
    warnings = [f"**{md(line)}**" for line in known.get("warnings", [])]
    told = map(md, filter(None, [*lines, *known.get("missing", [])]))
    return "\n\n".join([*warnings, *told]) + "\n"


def leaderboard() -> str:
    """The leaderboard's rows, stratum by stratum. Bold is the best of all rows, listed or not."""
    wanted = {"input", "reference", *LEADERBOARD}
    return "\n".join(
        f"#### {md(name)}\n\n" + markdown({n: c for n, c in table.items() if n in wanted})
        for name, table in strata().items()
    )


# Of the front page: a rule or two, the best of the trained rows, our own entry, ceilings.
FRONT = (
    *("input", "auto_exposure", "mertens", "dped_small", "msec_small", "adaint+concat"),
    *("light_grid", "light_grid+concat", "oracle_gain", "oracle_three_curves"),
)
OWN_AND_OTHERS = ("input", "mertens", "msec_small", *FRONT[6:])
FRONT_COLUMNS = (PSNR, DELTA_E, ("ev_rmse", "B"), ("psnr", "C"))


def front() -> str:
    """A few rows over all pairs, for the front page."""
    return _over_all(FRONT, FRONT_COLUMNS)


def own() -> str:
    """Our own entry beside doing nothing, the best of other kinds, and what fitting reaches."""
    return _over_all(OWN_AND_OTHERS, REGIONAL)


def _over_all(names: Sequence[str], columns: Sequence[Column]) -> str:
    table = strata().get("all", {})
    lines = [["method", *map(heading, columns)]]
    for name in names:
        if name in table:
            texts = [cell_text(table[name][column], column[0]) for column in columns]
            ceiling = kind_word(name) == "ceiling"
            lines.append([f"*{name}*" if ceiling else f"`{name}`", *texts])
    return grid(lines)


def by_stratum(column: Column) -> str:
    """All rows, one column of a table per stratum."""
    return _across(column, {short(name): table for name, table in strata().items()})


def by_reference(column: Column) -> str:
    """All rows against each reference."""
    parts = {ref: table for (ref, stratum), table in tables().items() if stratum == "all"}
    return _across(column, parts)


def by_region() -> str:
    """All rows, blended ones too, over all pairs in every region."""
    found = tables().get((facts()["reference"], BLENDED))
    return markdown(found) if found else ""


def _across(column: Column, parts: dict[str, Table]) -> str:
    """Rows grouped as in every table; a column per part; the best of each is bold."""
    if not parts:
        return ""
    best = {head: best_of(table, column) for head, table in parts.items()}
    lines, last = [["method", *parts]], ""
    for name in next(iter(parts.values())):
        if (group := group_of(name)) != last:
            lines.append([f"**{group}**", *[""] * len(parts)])
            last = group
        cells = [
            bold(cell_text(table[name][column], column[0]), name in best[head])
            if name in table
            else ""
            for head, table in parts.items()
        ]
        lines.append([f"*{name}*" if lookup(name).kind in CEILINGS else name, *cells])
    return grid(lines)


def bold(text: str, yes: bool) -> str:
    """Markdown's strong text, or the text as it is."""
    return f"**{text}**" if yes else text


def grid(lines: list[list[str]]) -> str:
    """A Markdown table of cells that hold Markdown, the first line being the heading."""
    head, *body = lines
    rule = ["---"] + ["---:"] * (len(head) - 1)
    return "".join("| " + " | ".join(line) + " |\n" for line in (head, rule, *body))


def failures() -> str:
    """A sheet of pictures and their numbers for every family."""
    path = RESULTS / "failures.toml"
    sentences = tomllib.loads(path.read_text("utf-8")) if path.is_file() else {}
    text, told = "", read("failures.csv")
    for family in ALL:
        mine = [_failure(line) for line in told if line["family"] == family]
        if not mine:
            continue
        text += f"### {family}: `{mine[0].method}`\n\n"
        text += f"![Degraded, result and reference](images/failures_{slug(family)}.jpg)\n\n"
        text += f"{sentences[family]}\n\n" if sentences.get(family) else ""
        lines = [["picture", "input (dB)", "result (dB)", "ΔE00", "in region A the result is"]]
        for one in mine:
            numbers = (one.psnr_input, one.psnr, one.delta_e)
            lines.append([one.sample, *(f"{number:.1f}" for number in numbers), one.words])
        text += plain_markdown(lines) + "\n"
    return text


def _failure(line: dict[str, str]) -> Failure:
    names = ("family", "method", "sample", "reference", "towards")
    return Failure(**{k: v if k in names else float(v or "nan") for k, v in line.items()})


TABLES = {
    "results-run": run,
    "results-front": front,
    "results-own": own,
    "results-leaderboard": leaderboard,
    "results-strata-psnr": lambda: by_stratum(PSNR),
    "results-strata-delta-e": lambda: by_stratum(DELTA_E),
    "results-regions": by_region,
    "results-references-psnr": lambda: by_reference(PSNR),
    "results-references-delta-e": lambda: by_reference(DELTA_E),
    "failures": failures,
}
