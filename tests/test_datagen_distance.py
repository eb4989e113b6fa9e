"""datagen.dataset.distance: how far two data sets are apart."""

from __future__ import annotations

import numpy as np
import pytest

from datagen.cli import main
from datagen.dataset.derive import subset
from datagen.dataset.distance import QUANTITIES, distances, measured
from datagen.dataset.read import open_dataset


def sets(shift):
    rng = np.random.default_rng(0)
    one = {name: rng.normal(size=2000) for name in QUANTITIES}
    return one, {name: values + shift for name, values in one.items()}


def test_a_shift_is_its_own_wasserstein_distance():
    """W1 of a distribution and its translate is the translation (Villani 2009, chapter 6)."""
    for one in distances(*sets(0.75)):
        assert one.wasserstein == pytest.approx(0.75, abs=1e-9)
        assert 0.2 < one.kolmogorov_smirnov < 0.4  # 2 Phi(0.375) - 1 = 0.29 for unit normals


def test_a_set_is_at_no_distance_from_itself(tiny_data):
    values = measured(open_dataset(tiny_data))
    found = distances(values, values)
    assert found and all(one.wasserstein == one.kolmogorov_smirnov == 0 for one in found)
    assert {one.quantity for one in found} == set(QUANTITIES) - {"image_severity"}


def test_what_one_set_lacks_is_left_out():
    one, two = sets(1.0)
    two["ev"] = np.full(5, np.nan)
    assert "ev" not in {found.quantity for found in distances(one, two)}


def test_darker_samples_are_further_down(tiny_data, tmp_path, capsys):
    subset(tiny_data, "ev < 0", tmp_path / "dark")
    subset(tiny_data, "ev > 0", tmp_path / "light")
    out = tmp_path / "stats"
    words = ["stats", str(tmp_path / "light"), "--beside", str(tmp_path / "dark")]
    assert main([*words, "-o", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "| ev | stops | 1.00 / 1.00 / 1.00 | -1.00 / -1.00 / -1.00 | 2.000 | 1.00 |" in printed
    assert len(list(out.glob("distance_*"))) == 2
    assert main(words) == 0
    assert "| mean_luminance | stops |" in capsys.readouterr().out
