"""How the order of methods changes with the reference."""

from __future__ import annotations

import pandas as pd
import pytest

from benchmarks.report.ranking import (
    headline_line,
    headline_rows,
    places_by_reference,
    ranking_tables,
)
from datagen.references import headline

PSNR_A = ("psnr", "A")


def rows_of(table: dict[str, dict[str, float]], metric="psnr", region="A") -> pd.DataFrame:
    """A long table: reference -> method -> score, over two samples that differ by one."""
    return pd.DataFrame(
        [
            {
                "method": method, "sample": f"s{i}", "scene": f"s{i}", "group": f"s{i}",
                "expert": expert, "metric": metric, "region": region, "value": value + i,
            }
            for expert, scores in table.items()
            for method, value in scores.items()
            for i in (0, 1)
        ]
    )  # fmt: skip


SCORES = {
    "auto": {"auto_exposure": 34, "gamma": 20, "dual": 22, "mertens": 21, "oracle_gain": 40},
    "fusion": {"auto_exposure": 19, "gamma": 18, "dual": 21, "mertens": 22, "oracle_gain": 30},
}


def test_places_and_who_moves():
    rows = rows_of(SCORES)
    places = places_by_reference(rows, *PSNR_A)
    assert places["auto"].to_dict() == {"auto_exposure": 1, "dual": 2, "mertens": 3, "gamma": 4}
    assert places["fusion"].to_dict() == {"mertens": 1, "dual": 2, "auto_exposure": 3, "gamma": 4}
    ((title, lines),) = ranking_tables(rows, [PSNR_A]).items()
    # Spearman by hand: 1 - 6 * (2**2 + 2**2) / (4 * 15)
    assert title.endswith(
        "places of 4 methods by reference; rank correlation of auto and fusion 0.20"
    )
    assert lines[0] == ["method", "auto", "fusion", "places moved"]
    assert sorted(lines[1:]) == [["auto_exposure", "1", "3", "2"], ["mertens", "3", "1", "2"]]


def test_lower_is_better_and_ties_share_a_place():
    scores = {"a": {"gamma": 3, "dual": 3, "lime": 9}, "b": {"gamma": 3, "dual": 2, "lime": 9}}
    places = places_by_reference(rows_of(scores, "delta_e_2000"), "delta_e_2000", "A")
    assert places["a"].to_dict() == {"gamma": 1.5, "dual": 1.5, "lime": 3}
    assert places["b"].to_dict() == {"gamma": 2, "dual": 1, "lime": 3}


def test_one_reference_has_no_ranking_to_change():
    assert ranking_tables(rows_of({"fusion": SCORES["fusion"]}), [PSNR_A]) == {}
    assert headline_line(rows_of({"fusion": SCORES["fusion"]})) == ""


def test_the_main_tables_are_about_experts_or_the_leading_reference():
    rows = rows_of(SCORES)
    assert set(headline_rows(rows)["expert"]) == {"fusion"}
    assert headline_line(rows) == (
        "References of the main tables: fusion. Against auto too: the tables by reference."
    )
    assert headline(["auto", "b", "a"]) == ["a", "b"]
    with pytest.raises(ValueError, match="empty"):
        headline([])
