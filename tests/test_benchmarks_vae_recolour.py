"""models.vae_recolour: one cube per picture, repetitions, regions, exports, refusals."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from benchmarks.cli import main
from benchmarks.methods.models import ModelError, build
from benchmarks.methods.models.networks.vae_recolour import VaeRecolour, thumbnail
from benchmarks.methods.models.output import MapsColour
from benchmarks.methods.models.parts.colour_map import MAPS
from benchmarks.methods.models.trained.checkpoints import WEIGHTS, load
from benchmarks.methods.notes import listening
from datagen.images.files import read_image, write_image
from luts import apply, read_cube
from luts.cube.lint import lint

trained = pytest.mark.skipif(
    not (WEIGHTS / "vae_recolour.safetensors").exists(), reason="not trained yet"
)


class Halves(torch.nn.Module):
    """A stand-in for autoencoder and balancer: latents are pictures, balancing darkens them."""

    def encode(self, x):
        dist = type("Dist", (), {"mean": x, "logvar": torch.zeros_like(x)})
        return type("Encoded", (), {"latent_dist": dist})

    def decode(self, z):
        return type("Decoded", (), {"sample": z})

    def forward(self, latents, maps=None):
        return type(latents)((latents.mean + 1) * 0.8 - 1, latents.logvar)


def darkening(**settings):
    """A model whose balanced picture is 0.8 times the picture, whatever its weights."""
    model = VaeRecolour(**{"iterations": 1} | settings).eval()
    model.vae = model.balancer = Halves()
    return model


@pytest.fixture
def picture(rng):
    """(1, 3, 40, 56): smooth, colourful."""
    coarse = torch.from_numpy(rng.random((1, 3, 5, 7), dtype=np.float32))
    return torch.nn.functional.interpolate(coarse, (40, 56), mode="bilinear")


@pytest.mark.parametrize("kind", MAPS)
def test_the_picture_gets_what_happened_to_its_thumbnail(kind, picture):
    image = darkening(colour_map=kind)(picture).image
    assert (image - 0.8 * picture).abs().mean() < 1 / 255
    assert image.dtype == picture.dtype


@pytest.mark.parametrize("kind", MAPS)
def test_repetitions_end_up_in_one_cube(kind, picture):
    model = darkening(colour_map=kind, iterations=3)
    (found,) = model.recolour(picture)
    assert len(found.thumbnails) == 4
    brightness = [each.mean() for each in found.thumbnails]
    assert brightness == pytest.approx([brightness[0] * 0.8**i for i in range(4)], rel=0.02)
    applied = apply(found.cube, found.thumbnails[0], "trilinear")
    assert np.abs(applied - found.thumbnails[-1]).mean() < 1 / 255


def test_the_cubes_are_what_the_model_does(picture):
    model = darkening()
    assert isinstance(model, MapsColour)
    (cube,) = model.colour_maps(picture)
    encoded = picture[0].permute(1, 2, 0).numpy()
    image = model(picture).image[0].permute(1, 2, 0).numpy()
    assert np.array_equal(apply(cube, encoded, "trilinear"), image)


def test_a_flat_picture_stays_as_it_is_and_says_why(picture):
    flat = torch.full_like(picture, 0.5)
    both = torch.cat([flat, picture])
    model = darkening()
    notes = [each.note for each in model.recolour(both)]
    assert notes == ["no colour map: a single colour", ""]
    with listening() as heard:
        image = model(both).image
    assert heard == {0: "no colour map: a single colour"}
    torch.testing.assert_close(image[:1], flat, atol=1e-6, rtol=0)
    assert (image[1:] < picture).any()


def test_an_autoencoder_that_fails_changes_nothing(picture):
    model = darkening()
    model.vae.decode = lambda z: type("Decoded", (), {"sample": z * float("nan")})
    (found,) = model.recolour(picture)
    assert found.note == "no colour map: decoded to values that are not finite"
    torch.testing.assert_close(model(picture).image, picture, atol=1e-6, rtol=0)


def test_the_local_version_judges_by_a_and_leaves_c_alone(picture):
    regions = torch.zeros(1, 2, 40, 56)
    regions[:, 0, :, :16] = 1
    regions[:, 1, :, :24] = 1
    model = darkening(mask_channels=2)
    image = model(picture, regions).image
    assert torch.equal(image[..., 24:], picture[..., 24:])
    assert (image[..., :16] - 0.8 * picture[..., :16]).abs().mean() < 1 / 255
    between = image[..., 16:24] / picture[..., 16:24]
    assert ((between > 0.75) & (between < 1.001)).float().mean() > 0.9
    nothing = torch.zeros_like(regions)
    assert [each.note for each in model.recolour(picture, nothing)] == ["no colour map: no pixels"]
    assert torch.equal(model(picture, nothing).image, picture)


def test_only_the_balancer_learns(picture):
    torch.manual_seed(0)
    model = build("vae_recolour").train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    optimiser = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=1e-3)
    model(picture, reference=picture.flip(1)).terms["kl"].backward()
    optimiser.step()
    changed = {n for n, value in model.state_dict().items() if not torch.equal(value, before[n])}
    assert changed
    assert all(name.startswith("balancer.") for name in changed)


def test_the_loss_is_zero_for_latents_that_are_right_and_looks_at_a_alone(picture):
    model = darkening()
    darker = 0.8 * picture
    assert model(picture, reference=darker).terms["kl"].item() == pytest.approx(0, abs=1e-6)
    assert model(picture, reference=picture).terms["kl"].item() > 1e-3
    local = darkening(mask_channels=2)
    regions = torch.zeros(1, 2, 40, 56)
    regions[..., :16] = 1
    local._on_latents = lambda maps: maps  # latents of the stand-in are as large as pictures
    elsewhere = darker.clone()
    elsewhere[..., 16:] = 0
    assert local(picture, regions, elsewhere).terms["kl"].item() == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((171, 256), (152, 224)),
        ((3000, 4000), (168, 224)),
        ((50, 70), (48, 72)),
        ((1, 9), (16, 16)),
    ],
)
def test_thumbnails_have_the_autoencoders_sides(size, expected):
    x = torch.zeros(1, 3, *size) + 0.25
    small = thumbnail(x)
    assert tuple(small.shape[2:]) == expected
    assert (small == 0.25).all()


def test_what_does_not_exist_is_refused():
    with pytest.raises(ModelError, match="'spline' is none of mlp, polynomial, lut"):
        VaeRecolour(colour_map="spline")
    with pytest.raises(ModelError, match="'large' is none of small, released"):
        VaeRecolour(balancer="large")
    with pytest.raises(ModelError, match="at least 1, got 0"):
        VaeRecolour(iterations=0)


def test_an_autoencoder_of_diffusers_takes_the_place_of_ours(picture):
    diffusers = pytest.importorskip("diffusers", exc_type=ImportError)
    torch.manual_seed(0)
    model = VaeRecolour().eval()
    model.vae = diffusers.AutoencoderKL(
        block_out_channels=(4, 4, 8, 8),
        norm_num_groups=4,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
    )
    assert torch.isfinite(model(picture).image).all()


@trained
def test_the_weights_hold_the_autoencoder_they_were_trained_with():
    model, record = load("vae_recolour")
    vae, about = load("kl_vae")
    assert bytes(model.vae_sha256.tolist()).hex() == about.sha256
    assert record.training.model_settings == {"vae": "kl_vae"}
    x = torch.rand(1, 3, 16, 16)
    with torch.no_grad():
        ours, theirs = (each.encode(x).latent_dist.mean for each in (model.vae, vae))
    torch.testing.assert_close(ours, theirs, atol=1e-2, rtol=0)


@trained
def test_the_command_writes_a_picture_and_a_cube_that_others_read(rng, tmp_path, capsys):
    coarse = torch.from_numpy(rng.random((1, 3, 5, 7), dtype=np.float32)) * 0.4
    smooth = torch.nn.functional.interpolate(coarse, (60, 80), mode="bilinear")[0]
    photo, out, cube = (tmp_path / name for name in ("photo.png", "fixed.png", "fixed.cube"))
    write_image(photo, (smooth.permute(1, 2, 0).numpy() * 255).round().astype(np.uint8))
    plot = tmp_path / "way.png"
    options = ["--set", "iterations=2", "--cube", str(cube), "--trajectory", str(plot)]
    assert main(["apply", "vae_recolour", str(photo), "-o", str(out), *options]) == 0
    assert capsys.readouterr().out.split() == [str(out), str(cube), str(plot)]
    assert read_image(plot).size > 0
    lut, before = read_cube(cube), read_image(photo)
    assert np.abs(apply(lut, before, "trilinear").astype(int) - read_image(out)).max() <= 1
    assert {verdict.outcome for verdict in lint(cube).verdicts} == {"reads"}
    ocio = pytest.importorskip("PyOpenColorIO")
    transform = ocio.FileTransform(str(cube), interpolation=ocio.INTERP_LINEAR)
    processor = ocio.Config.CreateRaw().getProcessor(transform).getDefaultCPUProcessor()
    pixel = before[30, 40] / 255
    read = processor.applyRGB([float(x) for x in pixel])
    np.testing.assert_allclose(read, apply(lut, pixel.astype(np.float32), "trilinear"), atol=1e-4)


@trained
def test_the_command_notes_a_flat_picture(tmp_path, capsys):
    photo, out = tmp_path / "flat.png", tmp_path / "out.png"
    write_image(photo, np.full((32, 32, 3), 77, np.uint8))
    assert main(["apply", "vae_recolour", str(photo), "-o", str(out)]) == 0
    assert "a single colour" in capsys.readouterr().err
    assert np.array_equal(read_image(out), read_image(photo))
    command = ["apply", "vae_recolour", str(photo), "-o", str(out)]
    assert main([*command, "--set", "colour_map=spline"]) == 2
