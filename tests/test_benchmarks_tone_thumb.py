"""benchmarks.methods.models.tone_thumb: its map, its meter, its statistics and its regions."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from benchmarks.methods.models import ModelError, build
from benchmarks.methods.models.checkpoints import load
from benchmarks.methods.models.output import MapsColour
from benchmarks.methods.models.tone_map import ToneMap, clamp_inwards
from benchmarks.methods.models.tone_statistics import (
    COUNT,
    meter,
    quantiles,
    region_statistics,
    statistics,
)
from benchmarks.methods.models.tone_thumb import bake
from datagen.dataset.read import load_pair, open_dataset
from datagen.develop.auto_exposure import auto_exposure
from datagen.regions.labels import alpha, ideal
from luts import apply, read_cube, write_cube
from luts.colour.transfer import decode_srgb, encode_srgb
from luts.torch.transfer import decode_srgb as decode
from luts.torch.transfer import encode_srgb as encode

ROWS = ["tone_thumb", "tone_thumb+concat"]


def pictures(*shape, seed=0, brightest=0.6):
    return brightest * torch.rand(*shape, generator=torch.Generator().manual_seed(seed)).square()


def hwc(images):
    return images[0].permute(1, 2, 0).numpy()


def strong(name, seed=0):
    """A model with something to say, though untrained."""
    torch.manual_seed(seed)
    model = build(name).eval()
    torch.nn.init.normal_(model.head.weight, 0.0, 0.2)
    return model


def circle(height, width, inner, outer):
    """(1, 2, H, W) region maps: A within `inner` pixels of the middle, B within `outer`."""
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    r = ((y - height / 2).square() + (x - width / 2).square()).sqrt()
    return torch.stack([r <= inner, r <= outer])[None].float()


def labels(regions):
    return regions[0].sum(0).byte().numpy()


# The map


@torch.no_grad()
@pytest.mark.parametrize("ev", [-1.0, 0.0, 1.0])
def test_without_an_opinion_it_is_the_automatic_exposure_of_the_references(ev):
    model = build("tone_thumb").eval()
    torch.nn.init.zeros_(model.head.weight)
    images = encode(0.2 * 2**ev * pictures(1, 3, 61, 90))
    linear = decode_srgb(hwc(images))
    expected = encode_srgb(np.clip(linear * 2 ** auto_exposure(linear), 0, 1))
    np.testing.assert_allclose(hwc(model(images).image), expected, atol=5e-4)


@pytest.mark.parametrize("seed", range(3))
def test_the_meter_is_the_rule_of_the_references(seed):
    linear = 10.0 ** (3 * pictures(1, 40, 50, 3, seed=seed, brightest=1.0) - 3)
    stops = meter(linear.flatten(1, 2)).item()
    assert stops == pytest.approx(auto_exposure(linear[0].numpy()), abs=1e-3)


def test_a_black_picture_stays_black_and_finite():
    for size in ((1, 1), (1, 7), (20, 30)):
        image = build("tone_thumb").eval()(torch.zeros(1, 3, *size)).image
        assert image.shape == (1, 3, *size)
        assert image.abs().max() < 1e-6


@torch.no_grad()
def test_curves_rise_whatever_is_predicted():
    tone = strong("tone_thumb").predict(pictures(4, 3, 30, 40))
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


def test_transfer_curves_are_those_of_the_project():
    values = torch.linspace(0, 2, 301)
    np.testing.assert_allclose(decode(values).numpy(), decode_srgb(values.numpy()), rtol=2e-6)
    np.testing.assert_allclose(encode(values).numpy(), encode_srgb(values.numpy()), rtol=2e-6)


def test_beyond_the_ends_only_gradients_that_lead_back_pass():
    x = torch.tensor([-0.5, 0.5, 1.5], requires_grad=True)
    for sign, expected in ((1.0, [0, 1, 1]), (-1.0, [-1, -1, 0])):
        (gradient,) = torch.autograd.grad(sign * clamp_inwards(x).sum(), x)
        assert gradient.tolist() == expected


# The baked map


@torch.no_grad()
@pytest.mark.parametrize("name", ROWS)
def test_the_baked_map_is_the_map(name):
    model, _ = load(name)
    images = pictures(2, 3, 64, 96, brightest=1.0)
    tone = model.predict(images)
    exact = tone(images.flatten(2).transpose(1, 2)).clamp(0, 1).transpose(1, 2).view_as(images)
    error = (model(images).image - exact).abs()
    assert error.mean() < 1 / 255 / 2
    assert error.flatten().quantile(0.99) < 2 / 255


@pytest.mark.parametrize("name", ROWS)
def test_the_exported_map_is_what_the_model_does_in_a(name, tmp_path):
    model = strong(name)
    images = pictures(1, 3, 40, 50)
    assert isinstance(model, MapsColour)
    (lut,) = model.colour_maps(images)
    with torch.no_grad():
        expected = hwc(model(images).image)
    np.testing.assert_allclose(apply(lut, hwc(images), "trilinear").clip(0, 1), expected, atol=1e-6)
    path = tmp_path / "map.cube"
    write_cube(lut, path, dialect="resolve")
    again = apply(read_cube(path), hwc(images), "trilinear").clip(0, 1)
    np.testing.assert_allclose(again, expected, atol=1e-5)


def test_a_map_does_not_depend_on_the_size_of_the_picture():
    model = strong("tone_thumb")
    small = pictures(1, 3, 128, 100)
    large = small.repeat_interleave(4, 2).repeat_interleave(4, 3)
    with torch.no_grad():
        maps = [bake(model.predict(x))[0] for x in (small, large)]
    ramp = np.linspace(0, 1, 50, dtype=np.float32)[:, None].repeat(3, 1)
    np.testing.assert_allclose(apply(maps[0], ramp), apply(maps[1], ramp), atol=2e-3)


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


@pytest.mark.parametrize(("inner", "outer"), [(8, 16), (0, 0), (0, 9), (100, 100)])
def test_regions_are_blended_exactly_and_c_is_returned_bit_for_bit(inner, outer):
    images, regions = pictures(1, 3, 41, 33), circle(41, 33, inner, outer)
    model = strong("tone_thumb+concat")
    with torch.no_grad():
        image = model(images, regions).image
    (lut,) = model.colour_maps(images, regions)
    mapped = apply(lut, hwc(images), "trilinear").clip(0, 1)
    weight = alpha(labels(regions))
    np.testing.assert_allclose(hwc(image), ideal(hwc(images), mapped, weight), atol=2e-6)
    outside = (regions[:, 1:] == 0).expand_as(images)
    assert torch.equal(image[outside], images[outside])


def test_nothing_to_correct_leaves_the_picture_alone():
    images = pictures(2, 3, 20, 30)
    with torch.no_grad():
        image = strong("tone_thumb+concat")(images, torch.zeros(2, 2, 20, 30)).image
    assert torch.equal(image, images)


def test_what_lies_in_c_does_not_count_in_the_loss():
    model = strong("tone_thumb+concat")
    images, regions = pictures(1, 3, 40, 40), circle(40, 40, 9, 14)
    elsewhere = torch.where(regions[:, 1:] > 0, images, 1 - images)

    def loss(reference):
        torch.manual_seed(0)
        return sum(model(images, regions, reference=reference).terms.values()).item()

    assert loss(images) == loss(elsewhere)
    assert loss(images) != loss(1 - images)
    nothing = model(images, torch.zeros(1, 2, 40, 40), reference=images).terms
    assert all(term == 0 for term in nothing.values())


def test_regions_of_another_size_are_refused():
    with pytest.raises(ModelError, match="regions must be"):
        build("tone_thumb+concat")(pictures(1, 3, 20, 30), torch.ones(1, 2, 20, 31))


# Learning


@pytest.mark.parametrize("name", ROWS)
def test_it_is_small(name):
    assert sum(p.numel() for p in build(name).parameters()) < 200_000


@pytest.mark.parametrize("name", ROWS)
def test_its_own_loss_learns_a_colour_cast(name):
    torch.manual_seed(0)
    reference = pictures(4, 3, 32, 32, brightest=1.0) * torch.tensor([0.7, 0.8, 0.6])[:, None, None]
    cast = torch.tensor([0.7, 1.0, 1.2])[:, None, None]
    degraded = encode(0.5 * cast * decode(reference))
    model = build(name, dropout=0.0)
    optimiser = torch.optim.Adam(model.parameters(), lr=3e-3)
    regions = torch.ones(4, 2, 32, 32)
    history = []
    for _ in range(60):
        terms = model(degraded, regions, reference=reference).terms
        optimiser.zero_grad()
        sum(terms.values()).backward()
        optimiser.step()
        history.append(terms["l1"].item())
    assert history[-1] < 0.2 * history[0]


@torch.no_grad()
@pytest.mark.parametrize("name", ROWS)
def test_a_darker_picture_is_brightened_more(name, tiny_data):
    model, _ = load(name)
    data = open_dataset(tiny_data)
    for row in data.rows:
        encoded = torch.from_numpy(load_pair(data, row).degraded).permute(2, 0, 1)[None]
        light = [decode(encoded) * 2.0**-ev for ev in range(3)]
        predicted = [model.predict(encode(x)) for x in light]
        stops = [(tone.exposure + tone.stops.mean(1)).item() for tone in predicted]
        assert stops == sorted(stops)
