"""Image-adaptive LUTs and what they export, against LUT engines and figures made by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch.nn import functional as F  # noqa: N812

import luts
from benchmarks.cli import main
from benchmarks.methods.blend import blend
from benchmarks.methods.models import ModelError, build
from benchmarks.methods.models.networks.lut3d import (
    as_luts,
    first_basis,
    look_up,
    monotonicity,
    smoothness,
)
from benchmarks.methods.models.output import MapsColour, unmodulated
from benchmarks.methods.models.parts.region_blend import blend_by_regions
from benchmarks.methods.models.published.adopt import adopt
from benchmarks.methods.models.published.luts import (
    ADAINT,
    PAIRED,
    UNPAIRED,
    published_adaint,
    published_zeng,
)
from benchmarks.methods.models.trained import checkpoints
from benchmarks.methods.models.trained.record import CheckpointError, Trained, TrainingRecord
from datagen.images.files import write_image
from luts.algebra import compose
from luts.lut import Lut3D, ShapedLut

NAMES = ["image_adaptive_lut", "adaint"]


def images(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def trained_a_little(name, **settings):
    """A model whose cubes, weights and vertices differ from picture to picture."""
    torch.manual_seed(0)
    model = build(name, **settings).eval()
    with torch.no_grad():
        model.basis += 0.1 * torch.randn_like(model.basis)
        model.weigh.weight.normal_(0, 1)
        if hasattr(model, "intervals"):
            model.intervals.weight.normal_(0, 2)
    return model


def parameters(module):
    return sum(p.numel() for p in module.parameters())


# What is in them


def test_the_parameters_are_the_papers():
    model = build("image_adaptive_lut")
    assert model.basis.numel() == 323_433 == 3 * 33**3 * 3
    assert parameters(model) - model.basis.numel() == 270_083
    # AdaInt pools before its heads, which pays for the intervals: 96 outputs of 512 features.
    adaptive = build("adaint")
    assert parameters(adaptive.intervals) == 513 * 96
    assert parameters(adaptive.weigh) == 513 * 3


@pytest.mark.parametrize("name", NAMES)
def test_training_starts_near_the_identity(name):
    torch.manual_seed(0)
    model, x = build(name).eval(), images(2, 3, 40, 50)
    with torch.no_grad():
        torch.testing.assert_close(model(x).image, x, atol=0.03, rtol=0)


@pytest.mark.parametrize("name", NAMES)
def test_weights_of_one_are_the_identity(name):
    model, x = build(name).eval(), images(1, 3, 20, 30)
    torch.nn.init.zeros_(model.weigh.weight)
    with torch.no_grad():
        torch.testing.assert_close(model(x).image, x, atol=1e-6, rtol=0)


def test_a_head_is_stored_times_the_root_of_its_inputs_unless_faithful():
    ours, theirs = build("image_adaptive_lut").weigh, build("image_adaptive_lut", faithful=True)
    assert ours.scale == pytest.approx(8192**-0.5)
    assert theirs.weigh.scale == 1
    assert theirs.weigh.weight.std().item() == pytest.approx(math.sqrt(2 / 8195), rel=0.02)


@pytest.mark.parametrize(("faithful", "seen"), [(True, 1.0), (False, 0.5)])
def test_large_pictures_alias_only_in_the_faithful_thumbnail(faithful, seen):
    stripes = torch.zeros(1, 3, 1024, 1024)
    stripes[..., 1::4] = stripes[..., 2::4] = 1
    thumbnail = build("image_adaptive_lut", faithful=faithful).features.thumbnail(stripes)
    assert thumbnail.shape == (1, 3, 256, 256)
    torch.testing.assert_close(thumbnail[..., 4:-4], torch.full((1, 3, 256, 248), seen))


# The loss


def test_smoothness_and_monotonicity_of_the_identity_by_hand():
    identity = first_basis()[0]
    # Along each axis one channel of three steps by 1/32; of 32 steps the outer two count twice.
    assert smoothness(identity).item() == pytest.approx(3 * (1 / 3) * (34 / 32) / 32**2, rel=1e-4)
    assert monotonicity(identity).item() == 0
    assert monotonicity(1 - identity).item() == pytest.approx(1 / 32, rel=1e-5)


def test_one_raised_node_by_hand():
    table = torch.zeros(4, 4, 4, 3)
    table[1, 1, 1, 0] = 0.5
    # Each axis: a step up that counts twice and a step down that counts once, of 3 * 48 steps.
    assert smoothness(table).item() == pytest.approx(3 * (2 + 1) * 0.25 / 144)
    assert monotonicity(table).item() == pytest.approx(3 * 0.5 / 144)


def test_the_loss_is_the_authors():
    torch.manual_seed(0)
    model = build("image_adaptive_lut").eval()
    with torch.no_grad():
        model.basis.normal_()
    x, reference = images(2, 3, 16, 16), images(2, 3, 16, 16, seed=1)
    output = model(x, reference=reference)
    weights = model.predict(model.features(x, None, unmodulated))[0]
    cubes = model.cubes()
    expected = F.mse_loss(output.image, reference)
    expected = expected + 1e-4 * (weights.square().mean() + sum(map(smoothness, cubes)))
    expected = expected + 10 * sum(map(monotonicity, cubes))
    torch.testing.assert_close(sum(output.terms.values()), expected)
    assert set(build("adaint")(x, reference=reference).terms) == {"l2", "weights", "monotone"}


def test_a_local_version_learns_from_region_a_alone():
    model = build("image_adaptive_lut+concat").eval()
    x, reference = images(1, 3, 24, 24), images(1, 3, 24, 24, seed=1)
    regions = torch.zeros(1, 2, 24, 24)
    regions[:, :, :, :12] = 1
    elsewhere = torch.where(regions[:, :1] > 0, reference, 1 - reference)
    same = [model(x, regions, reference=r).terms["l2"] for r in (reference, elsewhere)]
    assert same[0] == same[1]


# The lookup


@pytest.mark.parametrize("name", NAMES)
def test_both_ways_through_a_cube_are_the_exported_lut(name):
    model, x = trained_a_little(name), images(2, 3, 33, 47)
    through_grid = model(x).image.detach()
    with torch.no_grad():
        fast = model(x).image
    torch.testing.assert_close(fast, through_grid, atol=1e-5, rtol=0)
    for lut, one, expected in zip(model.colour_maps(x), x, through_grid, strict=True):
        encoded = one.permute(1, 2, 0).double().numpy()
        definition = luts.apply(lut, encoded, "trilinear", engine="numpy")
        np.testing.assert_allclose(definition, expected.permute(1, 2, 0), rtol=0, atol=1e-5)
    assert (through_grid[0] - x[0]).abs().max() > 0.02


def test_uneven_vertices_are_looked_up_by_interval(rng):
    """One colour at a time, with the definition of trilinear interpolation."""
    vertices = np.sort(rng.random((3, 5)), axis=1)
    vertices[:, 0], vertices[:, -1] = 0, 1
    table, colours = rng.random((5, 5, 5, 3)), rng.random((20, 3))
    expected = np.zeros((20, 3))
    for row, colour in enumerate(colours):
        cell = [
            int(np.searchsorted(v, c, "right")) - 1 for v, c in zip(vertices, colour, strict=True)
        ]
        for corner in np.ndindex(2, 2, 2):
            weight = 1.0
            for v, c, k, up in zip(vertices, colour, cell, corner, strict=True):
                share = (c - v[k]) / (v[k + 1] - v[k])
                weight *= share if up else 1 - share
            expected[row] += weight * table[tuple(np.add(cell, corner))]
    x = torch.from_numpy(colours.T.copy())[None, :, :, None]
    tables, axes = torch.from_numpy(table)[None], torch.from_numpy(vertices)[None]
    result = look_up(x, tables, axes)[0, :, :, 0].T
    np.testing.assert_allclose(result, expected, rtol=0, atol=1e-12)
    fast = as_luts(tables, axes)[0]
    applied = luts.apply(fast, colours.astype(np.float32), "trilinear")
    np.testing.assert_allclose(applied, expected, rtol=0, atol=2e-4)


def test_gradients_of_vertices_tables_and_pictures_are_right():
    torch.manual_seed(0)
    widths = torch.rand(1, 3, 4, dtype=torch.float64, requires_grad=True)
    tables = torch.rand(1, 5, 5, 5, 3, dtype=torch.float64, requires_grad=True)
    x = torch.rand(1, 3, 3, 3, dtype=torch.float64, requires_grad=True)

    def through(widths, tables, x):
        return look_up(x, tables, F.pad(widths.softmax(-1).cumsum(-1), (1, 0)))

    assert torch.autograd.gradcheck(through, (widths, tables, x))


def test_vertices_run_from_black_to_white():
    model = trained_a_little("adaint")
    features = model.features(images(2, 3, 40, 40), None, unmodulated)
    vertices = model.predict(features)[1]
    assert vertices.shape == (2, 3, 33)
    assert (vertices.diff(dim=2) > 0).all()
    torch.testing.assert_close(vertices[..., -1], torch.ones(2, 3))
    assert (vertices - torch.linspace(0, 1, 33)).abs().max() > 0.01


# Local versions


def striped(n=1, size=48):
    regions = torch.zeros(n, 2, size, size)
    regions[:, 0, :, : size // 3] = 1
    regions[:, 1, :, : 2 * size // 3] = 1
    return regions


def test_the_blend_is_the_data_sets(rng):
    degraded, mapped = (rng.random((48, 48, 3), np.float32) * 1.2 - 0.1 for _ in range(2))
    regions = striped()
    labels = regions[0].sum(0).byte().numpy()
    put = [torch.from_numpy(p).permute(2, 0, 1)[None] for p in (degraded, mapped)]
    result = blend_by_regions(*put, regions)[0].permute(1, 2, 0)
    np.testing.assert_allclose(result, blend(mapped, degraded, labels), rtol=0, atol=1e-6)


def test_the_blend_has_finite_gradients_at_black():
    x = torch.zeros(1, 3, 48, 48, requires_grad=True)
    blend_by_regions(x, x * 0.5, striped()).sum().backward()
    assert torch.isfinite(x.grad).all()


@pytest.mark.parametrize("conversion", ["concat", "ranlen_blend"])
def test_local_versions_keep_c_and_map_a(conversion):
    torch.manual_seed(0)
    model = build(f"image_adaptive_lut+{conversion}").eval()
    host = getattr(model, "host", model)
    torch.nn.init.normal_(host.weigh.weight)
    x, regions = images(1, 3, 48, 48), striped()
    with torch.no_grad():
        image = model(x, regions).image
        (lut,) = model.colour_maps(x, regions)
        (unaware,) = model.colour_maps(x)
    assert torch.equal(image[..., 32:], x[..., 32:])
    encoded = x[0, :, :, :16].permute(1, 2, 0).contiguous().numpy()
    np.testing.assert_allclose(
        image[0, :, :, :16].permute(1, 2, 0),
        luts.apply(lut, encoded, "trilinear"),
        rtol=0,
        atol=1e-6,
    )
    assert np.abs(lut.table - unaware.table).max() > 1e-4


def test_hosts_without_cubes_cannot_be_blended_this_way():
    with pytest.raises(ModelError, match="zero_dce does not mix LUTs"):
        build("image_adaptive_lut+ranlen_blend", host="zero_dce")


# Published weights


def zeng_files(folder, positions):
    """Random weights in the authors' layout, and what their code would make of a picture."""
    torch.manual_seed(0)
    widths = [3, 16, 32, 64, 128, 128]
    state = {}
    for ours, position in positions.items():
        layer, index = ours.rpartition(".")[2][:-1], ours[-1]
        if layer == "conv":
            shape = (widths[int(index) + 1], widths[int(index)], 3, 3)
        else:
            shape = (widths[int(index) + 1],) if layer == "norm" else (3, 128, 8, 8)
        state[f"model.{position}.weight"] = torch.randn(shape) * 0.05
        state[f"model.{position}.bias"] = torch.randn(shape[0]) * 0.05
    cubes = {str(k): {"LUT": torch.rand(3, 33, 33, 33)} for k in range(3)}
    torch.save(state, folder / "classifier.pth")
    torch.save(cubes, folder / "LUTs.pth")
    return state, cubes


@pytest.mark.parametrize(("positions", "unpaired"), [(PAIRED, False), (UNPAIRED, True)])
def test_published_cubes_and_predictor_do_what_they_did(tmp_path, positions, unpaired):
    state, cubes = zeng_files(tmp_path, positions)
    files = [tmp_path / "classifier.pth", tmp_path / "LUTs.pth"]
    with pytest.raises(CheckpointError, match="say --colour-space sRGB if they are"):
        adopt("image_adaptive_lut", files, tmp_path)
    with pytest.raises(CheckpointError, match="for XYZ pictures; pictures here are sRGB"):
        adopt("image_adaptive_lut", files, tmp_path, colour_space="XYZ")
    adopt("image_adaptive_lut", files, tmp_path, colour_space="sRGB", label="zeng")
    model, record = checkpoints.load("image_adaptive_lut@zeng", tmp_path)
    assert record.training.model_settings.get("unpaired", False) == unpaired

    x = images(1, 3, 60, 90)
    y = F.interpolate(x, (256, 256), mode="bilinear")
    at = {position: ours for ours, position in positions.items()}
    for position in sorted(at)[:-1]:
        weight, bias = state[f"model.{position}.weight"], state[f"model.{position}.bias"]
        if weight.ndim == 4:
            y = F.leaky_relu(F.conv2d(y, weight, bias, stride=2, padding=1), 0.2)
        else:
            y = F.instance_norm(y, weight=weight, bias=bias)
    last = sorted(at)[-1]
    y = F.conv2d(y, state[f"model.{last}.weight"], state[f"model.{last}.bias"]).flatten()
    fused = sum(w * cubes[str(k)]["LUT"] for k, w in enumerate(y))
    # [channel, blue, green, red]: grid_sample's x is red.
    grid = x.permute(0, 2, 3, 1)[:, None] * 2 - 1
    expected = F.grid_sample(fused[None], grid, align_corners=True, padding_mode="border")
    with torch.no_grad():
        torch.testing.assert_close(model(x).image, expected[:, :, 0], atol=2e-3, rtol=0)


def test_published_adaint_does_what_it_did(tmp_path):
    model = trained_a_little("adaint", faithful=True)
    ours = model.state_dict()
    theirs = {
        f"{name}.{part}": ours[f"{layer}.{part}"]
        for layer, name in ADAINT.items()
        for part in ("weight", "bias")
    }
    cubes = model.cubes().detach().permute(0, 4, 3, 2, 1)
    theirs["lut_generator.basis_luts_bank.weight"] = cubes.flatten(1).t()
    torch.save({"state_dict": theirs}, tmp_path / "a.pth")
    adopt("adaint", tmp_path / "a.pth", tmp_path / "w", colour_space="sRGB")
    other, _ = checkpoints.load("adaint", tmp_path / "w")
    x = images(1, 3, 40, 40)
    with torch.no_grad():
        torch.testing.assert_close(other(x).image, model(x).image, rtol=1e-4, atol=1e-4)


def test_files_of_another_layout_are_refused(tmp_path):
    zeng_files(tmp_path, PAIRED)
    luts_file, classifier = tmp_path / "LUTs.pth", tmp_path / "classifier.pth"
    for pair in ([luts_file, luts_file], [classifier, classifier]):
        with pytest.raises(CheckpointError, match=r"not the authors' LUTs\.pth"):
            published_zeng(pair)
    assert published_adaint(classifier) is None
    with pytest.raises(CheckpointError, match="say --set faithful=true where it was made from"):
        adopt("adaint", classifier, tmp_path)
    (tmp_path / "text.pth").write_text("weights")
    with pytest.raises(CheckpointError, match="not a PyTorch state dict"):
        published_adaint(tmp_path / "text.pth")


# Export


@pytest.fixture
def trained(monkeypatch, tmp_path):
    """`checkpoints.load` gives a lively model; a picture to look at."""
    import benchmarks.methods.models.trained.export

    def load(name, row):
        return trained_a_little(name), TrainingRecord(name, Trained(), sha256="0123456789abcdef")

    monkeypatch.setattr(benchmarks.methods.models.trained.export, "load_row", load)
    picture = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    write_image(tmp_path / "photo.png", picture)
    return tmp_path, picture


@pytest.mark.parametrize(("name", "kind"), [(NAMES[0], Lut3D), (NAMES[1], ShapedLut)])
def test_an_exported_cube_does_what_the_model_does(trained, capsys, name, kind):
    folder, picture = trained
    out = folder / "look.cube"
    assert main(["apply", name, str(folder / "photo.png"), "--cube", str(out)]) == 0
    assert capsys.readouterr().out == f"{out}\n"
    lut = luts.read_cube(out)
    assert isinstance(lut, kind)
    encoded = (picture / np.float32(255)).astype(np.float32)
    with torch.no_grad():
        x = torch.from_numpy(encoded).permute(2, 0, 1)[None]
        expected = trained_a_little(name)(x).image[0].permute(1, 2, 0)
    np.testing.assert_allclose(luts.apply(lut, encoded, "trilinear"), expected, rtol=0, atol=1e-5)


@pytest.mark.slow  # colour takes seconds to import
def test_other_programs_read_an_exported_cube(trained):
    import colour
    import PyOpenColorIO as ocio  # noqa: N813

    folder, _ = trained
    for name in NAMES:
        out = folder / f"{name}.cube"
        photo = str(folder / "photo.png")
        command = ["apply", name, photo, "--cube", str(out), "--cube-size", "17"]
        assert main(command) == 0
        ours = luts.read_cube(out)
        theirs = colour.io.read_LUT_IridasCube(str(out))
        np.testing.assert_allclose(theirs.table, ours.table, rtol=0, atol=1e-6)
        assert name in theirs.name
        transform = ocio.FileTransform(str(out), interpolation=ocio.INTERP_LINEAR)
        processor = ocio.Config.CreateRaw().getProcessor(transform).getDefaultCPUProcessor()
        np.testing.assert_allclose(
            processor.applyRGB([0.2, 0.5, 0.7]),
            luts.apply(ours, np.float32([0.2, 0.5, 0.7]), "trilinear"),
            rtol=0,
            atol=1e-5,
        )


def test_opencolorio_reads_curves_and_cube_from_the_file(trained):
    import PyOpenColorIO as ocio  # noqa: N813

    folder, _ = trained
    out = folder / "shaped.cube"
    assert main(["apply", "adaint", str(folder / "photo.png"), "--cube", str(out)]) == 0
    transform = ocio.FileTransform(str(out), interpolation=ocio.INTERP_LINEAR)
    processor = ocio.Config.CreateRaw().getProcessor(transform).getDefaultCPUProcessor()
    colour = np.float32([0.2, 0.5, 0.7])
    expected = luts.apply(luts.read_cube(out), colour, "trilinear")
    np.testing.assert_allclose(processor.applyRGB(colour.tolist()), expected, rtol=0, atol=1e-5)


def test_baking_moves_the_vertices_and_is_close(trained):
    _, picture = trained
    (lut,) = trained_a_little("adaint").colour_maps(images(1, 3, 40, 60))
    encoded = (picture / np.float32(255)).astype(np.float32)
    exact = luts.apply(lut, encoded, "trilinear")
    errors = [
        np.abs(luts.apply(compose(lut, size=size), encoded, "trilinear") - exact).mean()
        for size in (17, 65)
    ]
    assert errors[0] > 2 * errors[1]


def test_what_is_no_colour_map_is_refused(trained, capsys, monkeypatch):
    import benchmarks.methods.models.trained.export

    folder, _ = trained
    photo, out = str(folder / "photo.png"), str(folder / "out.cube")
    record = TrainingRecord("x", Trained())
    monkeypatch.setattr(
        benchmarks.methods.models.trained.export,
        "load_row",
        lambda name, row: (build(name), record),
    )
    wrong = {"zero_dce": "depends on where it is", "zero": "no method called", "gamma": "no model"}
    for name, message in wrong.items():
        assert main(["apply", name, photo, "--cube", out]) == 2
        assert message in capsys.readouterr().err
    assert main(["apply", "adaint", photo, "--cube", out, "--cube-size", "1"]) == 2
    assert "--cube-size: must be 2 to 129, got 1" in capsys.readouterr().err
    assert not isinstance(build("zero_dce"), MapsColour)
