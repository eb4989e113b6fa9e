"""`benchmarks list` shows the table, and part of it."""

from __future__ import annotations

import pytest

from benchmarks.cli import main
from benchmarks.methods import METHODS


def _shown(capsys) -> list[str]:
    return [line.split()[0] for line in capsys.readouterr().out.splitlines()[1:]]


def test_every_method_is_listed(capsys):
    assert main(["list"]) == 0
    assert _shown(capsys) == list(METHODS)


def test_a_kind_and_a_name_choose_rows(capsys):
    assert main(["list", "oracle", "he_rgb"]) == 0
    oracles = {name for name, method in METHODS.items() if method.kind == "oracle"}
    assert set(_shown(capsys)) == oracles | {"he_rgb"}


def test_columns_line_up(capsys):
    main(["list", "classical"])
    head, *rows = capsys.readouterr().out.splitlines()
    start = head.index("what it does")
    for row in rows:
        summary = METHODS[row.split()[0]].summary
        assert row.index(summary) == start


def test_an_unknown_method_is_one_line_with_a_suggestion(capsys):
    assert main(["list", "he_rbg"]) == 2
    assert "he_rgb" in capsys.readouterr().err


@pytest.mark.parametrize("name", METHODS)
def test_every_row_names_something_that_loads(name):
    method = METHODS[name]
    assert callable(method.load())
    assert method.summary
