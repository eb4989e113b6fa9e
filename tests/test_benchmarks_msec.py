"""models.msec and what it is trained with: pyramid, loss, critic, stages, patches."""

from __future__ import annotations

import dataclasses
import json

import cv2
import numpy as np
import pytest
import torch

from benchmarks.methods.models import MODELS, ModelError, build
from benchmarks.methods.models.networks.msec import SKIPS
from benchmarks.methods.models.output import Output
from benchmarks.methods.models.parts.msec_critic import Critic
from benchmarks.methods.models.parts.pyramid import (
    downsample,
    gaussian_pyramid,
    laplacian_pyramid,
    upsample,
)
from benchmarks.training.adversarial import Adversary
from benchmarks.training.batches import Batches
from benchmarks.training.loop import learning_rate, train
from benchmarks.training.losses import LOSSES
from benchmarks.training.patches import is_informative
from benchmarks.training.settings import TrainingError, settings_for
from benchmarks.training.stages import moment
from datagen.build.driver import Resources
from datagen.build.driver import build as build_data
from datagen.dataset.read import open_dataset
from datagen.recipe.load import load_recipe

TINY = {"depths": (1, 1, 2), "widths": (2, 2, 2)}


def images(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def count(module):
    return sum(p.numel() for p in module.parameters())


# Pyramid


@pytest.mark.parametrize("size", [(64, 64), (33, 47), (2, 5), (1, 1)])
def test_a_laplacian_pyramid_adds_up_to_the_image(size):
    x = images(2, 3, *size)
    levels = laplacian_pyramid(x, 4)
    total = levels[-1]
    for level in reversed(levels[:-1]):
        total = upsample(total, level.shape[-2:]) + level
    torch.testing.assert_close(total, x, atol=1e-6, rtol=0)


def test_the_filter_is_opencvs_inside_the_border():
    x = images(1, 1, 20, 26)
    theirs = cv2.pyrDown(x[0, 0].numpy())[1:-1, 1:-1]
    np.testing.assert_allclose(downsample(x)[0, 0, 1:-1, 1:-1], theirs, atol=1e-6)
    theirs = cv2.pyrUp(x[0, 0].numpy())[2:-2, 2:-2]
    np.testing.assert_allclose(upsample(x, (40, 52))[0, 0, 2:-2, 2:-2], theirs, atol=1e-6)


def test_a_flat_image_has_no_detail():
    flat = torch.full((1, 3, 31, 18), 0.4)
    *details, coarsest = laplacian_pyramid(flat, 4)
    assert max(level.abs().max() for level in details) < 1e-6
    torch.testing.assert_close(coarsest, torch.full((1, 3, 4, 3), 0.4))


# Network


def test_parameters_are_the_released_networks():
    model = build("msec")
    # Counted in the released code: U-Nets from fine to coarse, and three layers that double.
    assert [count(net) for net in model.nets] == [482_067, 1_083_675, 1_083_675, 4_365_915]
    assert [count(layer) for layer in model.doubling] == [39, 39, 39]
    assert count(model) == 7_015_449
    assert count(Critic()) == 962_585
    assert all(count(build("msec", skip=skip)) == 7_015_449 for skip in SKIPS)


def silenced(skip, **settings):
    """A model whose U-Nets say nothing and whose doubling repeats pixels."""
    model = build("msec", skip=skip, **TINY, **settings).eval()
    with torch.no_grad():
        for net in model.nets:
            net.last.weight.zero_()
        for layer in model.doubling:
            layer.weight.copy_(torch.eye(3)[..., None, None].expand(-1, -1, 2, 2))
    return model


def test_the_skips_are_what_they_are_said_to_be():
    x = images(1, 3, 16, 24)
    with torch.no_grad():
        results = {skip: silenced(skip)(x).image for skip in SKIPS}
    assert not results["code"].any()  # nothing but U-Nets and what they made before
    fine, middle, _ = laplacian_pyramid(x, 3)
    doubled = middle.repeat_interleave(2, 2).repeat_interleave(2, 3)
    torch.testing.assert_close(results["text"], fine + doubled, atol=1e-6, rtol=0)
    torch.testing.assert_close(results["change"], x, atol=1e-6, rtol=0)


def test_levels_are_scaled_as_asked():
    x = images(1, 3, 16, 24)
    scales = (1.5, 0.5, 1.1)
    with torch.no_grad():
        found = silenced("change", scales=scales)(x).image
    fine, middle, coarse = (
        s * level for s, level in zip(scales, laplacian_pyramid(x, 3), strict=True)
    )
    wanted = upsample(upsample(coarse, middle.shape[-2:]) + middle, fine.shape[-2:]) + fine
    torch.testing.assert_close(found, wanted, atol=1e-6, rtol=0)


def test_the_peak_changes_only_what_biases_mean():
    torch.manual_seed(0)
    plain, bright = build("msec", peak=1.0, **TINY), build("msec", peak=255.0, **TINY)
    bright.load_state_dict(plain.state_dict())  # all biases are still 0
    x = images(1, 3, 16, 16)
    torch.testing.assert_close(plain(x).image, bright(x).image, atol=1e-5, rtol=1e-4)


def test_large_pictures_are_corrected_small_and_upsampled_like_it():
    torch.manual_seed(0)
    model = build("msec_small", working_side=64).eval()
    coarse = images(1, 3, 6, 9)
    x = torch.nn.functional.interpolate(coarse, (96, 150), mode="bicubic").clamp(0, 1)
    with torch.no_grad():
        for net in model.nets:
            net.last.bias.fill_(0.05)
        large = model(x).image
        small = model(torch.nn.functional.interpolate(x, (41, 64), mode="area")).image
    assert large.shape == x.shape
    shrunk = torch.nn.functional.interpolate(large, (41, 64), mode="area")
    assert (shrunk - small).abs().mean() < 0.01
    assert (large - x).mean() > 0.05
    assert model.train()(x).levels  # crops of a training are never resized


def test_settings_that_do_not_fit_are_refused():
    with pytest.raises(ModelError, match="one number per pyramid level, got 4, 3 and 4"):
        build("msec", widths=(8, 8, 8))
    with pytest.raises(ModelError, match="one number per pyramid level, got 4, 4 and 2"):
        build("msec", scales=(1, 1))
    with pytest.raises(ModelError, match="skip must be one of code, text, change"):
        build("msec", skip="paper")


# Loss


def test_the_loss_is_the_papers_sums():
    """Sums over pixels in [0, 255], as printed, over the 3 h w 255 of the module's unit."""
    x = images(2, 3, 16, 24)
    model = build("msec", **TINY)
    output, reference = model(x), images(2, 3, 16, 24, seed=1)
    terms = LOSSES["pyramid"](output, x, reference)
    unit = reference.numel() * 255
    gaussian = gaussian_pyramid(255 * reference, 3)
    wanted = {"reconstruction": (255 * output.image - gaussian[0]).abs().sum() / unit}
    for i, size in enumerate([(16, 24), (8, 12)]):
        target = upsample(gaussian[i + 1], size)
        wanted[f"level {i + 2}"] = 2**i * (255 * output.levels[i] - target).abs().sum() / unit
    assert terms.keys() == wanted.keys()
    for name, value in wanted.items():
        torch.testing.assert_close(terms[name], value)


def test_the_loss_of_a_region_ignores_the_rest():
    x, reference = images(1, 3, 16, 16), images(1, 3, 16, 16, seed=1)
    weight = torch.zeros(1, 1, 16, 16)
    weight[..., :8, :] = 1
    output = build("msec", **TINY)(x)
    spoilt = [y.clone() for y in (output.image, *output.levels)]
    for y in spoilt:
        y[..., y.shape[2] // 2 :, :] += 1
    changed = Output(spoilt[0], levels=tuple(spoilt[1:]))
    before, after = (LOSSES["pyramid"](o, x, reference, weight) for o in (output, changed))
    assert before == after
    everywhere = LOSSES["pyramid"](changed, x, reference)
    assert all(everywhere[name] > before[name] for name in before)


# Stages


def test_the_recipe_is_the_released_schedule():
    settings = settings_for("msec", steps=5500)  # 100 pictures: 12.5, 22.5 and 20 steps each
    at = {step: moment(settings, step) for step in range(5500)}
    assert [at[s].crop for s in (0, 1249, 1250, 3499, 3500, 5499)] == [128, 128, 256, 256, 512, 512]
    assert [at[s].batch for s in (0, 1250, 3500)] == [32, 8, 4]
    # Halved every 20 of 40, 10 of 30 and 5 of 20 epochs, and reset by every stage.
    assert [s for s in range(1, 5500) if at[s].rate < at[s - 1].rate] == [
        *(625, 2000, 2750, 4000, 4500, 5000)
    ]
    assert [at[s].rate for s in (0, 1249, 1250, 3499, 3500, 5499)] == [1, 0.5, 1, 0.25, 1, 0.125]
    # The critic joins after epoch 15 of 30 and 5 of 20.
    assert [s for s in range(1, 5500) if at[s].adversarial != at[s - 1].adversarial] == [
        *(2375, 3500, 4000)
    ]
    assert learning_rate(settings, 5499) == pytest.approx(1e-4 / 8)


def test_no_picture_is_skipped_or_repeated_where_stages_meet():
    settings = settings_for("msec", steps=55)
    for step in range(54):
        now = moment(settings, step)
        assert moment(settings, step + 1).seen == now.seen + now.batch


def test_without_stages_nothing_changes():
    settings = settings_for("unet", steps=10, batch=3, crop=20)
    assert [moment(settings, step).seen for step in range(4)] == [0, 3, 6, 9]
    assert {(moment(settings, s).crop, moment(settings, s).rate) for s in range(10)} == {(20, 1)}


def test_stages_that_cannot_be_are_refused():
    stage = {"share": 1, "crop": 32, "batch": 2}
    with pytest.raises(TrainingError, match="unexpected keyword argument 'corp'"):
        settings_for("msec", stages=({"share": 1, "corp": 32, "batch": 2},))
    with pytest.raises(TrainingError, match="must be positive"):
        settings_for("msec", stages=(stage | {"batch": 0},))
    with pytest.raises(TrainingError, match="no adversarial term for regions"):
        settings_for("msec_small+concat", adversarial=0.1)


# Patches


def test_black_white_and_flat_crops_are_rejected(rng):
    noise = 0.5 + 0.2 * rng.standard_normal((32, 32, 3)).astype(np.float32)
    assert is_informative(noise)
    assert not is_informative(0.005 * noise)
    assert not is_informative(0.99 + 0.001 * noise)
    ramp = np.repeat(np.linspace(0, 1, 32, dtype=np.float32)[None, :, None], 32, 0).repeat(3, 2)
    # A grey ramp of slope s has Sobel magnitude 8 s away from the border.
    for slope, wanted in ((0.9, True), (0.06 * 32 / 8 * 0.9, False)):
        assert is_informative(0.3 + slope * ramp) == wanted


# Adversarial training


def adversarial(**changes):
    stage = {"share": 1, "crop": 32, "batch": 2, "critic_from": 0.5}
    small = {"steps": 4, "validate_every": 3, "adversarial": 0.1, "stages": (stage,)}
    return settings_for("msec_small", **small | {"model_settings": TINY} | changes)


def test_a_critic_learns_to_tell_two_kinds_apart():
    torch.manual_seed(0)
    adversary = Adversary(adversarial(critic_lr=1e-3), "cpu")
    dark, bright = 0.2 * images(4, 3, 32, 32), 0.8 + 0.2 * images(4, 3, 32, 32, seed=1)
    losses = []
    for step in range(5):
        adversary.term(dark, step)
        losses.append(adversary.learn(bright, step))
    assert losses[-1] < 0.8 * losses[0]


def test_the_term_is_the_printed_logarithm_and_reaches_the_model():
    torch.manual_seed(0)
    adversary = Adversary(adversarial(), "cpu")
    x = images(2, 3, 32, 32).requires_grad_()
    term = adversary.term(x, 0)
    adversary.critic.requires_grad_(False)
    flipped, _ = adversary._flipped(x, x, 0)
    wanted = -0.1 * torch.sigmoid(adversary.critic(flipped)).log().mean()
    torch.testing.assert_close(term, wanted)
    term.backward()
    assert x.grad.abs().max() > 0
    assert all(p.grad is None for p in adversary.critic.parameters())


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Two tiny pictures to train on, one to validate on."""
    small = ["render.evs=[-1.0]", "render.long_edge=48", "source.limit=9", "distort=[]"]
    folder = tmp_path_factory.mktemp("data") / "tiny"
    build_data(load_recipe("demo", small), folder, Resources("serial", 1))
    return folder


def test_a_resumed_adversarial_run_repeats_the_uninterrupted_one(data, tmp_path):
    def run(folder, stop=None, resume=False):
        def progress(steps, loss):
            if steps == stop:
                raise InterruptedError

        train(
            adversarial(), data, tmp_path / folder, device="cpu", resume=resume, progress=progress
        )

    run("whole")
    with pytest.raises(InterruptedError):
        run("cut", stop=4)  # after the state of step 3 was kept; the critic joined at step 3
    run("cut", resume=True)
    whole, cut = (
        [json.loads(line) for line in (tmp_path / name / "losses.jsonl").read_text().splitlines()]
        for name in ("whole", "cut")
    )
    assert whole == cut
    assert ["adversarial" in row for row in whole] == [False] * 2 + [True] * 2


def test_batches_follow_the_stages_and_reject_flat_crops(data, monkeypatch):
    stages = ({"share": 1, "crop": 24, "batch": 4}, {"share": 1, "crop": 32, "batch": 2})
    dataset = open_dataset(data)
    batches = Batches(dataset, settings_for("msec", steps=2, stages=stages))
    assert [tuple(batches[s]["degraded"].shape) for s in (0, 1)] == [(4, 3, 24, 24), (2, 3, 32, 32)]
    asked = []
    monkeypatch.setattr("benchmarks.training.batches.is_informative", lambda crop: asked.append(1))
    batches[1]
    assert len(asked) == 2 * 200
    with pytest.raises(TrainingError, match="smaller than the crop of 512"):
        Batches(dataset, settings_for("msec"))
    with pytest.raises(TrainingError, match="batch 2 does not divide over 4"):
        Batches(dataset, settings_for("msec", stages=stages), world=4)


# Local versions


@pytest.mark.parametrize("version", ["concat", "ranlen"])
def test_region_maps_reach_the_result_at_any_size(version):
    torch.manual_seed(0)
    model = build(f"msec_small+{version}", working_side=40).eval()
    for net in getattr(model, "host", model).nets:
        torch.nn.init.normal_(net.last.weight, 0, 0.1)
    x = images(1, 3, 30, 37)
    regions = torch.zeros(1, 2, 30, 37)
    with torch.no_grad():
        assert (model(x, regions).image - model(x).image).abs().max() > 1e-4
        assert MODELS[f"msec_small+{version}"].parameters == count(model)


def test_an_empty_data_set_is_refused(data):
    dataset = open_dataset(data)
    empty = dataclasses.replace(dataset, rows=dataset.rows[:0])
    with pytest.raises(TrainingError, match="no sample in split 'train'"):
        Batches(empty, settings_for("msec"))
