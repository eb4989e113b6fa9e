"""Tables, plots and the page say what the rows say, and nothing else."""

from __future__ import annotations

import csv
import io
import json
import math
import re
import shutil

import numpy as np
import pandas as pd
import pytest

from benchmarks.cli import main
from benchmarks.commands.report import SPLITS
from benchmarks.front import run
from benchmarks.harness.long_table import load_rows
from benchmarks.harness.rows import RunError
from benchmarks.harness.run_info import DataInfo, MethodInfo, RunInfo
from benchmarks.methods import METHODS
from benchmarks.methods.models.trained.record import TrainedOn
from benchmarks.metrics import METRICS, MetricError
from benchmarks.report.fade import IDEAL, POSITIONS, spread_pairs, typical_fades
from benchmarks.report.formats import comma_separated, latex, literature_markdown, markdown
from benchmarks.report.literature import published_blocks
from benchmarks.report.names import ColumnError, heading, number, read_columns
from benchmarks.report.pictures import choose, error_map, gain_map
from benchmarks.report.published import read_published
from benchmarks.report.remarks import LEAK, omissions, training
from benchmarks.report.splits import ORDER, expert_tables, split_tables
from benchmarks.report.strata import STRATA
from benchmarks.report.summary import COLUMNS, GROUPS, best_of, group_of, tabulate
from benchmarks.report.write import write_report
from datagen.dataset.read import Pair
from datagen.regions import labels as masks

PSNR_A = ("psnr", "A")


def rows_of(scores: dict[str, list[float]], metric="psnr", region="A") -> pd.DataFrame:
    """A long table: method -> one score per scene."""
    return pd.DataFrame(
        [
            {
                "method": method, "sample": f"s{i}", "group": f"scene{i}", "expert": "auto",
                "ev": -1.0 if i % 2 else 1.0, "distortion": "none", "severity": 0.0,
                "metric": metric, "region": region, "value": value, "coverage": 1.0,
                "mask": "circle", "status": "ok", "scorer": "numpy",
            }
            for method, values in scores.items()
            for i, value in enumerate(values)
        ]
    )  # fmt: skip


@pytest.fixture(scope="module")
def reported(tiny_data, tmp_path_factory):
    out = tmp_path_factory.mktemp("report")
    run(tiny_data, ["he_rgb", "gamma", "oracle_gain"], out)
    return out, write_report(out, by=["exposure"], published=True)


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


def test_nothing_is_bold_where_nothing_is_told_apart():
    table = tabulate(rows_of({"gamma": [1.0, 2.0, 3.0], "he_rgb": [2.0, 1.0, 4.0]}), [PSNR_A])
    assert {cells[PSNR_A].tie for cells in table.values()} == {1}
    assert best_of(table, PSNR_A) == set()
    assert "**" not in markdown(table)


def test_a_signed_metric_is_ranked_by_its_magnitude():
    column = ("ev_bias", "A")
    table = tabulate(
        rows_of({"gamma": [-0.1] * 12, "he_rgb": [-2.0] * 12, "clahe_lab": [1.0] * 12}, *column),
        [column],
    )
    ties = {name: cells[column].tie for name, cells in table.items()}
    assert ties == {"gamma": 1, "clahe_lab": 2, "he_rgb": 3}
    assert number(table["clahe_lab"][column].mean, "ev_bias") == "+1.000"
    assert heading(column) == "EV bias A (stops) →0"


def test_ceilings_come_last_after_pictures_made_elsewhere():
    table = tabulate(rows_of({"oracle_gain": [1.0], "elsewhere": [1.0], "gamma": [1.0]}), [PSNR_A])
    assert list(table) == ["gamma", "elsewhere", "oracle_gain"]


def test_every_metric_has_a_name_of_its_own_and_can_be_a_column():
    assert len({metric.label for metric in METRICS.values()}) == len(METRICS)
    for metric in METRICS.values():
        (column,) = read_columns([f"{metric.name}:{metric.regions[0]}"])
        assert heading(column).startswith(metric.label)
        assert number(1.0, metric.name).lstrip("+").startswith("1.")


def test_columns_that_do_not_exist_are_refused(reported):
    with pytest.raises(MetricError, match="did you mean psnr"):
        read_columns(["psnrr:A"])
    with pytest.raises(ColumnError, match="edge99 has edge99:B"):
        read_columns(["edge99:A"])
    with pytest.raises(ColumnError, match=r"has no values of niqe:all; it has .*psnr:A"):
        write_report(reported[0], columns=[("niqe", "all")])


def test_strata_part_the_rows_by_exposure():
    rows = rows_of({"gamma": [1.0, 2.0, 3.0]})
    under, over = (rows[STRATA[name](rows)] for name in list(STRATA)[1:4:2])
    assert under["ev"].unique().tolist() == [-1.0]
    assert over["ev"].unique().tolist() == [1.0]
    assert len(under) + len(over) == len(rows)


@pytest.mark.parametrize("by", ORDER)
def test_a_split_parts_the_pairs_without_loss(by):
    rows = rows_of({"gamma": [1.0, 2.0, 3.0, 4.0]}).assign(severity=[0.0, 3.0, 11.0, 1.0])
    tables = split_tables(rows, by, [PSNR_A])
    assert sum(table["gamma"][PSNR_A].asked for table in tables.values()) == 4


def test_parts_come_in_the_order_of_what_they_part_by():
    rows = rows_of({"gamma": [1.0] * 4}).assign(
        ev=[-1.5, 0.0, 1.0, -1.0], severity=[12.0, 0.0, 3.0, 1.0]
    )
    assert list(split_tables(rows, "ev", [PSNR_A])) == ["ev -1.5", "ev -1", "ev +0", "ev +1"]
    assert next(iter(split_tables(rows, "exposure", [PSNR_A]))) == "exposure under"
    severities = list(split_tables(rows, "severity", [PSNR_A]))
    assert severities == [f"severity {s}" for s in ("none", "0-2", "2-5", "10 and more")]


def test_coverage_is_that_of_region_a_for_all_regions_of_a_pair():
    of_a = rows_of({"gamma": [1.0, 2.0]}).assign(coverage=[0.15, 0.35])
    of_c = rows_of({"gamma": [5.0, 6.0]}, region="C").assign(coverage=[0.85, 0.65])
    tables = split_tables(pd.concat([of_a, of_c]), "coverage", [PSNR_A, ("psnr", "C")])
    means = {part: [c.mean for c in table["gamma"].values()] for part, table in tables.items()}
    assert means == {"coverage 10-20 %": [1.0, 5.0], "coverage 30-40 %": [2.0, 6.0]}


def test_the_command_offers_every_split():
    assert tuple(ORDER) == SPLITS


def test_experts_are_shown_one_by_one_with_their_mean():
    one = rows_of({"gamma": [10.0, 20.0], "he_rgb": [1.0, 2.0]}).assign(expert="a")
    two = one.assign(expert="b", value=one["value"] + 4)
    (lines,) = expert_tables(pd.concat([one, two]), [PSNR_A]).values()
    assert lines[0] == ["method", "a", "b", "mean"]
    assert ["gamma", "15.00", "19.00", "17.00"] in lines
    assert expert_tables(one, [PSNR_A]) == {}


def test_published_numbers_keep_their_protocol_and_their_misprints():
    rows = read_published()
    blocks = published_blocks(rows)
    printed = sum(cell != "–" for block in blocks for line in block.lines for cell in line[1:])
    assert printed == len(rows)
    assert len(blocks) == len({row.protocol for row in rows})
    text = literature_markdown(blocks)
    for row in rows:
        assert row.protocol.source in text
        assert row.note in text


def test_published_numbers_are_shown_on_request_and_apart(reported, tmp_path):
    out, report = reported
    ours, _, theirs = report.text.partition("## Published numbers")
    assert "Retinexformer" in theirs
    assert "Retinexformer" not in ours
    assert "Retinexformer" not in (out / "table.csv").read_text()
    without = shutil.copytree(out, tmp_path / "run")
    assert "Published" not in write_report(without).text
    assert "Published" not in (without / "report.html").read_text("utf-8")


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
    assert [float(line[name]) for name in ("median", "p5", "p95")] == [1 / 3] * 3


def test_the_csv_of_a_run_holds_the_splits_even_when_not_shown(reported):
    with (reported[0] / "table.csv").open(newline="") as stream:
        strata = {line["stratum"].split()[0] for line in csv.DictReader(stream)}
    assert {"all", "ev", "severity"} <= strata


def test_the_report_prints_the_means_of_the_rows(reported):
    out, report = reported
    rows = load_rows(out)
    chosen = rows[
        (rows["method"] == "gamma") & (rows["metric"] == "psnr") & (rows["region"] == "A")
    ]
    assert re.search(rf"\| gamma \| classical \|[^|]*{chosen['value'].mean():.2f}", report.text)
    assert "| reference | check | ∞ | 1.000 | 0.00 |" in report.text


def test_every_table_column_is_a_metric_that_was_computed(reported):
    rows = load_rows(reported[0])
    computed = set(zip(rows["metric"], rows["region"], strict=True))
    assert set(COLUMNS) <= computed


def test_the_page_is_complete_and_offline(reported):
    page = (reported[0] / "report.html").read_text("utf-8")
    assert not re.findall(r"""(?:src|href)=["'](?!data:)[^"'#]""", page)
    assert page.count('<section class="story">') == 3
    assert "<svg" in page
    assert 'id="ceiling-' in page  # the toggle finds the ceilings in the plot
    assert '<tbody class="ceilings">' in page
    for stratum in ("all", "under-exposed (EV &lt; 0)", "exposure under"):
        assert f">{stratum}</button>" in page


def test_pictures_are_chosen_by_rule_not_by_hand():
    rows = rows_of({"gamma": [5.0, 9.0, 7.0], "he_rgb": [1.0, 1.0, 1.0]})
    assert {title.split()[0]: pick[0] for title, pick in choose(rows).items()} == {
        "best": "s1",
        "median": "s2",
        "worst": "s0",
    }


def info_of(**facts):
    """A run of two methods with a model, where nothing is known but `facts`."""
    base = {"dataset": DataInfo("mine", "a" * 64), "split": "test", "methods": {}}
    return RunInfo(**base | facts)


def test_failures_untrained_models_and_unfinished_runs_are_listed():
    rows = rows_of({"gamma": [1.0, 2.0], "he_rgb": [1.0]})
    failed = rows_of({"he_rgb": [math.nan]}).assign(sample="s1", metric="", status="Error: x")
    untrained = dict.fromkeys(["unet", "zero_dce_pp"], "no weights")
    info = info_of(keys=("k",) * 6, untrained=untrained)
    assert omissions(info, pd.concat([rows, failed])) == [
        "unfinished run: 4 of 6 evaluations made",
        "he_rgb: 1 of 2 evaluations failed (50%): Error: x",
        "not scored, no trained weights (`benchmarks train NAME --install`): unet, zero_dce_pp",
    ]


def fading_pair(rng) -> Pair:
    """A picture one stop under in a vertical band layout: A left, C right."""
    degraded = rng.random((48, 96, 3), np.float32) * 0.4 + 0.1
    regions = np.zeros((48, 96), np.uint8)
    regions[:, :30], regions[:, 30:66] = masks.A, masks.B
    return Pair("pair", degraded, np.float32(degraded * 1.35), regions)


def test_the_fade_is_smoothstep_when_ideal_flat_when_global_and_zero_when_untouched(rng):
    methods = {
        "reference": lambda pair, ideal: ideal,
        "global": lambda pair, ideal: pair.reference,
        "input": lambda pair, ideal: pair.degraded,
    }
    fades = typical_fades([fading_pair(rng)], methods)
    smoothstep = (1 - POSITIONS) ** 2 * (1 + 2 * POSITIONS)
    np.testing.assert_allclose(fades[IDEAL], smoothstep, atol=0.02)
    np.testing.assert_allclose(fades["reference"], fades[IDEAL], atol=1e-3)
    np.testing.assert_allclose(fades["global"], 1, atol=1e-3)
    np.testing.assert_allclose(fades["input"], 0, atol=1e-6)


def test_pairs_without_a_band_have_no_fade(rng):
    pair = fading_pair(rng)
    pair = Pair("pair", pair.degraded, pair.reference, np.full((48, 96), masks.A, np.uint8))
    assert typical_fades([pair], {"input": lambda pair, ideal: pair.degraded}) == {}


def test_the_fade_is_drawn_from_pairs_that_every_method_has():
    rows = rows_of({"gamma": [1.0, math.nan, 3.0], "he_rgb": [1.0, 2.0, 3.0]}, region="B")
    assert spread_pairs(rows, ["gamma", "he_rgb"]) == [("s0", "auto"), ("s2", "auto")]


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


def trained_on(**facts):
    data = TrainedOn(**{"name": "other", "hash": "b" * 64, "split": "train"} | facts)
    return info_of(methods={"zero_dce": MethodInfo(training=data), "he_rgb": MethodInfo()})


def test_a_model_scored_on_what_it_was_trained_on_is_called_a_leak():
    rows = rows_of({"zero_dce": [1.0, 2.0]})
    same = training(trained_on(hash="a" * 64, split="test"), rows)
    assert same.warnings == [f"{LEAK}: zero_dce was trained on the very pairs it is scored on"]
    shared = training(trained_on(groups=("scene1", "elsewhere")), rows)
    assert shared.leaks == {"zero_dce": "1 of the 2 scenes (scene1, ...)"}


def test_training_elsewhere_is_named_and_is_no_leak():
    rows = rows_of({"zero_dce": [1.0, 2.0]})
    for facts in ({}, {"groups": ("elsewhere",)}, {"hash": "a" * 64}):  # the last: another split
        found = training(trained_on(**facts), rows)
        assert (found.leaks, found.warnings) == ({}, [])
    assert training(trained_on(), rows).facts == [f"trained on other ({'b' * 12}): zero_dce"]


def test_unknown_training_data_is_said_aloud():
    found = training(trained_on(hash="unknown", name="unknown"), rows_of({"zero_dce": [1.0]}))
    assert found.unknown == ["zero_dce"]
    assert "nobody knows" in found.warnings[0]


def test_a_leak_stands_above_the_table_and_beside_the_row(tiny_data, tmp_path):
    run(tiny_data, ["zero_dce", "gamma"], tmp_path, limit=2)
    about = json.loads((tmp_path / "run.json").read_text())
    trained = about["methods"]["zero_dce"]["training"]
    assert trained["name"].startswith("stream")
    trained |= {"hash": about["dataset"]["hash"], "split": "test"}
    (tmp_path / "run.json").write_text(json.dumps(about))
    text = write_report(tmp_path).text
    assert text.index(LEAK) < text.index("### all")
    assert "| ⚠ zero_dce |" in text
    assert "| gamma |" in text
    page = (tmp_path / "report.html").read_text()
    assert LEAK in page
    assert "⚠ zero_dce" in page


def test_many_rows_stand_in_groups():
    scores = {name: [1.0, 2.0] for name in ("input", "gamma", "zero_dce", "gamma+blend")}
    lines = markdown(tabulate(rows_of(scores), [PSNR_A])).splitlines()[2:]
    assert [line.split("|")[1].strip() for line in lines] == [
        "**checks**", "input", "**global, classical**", "gamma",
        "**global, models**", "zero_dce", "**local**", "gamma+blend",
    ]  # fmt: skip


def test_every_method_has_a_group():
    assert {group_of(name) for name in METHODS} | {"made elsewhere"} == set(GROUPS)
    assert group_of("theirs") == "made elsewhere"


def test_costs_stand_in_table_plot_and_page(tiny_data, tmp_path, capsys):
    run(tiny_data, ["gamma", "he_rgb"], tmp_path, limit=2)
    arguments = ["--run", str(tmp_path), "--sizes", "64x48", "--budget", "1e-6", "--no-files"]
    assert main(["time", *arguments]) == 0
    assert main(["report", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "### quality and cost" in said
    last = said.strip().splitlines()[-1]
    assert last == (
        f"table: {tmp_path / 'table.md'}, plot: {tmp_path / 'cost.png'}, "
        f"page: {tmp_path / 'report.html'}"
    )
    assert (tmp_path / "cost.png").read_bytes().startswith(b"\x89PNG")
    assert "<svg" in (tmp_path / "cost.svg").read_text()
    page = (tmp_path / "report.html").read_text()
    assert "Quality and cost" in page
    assert "Fewer calls than the protocol: " in page


def test_a_method_with_part_of_the_pairs_is_never_bold():
    """The pairs that are left may be the easy ones."""
    scores = {
        "gamma": [40.0] * 6 + [math.nan] * 6,
        "he_rgb": [20.0 + i / 10 for i in range(12)],
        "clahe_lab": [10.0 + i / 10 for i in range(12)],
    }
    table = tabulate(rows_of(scores), [PSNR_A])
    assert {name: cells[PSNR_A].tie for name, cells in table.items()} == {
        "gamma": 0, "he_rgb": 1, "clahe_lab": 2,
    }  # fmt: skip
    assert "| gamma | classical | 40.00 (6/12) |" in markdown(table)
    assert r"\textbf{20.55} {\scriptsize $\pm$" in latex(table, "x")
