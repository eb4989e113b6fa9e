"""Every metric of the table: right values, the same in regions, and refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.metrics import METRICS, MetricError, score_regions
from datagen.regions import labels as masks

PAIR = [
    name
    for name, metric in METRICS.items()
    if metric.of == "pair" and not metric.legacy and metric.regions != ("all",)
]
# Plain means over pixels: no percentile, no local window.
MEANS = [n for n in PAIR if METRICS[n].regions != ("C",) and not METRICS[n].region_rule]
MEANS.remove("loe")


@pytest.fixture
def pair(rng) -> tuple[np.ndarray, np.ndarray]:
    """A smooth picture with fine texture, and a darker, noisy one; odd sizes on purpose."""
    return natural(rng, 191, 243)


def pair_for(name: str, rng) -> tuple[np.ndarray, np.ndarray]:
    """Small for FLIP, which takes a second at this size; large enough for MS-SSIM."""
    return natural(rng, 47, 61) if name == "flip" else natural(rng, 191, 243)


def natural(rng, height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    y, x = np.mgrid[:height, :width] / 40
    base = 0.5 + 0.25 * np.stack([np.sin(x + y), np.cos(1.3 * x - y), np.sin(2 * y)], -1)
    reference = np.clip(base + rng.normal(0, 0.05, base.shape), 0, 1)
    estimate = np.clip(reference**1.4 + rng.normal(0, 0.03, base.shape), 0, 1)
    return estimate, reference


def circle(shape: tuple[int, int], inner: float = 60, outer: float = 80) -> np.ndarray:
    inner, outer = (radius * min(shape) / 191 for radius in (inner, outer))
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
def test_pixels_outside_a_region_change_nothing(name, rng):
    estimate, reference = pair_for(name, rng)
    weight = circle(estimate.shape[:2]) == masks.A
    other = np.where(weight[..., None], estimate, rng.random(estimate.shape))
    another = np.where(weight[..., None], reference, rng.random(estimate.shape))
    before = METRICS[name](estimate, reference, weight)
    assert np.isfinite(before)
    assert METRICS[name](other, another, weight) == before


@pytest.mark.parametrize("name", PAIR)
def test_weight_one_everywhere_is_the_frame(name, rng):
    estimate, reference = pair_for(name, rng)
    weight = np.ones(estimate.shape[:2])
    whole = METRICS[name](estimate, reference)
    assert METRICS[name](estimate, reference, weight) == pytest.approx(whole, abs=1e-9)


@pytest.mark.parametrize("name", PAIR)
def test_an_empty_region_has_no_value(name, rng):
    pair = pair_for(name, rng)
    weight = np.zeros(pair[0].shape[:2])
    assert np.isnan(METRICS[name](*pair, weight))


@pytest.mark.parametrize("name", PAIR)
def test_float32_agrees_with_float64(name, rng):
    pair = pair_for(name, rng)
    weight = circle(pair[0].shape[:2]) == masks.A
    for chosen in (None, weight):
        exact = METRICS[name](*pair, chosen)
        single = METRICS[name](*(a.astype(np.float32) for a in pair), chosen)
        # LOE counts pairs: one place in 3000 that rounds the other way is 1e-6 of them.
        assert single == pytest.approx(exact, rel=1e-5, abs=1e-5 if name == "loe" else 1e-6)


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


@pytest.mark.parametrize("name", PAIR)
def test_more_of_the_same_error_scores_worse(name, rng):
    """Darker and noisier twice over: further from a perfect value, in the stated direction."""
    metric = METRICS[name]
    reference = pair_for(name, rng)[1] * 0.9
    noise = rng.normal(0, 1, reference.shape)
    near, far = (
        metric(np.clip(reference * (1 - 2 * k) + k * noise, 0, 1), reference) for k in (0.01, 0.1)
    )
    if metric.unit.endswith("signed"):
        near, far = abs(near), abs(far)
    assert (near > far) == metric.higher_is_better and near != far


@pytest.mark.parametrize("name", MEANS)
def test_a_soft_weight_lies_between_its_parts(name, rng):
    """Half of the weight on one side: the value is not that of either side alone."""
    estimate, reference = pair_for(name, rng)
    left = np.zeros(estimate.shape[:2])
    left[:, : left.shape[1] // 2] = 1
    one, two = (METRICS[name](estimate, reference, w) for w in (left, 1 - left))
    soft = METRICS[name](estimate, reference, 0.5 + 0.4 * left)
    assert min(one, two) <= soft <= max(one, two)


@pytest.mark.parametrize("name", sorted(set(PAIR) - {"ms_ssim", "loe"}))  # scaled with the frame
def test_context_outside_the_region_is_not_needed(name, rng):
    """Cropping to the region and a margin gives the value of the whole frame."""
    estimate, reference = pair_for(name, rng)
    weight = (circle(estimate.shape[:2], 40, 50) == masks.A).astype(float)
    rows, columns = (np.flatnonzero(weight.any(axis)) for axis in (1, 0))
    crop = np.s_[rows[0] - 6 : rows[-1] + 7, columns[0] - 6 : columns[-1] + 7]
    whole = METRICS[name](estimate, reference, weight)
    cropped = METRICS[name](estimate[crop], reference[crop], weight[crop])
    assert cropped == pytest.approx(whole, rel=2e-3 if name == "flip" else 1e-9)


def test_ms_ssim_of_five_equal_scales_is_known(rng):
    """Constant images have no contrast: only the luminance factor of the coarsest scale is left."""
    one, two = np.full((176, 180, 3), 0.5), np.full((176, 180, 3), 0.25)
    luminance = (2 * 0.5 * 0.25 + 1e-4) / (0.5**2 + 0.25**2 + 1e-4)
    assert METRICS["ms_ssim"](one, two) == pytest.approx(luminance**0.1333, rel=1e-9)


def test_ms_ssim_has_no_value_below_161_pixels(rng):
    assert np.isnan(METRICS["ms_ssim"](*natural(rng, 160, 300)))
    assert np.isfinite(METRICS["ms_ssim"](*natural(rng, 161, 300)))


def test_delta_e_itp_equals_colour_science(pair):
    colour = pytest.importorskip("colour")
    from luts.colour.transfer import decode_srgb

    rgb = colour.RGB_COLOURSPACES["sRGB"], colour.RGB_COLOURSPACES["ITU-R BT.2020"]
    ictcp = [
        colour.RGB_to_ICtCp(
            colour.RGB_to_RGB(decode_srgb(image), *rgb) * 203, method="ITU-R BT.2100-2 PQ"
        )
        for image in pair
    ]
    expected = colour.difference.delta_E_ITP(*ictcp).mean()
    assert METRICS["delta_e_itp"](*pair) == pytest.approx(expected, rel=2e-3)


def test_the_angle_ignores_exposure_and_is_zero_for_equal_images(pair):
    from luts.colour.transfer import decode_srgb, encode_srgb

    reference = pair[1]
    darker = encode_srgb(decode_srgb(reference) / 4)
    assert METRICS["angular_error"](darker, reference) < 1e-6
    single = reference.astype(np.float32)
    assert METRICS["angular_error"](single, single) == 0
    red, green = np.zeros((2, 8, 8, 3))
    red[..., 0] = green[..., 1] = 0.5
    assert METRICS["angular_error"](red, green) == pytest.approx(90)


def test_one_stop_too_dark_is_one_stop(pair):
    from luts.colour.transfer import encode_srgb

    bright, dark = (np.full((40, 50, 3), encode_srgb(np.array(v))) for v in (0.49, 0.24))
    assert METRICS["ev_bias"](dark, bright) == pytest.approx(-1)
    assert METRICS["ev_rmse"](dark, bright) == pytest.approx(1)


def test_lightness_order_is_kept_by_a_curve_and_lost_by_a_negative(pair):
    assert METRICS["loe"](pair[1] ** 0.5, pair[1]) < 0.01
    grey = pair[1][..., :1].repeat(3, 2)
    assert METRICS["loe"](1 - grey, grey) > 0.99


def test_ids_are_unique_and_say_where():
    ids = [metric.region_id(region) for metric in METRICS.values() for region in metric.regions]
    assert len(set(ids)) == len(ids)
    assert METRICS["ssim"].region_id("A") == "ssim@1(rgb,gauss11,sigma1.5,pop,valid)[A:nconv]"
    assert METRICS["ssim"].region_id("all") == "ssim@1(rgb,gauss11,sigma1.5,pop,valid)[all]"


def test_importing_the_table_does_not_import_torch():
    import subprocess
    import sys

    code = "import sys, benchmarks.metrics; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_unknown_metrics_and_lonely_band_metrics_are_refused(pair):
    regions = circle(pair[0].shape[:2])
    with pytest.raises(MetricError, match="no metric 'psnrr'"):
        score_regions(*pair, pair[1], regions, names=["psnrr"])
    with pytest.raises(MetricError, match="use score_regions"):
        METRICS["span"](*pair)
    with pytest.raises(MetricError, match="whole frame only"):
        METRICS["psnr_gt_mean"](*pair, regions == 2)


def test_the_documentation_lists_every_metric_by_its_id():
    page = (Path(__file__).parent.parent / "docs" / "metrics.md").read_text("utf-8")
    missing = [m.id for m in METRICS.values() if f"`{m.id}`".replace("|", "\\|") not in page]
    assert not missing


def test_images_are_never_written_to(pair):
    """Whatever is computed in place is computed on copies."""
    images = [image.astype(np.float32) for image in (*pair, pair[1] * 0.5)]
    for image in images:
        image.flags.writeable = False
    names = [name for name, m in METRICS.items() if name != "flip" and not m.needs]
    before = [image.copy() for image in images]
    score_regions(*images, circle(pair[0].shape[:2]), names=names)
    assert all((a == b).all() for a, b in zip(images, before, strict=True))
