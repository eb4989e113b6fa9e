"""models.vae, vae_published and latent_balancer: sizes, equations, foreign weights."""

from __future__ import annotations

import json

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch.distributions import Normal, kl_divergence

from benchmarks.methods.models import ModelError
from benchmarks.methods.models.networks.vae import KlVae, load_vae
from benchmarks.methods.models.networks.vae_published import (
    CONFIG,
    WEIGHTS,
    PublishedVae,
    read_diffusers,
)
from benchmarks.methods.models.parts.latent_balancer import (
    LatentBalancer,
    ReleasedBalancer,
    divergence,
)
from benchmarks.methods.models.parts.latents import DiagonalGaussian

TINY = {"channels": (4, 4, 8, 8), "depth": 1, "groups": 4}


def count(model):
    return sum(p.numel() for p in model.parameters())


def gaussian(*shape, seed=0):
    return DiagonalGaussian.split(
        torch.randn(*shape, generator=torch.Generator().manual_seed(seed))
    )


@pytest.fixture
def tiny_folder(tmp_path):
    """A checkpoint as diffusers saves it, written without diffusers."""
    torch.manual_seed(0)
    vae = PublishedVae(**TINY)
    config = {
        "_class_name": "AutoencoderKL",
        "act_fn": "silu",
        "block_out_channels": TINY["channels"],
        "latent_channels": 4,
        "layers_per_block": TINY["depth"],
        "norm_num_groups": TINY["groups"],
    }
    (tmp_path / CONFIG).write_text(json.dumps(config))
    save_file(vae.state_dict(), tmp_path / WEIGHTS)
    return tmp_path, vae


# Autoencoders


@pytest.mark.parametrize("vae", [KlVae(width=8), PublishedVae(**TINY)], ids=["ours", "published"])
def test_both_autoencoders_have_the_common_interface(vae):
    x = torch.rand(2, 3, 24, 40) * 2 - 1
    with torch.no_grad():
        latents = vae.encode(x).latent_dist
        assert latents.mean.shape == latents.logvar.shape == (2, 4, 3, 5)
        assert latents.parameters.shape == (2, 8, 3, 5)
        assert latents.sample().shape == latents.mode().shape == (2, 4, 3, 5)
        assert vae.decode(latents.mean).sample.shape == x.shape


def test_the_published_design_has_the_published_size():
    with torch.device("meta"):
        assert count(PublishedVae()) == 83_653_863  # of sd-vae-ft-mse


def test_ours_is_small_and_takes_any_picture():
    vae = KlVae()
    assert count(vae) <= 500_000
    with torch.no_grad():
        assert vae(torch.rand(1, 3, 13, 5)).image.shape == (1, 3, 13, 5)


def test_the_autoencoders_loss_is_distance_plus_divergence_from_a_unit_gaussian():
    torch.manual_seed(0)
    vae, x = KlVae(width=8), torch.rand(1, 3, 16, 16)
    torch.manual_seed(1)
    terms = vae(x, reference=x.flip(-1)).terms
    both = torch.cat([x, x.flip(-1)]) * 2 - 1
    latents = vae.encode(both).latent_dist
    normal = Normal(latents.mean, (latents.logvar / 2).exp())
    expected = kl_divergence(normal, Normal(0.0, 1.0)).mean()
    assert terms["kl"].item() == pytest.approx(1e-3 * expected.item(), rel=1e-4)
    torch.manual_seed(1)
    decoded = vae.decode(latents.sample()).sample
    assert terms["l1"].item() == pytest.approx((decoded - both).abs().mean().item(), rel=1e-4)


def test_a_checkpoint_folder_loads_without_diffusers(tiny_folder):
    folder, vae = tiny_folder
    x = torch.rand(1, 3, 16, 16)
    with torch.no_grad():
        expected = vae.encode(x).latent_dist.mean
        assert torch.equal(load_vae(str(folder)).encode(x).latent_dist.mean, expected)


def test_the_attentions_older_names_and_shapes_load_too(tiny_folder):
    folder, vae = tiny_folder
    state = load_file(folder / WEIGHTS)
    old = {"to_q.": "query.", "to_k.": "key.", "to_v.": "value.", "to_out.0.": "proj_attn."}
    for new, name in old.items():
        for key in [key for key in state if f".attentions.0.{new}" in key]:
            value = state.pop(key)
            state[key.replace(new, name)] = value[..., None, None] if value.ndim == 2 else value
    save_file({key: value.contiguous() for key, value in state.items()}, folder / WEIGHTS)
    read = read_diffusers(folder).state_dict()
    assert all(torch.equal(read[key], value) for key, value in vae.state_dict().items())


def test_the_published_design_computes_what_diffusers_does(tmp_path):
    diffusers = pytest.importorskip("diffusers", exc_type=ImportError)
    torch.manual_seed(0)
    theirs = diffusers.AutoencoderKL(
        block_out_channels=(8, 8, 16, 16),
        layers_per_block=2,
        norm_num_groups=4,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
    )
    theirs.save_pretrained(tmp_path)
    ours, x = read_diffusers(tmp_path), torch.rand(2, 3, 40, 56) * 2 - 1
    with torch.no_grad():
        wanted, found = theirs.encode(x).latent_dist, ours.encode(x).latent_dist
        torch.testing.assert_close(found.parameters, wanted.parameters, atol=1e-5, rtol=0)
        torch.testing.assert_close(
            ours.decode(found.mean).sample, theirs.decode(wanted.mean).sample, atol=1e-4, rtol=0
        )


def test_folders_that_hold_no_such_autoencoder_are_refused(tiny_folder, tmp_path_factory):
    with pytest.raises(ModelError, match=r"no config\.json and no diffusion_pytorch_model"):
        read_diffusers(tmp_path_factory.mktemp("empty"))
    folder, _ = tiny_folder
    config = json.loads((folder / CONFIG).read_text())
    (folder / CONFIG).write_text(json.dumps(config | {"layers_per_block": 2}))
    with pytest.raises(ModelError, match=r"does not fit config\.json"):
        read_diffusers(folder)
    (folder / CONFIG).write_text(json.dumps(config | {"latent_channels": 16}))
    with pytest.raises(ModelError, match="latent_channels is 16; only 4 is supported"):
        read_diffusers(folder)
    with pytest.raises(ModelError, match="4 multiples of 32"):
        PublishedVae(channels=(8, 8, 8, 8))


# The balancer


def test_the_released_balancer_has_its_authors_size():
    with torch.device("meta"):
        released = ReleasedBalancer()
    assert count(released) == 27_236_362
    assert count(released.attentions) == 656_642  # never called


def test_the_released_balancer_runs_and_does_not_call_its_attention():
    balancer = ReleasedBalancer(widths=(8, 8, 16), blocks=1)
    balanced = balancer(gaussian(1, 8, 5, 7))
    assert balanced.mean.shape == balanced.logvar.shape == (1, 4, 5, 7)
    (balanced.mean.sum() + balanced.logvar.sum()).backward()
    assert all(p.grad is None for p in balancer.attentions.parameters())
    used = [n for n, p in balancer.named_parameters() if p.grad is not None]
    assert len(used) + len(list(balancer.attentions.parameters())) == len(
        list(balancer.named_parameters())
    )


def test_our_balancer_is_small_and_starts_near_the_identity():
    torch.manual_seed(0)
    balancer, latents = LatentBalancer(), gaussian(1, 8, 6, 9)
    assert count(balancer) <= 800_000
    with torch.no_grad():
        change = balancer(latents).parameters - latents.parameters
    assert 0 < change.abs().max() < 0.1


# The divergence


def test_the_divergence_is_the_textbooks():
    one, two = gaussian(2, 8, 3, 4), gaussian(2, 8, 3, 4, seed=1)
    normals = (Normal(g.mean, (g.logvar / 2).exp()) for g in (one, two))
    torch.testing.assert_close(divergence(one, two), kl_divergence(*normals))


def test_the_divergence_by_hand():
    zero = torch.zeros(1, 1, 1, 1)
    # v1 = 1, v2 = e: log(e) / 2 + (1 + 2^2) / (2 e) - 1 / 2 = 5 / (2 e)
    apart = divergence(DiagonalGaussian(zero + 2, zero), DiagonalGaussian(zero, zero + 1))
    assert apart.item() == pytest.approx(5 / (2 * 2.718281828))


def test_equal_gaussians_do_not_diverge_and_others_do():
    one, two = gaussian(2, 8, 3, 4), gaussian(2, 8, 3, 4, seed=1)
    assert divergence(one, one).abs().max() < 1e-6
    assert divergence(one, two).min() >= 0


def test_variances_are_held_above_their_floor_and_stay_finite():
    zero = torch.zeros(1, 1, 1, 1)
    sure, surer = DiagonalGaussian(zero, zero - 20), DiagonalGaussian(zero, zero - 30)
    assert divergence(sure, surer).item() == 0  # both are 1e-5
    apart = divergence(DiagonalGaussian(zero + 0.1, zero - 20), sure)
    assert apart.item() == pytest.approx(0.01 / (2 * 1e-5), rel=1e-4)
    assert divergence(DiagonalGaussian(zero, zero + 1e9), sure).isfinite()
