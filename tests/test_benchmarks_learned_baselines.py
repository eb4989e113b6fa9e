"""benchmarks.methods.models: RetinexNet, HDR-CNN, DPED, DPE; with Retinexformer, what all share."""

from __future__ import annotations

import math

import pytest
import torch

from benchmarks.methods.models import MODELS, ModelError, build
from benchmarks.methods.models.networks.hdr_cnn import FLOOR, TONE_RATE, Reinhard
from benchmarks.methods.models.networks.retinexnet import (
    WEIGHTS,
    decomposition_terms,
    structure_smoothness,
)

FAMILIES = ("retinexnet", "hdr_cnn", "dped", "dpe", "retinexformer")


def images(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def count(module):
    return sum(p.numel() for p in module.parameters())


@pytest.fixture
def small(request):
    torch.manual_seed(0)
    return build(request.param).eval()


@pytest.mark.parametrize("name", FAMILIES)
def test_the_full_size_is_kept_out_of_groups_and_the_small_one_is_much_smaller(name):
    assert MODELS[name].slow
    assert not MODELS[f"{name}_small"].slow
    assert MODELS[f"{name}_small"].parameters < MODELS[name].parameters / 5


def test_parts_have_the_sizes_their_papers_give():
    retinexnet = build("retinexnet")
    assert count(retinexnet.decomposition) == 207_748
    assert count(retinexnet.relighting) == 236_865
    assert count(build("hdr_cnn").encode) == 14_714_688  # the convolutions of VGG-16
    # The released generator has 64 biases in front of each of its eight normalisations.
    assert count(build("dped")) + 8 * 64 == 401_475
    assert count(build("retinexformer")) == 1_605_701


@pytest.mark.parametrize("name", [f"{family}_small" for family in FAMILIES])
def test_any_size_keeps_its_shape(name):
    model = build(name).eval()
    with torch.inference_mode():
        for height, width in ((1, 1), (1, 37), (5, 3), (31, 18)):
            image = model(images(2, 3, height, width)).image
            assert image.shape == (2, 3, height, width)
            assert torch.isfinite(image).all()


@pytest.mark.parametrize(
    ("name", "allowed"),
    [("dped_small", 0.1), ("dpe_small", 0.03), ("retinexformer_small", 0.01)],
)
def test_training_starts_near_the_input_image(name, allowed):
    x = images(1, 3, 40, 40)
    torch.manual_seed(0)
    assert (build(name).eval()(x).image - x).abs().mean() < allowed


@pytest.mark.parametrize("host", ["dped_small", "dpe_small", "retinexformer_small"])
@pytest.mark.parametrize("version", ["concat", "ranlen"])
def test_local_versions_read_their_maps(host, version):
    torch.manual_seed(0)
    model, x = build(f"{host}+{version}").eval(), images(1, 3, 24, 24)
    nowhere = model(x, torch.zeros(1, 2, 24, 24)).image
    assert not torch.equal(model(x).image, nowhere)


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("dped", {"width": 2}, "at least 3, got 2"),
        ("dpe", {"grid": 6}, "multiple of 4, got 6"),
        ("retinexformer", {"width": 10}, "multiple of 4, got 10"),
        ("retinexformer", {"blocks": ()}, "at least one size"),
        ("hdr_cnn", {"widths": (8, 16), "depths": (1,)}, "needs a depth"),
        ("hdr_cnn", {"widths": (8, 16), "depths": (1, 0)}, "needs a depth"),
    ],
)
def test_settings_that_make_no_network_are_refused(name, settings, message):
    with pytest.raises(ModelError, match=message):
        build(name, **settings)


# RetinexNet


def test_a_perfect_decomposition_of_a_pair_costs_nothing():
    reflectance = images(2, 3, 9, 8)
    light = [torch.full((2, 1, 9, 8), level) for level in (0.2, 0.9)]
    pair = tuple(reflectance * level for level in light)
    terms = decomposition_terms(pair, (reflectance, reflectance), tuple(light))
    assert set(terms) | {"relight", "relit smoothness"} == set(WEIGHTS)
    assert all(value.item() == 0 for value in terms.values())


def test_each_term_of_the_decomposition_is_its_equation():
    dark, bright = images(1, 3, 6, 6), images(1, 3, 6, 6, seed=1)
    r = [images(1, 3, 6, 6, seed=seed) for seed in (2, 3)]
    light = [images(1, 1, 6, 6, seed=seed) for seed in (4, 5)]
    terms = decomposition_terms((dark, bright), tuple(r), tuple(light))
    own = (r[0] * light[0] - dark).abs().mean() + (r[1] * light[1] - bright).abs().mean()
    crossed = (r[1] * light[0] - dark).abs().mean() + (r[0] * light[1] - bright).abs().mean()
    assert terms["reconstruction"].item() == pytest.approx(own.item())
    assert terms["cross"].item() == pytest.approx(crossed.item())
    assert terms["reflectance"].item() == pytest.approx((r[0] - r[1]).abs().mean().item())


def test_illumination_may_step_where_the_reflectance_does():
    step = torch.zeros(1, 1, 8, 8)
    step[..., 4:] = 0.5
    flat, edge = torch.full((1, 3, 8, 8), 0.5), (step * 2 - 0.5).expand(1, 3, 8, 8)
    # One of seven differences in a row is 0.5; the average of three has an edge of 1 at a third.
    assert structure_smoothness(step, flat).item() == pytest.approx(0.5 / 7)
    assert structure_smoothness(step, edge).item() == pytest.approx(
        0.5 / 7 * math.exp(-10 / 3), rel=1e-4
    )


@pytest.mark.parametrize("small", ["retinexnet_small"], indirect=True)
def test_the_image_is_the_reflectance_under_the_new_illumination(small):
    x = images(1, 3, 21, 30)
    reflectance, illumination = small.decomposition(x)
    assert illumination.shape == (1, 1, 21, 30)
    relit = small.relighting(reflectance, illumination)
    torch.testing.assert_close(small(x).image, reflectance * relit)


@pytest.mark.parametrize("small", ["retinexnet_small"], indirect=True)
def test_relighting_does_not_bend_the_decomposition(small):
    output = small(images(1, 3, 16, 16), reference=images(1, 3, 16, 16, seed=1))
    assert set(output.terms) == set(WEIGHTS)
    (output.terms["relight"] + output.terms["relit smoothness"]).backward()
    assert all(p.grad is None for p in small.decomposition.parameters())
    assert all(p.grad is not None for p in small.relighting.parameters())


def test_reflectance_times_illumination_learns_to_be_the_image():
    torch.manual_seed(0)
    model = build("retinexnet", width=16)
    # Smooth, as pictures are: noise alone has no smooth illumination.
    ramp = torch.linspace(0.2, 0.9, 24)
    bright = torch.stack([ramp.expand(24, 24), ramp.expand(24, 24).T, ramp.flip(0).expand(24, 24)])
    pair = 0.4 * bright[None], bright[None]

    def error():
        return sum((torch.mul(*model.decomposition(x)) - x).abs().mean().item() for x in pair) / 2

    before = error()
    optimiser = torch.optim.Adam(model.parameters(), 3e-3)
    for _ in range(30):
        optimiser.zero_grad()
        sum(model(pair[0], reference=pair[1]).terms.values()).backward()
        optimiser.step()
    assert error() < 0.6 * before


@pytest.mark.parametrize("small", ["retinexnet_small"], indirect=True)
def test_an_anchored_decomposition_starts_as_the_brightest_channel(small):
    x = images(1, 3, 20, 20).clamp(min=0.01)
    reflectance, illumination = small.decomposition(x)
    torch.testing.assert_close(illumination, x.amax(1, keepdim=True), atol=5e-3, rtol=0)
    torch.testing.assert_close(reflectance * illumination, x, atol=1e-2, rtol=0)
    torch.testing.assert_close(small(x).image, x, atol=3e-2, rtol=0)


# HDR-CNN


@pytest.mark.parametrize("small", ["hdr_cnn_small"], indirect=True)
def test_pixels_that_are_not_saturated_pass_through_the_linearisation(small):
    x = images(1, 3, 40, 50)
    saturated = x.amax(1, keepdim=True) > 0.95
    linear = small.reconstruct(x)
    kept = ~saturated.expand_as(x)
    assert kept.any() and not kept.all()
    torch.testing.assert_close(linear[kept], x.square()[kept], atol=0, rtol=0)
    assert ((linear - x.square()).abs() > 1e-3)[~kept].any()


@pytest.mark.parametrize("small", ["hdr_cnn_small"], indirect=True)
def test_the_blend_goes_from_the_input_to_the_prediction(small):
    for value, share in ((0.95, 0.0), (0.975, 0.5), (1.0, 1.0)):
        x = torch.full((1, 3, 32, 32), value)
        predicted = small.logarithm(x).exp() - FLOOR
        wanted = (1 - share) * x.square() + share * predicted
        torch.testing.assert_close(small.reconstruct(x), wanted, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("small", ["hdr_cnn_small"], indirect=True)
def test_skips_are_fused_as_a_sum_at_first(small):
    fuse = small.fuse[0]
    features, skip = images(1, 16, 4, 4), images(1, 16, 4, 4, seed=1)
    torch.testing.assert_close(fuse(features, skip), features + (skip**2 + 1 / 255).log())


def tone_mapper(key, white, adaptation):
    tone, start = Reinhard(), [value.item() for value in Reinhard().settings()]
    wanted = torch.tensor([math.log(key), math.log(white), adaptation])
    with torch.no_grad():
        tone.offsets.copy_((wanted - torch.tensor(start)) / TONE_RATE)
    return tone


def test_without_adaptation_and_a_white_of_one_the_tone_mapper_undoes_the_linearisation():
    x = images(1, 3, 9, 9)
    tone = tone_mapper(key=0.3, white=1.0, adaptation=0.0)
    torch.testing.assert_close(tone(x.square()), x, atol=2e-4, rtol=0)


def test_the_tone_mapper_is_reinhards_operator():
    key, white = 0.18, 3.0
    linear = images(1, 3, 12, 12) * 4
    luminance = torch.einsum("nchw,c->nhw", linear, torch.tensor([0.2126, 0.7152, 0.0722]))[:, None]
    scaled = key / (luminance + FLOOR).log().mean().exp() * luminance
    displayed = scaled * (1 + scaled / white**2) / (1 + scaled)
    wanted = (linear / luminance * displayed).sqrt()
    torch.testing.assert_close(tone_mapper(key, white, 1.0)(linear), wanted, atol=1e-5, rtol=1e-5)


def test_full_adaptation_undoes_exposure_and_none_keeps_it():
    linear = images(1, 3, 12, 12) + 0.2
    for adaptation, same in ((1.0, True), (0.0, False)):
        tone = tone_mapper(0.18, 1.0, adaptation)
        gap = (tone(linear) - tone(4 * linear)).abs().max().item()
        assert (gap < 0.02) == same


@pytest.mark.parametrize("small", ["hdr_cnn_small"], indirect=True)
def test_a_burnt_patch_can_be_learned(small):
    reference = images(1, 3, 32, 32) * 0.2 + 0.5
    degraded = reference.clone()
    degraded[..., 8:24, 8:24] = 1
    optimiser = torch.optim.Adam(small.train().parameters(), 3e-3)
    history = []
    for _ in range(25):
        loss = (small(degraded).image - reference)[..., 8:24, 8:24].abs().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        history.append(loss.item())
    assert history[-1] < 0.4 * history[0]


# DPED


def test_the_output_of_dped_is_a_stretched_tanh():
    model = build("dped_small").eval()
    with torch.no_grad():
        model.last.weight.mul_(1000)
        model.last.bias.mul_(1000)
        image = model(images(1, 3, 20, 20)).image
    assert image.min().item() == pytest.approx(-0.08, abs=1e-3)
    assert image.max().item() == pytest.approx(1.08, abs=1e-3)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_instance_normalisation_is_pytorchs(layout):
    norm = build("dped", width=5).blocks[0][1]
    with torch.no_grad():
        norm.weight.copy_(images(5))
        norm.bias.copy_(images(5, seed=1))
    # Far from 0 and large: where sums of squares in one float fail.
    x = (images(2, 5, 300, 200, seed=2) * 0.1 + 3).to(memory_format=layout)
    wanted = torch.nn.functional.instance_norm(
        x.double(), weight=norm.weight.double(), bias=norm.bias.double(), eps=1e-3
    )
    torch.testing.assert_close(norm(x).double(), wanted, atol=1e-5, rtol=0)


# DPE


@pytest.mark.parametrize("small", ["dpe_small"], indirect=True)
def test_far_pixels_matter_through_the_summary_alone(small):
    x = images(1, 3, 176, 176).requires_grad_()

    def far_gradient():
        (gradient,) = torch.autograd.grad(small(x).image[..., :4, :4].sum(), x)
        return gradient[..., -16:, -16:].abs().max().item()

    assert far_gradient() > 0
    with torch.no_grad():
        small.summary.dense[-1].weight.zero_()
    assert far_gradient() == 0


@pytest.mark.parametrize("small", ["dpe_small"], indirect=True)
def test_dpe_predicts_a_change(small):
    with torch.no_grad():
        small.last.weight.zero_()
    x = images(1, 3, 30, 22)
    assert torch.equal(small(x).image, x)
