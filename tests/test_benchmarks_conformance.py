"""The conformance suite: our own metrics pass it, and the usual mistakes do not."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.cli import main
from benchmarks.commands.conform import METRICS as SUITES
from benchmarks.conformance.checks import CHECKS, REGION, pictures, run_check, wang_ssim
from benchmarks.metrics import METRICS
from luts.colour.colorimetry import delta_e_1976, delta_e_2000

OURS = {"psnr": METRICS["psnr"], "ssim": METRICS["ssim"], "delta_e_2000": delta_e_2000}
PAIR = [
    name
    for name, metric in METRICS.items()
    if metric.of == "pair" and not metric.legacy and metric.regions != ("all",)
]


@pytest.mark.parametrize("metric", CHECKS)
def test_our_metrics_conform(metric):
    for check in CHECKS[metric]:
        finding = run_check(check, OURS[metric])
        assert finding.passed, (check.name, finding.said)


@pytest.mark.parametrize("name", sorted(set(PAIR) - {"ms_ssim", "flip"}))  # too small, too slow
def test_every_region_metric_keeps_the_invariances(name):
    for check in REGION:
        finding = run_check(check, METRICS[name])
        assert finding.passed, (check.name, finding.said)


def test_the_slow_definition_of_ssim_is_scikit_images():
    skimage = pytest.importorskip("skimage.metrics")
    pair = pictures(37, 41)
    expected = skimage.structural_similarity(
        *pair, channel_axis=2, data_range=1, gaussian_weights=True, sigma=1.5,
        use_sample_covariance=False,
    )  # fmt: skip
    assert wang_ssim(*pair) == pytest.approx(expected, abs=1e-12)


def mse_with_epsilon(estimate, reference):
    return -10 * np.log10(np.mean((estimate - reference) ** 2) + 1e-8)


def scikit_image_default(estimate, reference):
    skimage = pytest.importorskip("skimage.metrics")
    return skimage.structural_similarity(estimate, reference, channel_axis=2, data_range=1)


def region_by_multiplying(estimate, reference, weight=None):
    weight = np.ones(estimate.shape[:2]) if weight is None else weight
    return METRICS["psnr"](estimate * weight[..., None], reference * weight[..., None])


MISTAKES = {
    "an epsilon": (CHECKS["psnr"], mse_with_epsilon, "identical images are inf"),
    "skimage's default window": (CHECKS["ssim"], scikit_image_default, "Wang's definition on odd"),
    "1976 instead of 2000": (CHECKS["delta_e_2000"], delta_e_1976, "Sharma's 34 pairs"),
    "masking by multiplication": (REGION, region_by_multiplying, "an empty region is NaN"),
    "no weight": (REGION, lambda e, r: 1.0, "outside a region"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_usual_mistake_is_found_by_name(mistake):
    checks, function, caught_by = MISTAKES[mistake]
    failed = [check.name for check in checks if not run_check(check, function).passed]
    assert any(name.startswith(caught_by) for name in failed)


def test_the_command_says_pass_or_fail_and_why(capsys):
    assert main(["conform", "delta_e_2000"]) == 0
    assert capsys.readouterr().out.count("pass") == 2
    assert main(["conform", "delta_e_2000", "luts.colour.colorimetry:delta_e_1976"]) == 1
    assert "FAIL  Sharma's 34 pairs" in capsys.readouterr().out
    assert main(["conform", "psnr", "no.such:thing"]) == 2
    assert "no.such: ModuleNotFoundError" in capsys.readouterr().err


def test_the_command_offers_every_suite():
    assert {*SUITES} == {*CHECKS, "band"}
