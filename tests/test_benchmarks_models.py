"""benchmarks.methods.models: parameter counts, shapes, equations, named defects, refusals."""

from __future__ import annotations

import itertools
import math

import pytest
import torch

from benchmarks.methods.models import MODELS, ModelError, build
from benchmarks.methods.models.networks.deep_upe import slice_grid
from benchmarks.methods.models.networks.highlight_shadow import gaussian_kernel, s_curve
from benchmarks.methods.models.networks.zero_dce import apply_curves
from benchmarks.training.loop import loss_terms, make_optimiser
from benchmarks.training.settings import settings_for

FROZEN = {
    "star_dce": {"pos_embedding"},  # 16,384 parameters of the released code that nothing reads
    "vae_recolour": {"vae"},  # trained before, as kl_vae
}


def images(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def three_regions(n, h, w):
    """A on the left, B in the middle, C on the right."""
    regions = torch.zeros(n, 2, h, w)
    regions[:, 0, :, : w // 3] = 1
    regions[:, 1, :, : 2 * w // 3] = 1
    return regions


def each(names):
    """One test per model; those at a paper's full size only with -m slow."""
    return pytest.mark.parametrize(
        "name",
        [pytest.param(n, marks=pytest.mark.slow) if MODELS[n].slow else n for n in names],
    )


TRAINED = [name for name in MODELS if MODELS[name].trained]


@pytest.mark.parametrize("name", MODELS)
def test_parameter_counts_are_the_tables(name):
    with torch.device("meta"):  # shapes without numbers: the largest takes no time
        model = build(name)
    assert sum(p.numel() for p in model.parameters()) == MODELS[name].parameters


@each(MODELS)
def test_models_keep_shape_at_odd_sizes_and_refuse_other_inputs(name):
    model = build(name).eval()
    with torch.no_grad():
        image = model(images(1, 3, 33, 47)).image
    assert image.shape == (1, 3, 33, 47)
    assert torch.isfinite(image).all()
    with pytest.raises(ModelError, match=r"\(N, 3, H, W\)"):
        model(images(1, 4, 32, 32))
    with pytest.raises(ModelError, match=r"\(N, 3, H, W\)"):
        model(torch.zeros(1, 3, 32, 32, dtype=torch.uint8))


@each(TRAINED)
def test_gradients_reach_every_parameter_that_is_used(name):
    torch.manual_seed(0)
    model = build(name)
    batch = {"degraded": images(1, 3, 33, 47), "regions": three_regions(1, 33, 47)}
    answer = model(*batch.values()).image.square().mean()
    if getattr(model, "OWN_LOSS", False):  # some parts serve the loss alone
        batch["reference"] = images(1, 3, 33, 47, seed=1)
        answer = answer + sum(loss_terms(model, batch, settings_for(name)).values())
    answer.backward()
    trained = {n: p for n, p in model.named_parameters() if p.requires_grad}
    silent = {n for n, p in trained.items() if p.grad is None or not p.grad.any()}
    assert not silent


@pytest.mark.parametrize("name", TRAINED)
def test_what_is_not_trained_is_listed(name):
    with torch.device("meta"):
        model = build(name)
    frozen = {n.removeprefix("host.") for n, p in model.named_parameters() if not p.requires_grad}
    assert {n.partition(".")[0] for n in frozen} == FROZEN.get(name.partition("+")[0], set())


# One local version of each kind; on every host they would take minutes.
LEARNED = [n for n in TRAINED if "+" not in n or n.startswith("zero_dce_pp+")]
OVERFITTING_RATE = {
    "highlight_shadow_curve": 0.1,
    "highlight_shadow_gain": 0.1,
    "deep_upe": 1e-3,
    "msec": 3e-4,
}


@each(LEARNED)
def test_one_batch_can_be_learned(name):
    torch.manual_seed(0)
    reference = images(1, 3, 32, 32) * 0.5 + 0.3
    batch = {"degraded": 0.4 * reference, "reference": reference}
    batch["regions"] = three_regions(1, 32, 32)
    model = build(name)
    settings = settings_for(name, lr=OVERFITTING_RATE.get(name, 3e-3), optimiser="adam")
    optimiser = make_optimiser(model, settings)
    history = []
    for _ in range(20):
        total = sum(loss_terms(model, batch, settings).values())
        optimiser.zero_grad()
        total.backward()
        optimiser.step()
        history.append(total.item())
    assert min(history[-5:]) < 0.8 * history[0]


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


@pytest.mark.parametrize("channels", [3, 12])
def test_the_hand_written_derivative_of_the_curves_is_right(channels):
    x = images(2, 3, 3, 2).double().requires_grad_()
    a = (images(2, channels, 3, 2, seed=1).double() * 2 - 1).requires_grad_()
    assert torch.autograd.gradcheck(lambda x, a: apply_curves(x, a, steps=4), (x, a))


def test_curves_are_the_same_with_and_without_gradients():
    x, a = images(2, 3, 9, 7), images(2, 24, 9, 7, seed=1) - 0.5
    with_gradients = apply_curves(x, a.clone().requires_grad_())
    torch.testing.assert_close(apply_curves(x, a), with_gradients, atol=1e-6, rtol=1e-6)
    assert torch.equal(x, images(2, 3, 9, 7))


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


# STAR-DCE


def test_star_reads_the_authors_state_dict():
    ours = build("star_dce").state_dict()
    renamed = {
        "attention.norm.": "transformer.layers.0.0.fn.norm.",
        "attention.to_qkv.": "transformer.layers.0.0.fn.fn.to_qkv.",
        "attention.to_out.": "transformer.layers.0.0.fn.fn.to_out.0.",
        "mlp.0.": "transformer.layers.0.1.fn.norm.",
        "mlp.1.": "transformer.layers.0.1.fn.fn.net.0.",
        "mlp.3.": "transformer.layers.0.1.fn.fn.net.3.",
    }
    theirs = {}
    for key, value in ours.items():
        prefix = next((p for p in renamed if key.startswith(p)), "")
        theirs[renamed.get(prefix, "") + key.removeprefix(prefix)] = value
    model = build("star_dce")
    model.load_state_dict(theirs)
    assert all(torch.equal(value, ours[key]) for key, value in model.state_dict().items())


def test_star_curves_are_predicted_on_a_fixed_grid_whatever_the_size():
    model = build("star_dce").eval()
    small = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    large = small.repeat_interleave(64, 2).repeat_interleave(64, 3)  # 512 x 512
    middle = small.repeat_interleave(32, 2).repeat_interleave(32, 3)  # 256 x 256
    with torch.no_grad():
        at_large, at_middle = (model(x).curves for x in (large, middle))
    pooled = torch.nn.functional.avg_pool2d(at_large, 2)
    torch.testing.assert_close(pooled, at_middle, atol=5e-3, rtol=0)


# DeepUPE


def test_slicing_follows_the_tent_weights_of_the_custom_operator(rng):
    depth, h, w, height, width = 4, 3, 5, 7, 9
    grid = torch.from_numpy(rng.random((1, 4, 3, depth, h, w)))
    x = torch.from_numpy(rng.random((1, 3, height, width)))
    guide = torch.from_numpy(rng.random((1, 1, height, width)))
    sliced = slice_grid(grid, x, guide)
    for row, column in ((0, 0), (3, 4), (6, 8), (2, 7)):
        # Position in cells; the centre of cell i is at i + 0.5; indices are held at the border.
        gx, gy = (column + 0.5) * w / width, (row + 0.5) * h / height
        gz = guide[0, 0, row, column].item() * depth
        affine = torch.zeros(4, 3, dtype=torch.float64)
        first = (math.floor(g - 0.5) for g in (gx, gy, gz))
        for i, j, k in itertools.product(*((c, c + 1) for c in first)):
            tent = math.prod(1 - abs(c + 0.5 - g) for c, g in ((i, gx), (j, gy), (k, gz)))
            held = (min(max(c, 0), n - 1) for c, n in ((k, depth), (j, h), (i, w)))
            affine += tent * grid[0, :, :, *held]
        rgb1 = torch.cat([x[0, :, row, column], torch.ones(1, dtype=torch.float64)])
        torch.testing.assert_close(sliced[0, :, row, column], rgb1 @ affine)


def test_an_image_is_never_darkened_nor_burnt_by_its_illumination():
    x = images(1, 3, 20, 20)
    output = build("deep_upe").divide(x, images(1, 3, 20, 20, seed=1) * 1.5)
    assert (output.illumination >= x).all()
    assert output.illumination.max() <= 1
    assert (output.image >= x / 1.001 - 1e-6).all()
    assert output.image.max() <= 1


@pytest.mark.parametrize(("beyond", "inward"), [(1.5, 1), (0.1, -1)])
def test_an_illumination_beyond_its_bounds_is_only_pulled_back(beyond, inward):
    x = torch.full((1, 3, 2, 2), 0.3)
    illumination = torch.full_like(x, beyond, requires_grad=True)
    held = build("deep_upe").divide(x, illumination).illumination
    for sign in (1, -1):
        (gradient,) = torch.autograd.grad(sign * held.sum(), illumination, retain_graph=True)
        assert (gradient == (sign if sign == inward else 0)).all()


def test_the_illumination_tail_is_the_papers_division():
    x, s = torch.full((1, 3, 2, 2), 0.2), torch.full((1, 3, 2, 2), 0.5)
    assert build("deep_upe").divide(x, s).image[0, 0, 0, 0].item() == pytest.approx(0.2 / 0.501)
    stronger = build("deep_upe", degree=2.0).divide(x, s).image[0, 0, 0, 0].item()
    assert stronger == pytest.approx(0.2 / 0.251)


def test_the_guide_starts_as_the_mean_of_the_channels():
    x = images(1, 3, 6, 6)
    guide = build("deep_upe").guide(x)
    torch.testing.assert_close(guide, x.mean(1, keepdim=True), atol=5e-3, rtol=0)
