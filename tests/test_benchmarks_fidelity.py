"""Region C: worst pixels, unchanged pixels and leaked light."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.metrics import METRICS, Target, score_target

NAMES = (
    "unchanged",
    "largest_codes",
    "delta_e_2000_p99",
    "delta_e_2000_max",
    "leakage",
    "far_leak",
    "psnr",
)


@pytest.fixture
def target(rng) -> Target:
    """A band of twelve columns between A on the left and C on the right."""
    reference = (rng.random((80, 120, 3)) * 0.5 + 0.3).astype(np.float32)
    regions = np.zeros((80, 120), np.uint8)
    regions[:, :40], regions[:, 40:52] = 2, 1
    return Target(reference, (reference * 0.6).astype(np.float32), regions)


def in_c(estimate: np.ndarray, target: Target) -> dict[str, float]:
    values = score_target(estimate, target, names=NAMES)
    return {name: values[METRICS[name].region_id("C")] for name in NAMES}


def test_hands_off_is_perfect(target):
    values = in_c(target.ideal.encoded, target)
    assert values["unchanged"] == 1 and values["psnr"] == np.inf
    assert values["largest_codes"] == values["delta_e_2000_max"] == values["far_leak"] == 0
    assert values["leakage"] < 0.01  # the blur carries a little of the band across the border


def test_one_spoilt_pixel_is_seen_by_the_worst_and_not_by_the_percentile(target):
    estimate = target.ideal.encoded.copy()
    estimate[40, 100] = 0
    values = in_c(estimate, target)
    pixels = int((target.regions == 0).sum())
    assert values["unchanged"] == pytest.approx(1 - 1 / pixels)
    assert values["largest_codes"] == pytest.approx(255 * target.input.encoded[40, 100].max())
    assert values["delta_e_2000_p99"] == 0
    assert values["delta_e_2000_max"] == pytest.approx(
        METRICS["delta_e_2000"](
            *(np.float64(p[40:41, 100:101]) for p in (estimate, target.input.encoded))
        )
    )


def test_the_maximum_is_found_in_float64(target, rng):
    estimate = np.clip(target.ideal.encoded + rng.normal(0, 0.2, (80, 120, 3)), 0, 1)
    estimate = estimate.astype(np.float32)
    weight = target.regions == 0
    images = estimate, target.ideal.encoded
    exact = METRICS["delta_e_2000_max"](*(np.float64(image) for image in images), weight)
    assert METRICS["delta_e_2000_max"](*images, weight) == pytest.approx(exact, abs=1e-9)


def test_one_code_of_rounding_counts_as_unchanged(target):
    estimate = np.clip(target.ideal.encoded + np.float32(1 / 255), 0, 1)
    assert in_c(estimate, target)["unchanged"] == 1
    estimate = np.clip(target.ideal.encoded + np.float32(1.5 / 255), 0, 1)
    assert in_c(estimate, target)["unchanged"] == 0


def test_a_global_edit_leaks_by_the_share_of_c(target):
    values = in_c(target.reference.encoded, target)
    assert values["leakage"] == pytest.approx(68 / 120, abs=0.02)
    assert values["far_leak"] > 0.5  # stops: the reference is 1.2 to 1.5 stops brighter


def test_a_leak_near_the_band_is_not_far(target):
    near = target.ideal.encoded.copy()
    near[:, 52:56] = target.reference.encoded[:, 52:56]
    values = in_c(near, target)
    assert values["leakage"] > 0.03 and values["far_leak"] < 1e-3


def test_noise_alone_is_hardly_leakage(target, rng):
    """Unsmoothed it would read several per cent more."""
    noisy = target.ideal.encoded + rng.normal(0, 2 / 255, target.ideal.encoded.shape)
    noisy = np.clip(noisy, 0, 1).astype(np.float32)
    assert in_c(noisy, target)["leakage"] < 0.04


def test_doing_nothing_has_no_leakage_to_share_out(target):
    values = in_c(target.input.encoded, target)
    assert np.isnan(values["leakage"]) and values["far_leak"] == 0


def test_a_large_difference_outside_the_region_is_never_its_maximum(target):
    """Even when the largest difference inside is far smaller than what float32 may hide."""
    estimate = target.input.encoded.copy()
    inside = target.weights["C"] >= 0.5
    estimate[~inside] = 1 - estimate[~inside]
    estimate[inside] = np.minimum(estimate[inside] + np.float32(1e-5), 1)
    largest = METRICS["delta_e_2000_max"](estimate, target.input.encoded, target.weights["C"])
    assert 0 < largest < 0.1
