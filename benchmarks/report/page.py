"""One offline HTML page: sortable tables, plots, and pictures chosen by rule."""

from __future__ import annotations

import base64
import hashlib
import math
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2

from ..methods import lookup
from ..metrics import METRICS
from .formats import FLAG, Table, kind_word, missing, spread
from .literature import WARNING
from .names import Column, number, unit
from .summary import CEILINGS, COMPETING, Cell, best_of, group_of

if TYPE_CHECKING:
    from ..harness.run_info import RunInfo

TEMPLATES = Path(__file__).parent / "templates"


def page(info: RunInfo, content: dict[str, Any]) -> str:
    """Render the page. It needs no other file and no network.

    Parameters
    ----------
    info : run.json
    content : introduction, reading (text); missing, warnings, training (lines); flagged (methods
        that carry a sign); strata (name -> table); experts
        (title -> lines of cells); plots (name -> SVG); costs (lines of cells); stories; blocks of
        published numbers
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined
    )
    columns = list(_first(_first(content["strata"])))
    strata = {name: _groups(table, content["flagged"]) for name, table in content["strata"].items()}
    text = environment.get_template("report.html").render(
        content
        | {
            "info": info,
            "warning": WARNING,
            "headings": [
                {
                    "name": METRICS[metric].label,
                    "arrow": METRICS[metric].arrow,
                    "where": _where(metric, region),
                }
                for metric, region in columns
            ],
            "strata": strata,
            "parts": list(dict.fromkeys(group_of(name) for name in _first(content["strata"]))),
        }
    )
    return _with_policy(text)


def _with_policy(text: str) -> str:
    """Allow the page its own script, styles and embedded pictures, and nothing else."""
    script = text.rpartition("<script>")[2].partition("</script>")[0]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    return text.replace("CONTENT-POLICY", policy, 1)


def _first(mapping: dict[str, Any]) -> Any:
    return next(iter(mapping.values()))


def _where(metric: str, region: str) -> str:
    return " · ".join(filter(None, (region, unit(metric))))


def _groups(table: Table, flagged: Collection[str]) -> list[dict[str, Any]]:
    """Part a table into checks, rivals and ceilings: sorting by a column never mixes them."""
    groups = {"checks": ("check",), "rivals": COMPETING, "ceilings": CEILINGS}
    best = {column: best_of(table, column) for column in next(iter(table.values()))}
    return [
        {
            "name": group,
            "rows": [
                _row(n, cells, best) | {"flag": f"{FLAG} " if n in flagged else ""}
                for n, cells in table.items()
                if lookup(n).kind in kinds
            ],
        }
        for group, kinds in groups.items()
    ]


def _row(name: str, cells: dict[Column, Cell], best: dict[Column, set[str]]) -> dict[str, Any]:
    return {
        "method": name,
        "kind": kind_word(name),
        "part": group_of(name),
        "summary": lookup(name).summary,
        "cells": [_cell(c, at[0]) | {"best": name in best[at]} for at, c in cells.items()],
    }


def _cell(cell: Cell, metric: str) -> dict[str, Any]:
    """What to show, what to sort by, and what a pointer resting on the cell is told."""
    facts = {"median": cell.median, "P5": cell.p5, "P95": cell.p95}
    hint = [f"{name} {number(v, metric)}" for name, v in facts.items() if not math.isnan(v)]
    hint += [f"tie group {cell.tie}"] if cell.tie else []
    return {
        "text": number(cell.mean, metric),
        "small": " ".join(filter(None, (spread(cell, metric), missing(cell)))),
        "sort": cell.mean,
        "hint": ", ".join(hint),
    }
