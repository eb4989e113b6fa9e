"""The automatic reference: a rule that can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from datagen.develop.auto_exposure import auto_exposure


def grey(*values: float) -> np.ndarray:
    return np.repeat(np.float32(values).reshape(1, -1, 1), 3, axis=2)


def test_white_goes_to_white_when_the_middle_is_grey():
    scene = grey(*[0.09] * 70, *[0.5] * 30)
    assert auto_exposure(scene) == pytest.approx(1.0, abs=1e-3)


def test_a_bright_picture_stays_bright():
    """White at 0.5 asks for +1; the median wants much less and gets half a stop."""
    assert auto_exposure(grey(*[0.45] * 90, *[0.5] * 10)) == pytest.approx(0.5, abs=1e-3)


def test_a_night_stays_a_night():
    """Lamps at the clip, the rest 8 stops below: opened by 1.5 EV, not by the 6 to middle grey."""
    assert auto_exposure(grey(*[1 / 256] * 95, *[1.0] * 5)) == 1.5


@pytest.mark.parametrize("ev", [-2.0, -0.7, 0.4, 1.0])
def test_the_rule_undoes_any_exposure(rng, ev):
    scene = rng.random((20, 30, 3)).astype(np.float32) * 0.2
    assert auto_exposure(scene * np.float32(2.0**ev)) == pytest.approx(
        auto_exposure(scene) - ev, abs=2e-3
    )


def test_what_has_no_exposure_is_left():
    assert auto_exposure(np.zeros((4, 4, 3), np.float32)) == 0.0
    assert auto_exposure(grey(*[1e-9] * 10)) == 4.0
