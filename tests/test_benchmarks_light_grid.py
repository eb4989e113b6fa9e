"""models.networks.light_grid: its map, its grid, its statistics and its regions."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from benchmarks.methods.models import ModelError, build
from benchmarks.methods.models.parts.bilateral_grid import apply_bgu
from benchmarks.methods.models.parts.gain_grid import apply_gains, slice_gains
from benchmarks.methods.models.parts.tone_map import ToneMap, bake, clamp_inwards
from benchmarks.methods.models.parts.tone_statistics import (
    COUNT,
    quantiles,
    region_statistics,
    statistics,
)
from benchmarks.training.losses import LOSSES
from datagen.regions.labels import alpha, ideal
from luts import apply
from luts.torch.transfer import decode_srgb as decode
from luts.torch.transfer import encode_srgb as encode

ROWS = ["light_grid", "light_grid+concat"]


def pictures(*shape, seed=0, brightest=0.6):
    return brightest * torch.rand(*shape, generator=torch.Generator().manual_seed(seed)).square()


def hwc(images):
    return images[0].permute(1, 2, 0).numpy()


def strong(name, seed=0, **settings):
    """A model with something to say, though untrained."""
    torch.manual_seed(seed)
    model = build(name, **settings).eval()
    torch.nn.init.normal_(model.head.weight, 0.0, 0.05)
    if model.trunk is not None:
        torch.nn.init.normal_(model.trunk.look[-1].weight, 0.0, 0.2)
    return model


def circle(height, width, inner, outer):
    """(1, 2, H, W) region maps: A within `inner` pixels of the middle, B within `outer`."""
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    r = ((y - height / 2).square() + (x - width / 2).square()).sqrt()
    return torch.stack([r <= inner, r <= outer])[None].float()


# The map


@torch.no_grad()
def test_without_an_opinion_it_leaves_the_picture_alone():
    model = build("light_grid").eval()
    torch.nn.init.zeros_(model.head.weight)
    torch.nn.init.zeros_(model.trunk.look[-1].weight)
    images = pictures(2, 3, 61, 90, brightest=1.0)
    torch.testing.assert_close(model(images).image, images, atol=2e-3, rtol=0)


@torch.no_grad()
@pytest.mark.parametrize("size", [(1, 1), (1, 7), (20, 30)])
def test_a_black_picture_stays_black_and_finite(size):
    image = strong("light_grid")(torch.zeros(1, 3, *size)).image
    assert image.shape == (1, 3, *size)
    assert image.abs().max() < 1e-6


@torch.no_grad()
def test_curves_rise_whatever_is_predicted():
    tone, _ = strong("light_grid")._judged(pictures(4, 3, 30, 40), None)
    ramp = torch.linspace(0, 1, 257)[None, :, None].expand(4, -1, 3)
    assert (tone.brightened(ramp).diff(dim=1) > 0).all()
    assert tone.brightened(ramp)[:, 0].abs().max() == 0


def test_even_steps_a_unit_matrix_and_no_stops_change_nothing():
    none = torch.zeros(1, 1)
    tone = ToneMap(torch.full((1, 3, 15), 1 / 15), torch.eye(3)[None], torch.zeros(1, 3), none)
    pixels = pictures(1, 200, 3, brightest=1.0)
    torch.testing.assert_close(tone(pixels), pixels, atol=1e-5, rtol=0)
    doubled = decode(tone.exposed(none + 1)(pixels))
    torch.testing.assert_close(doubled, 2 * decode(pixels), atol=1e-5, rtol=1e-4)


def test_beyond_the_ends_only_gradients_that_lead_back_pass():
    x = torch.tensor([-0.5, 0.5, 1.5], requires_grad=True)
    for sign, expected in ((1.0, [0, 1, 1]), (-1.0, [-1, -1, 0])):
        (gradient,) = torch.autograd.grad(sign * clamp_inwards(x).sum(), x)
        assert gradient.tolist() == expected


@torch.no_grad()
def test_the_baked_map_is_the_map():
    images = pictures(1, 3, 64, 96, brightest=1.0)
    tone, _ = strong("light_grid")._judged(images, None)
    exact = tone(images.flatten(2).transpose(1, 2)).clamp(0, 1)[0].view(64, 96, 3).numpy()
    error = np.abs(apply(bake(tone)[0], hwc(images), "trilinear").clip(0, 1) - exact)
    assert error.mean() < 1 / 255 / 2
    assert np.quantile(error, 0.99) < 2 / 255


# The grid


def test_gains_are_what_bilateral_guided_upsampling_slices():
    """A diagonal affine grid without offset, sliced by `bgu`, is the same thing."""
    rng = np.random.default_rng(1)
    encoded = rng.random((37, 53, 3), np.float32)
    multipliers = np.ones((5, 7, 4, 3), np.float32) * rng.uniform(0.5, 2, 3).astype(np.float32)
    affine = np.zeros((5, 7, 4, 4, 3), np.float32)
    affine[..., range(3), range(3)] = multipliers
    ours = apply_gains(np.log2(multipliers), encoded)
    np.testing.assert_allclose(ours, apply_bgu(affine, encoded), atol=2e-5)


@pytest.mark.parametrize("size", [(16, 16), (41, 33), (9, 3000)])
def test_both_ways_to_slice_agree(size):
    generator = torch.Generator().manual_seed(3)
    grid = torch.randn(1, 3, 8, 16, 16, generator=generator)
    images = 1.2 * torch.rand(1, 3, *size, generator=generator)
    expected = hwc(images * slice_gains(grid, images))
    ours = apply_gains(grid[0].permute(2, 3, 1, 0).numpy(), hwc(images))
    np.testing.assert_allclose(ours, expected, atol=2e-2, rtol=5e-3)  # remap has 5 bits


def test_a_grid_of_zeros_changes_nothing():
    images = pictures(2, 3, 20, 30, brightest=1.0)
    assert torch.equal(slice_gains(torch.zeros(2, 3, 4, 5, 6), images), torch.ones_like(images))


@torch.no_grad()
@pytest.mark.parametrize("name", ROWS)
def test_with_and_without_gradients_it_is_one_function(name):
    model, images = strong(name), pictures(2, 3, 64, 96, brightest=1.0)
    fast = model(images).image
    with torch.enable_grad():
        exact = model(images).image
    error = (fast - exact).abs()
    assert error.mean() < 1 / 255
    assert error.flatten().quantile(0.99) < 4 / 255


def test_half_precision_around_it_changes_nothing():
    model, images = strong("light_grid"), pictures(1, 3, 20, 30)
    expected = model(images).image
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(model(images).image, expected)


@torch.no_grad()
@pytest.mark.parametrize("part", ["grid", "curves", "matrix", "exposure"])
def test_every_part_can_be_left_out_and_counts(part):
    images = pictures(1, 3, 30, 40)
    whole, less = strong("light_grid"), strong("light_grid", **{part: False})
    less.load_state_dict(whole.state_dict(), strict=False)
    assert (whole(images).image - less(images).image).abs().max() > 1 / 255


# The statistics


def test_quantiles_are_those_of_numpy():
    values = pictures(2, 101, 3)
    shares = [0, 0.13, 0.5, 0.99, 1]
    expected = np.quantile(values.numpy(), shares, axis=1).transpose(1, 0, 2)
    np.testing.assert_allclose(quantiles(values, shares).numpy(), expected, atol=1e-6)


def test_statistics_do_not_depend_on_the_order_of_the_pixels():
    pixels = pictures(2, 300, 3)
    seen = statistics(pixels)
    assert seen.shape == (2, COUNT)
    torch.testing.assert_close(seen, statistics(pixels.flip(1)), atol=1e-4, rtol=1e-4)
    assert torch.isfinite(statistics(pixels[:, :1])).all()


def test_region_statistics_are_those_of_a():
    pixels = pictures(1, 100, 3)
    where = torch.zeros(1, 2, 100)
    where[:, 0, :20] = where[:, 1, :30] = 1
    seen = region_statistics(pixels, where)[0]
    inside = pixels[0, :20]
    assert seen[:2].tolist() == pytest.approx([0.2, 0.3])
    torch.testing.assert_close(seen[2:5] / 5, inside.mean(0) - pixels[0].mean(0))
    torch.testing.assert_close(seen[5:] / 5, inside.std(0, correction=0), atol=1e-4, rtol=1e-3)
    assert region_statistics(pixels, torch.zeros(1, 2, 100)).abs().max() == 0
    assert region_statistics(pixels, None)[0, :5].abs().sum().item() == pytest.approx(2, abs=1e-5)


# Regions


@torch.no_grad()
@pytest.mark.parametrize(("inner", "outer"), [(8, 16), (0, 0), (0, 9), (100, 100)])
def test_regions_are_blended_exactly_and_c_is_returned_bit_for_bit(inner, outer):
    images, regions = pictures(1, 3, 41, 33), circle(41, 33, inner, outer)
    model = strong("light_grid+concat")
    image = model(images, regions).image
    tone, scene = model._judged(images, regions)
    mapped = hwc(model._at_any_size(tone, images, regions, scene))
    weight = alpha(regions[0].sum(0).byte().numpy())
    np.testing.assert_allclose(hwc(image), ideal(hwc(images), mapped, weight), atol=2e-6)
    outside = (regions[:, 1:] == 0).expand_as(images)
    assert torch.equal(image[outside], images[outside])


def test_regions_of_another_size_are_refused():
    with pytest.raises(ModelError, match="regions must be"):
        build("light_grid+concat")(pictures(1, 3, 20, 30), torch.ones(1, 2, 20, 31))


# Learning


@pytest.mark.parametrize("name", ROWS)
def test_it_is_small(name):
    assert sum(p.numel() for p in build(name).parameters()) < 200_000


def test_it_learns_a_colour_cast_and_a_shade_in_one_corner():
    torch.manual_seed(0)
    reference = pictures(4, 3, 32, 32, brightest=1.0) * torch.tensor([0.7, 0.8, 0.6])[:, None, None]
    cast = torch.tensor([0.7, 1.0, 1.2])[:, None, None]
    shade = torch.ones(32, 32)
    shade[:16, :16] = 0.4
    degraded = encode(0.5 * cast * shade * decode(reference))
    model = build("light_grid")
    optimiser = torch.optim.Adam(model.parameters(), lr=3e-3)
    history = []
    for _ in range(100):
        terms = LOSSES["decibels"](model(degraded), degraded, reference)
        optimiser.zero_grad()
        sum(terms.values()).backward()
        optimiser.step()
        history.append(terms["l1"].item())
    assert history[-1] < 0.3 * history[0]
