"""What the pages of results are printed from: choices, tests and pictures out of rows."""

from __future__ import annotations

import io
import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from benchmarks.methods import METHODS
from benchmarks.methods.models.card import FAMILIES
from benchmarks.methods.models.cards import CARDS
from benchmarks.methods.models.trained.checkpoints import WEIGHTS
from benchmarks.report.failures import MOST_BYTES, failure, sheet, worst_pairs
from benchmarks.report.families import ALL, by_family, family_of
from benchmarks.report.names import PSNR_CAP_DB
from benchmarks.report.summary import COLUMNS, tabulate
from benchmarks.training.rules import Rule
from docs import gather, learning_tables, results_tables
from docs.champions import REGIONAL, TESTED, champions, duels

SCORES = {"input": 15.0, "lime": 20.0, "gamma": 18.0, "unet": 22.0, "light_grid": 27.0}
NAMES = ("encoder-decoder", "unet", "a/ev+0", "fusion")


def _rows(scores=SCORES, places=6):
    """A run of made-up scores, the same for every metric; later places are harder."""
    lines = [
        {
            "method": method,
            "group": f"place{at}",
            "sample": f"place{at}/{ev}{lut}",
            "expert": "fusion",
            "ev": ev,
            "distortion": lut or "none",
            "metric": metric,
            "region": region,
            "value": (30 - score if metric == "delta_e_2000" else score) - at / 10,
            "coverage": 0.5,
        }
        for method, score in scores.items()
        for at in range(places)
        for ev in (-1.0, 1.0)
        for lut in ("", "film")
        for metric, region in COLUMNS
    ]
    return pd.DataFrame(lines)


def test_every_family_of_a_card_is_one_of_the_table():
    assert {card.family for card in CARDS.values()} <= {*FAMILIES}
    assert set(by_family(METHODS)) == set(ALL)
    blended = [name for name, row in METHODS.items() if row.blend_of]
    assert blended and not any(map(family_of, blended))
    assert family_of("light_grid+concat") == "own entry"
    assert family_of("zero_dce+ranlen") == "local"


def test_the_best_of_every_kind_is_found_in_either_direction():
    table = tabulate(_rows(), COLUMNS)
    for column in REGIONAL:
        best = champions(table, column)
        if column[0] == "psnr":
            assert best == {"rule": "lime", "trained": "unet", "own": "light_grid"}
    errors = tabulate(_rows(SCORES | {"gamma": 21.0}), COLUMNS)
    assert champions(errors, ("delta_e_2000", "A"))["rule"] == "gamma"


def test_a_row_that_failed_on_a_pair_is_no_champion():
    rows = _rows()
    rows.loc[(rows["method"] == "lime") & (rows["sample"] == "place0/1.0"), "value"] = np.nan
    assert champions(tabulate(rows, COLUMNS), ("psnr", "A"))["rule"] == "gamma"


def test_differences_that_hold_everywhere_are_beyond_chance():
    rows = _rows(places=12)
    table = {("fusion", "all"): tabulate(rows, COLUMNS)}
    strata = {"all": lambda rows: pd.Series(True, index=rows.index)}
    found = duels(rows, table, "fusion", strata)
    lines = [dict(zip(TESTED, line, strict=True)) for line in found]
    against_rule = next(x for x in lines if (x["one"], x["two"]) == ("light_grid", "lime"))
    assert float(against_rule["difference"]) == pytest.approx(7)
    assert float(against_rule["p"]) < 0.05


def test_the_worst_pairs_are_the_worst_and_of_different_places():
    found = worst_pairs(_rows())
    assert found["own entry"] == [
        ("light_grid", "place5/-1.0", "fusion"),
        ("light_grid", "place4/1.0", "fusion"),
        ("light_grid", "place3/-1.0film", "fusion"),
    ]
    assert found["classical"][0][0] == "lime"


@pytest.fixture
def grey():
    ramp = np.linspace(0.2, 0.6, 24, dtype=np.float32)[:, None, None]
    return ramp * np.ones((24, 32, 3), np.float32)


def test_what_is_wrong_with_a_result_is_measured(grey):
    from luts.colour.transfer import decode_srgb, encode_srgb

    inside = np.ones((24, 32), bool)
    darker = encode_srgb(decode_srgb(grey) / 4).astype(np.float32)
    dark = failure(NAMES, darker, grey, inside, (10.0, 12.0, 5.0))
    # 2 stops, less what 0.01 of light added to both takes away
    assert -2.0 < dark.stops < -1.5
    assert "EV too dark" in dark.words
    same = failure(NAMES, grey, grey, inside, (10.0, 99.0, 0.0))
    assert (same.stops, same.cast, same.contrast) == (0.0, 0.0, pytest.approx(1))
    assert same.words == "right on average, wrong from place to place"
    warm = failure(NAMES, grey * np.float32([1, 0.9, 0.4]), grey, inside, (10.0, 12.0, 5.0))
    assert warm.towards == "yellow" and "a cast of" in warm.words


def test_a_sheet_is_a_small_picture(grey):
    inside = np.zeros((24, 32), bool)
    inside[:12] = True
    told = failure(NAMES, grey, grey, inside, (10.0, 12.0, 5.0))
    data = sheet([(told, [grey] * 3, inside)] * 3)
    assert len(data) < MOST_BYTES
    assert Image.open(io.BytesIO(data)).format == "JPEG"


def test_a_rule_in_the_shape_of_a_model_sees_each_picture():
    import torch

    images = torch.rand(2, 3, 4, 5)
    made = Rule(lambda picture: picture / 2)(images).image
    torch.testing.assert_close(made, images / 2)


def test_the_curves_that_are_committed_make_the_picture(tmp_path, monkeypatch):
    monkeypatch.setattr(gather, "IMAGES", tmp_path)
    gather.draw_curves()
    with Image.open(tmp_path / "curves.png") as picture:
        assert picture.format == "PNG"


def test_committed_means_are_those_of_whole_cells():
    for table in results_tables.tables().values():
        for cells in table.values():
            for cell in cells.values():
                assert cell.valid <= cell.asked
                assert np.isnan(cell.low) or cell.low <= cell.mean <= cell.high <= PSNR_CAP_DB


def test_a_record_says_its_reference_or_that_nobody_recorded_it():
    known = learning_tables.records()
    assert learning_tables._reference(known["light_grid"]) == "fusion"


def test_what_cannot_be_gathered_is_refused_in_a_line(tmp_path, capsys):
    assert gather.main(["curves", str(tmp_path)]) == 2
    assert "holds no training" in capsys.readouterr().err
    assert gather.main(["outside", "run"]) == 2
    assert "NAME=RUN" in capsys.readouterr().err
    assert gather.main(["nothing"]) == 2
    assert "one of scores" in capsys.readouterr().err


def test_curves_go_on_behind_what_is_known_and_once(tmp_path, monkeypatch):
    monkeypatch.setattr(gather, "RESULTS", tmp_path)
    monkeypatch.setattr(results_tables, "RESULTS", tmp_path)
    known = "unet,1.00,20.00,\nunet,2.00,21.00,\nstar_dce,3.00,22.00,\n"
    (tmp_path / "curves.csv").write_text("row,minutes,psnr,begun_with\n" + known)
    folder = tmp_path / "train" / "unet" / "round1"
    folder.mkdir(parents=True)
    line = {"step": 9, "seconds": 30, "psnr": 21.5, "score": 20.0, "progress": 1.0}
    (folder / "scores.jsonl").write_text(json.dumps(line) + "\n")
    record = json.loads((WEIGHTS / "unet.json").read_text()) | {"started_from": "ab" * 32}
    (folder / "best.json").write_text(json.dumps(record))
    for _ in range(2):
        assert gather.main(["curves", str(tmp_path / "train")]) == 0
        assert (tmp_path / "curves.csv").read_text().splitlines()[1:] == [
            "star_dce,3.00,22.00,",
            "unet,1.00,20.00,",
            "unet,2.00,21.00,",
            "unet,2.50,21.50,abababababab",
        ]
