"""A faster variant is the same method only when it keeps the quality."""

from __future__ import annotations

import math
from dataclasses import replace

import pandas as pd
import pytest
import torch

from benchmarks.cli import main
from benchmarks.cost.precision import PRECISIONS, compare_quality, gate, variant

NAME = "highlight_shadow_curve"


def table(*psnr: float) -> pd.DataFrame:
    evs = [-1.0, -1.0, 0.0, 1.0]
    return pd.DataFrame({"ev": evs, "distortion": ["none", "lut"] * 2, "psnr": psnr})


class Darker(torch.nn.Module):
    """A "fast variant" that is wrong by a little, on bright pictures only."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, images, regions=None):
        output = self.inner(images, regions)
        share = 0.98 if images.mean() > 0.5 else 1.0
        return replace(output, image=output.image * share)


def test_the_stratum_that_moved_most_is_the_one_named():
    quality = compare_quality(table(20, 20, 20, 19.9), table(20, 20, 20, 20))
    assert (quality.stratum, quality.same) == ("over-exposed (EV > 0)", False)
    assert quality.moved_db == pytest.approx(-0.1)


def test_a_gain_is_a_change_too_and_a_small_one_passes():
    exact = table(20, 20, 20, 20)
    assert not compare_quality(table(20.1, 20.1, 20, 20), exact).same
    assert compare_quality(table(20.04, 20, 19.96, 20), exact).same


def test_a_variant_that_gives_no_number_is_never_the_same():
    assert not compare_quality(table(20, math.nan, 20, 20), table(20, 20, 20, 20)).same


def test_bfloat16_is_measured_and_fp32_moves_by_nothing(tiny_data):
    found = gate(NAME, ["fp32", "bf16"], tiny_data, limit=4)
    assert found["fp32"].moved_db == 0
    assert found["fp32"].same
    assert found["bf16"].moved_db != 0


def test_a_bad_variant_is_refused(tiny_data):
    def make(module, precision, device):
        return Darker(module)

    (quality,) = gate(NAME, ["bf16"], tiny_data, make=make).values()
    assert not quality.same
    assert quality.psnr != quality.psnr_fp32


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_variants_compute_in_the_type_they_are_named_after(precision):
    conv = torch.nn.Conv2d(3, 3, 1)
    with torch.inference_mode():
        result = variant(conv_of_images(conv), precision, "cpu")(torch.rand(1, 3, 4, 4))
    assert result.dtype == {"bf16": torch.bfloat16, "fp16": torch.float16}[precision]


def conv_of_images(conv):
    class Model(torch.nn.Module):
        def forward(self, images, regions=None):
            return conv(images)

    return Model()


def test_a_speed_without_its_quality_is_refused(capsys):
    assert main(["time", "--methods", NAME, "--precision", "bf16"]) == 2
    assert "a speed is listed with its quality; give --data DIR too" in capsys.readouterr().err


def test_an_unknown_precision_lists_the_known(capsys):
    assert main(["time", "--methods", NAME, "--precision", "int8"]) == 2
    assert ", ".join(PRECISIONS) in capsys.readouterr().err


def test_the_quality_stands_beside_the_speed(tiny_data, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("benchmarks.cost.timing.SECONDS", 0.0)
    arguments = ["--methods", NAME, "--precision", "fp32", "bf16", "--sizes", "64x48"]
    arguments += ["--data", str(tiny_data), "--limit", "2", "--budget", "0.2"]
    assert main(["time", *arguments, "--device", "cpu", "--out", str(tmp_path)]) == 0
    rows = pd.read_csv(tmp_path / "timing.csv").set_index(["precision", "what"])
    assert rows.loc[("bf16", "model"), "same"] in ("yes", "refused")
    assert math.isfinite(rows.loc[("bf16", "model"), "moved_db"])
