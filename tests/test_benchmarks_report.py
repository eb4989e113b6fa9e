"""Tables, plots and the page say what the rows say, and nothing else."""

from __future__ import annotations

import csv
import io
import math
import re

import numpy as np
import pandas as pd
import pytest

from benchmarks.report.formats import comma_separated, latex, markdown, number
from benchmarks.report.pictures import choose, error_map, gain_map
from benchmarks.report.summary import COLUMNS, STRATA, tabulate
from benchmarks.report.write import write_report
from benchmarks.rows import RunError, load_rows
from benchmarks.run import run

PSNR_A = ("psnr", "A")


def rows_of(scores: dict[str, list[float]], metric="psnr", region="A") -> pd.DataFrame:
    """A long table: method -> one score per scene."""
    return pd.DataFrame(
        [
            {
                "method": method, "sample": f"s{i}", "scene": f"scene{i}", "expert": "auto",
                "ev": -1.0 if i % 2 else 1.0, "distortion": "none", "severity": 0.0,
                "metric": metric, "region": region, "value": value, "coverage": 1.0,
                "status": "ok",
            }
            for method, values in scores.items()
            for i, value in enumerate(values)
        ]
    )  # fmt: skip


@pytest.fixture(scope="module")
def reported(tiny_data, tmp_path_factory):
    out = tmp_path_factory.mktemp("report")
    run(tiny_data, ["he_rgb", "gamma"], out)
    return out, write_report(out)


def test_a_cell_is_the_mean_over_evaluations():
    table = tabulate(rows_of({"gamma": [10.0, 20.0, 40.0]}), [PSNR_A])
    cell = table["gamma"][PSNR_A]
    assert cell.mean == pytest.approx(70 / 3)
    assert (cell.valid, cell.asked) == (3, 3)
    assert cell.low < cell.mean < cell.high


def test_missing_values_are_counted_and_shown():
    table = tabulate(
        rows_of({"gamma": [10.0, math.nan, 20.0], "he_rgb": [1.0, 2.0, 3.0]}), [PSNR_A]
    )
    assert table["gamma"][PSNR_A].valid == 2
    assert "15.00" in markdown(table)
    assert "(2/3)" in markdown(table)


def test_a_method_that_failed_everywhere_keeps_its_row():
    failed = rows_of({"he_rgb": [math.nan] * 4}).assign(metric="", region="", status="Error: x")
    table = tabulate(pd.concat([rows_of({"gamma": [1.0] * 4}), failed]), [PSNR_A])
    assert table["he_rgb"][PSNR_A].valid == 0
    assert "| he_rgb | classical | – (0/4) |" in markdown(table)


def test_only_methods_that_compete_can_be_best_and_ties_share_it():
    spread = np.arange(12.0)
    table = tabulate(
        rows_of(
            {
                "reference": [math.inf] * 12,
                "gamma": (30 + spread).tolist(),
                "he_rgb": (30 + spread + np.where(spread % 2, 1.1, -1.0)).tolist(),
                "clahe_lab": (20 + spread).tolist(),
            }
        ),
        [PSNR_A],
    )
    ties = {name: cells[PSNR_A].tie for name, cells in table.items()}
    assert ties == {"reference": 0, "gamma": 1, "he_rgb": 1, "clahe_lab": 2}


def test_lower_is_better_where_the_metric_says_so():
    column = ("delta_e_2000", "A")
    table = tabulate(
        rows_of({"gamma": [9.0] * 12, "he_rgb": [2.0] * 12}, metric="delta_e_2000"), [column]
    )
    assert table["he_rgb"][column].tie == 1
    assert table["gamma"][column].tie == 2


def test_untouched_regions_count_as_a_hundred_decibels_and_print_as_infinite():
    assert (
        number(tabulate(rows_of({"gamma": [math.inf]}), [PSNR_A])["gamma"][PSNR_A].mean, "psnr")
        == "∞"
    )
    mixed = tabulate(rows_of({"gamma": [math.inf, 50.0]}), [PSNR_A])["gamma"][PSNR_A]
    assert mixed.mean == 75


def test_strata_part_the_rows_by_exposure():
    rows = rows_of({"gamma": [1.0, 2.0, 3.0]})
    under, over = (rows[STRATA[name](rows)] for name in list(STRATA)[1:4:2])
    assert under["ev"].unique().tolist() == [-1.0]
    assert over["ev"].unique().tolist() == [1.0]
    assert len(under) + len(over) == len(rows)


def test_latex_escapes_names_and_marks_the_best():
    table = tabulate(rows_of({"he_rgb": [1.0] * 8, "gamma": [5.0] * 8}), [PSNR_A])
    text = latex(table, "A & B")
    assert r"he\_rgb & 1.00 \\" in text
    assert r"gamma & \textbf{5.00} \\" in text
    assert r"\caption{A \& B}" in text


def test_csv_has_full_precision():
    table = tabulate(rows_of({"gamma": [1 / 3]}), [PSNR_A])
    (line,) = csv.DictReader(io.StringIO(comma_separated({"all": table})))
    assert float(line["mean"]) == 1 / 3


def test_the_report_prints_the_means_of_the_rows(reported):
    out, report = reported
    rows = load_rows(out)
    chosen = rows[
        (rows["method"] == "gamma") & (rows["metric"] == "psnr") & (rows["region"] == "A")
    ]
    assert re.search(rf"\| gamma \| classical \|[^|]*{chosen['value'].mean():.2f}", report.text)
    assert "| reference | check | ∞ | 1.000 | 0.000 |" in report.text


def test_every_table_column_is_a_metric_that_was_computed(reported):
    rows = load_rows(reported[0])
    computed = set(zip(rows["metric"], rows["region"], strict=True))
    assert set(COLUMNS) <= computed


def test_the_page_is_complete_and_offline(reported):
    page = (reported[0] / "report.html").read_text("utf-8")
    assert not re.findall(r"""(?:src|href)=["'](?!data:)[^"'#]""", page)
    assert page.count('<section class="story">') == 3
    assert "<svg" in page
    for stratum in ("all", "under-exposed (EV &lt; 0)"):
        assert f">{stratum}</button>" in page


def test_pictures_are_chosen_by_rule_not_by_hand():
    rows = rows_of({"gamma": [5.0, 9.0, 7.0], "he_rgb": [1.0, 1.0, 1.0]})
    assert {title.split()[0]: pick[0] for title, pick in choose(rows).items()} == {
        "best": "s1",
        "median": "s2",
        "worst": "s0",
    }


def test_maps_show_what_they_say(rng):
    encoded = rng.random((6, 8, 3)).astype(np.float32) * 0.5
    assert error_map(encoded, encoded).max() < 0.02  # black where nothing differs
    np.testing.assert_allclose(gain_map(encoded, encoded), 1)
    brighter, darker = gain_map(encoded * 1.5, encoded), gain_map(encoded * 0.5, encoded)
    assert (brighter[..., 0] >= brighter[..., 2]).all()
    assert (darker[..., 2] >= darker[..., 0]).all()


def test_a_run_without_rows_is_refused(tmp_path):
    with pytest.raises(RunError, match=r"no run\.json here"):
        write_report(tmp_path)
