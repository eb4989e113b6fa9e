"""benchmarks.models: parameter counts, shapes, equations, named defects, refusals."""

from __future__ import annotations

import pytest
import torch

from benchmarks.losses import LOSSES
from benchmarks.models import MODELS, ModelError, build
from benchmarks.models.highlight_shadow import gaussian_kernel, s_curve
from benchmarks.models.zero_dce import apply_curves

UNUSED: dict[str, set[str]] = {}


def images(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def count(model):
    return sum(p.numel() for p in model.parameters())


@pytest.mark.parametrize("name", MODELS)
def test_parameter_counts_are_the_tables(name):
    assert count(build(name)) == MODELS[name].parameters


@pytest.mark.parametrize("name", MODELS)
def test_models_keep_shape_at_odd_sizes(name):
    model = build(name).eval()
    for height, width in ((33, 47), (64, 40)):
        with torch.no_grad():
            image = model(images(2, 3, height, width)).image
        assert image.shape == (2, 3, height, width)
        assert torch.isfinite(image).all()


@pytest.mark.parametrize("name", [n for n in MODELS if MODELS[n].trained])
def test_gradients_reach_every_parameter_that_is_used(name):
    torch.manual_seed(0)
    model = build(name)
    model(images(2, 3, 33, 47)).image.square().mean().backward()
    silent = {n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()}
    assert silent == UNUSED.get(name, set())


@pytest.mark.parametrize("name", MODELS)
def test_models_refuse_what_is_no_batch_of_images(name):
    with pytest.raises(ModelError, match=r"\(N, 3, H, W\)"):
        build(name)(images(1, 4, 32, 32))


def test_unknown_names_and_settings_are_refused():
    with pytest.raises(ModelError, match="nearest: zero_dce"):
        build("zero_dec")
    with pytest.raises(ModelError, match="unknown setting scael"):
        build("zero_dce_pp", scael=12)


# Highlight and shadow modules


def test_the_gaussian_kernel_is_the_formula():
    kernel = gaussian_kernel(3, 1.0)[0, 0]
    assert kernel.sum().item() == pytest.approx(1)
    assert (kernel[1, 2] / kernel[1, 1]).item() == pytest.approx(2.718281828**-0.5, rel=1e-5)


def test_faithful_gaussian_masks_are_the_tutorials_formula():
    x = images(1, 3, 24, 24)
    model = build("highlight_shadow_gaussian", faithful=True)
    highlights, shadows = model.masks(x)
    assert not (highlights * shadows).any()
    exponent = 1.2 * highlights + 0.8 * shadows + 1 * (1 - highlights - shadows)
    torch.testing.assert_close(model(x).image, torch.pow(x, exponent))


def test_zero_padding_darkens_the_corner_and_the_default_does_not():
    flat = torch.full((1, 3, 32, 32), 0.5)
    settings = {"kernel_size": 7, "sigma": 2.5}
    faithful = build("highlight_shadow_gaussian", faithful=True, **settings)
    highlights, _ = faithful.masks(flat)
    # Measured on the tutorial's code: the corner of the blur of a constant 0.5 is 0.177.
    assert (0.5 - highlights[0, 0, 0, 0]).item() == pytest.approx(0.177, abs=5e-4)
    fixed, _ = build("highlight_shadow_gaussian", **settings).masks(flat)
    assert fixed.abs().max() < 1e-6


def test_black_pixels_have_a_finite_gradient_only_when_fixed():
    def gradient(faithful):
        x = torch.zeros(1, 3, 9, 9)
        x[..., 4:] = 1
        x.requires_grad_()
        model = build("highlight_shadow_gaussian", gamma_shadows=0.5, faithful=faithful)
        model(x).image.sum().backward()
        return x.grad

    assert not torch.isfinite(gradient(True)).all()
    assert torch.isfinite(gradient(False)).all()


def test_even_kernels_are_refused():
    for name in ("highlight_shadow_gaussian", "highlight_shadow_curve", "highlight_shadow_gain"):
        with pytest.raises(ModelError, match="odd"):
            build(name, kernel_size=4)


def test_tonal_masks_see_large_uniform_areas():
    sky = torch.full((1, 3, 32, 32), 0.9)
    detail, _ = build("highlight_shadow_gaussian").masks(sky)
    tonal, _ = build("highlight_shadow_gaussian", mode="tonal").masks(sky)
    assert detail.max() < 1e-6
    assert tonal.min() > 0.8
    with pytest.raises(ModelError, match="mode must be"):
        build("highlight_shadow_gaussian", mode="local")


def test_the_printed_s_curve_misses_its_ends_and_the_anchored_one_does_not():
    ends = torch.tensor([0.0, 0.5, 1.0])
    assert s_curve(ends, 5.0, anchored=False).tolist() == pytest.approx(
        [0.0759, 0.5, 0.9241], abs=1e-4
    )
    assert s_curve(ends, 5.0).tolist() == pytest.approx([0, 0.5, 1], abs=1e-6)


def test_the_faithful_gain_ignores_the_shadow_filter_and_the_fixed_one_uses_it():
    x = images(2, 3, 16, 16)
    for faithful in (True, False):
        torch.manual_seed(0)
        model = build("highlight_shadow_gain", faithful=faithful)
        before = model(x).image
        with torch.no_grad():
            model.conv_shadows.bias += 3
        assert torch.equal(model(x).image, before) == faithful


def test_the_faithful_gain_brightens_everything_by_half_or_more():
    x = images(2, 3, 16, 16).clamp(min=0.1)
    gain = build("highlight_shadow_gain", faithful=True)(x).image / x
    assert gain.min() >= 1.5 - 1e-5
    assert gain.max() <= 1.732


# Zero-DCE


def test_curves_are_the_papers_equation():
    x, a = images(1, 3, 5, 5), images(1, 6, 5, 5, seed=1) * 2 - 1
    once = x + a[:, :3] * x * (1 - x)
    twice = once + a[:, 3:] * once * (1 - once)
    torch.testing.assert_close(apply_curves(x, a, steps=2), twice)


def test_curves_keep_the_unit_range_its_ends_and_its_order():
    ramp = torch.linspace(0, 1, 101).view(1, 1, 1, 101).expand(1, 3, 1, 101)
    for a in (-1.0, -0.3, 0.5, 1.0):
        y = apply_curves(ramp, torch.full((1, 24, 1, 101), a))
        assert y[..., 0].abs().max() == 0
        assert (y[..., -1] == 1).all()
        assert (y.diff(dim=-1) >= -1e-7).all()


def test_positive_a_brightens_and_the_layers_store_its_opposite():
    model = build("zero_dce")
    with torch.no_grad():
        model.e_conv7.weight.zero_()
        model.e_conv7.bias.fill_(-0.5)  # r < 0, as in the released weights
    x = images(1, 3, 16, 16)
    output = model(x)
    assert (output.curves > 0).all()
    assert (output.image >= x).all()


def test_no_degree_is_no_change_and_more_degree_is_more_change():
    torch.manual_seed(0)
    weights = build("zero_dce").state_dict()
    x, change = images(1, 3, 16, 16), []
    for degree in (0.0, 0.5, 1.0, 1.5):
        model = build("zero_dce", degree=degree)
        model.load_state_dict(weights)
        change.append((model(x).image - x).abs().mean().item())
    assert change[0] == 0
    assert change == sorted(change)


@pytest.mark.parametrize(
    ("name", "layout"),
    [
        ("zero_dce", {"e_conv1.weight": (32, 3, 3, 3), "e_conv7.bias": (24,)}),
        (
            "zero_dce_pp",
            {"e_conv1.depth_conv.weight": (3, 1, 3, 3), "e_conv7.point_conv.weight": (3, 64, 1, 1)},
        ),
    ],
)
def test_state_dicts_have_the_authors_names_and_shapes(name, layout):
    state = build(name).state_dict()
    assert {key.split(".")[0] for key in state} == {f"e_conv{i}" for i in range(1, 8)}
    for key, shape in layout.items():
        assert state[key].shape == shape


def test_zero_dce_pp_predicts_on_a_smaller_copy():
    model = build("zero_dce_pp", scale=12).eval()
    assert model(images(1, 3, 50, 37)).curves.shape == (1, 3, 50, 37)
    with pytest.raises(ModelError, match="at least 12 x 12"):
        model(images(1, 3, 11, 40))


HOST_LOSS = {"zero_dce": "zero_reference", "zero_dce_pp": "zero_reference_pp"}


@pytest.mark.parametrize("name", [n for n in MODELS if MODELS[n].trained])
def test_one_batch_can_be_learned(name):
    torch.manual_seed(0)
    reference = images(2, 3, 32, 32) * 0.5 + 0.3
    degraded = reference**2.2
    model, loss = build(name), LOSSES[HOST_LOSS.get(name, "l1")]
    optimiser = torch.optim.Adam(model.parameters(), lr=0.1 if count(model) < 100 else 3e-3)
    history = []
    for _ in range(25):
        total = sum(loss(model(degraded), degraded, reference).values())
        optimiser.zero_grad()
        total.backward()
        optimiser.step()
        history.append(total.item())
    assert min(history[-5:]) < 0.8 * history[0]
