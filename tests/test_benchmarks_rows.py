"""Rows survive being cut anywhere, and never mix what was made from different things."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest

from benchmarks.harness.long_table import load_rows
from benchmarks.harness.rows import (
    ROWS,
    Evaluation,
    RunError,
    evaluation_key,
    open_for_append,
    read_evaluations,
    split_id,
    to_line,
)
from benchmarks.harness.run_info import load_run


def record(key: str, **values: float) -> Evaluation:
    table = {
        "key": key,
        "method": "he_rgb",
        "sample": "s1",
        "group": "s",
        "ev": -1.0,
        "distortion": "none",
        "severity": 0.0,
        "mask": "circle",
        "expert": "auto",
        "coverage": {"A": 0.2, "B": 0.1, "C": 0.7},
        "status": "ok",
        "seconds": 0.1,
    }
    return Evaluation(**table, values=values)


def write(run, records, keys=None):
    with open_for_append(run) as stream:
        stream.write("".join(map(to_line, records)).encode())
    keys = [r.key for r in records] if keys is None else keys
    (run / "run.json").write_text(
        json.dumps(
            {
                "dataset": {"name": "a", "hash": "a" * 64},
                "split": "test",
                "keys": keys,
                "methods": {"he_rgb": {"checkpoint": None}},
            }
        )
    )


def test_values_come_back_exactly_infinities_and_missing_ones_too(tmp_path):
    write(tmp_path, [record("k", a=0.1 + 0.2, b=math.inf, c=-math.inf, d=math.nan)])
    (back,) = read_evaluations(tmp_path)
    values = back.values
    assert (values["a"], values["b"], values["c"]) == (0.1 + 0.2, math.inf, -math.inf)
    assert math.isnan(values["d"])


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_a_row_cut_anywhere_is_dropped_and_the_next_one_is_whole(tmp_path, cut):
    write(tmp_path, [record("first"), record("second")])
    path = tmp_path / ROWS
    path.write_bytes(path.read_bytes()[:-cut])
    assert [r.key for r in read_evaluations(tmp_path)] == ["first"]
    write(tmp_path, [record("third")])
    assert [r.key for r in read_evaluations(tmp_path)] == ["first", "third"]


def test_a_damaged_line_in_the_middle_is_named(tmp_path):
    write(tmp_path, [record("first"), record("second")])
    path = tmp_path / ROWS
    path.write_bytes(b"{broken\n" + path.read_bytes())
    with pytest.raises(RunError, match=r"rows\.jsonl:1: not a result row: b'\{broken"):
        list(read_evaluations(tmp_path))


def test_rows_of_another_setting_stay_out_of_the_table(tmp_path):
    write(
        tmp_path,
        [record("old", **{"psnr@1(rgb)[A]": 1.0}), record("new", **{"psnr@1(rgb)[A]": 2.0})],
        keys=["new"],
    )
    table = load_rows(tmp_path)
    assert table["value"].tolist() == [2.0]
    assert table[["metric", "region", "coverage"]].iloc[0].tolist() == ["psnr", "A", 0.2]


def test_a_failed_evaluation_keeps_its_line_in_the_table(tmp_path):
    write(tmp_path, [replace(record("k"), status="ValueError: no")])
    table = load_rows(tmp_path)
    assert table["status"].tolist() == ["ValueError: no"]
    assert table["value"].isna().all()


@pytest.mark.parametrize(
    ("metric_id", "parts"),
    [
        ("psnr@1(rgb)[A]", ("psnr", "A")),
        ("ssim@2(rgb,gauss11,sigma1.5,pop,valid)[all:nconv]", ("ssim", "all")),
        ("psnr@1(rgb,[0,1])[C]", ("psnr", "C")),
    ],
)
def test_metric_ids_split_into_name_and_region(metric_id, parts):
    assert split_id(metric_id) == parts


def test_any_change_of_what_made_a_value_changes_its_key():
    base = evaluation_key("he", {"code": "a"}, "s", ["x"])
    assert base == evaluation_key("he", {"code": "a"}, "s", ["x"])
    assert base != evaluation_key("he", {"code": "b"}, "s", ["x"])
    assert base != evaluation_key("he", {"code": "a"}, "s", ["y"])


def test_a_folder_without_a_run_is_refused(tmp_path):
    with pytest.raises(RunError, match=r"no run\.json here; make one with `benchmarks run`"):
        load_run(tmp_path)
