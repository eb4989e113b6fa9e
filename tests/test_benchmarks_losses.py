"""benchmarks.training.losses: reference values, invariances, refusals."""

from __future__ import annotations

import pytest
import torch

from benchmarks.methods.models import ModelError
from benchmarks.methods.models.output import Output
from benchmarks.methods.models.parts.region_mean import region_mean
from benchmarks.training.losses import LOSSES
from benchmarks.training.losses.regions import WEIGHTS, gradient_smoothness, region_loss
from benchmarks.training.losses.retinex import hue_distance, illumination_smoothness
from benchmarks.training.losses.zero_reference import (
    colour_constancy,
    curve_smoothness,
    exposure,
    spatial_consistency,
)


def images(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def output_for(estimate):
    n, _, h, w = estimate.shape
    return Output(estimate, illumination=images(n, 3, h, w), curves=images(n, 24, h, w) - 0.5)


def half_regions(n, h, w):
    """A is the left half, B the next quarter, C the rest."""
    regions = torch.zeros(n, 2, h, w)
    regions[:, 0, :, : w // 2] = 1
    regions[:, 1, :, : 3 * w // 4] = 1
    return regions


def test_the_colour_loss_of_known_means_is_the_authors_codes():
    means = torch.tensor([0.5, 0.4, 0.3]).view(1, 3, 1, 1).expand(1, 3, 16, 16)
    # Differences 0.1, 0.1, 0.2: the code's root of fourth powers, not the printed 0.06.
    assert colour_constancy(means).item() == pytest.approx(18e-4**0.5, rel=1e-5)


def test_the_colour_loss_of_a_grey_image_has_a_finite_gradient():
    grey = torch.full((1, 3, 16, 16), 0.5, requires_grad=True)
    colour_constancy(grey).backward()
    assert torch.isfinite(grey.grad).all()


def test_the_exposure_loss_is_the_squared_distance_to_the_level():
    assert exposure(torch.full((2, 3, 32, 32), 0.5)).item() == pytest.approx(0.01, rel=1e-4)
    assert exposure(torch.full((2, 3, 32, 32), 0.6)).item() == pytest.approx(0, abs=1e-10)


def test_the_exposure_loss_refuses_images_smaller_than_its_cell():
    with pytest.raises(ModelError, match="at least 16 pixels"):
        exposure(torch.rand(1, 3, 15, 40))


def test_a_uniform_offset_is_spatially_consistent_except_at_the_zero_padded_border():
    degraded = images(1, 3, 32, 32) * 0.5
    assert spatial_consistency(degraded + 0.1, degraded, border="replicate") < 1e-10
    # 8x8 cells: 32 cell sides look outside and see the offset itself.
    expected = 32 / 64 * 0.1**2
    assert spatial_consistency(degraded + 0.1, degraded).item() == pytest.approx(expected, rel=1e-4)


def test_the_smoothness_of_a_ramp_is_twice_its_squared_slope_times_the_channels():
    ramp = torch.arange(8.0).expand(2, 24, 8, 8) * 0.1
    assert curve_smoothness(ramp).item() == pytest.approx(2 * 24 * 0.01, rel=1e-4)


def test_grey_images_have_no_hue_distance_and_primaries_have_one():
    red, green = torch.zeros(1, 3, 4, 4), torch.zeros(1, 3, 4, 4)
    red[:, 0], green[:, 1] = 1, 1
    assert hue_distance(red * 0.3, red).item() == pytest.approx(0, abs=1e-6)
    assert hue_distance(red, green).item() == pytest.approx(1)


def test_illumination_steps_are_cheap_only_where_the_input_steps():
    step = torch.full((1, 3, 8, 8), 0.2)
    step[..., 4:] = 0.8
    flat = torch.full_like(step, 0.5)
    assert illumination_smoothness(step, step) < 1e-3 * illumination_smoothness(step, flat)
    assert illumination_smoothness(flat, step) == 0


def test_the_illumination_weight_on_flat_ground_is_the_published_constant():
    illumination = torch.zeros(1, 1, 4, 4)
    illumination[..., 2:] = 0.1  # one step of 0.1 in every row: 3 of the 3x3 overlap pixels
    expected = 0.5 * (1.5 / 1e-4) * 0.1**2 * (3 / 9)
    value = illumination_smoothness(illumination, torch.full((1, 3, 4, 4), 0.5))
    assert value.item() == pytest.approx(expected, rel=1e-4)


def test_planes_are_smooth_to_second_order_and_bowls_are_not():
    x = torch.arange(9.0)
    flat = torch.full((1, 3, 9, 9), 0.5)
    plane = (0.05 * x + 0.03 * x[:, None]).expand(1, 1, 9, 9)
    assert gradient_smoothness(plane, flat).item() == pytest.approx(0, abs=1e-6)
    bowl = (0.01 * x**2).expand(1, 1, 9, 9)  # xx = 0.02, weight 1 / 1e-4
    assert gradient_smoothness(bowl, flat).item() == pytest.approx(0.02**2 * 1e4, rel=1e-3)
    saddle = (0.01 * x * x[:, None]).expand(1, 1, 9, 9)  # xy = yx = 0.01
    assert gradient_smoothness(saddle, flat).item() == pytest.approx(2 * 0.01**2 * 1e4, rel=1e-3)


def test_a_region_mean_is_the_mean_inside_and_ignores_images_without_it():
    values = images(3, 2, 6, 6)
    weight = torch.zeros(3, 1, 6, 6)
    weight[0, :, :2] = 1
    weight[1, :, :, :3] = 1
    expected = (values[0, :, :2].mean() + values[1, :, :, :3].mean()) / 2
    assert region_mean(values, weight).item() == pytest.approx(expected.item(), rel=1e-5)
    assert region_mean(values, torch.zeros(3, 1, 6, 6)) == 0


@pytest.mark.parametrize("name", LOSSES)
def test_a_full_weight_changes_nothing(name):
    degraded, reference, estimate = (images(2, 3, 32, 32, seed=s) for s in range(3))
    output = output_for(estimate)
    everywhere = LOSSES[name](output, degraded, reference, torch.ones(2, 1, 32, 32))
    plain = LOSSES[name](output, degraded, reference)
    assert everywhere.keys() == plain.keys()
    for term, value in plain.items():
        assert everywhere[term].item() == pytest.approx(value.item(), rel=1e-4)


@pytest.mark.parametrize("name", LOSSES)
def test_what_lies_outside_the_region_has_no_say(name):
    degraded, reference, estimate = (images(1, 3, 32, 32, seed=s) for s in range(3))
    weight = torch.zeros(1, 1, 32, 32)
    weight[..., :16] = 1
    output = output_for(estimate)
    inside = LOSSES[name](output, degraded, reference, weight)
    changed = Output(*(x.clone() for x in (output.image, output.illumination, output.curves)))
    for x in (changed.image, changed.illumination, changed.curves):
        # Two cells away: the spatial and smoothness terms look one cell past the border.
        x[..., 20:] = 0.123
    outside = LOSSES[name](changed, degraded, reference, weight)
    for term, value in inside.items():
        assert outside[term].item() == pytest.approx(value.item(), rel=1e-5)


def test_region_terms_see_their_own_region_only():
    degraded, reference = images(2, 3, 32, 32), images(2, 3, 32, 32, seed=1)
    regions = half_regions(2, 32, 32)
    untouched = region_loss(LOSSES["l2"], Output(degraded), degraded, reference, regions)
    assert untouched["C l2"] == 0
    assert untouched["A l2"] > 0
    corrected = torch.where(regions[:, :1] > 0, reference, degraded)
    terms = region_loss(LOSSES["l2"], Output(corrected), degraded, reference, regions)
    assert terms["A l2"] == 0
    assert terms["B smoothness"] > 0


def test_each_region_term_is_divided_by_its_own_coverage():
    degraded = torch.full((1, 3, 32, 32), 0.5)
    regions = half_regions(1, 32, 32)
    terms = region_loss(LOSSES["l2"], Output(degraded + 0.1), degraded, degraded, regions)
    # The same error everywhere gives the same term whatever the area: A is half, C a quarter.
    assert terms["A l2"].item() == pytest.approx(0.01, rel=1e-4)
    assert terms["C l2"].item() == pytest.approx(0.01, rel=1e-4)


def test_the_ablation_leaves_the_band_to_nobody():
    degraded, regions = images(1, 3, 32, 32), half_regions(1, 32, 32)
    weights = WEIGHTS | {"B": 0}
    terms = region_loss(LOSSES["l2"], Output(degraded), degraded, degraded, regions, weights)
    assert "B smoothness" not in terms
    in_band = degraded.clone()
    in_band[..., 16:24] += 0.1
    terms = region_loss(LOSSES["l2"], Output(in_band), degraded, degraded, regions, weights)
    assert terms["C l2"] > 0
