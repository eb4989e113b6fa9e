"""docs/luts_families.md shows what the commands print."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs.family_tables import SEEDS
from docs.markdown import table
from luts.cli import main
from luts.families import FAMILIES
from luts.make import survey

PAGE = (Path(__file__).parent.parent / "docs" / "luts_families.md").read_text(encoding="utf-8")


def test_the_library_is_shown_as_it_is_listed(capsys):
    assert main(["list"]) == 0
    assert capsys.readouterr().out in PAGE


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_is_described_and_measured(family):
    assert PAGE.count(f"\n| `{family}` |") == 2, "run `make docs`"
    assert FAMILIES[family].how and FAMILIES[family].drawn


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_families_are_shown_as_they_measure(family):
    assert table([], [[f"`{family}`", *survey.row(family, SEEDS)]]).splitlines()[-1] in PAGE


def test_the_survey_finds_where_a_family_ends():
    assert survey.reached("oklch", range(1)) == 4
    assert survey.reached("exposure", range(1)) == 12
