"""The tables of the pages are those of the code."""

from __future__ import annotations

from docs.tables import MARKED, PAGES, TABLES, renewed


def test_every_page_has_its_tables_as_the_code_has_them():
    found = []
    for path in PAGES:
        text = path.read_text("utf-8")
        found += [match["name"] for match in MARKED.finditer(text)]
        assert renewed(text) == text, f"{path.name}: run `make docs`"
    assert sorted(found) == sorted(TABLES)
