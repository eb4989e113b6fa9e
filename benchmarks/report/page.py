"""One offline HTML page: sortable tables, plots, and pictures chosen by rule."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2

from ..methods import lookup
from .formats import Table, cell_text, heading, kind_word
from .pictures import Story

TEMPLATES = Path(__file__).parent / "templates"


def page(
    about: dict[str, Any], tables: dict[str, Table], texts: dict[str, str], stories: list[Story]
) -> str:
    """Render the page. It needs no other file and no network.

    Parameters
    ----------
    about : run.json
    tables : stratum -> table
    texts : "introduction" and "remarks" as plain text, "exposure" as SVG
    stories : pairs with every method's pictures
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined
    )
    strata = {name: _grid(table) for name, table in tables.items()}
    columns = list(next(iter(next(iter(tables.values())).values())))
    return environment.get_template("report.html").render(
        about=about,
        headings=[heading(column) for column in columns],
        strata=strata,
        texts=texts,
        stories=stories,
    )


def _grid(table: Table) -> list[dict[str, Any]]:
    """Turn a table into what the template walks over: text to show and number to sort by."""
    return [
        {
            "method": name,
            "kind": kind_word(name),
            "summary": lookup(name).summary,
            "cells": [
                {"text": cell_text(cell, column[0]), "sort": cell.mean, "tie": cell.tie}
                for column, cell in cells.items()
            ],
        }
        for name, cells in table.items()
    ]
