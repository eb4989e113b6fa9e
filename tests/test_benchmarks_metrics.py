"""Every metric of the table: right values, the same in regions, and refusals."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.metrics import METRICS, MetricError, score_regions
from datagen import masks

PAIR = [name for name, metric in METRICS.items() if metric.of == "pair"]


@pytest.fixture
def pair(rng) -> tuple[np.ndarray, np.ndarray]:
    """A smooth picture with fine texture, and a darker, noisy one; odd sizes on purpose."""
    return natural(rng, 191, 243)


def natural(rng, height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    y, x = np.mgrid[:height, :width] / 40
    base = 0.5 + 0.25 * np.stack([np.sin(x + y), np.cos(1.3 * x - y), np.sin(2 * y)], -1)
    reference = np.clip(base + rng.normal(0, 0.05, base.shape), 0, 1)
    estimate = np.clip(reference**1.4 + rng.normal(0, 0.03, base.shape), 0, 1)
    return estimate, reference


def circle(shape: tuple[int, int], inner: float = 40, outer: float = 60) -> np.ndarray:
    y, x = np.mgrid[: shape[0], : shape[1]]
    away = np.hypot(y - shape[0] / 2, x - shape[1] / 2)
    return np.where(away < inner, 2, np.where(away < outer, 1, 0)).astype(np.uint8)


def test_a_constant_shift_has_a_known_psnr():
    reference = np.full((20, 30, 3), 0.4)
    assert METRICS["psnr"](reference + 0.1, reference) == pytest.approx(20, abs=1e-9)


@pytest.mark.parametrize("size", [(64, 64), (37, 91), (11, 11), (130, 45)])
def test_ssim_equals_scikit_image_in_wang_mode(rng, size):
    skimage = pytest.importorskip("skimage.metrics")
    estimate, reference = natural(rng, *size)
    expected = skimage.structural_similarity(
        estimate,
        reference,
        channel_axis=2,
        data_range=1,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
    )
    assert METRICS["ssim"](estimate, reference) == pytest.approx(expected, abs=1e-9)
    single = METRICS["ssim"](estimate.astype(np.float32), reference.astype(np.float32))
    windows = (size[0] - 10) * (size[1] - 10)  # single windows round by 1e-5, their mean does not
    assert single == pytest.approx(expected, abs=1e-6 + 1e-5 / windows)


@pytest.mark.parametrize("name", PAIR)
def test_pixels_outside_a_region_change_nothing(name, pair, rng):
    estimate, reference = pair
    weight = circle(estimate.shape[:2]) == masks.A
    other = np.where(weight[..., None], estimate, rng.random(estimate.shape))
    another = np.where(weight[..., None], reference, rng.random(estimate.shape))
    before = METRICS[name](estimate, reference, weight)
    assert np.isfinite(before)
    assert METRICS[name](other, another, weight) == before


@pytest.mark.parametrize("name", PAIR)
def test_weight_one_everywhere_is_the_frame(name, pair):
    estimate, reference = pair
    weight = np.ones(estimate.shape[:2])
    whole = METRICS[name](estimate, reference)
    assert METRICS[name](estimate, reference, weight) == pytest.approx(whole, abs=1e-9)


@pytest.mark.parametrize("name", PAIR)
def test_an_empty_region_has_no_value(name, pair):
    weight = np.zeros(pair[0].shape[:2])
    assert np.isnan(METRICS[name](*pair, weight))


@pytest.mark.parametrize("name", PAIR)
def test_float32_agrees_with_float64(name, pair):
    weight = circle(pair[0].shape[:2]) == masks.A
    for chosen in (None, weight):
        exact = METRICS[name](*pair, chosen)
        single = METRICS[name](*(a.astype(np.float32) for a in pair), chosen)
        assert single == pytest.approx(exact, rel=1e-5, abs=1e-6)


def test_regions_are_compared_with_what_each_of_them_wants(pair):
    """A with the reference, C with the input, B with the blend of both in linear light."""
    estimate, reference = (a.astype(np.float32) for a in pair)
    degraded = (reference * 0.5).astype(np.float32)
    regions = circle(reference.shape[:2])
    values = score_regions(estimate, reference, degraded, regions)
    blend = masks.ideal(degraded, reference, masks.alpha(regions))
    wanted = {"A": reference, "B": blend, "C": degraded}
    for name in ("psnr", "ssim", "delta_e_2000"):
        for label, region in ((2, "A"), (1, "B"), (0, "C")):
            alone = METRICS[name](estimate, wanted[region], regions == label)
            assert values[METRICS[name].region_id(region)] == pytest.approx(alone, rel=1e-5)
        assert values[METRICS[name].region_id("all")] == pytest.approx(
            METRICS[name](estimate, blend), rel=1e-5
        )


def test_a_perfect_local_correction_scores_perfectly_everywhere(pair):
    reference = pair[1].astype(np.float32)
    degraded = (reference * 0.5).astype(np.float32)
    regions = circle(reference.shape[:2])
    perfect = masks.ideal(degraded, reference, masks.alpha(regions))
    values = score_regions(perfect, reference, degraded, regions, names=["psnr", "ssim"])
    for region in ("A", "B", "C", "all"):
        assert values[METRICS["psnr"].region_id(region)] == np.inf
        assert values[METRICS["ssim"].region_id(region)] == pytest.approx(1, abs=1e-6)


def test_a_global_sample_has_no_value_in_the_empty_regions(pair):
    regions = np.full(pair[0].shape[:2], 2, np.uint8)
    values = score_regions(*pair, pair[1] * 0.5, regions, names=["psnr", "ssim"])
    assert np.isnan(values["psnr@1(rgb,[0,1])[B]"]) and np.isnan(values["psnr@1(rgb,[0,1])[C]"])
    assert values["psnr@1(rgb,[0,1])[A]"] == pytest.approx(values["psnr@1(rgb,[0,1])[all]"])


def test_squared_errors_of_regions_add_up_to_the_frames(pair):
    """Union consistency: the frame's error is the mean of the regions', weighted by area."""
    regions = circle(pair[0].shape[:2])
    parts = [regions == label for label in (0, 1, 2)]
    errors = [10 ** (-METRICS["psnr"](*pair, part) / 10) for part in parts]
    frame = 10 ** (-METRICS["psnr"](*pair) / 10)
    assert np.dot(errors, [part.mean() for part in parts]) == pytest.approx(frame, rel=1e-12)


BAD = {
    "sizes": (lambda e, r: (e[:-1], r), "metrics never resize"),
    "0..255": (lambda e, r: (e * 255, r), "divided by 255"),
    "integers": (lambda e, r: ((e * 255).astype(np.uint8), r), "dtype uint8"),
    "nan": (lambda e, r: (e, np.where(r > 0.5, np.nan, r)), "reference: .* NaN"),
    "negative": (lambda e, r: (e - 0.5, r), "estimate: values -"),
    "alpha": (lambda e, r: (np.concatenate([e, e[..., :1]], -1), r), "alpha channel"),
    "grey": (lambda e, r: (e[..., 0], r), r"\(height, width, 3\)"),
}


@pytest.mark.parametrize("mistake", BAD)
def test_images_that_do_not_fit_are_refused(mistake, pair):
    spoil, message = BAD[mistake]
    with pytest.raises(MetricError, match=message):
        METRICS["psnr"](*spoil(*pair))


def test_a_map_without_a_region_to_correct_is_refused(pair):
    with pytest.raises(MetricError, match="no pixel is A"):
        score_regions(*pair, pair[1], np.zeros(pair[0].shape[:2], np.uint8))


def test_a_weight_of_another_size_is_refused(pair):
    with pytest.raises(MetricError, match="weight: 243 x 190"):
        METRICS["psnr"](*pair, np.ones((190, 243)))
