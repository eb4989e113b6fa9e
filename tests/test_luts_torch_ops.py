from __future__ import annotations

import numpy as np
import pytest
import torch

import luts
from luts.lookup import INTERPOLATIONS
from luts.lut import Lut1D, Lut3D, ShapedLut, nodes
from luts.torch import lookup as torch_ops

NEEDS_GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
DEVICES = ["cpu", pytest.param("cuda", marks=[pytest.mark.gpu, NEEDS_GPU])]


def cubes(count: int, size: int) -> list[Lut3D]:
    return [Lut3D(nodes(size) ** (0.7 + 0.2 * step) * 1.1 - 0.05) for step in range(count)]


def batch(rng, count: int, size: int = 24) -> np.ndarray:
    return rng.uniform(-0.1, 1.1, (count, size, size + 3, 3)).astype(np.float32)


def tensor(encoded: np.ndarray, device: str = "cpu") -> torch.Tensor:
    return torch.from_numpy(encoded).permute(0, 3, 1, 2).to(device)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_each_image_goes_through_its_own_cube(interpolation, device, rng):
    three, encoded = cubes(3, 9), batch(rng, 3)
    result = torch_ops.apply(
        torch_ops.stack(three, device), tensor(encoded, device), interpolation=interpolation
    )
    for lut, image, ours in zip(three, encoded, result.cpu(), strict=True):
        reference = luts.apply(lut, image.astype(np.float64), interpolation, engine="numpy")
        np.testing.assert_allclose(ours.permute(1, 2, 0), reference, rtol=0, atol=5e-7)


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_one_cube_serves_a_whole_batch(interpolation, rng):
    images, table = tensor(batch(rng, 2)), torch_ops.stack(cubes(1, 5))
    torch.testing.assert_close(
        torch_ops.apply(table[0], images, interpolation),
        torch_ops.apply(table.repeat(2, 1, 1, 1, 1), images, interpolation),
    )


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_gradients_reach_tables_and_images(interpolation, rng):
    tables = torch.from_numpy(rng.random((2, 3, 3, 3, 3))).requires_grad_()
    # Away from the cell walls and from ties between channels, where the rule has a kink.
    images = torch.tensor([0.13, 0.31, 0.72], dtype=torch.float64)[None, :, None, None]
    images = (images + torch.rand(2, 3, 2, 2, dtype=torch.float64) * 0.02).requires_grad_()
    assert torch.autograd.gradcheck(
        lambda t, i: torch_ops.apply(t, i, interpolation), (tables, images)
    )


@pytest.mark.parametrize(
    "lut",
    [
        Lut1D(np.linspace(0, 1, 17)[:, None] ** [0.5, 1, 2], (-0.5, 0, 0), (1, 2, 0.5)),
        Lut3D(nodes(5) ** 1.5, (-0.5, 0, 0), (1, 2, 0.5)),
        ShapedLut(Lut1D(np.linspace(0, 1, 9)[:, None] ** [1, 2, 3]), Lut3D(nodes(4) * 0.8)),
    ],
)
def test_every_kind_of_lut_and_domain_agrees_with_the_definition(lut, rng):
    encoded = batch(rng, 1)
    reference = luts.apply(lut, encoded.astype(np.float64), engine="numpy")
    ours = torch_ops.apply_lut(lut, tensor(encoded)).permute(0, 2, 3, 1)
    np.testing.assert_allclose(ours, reference, rtol=0, atol=1e-6)


def test_not_a_number_counts_as_black():
    images = torch.full((1, 3, 1, 1), torch.nan)
    table = torch_ops.stack(cubes(1, 3))
    torch.testing.assert_close(
        torch_ops.apply(table, images), torch_ops.apply(table, torch.zeros_like(images))
    )


@pytest.mark.parametrize(
    ("tables", "images", "error", "message"),
    [
        ((2, 3, 3, 3, 3), (3, 3, 4, 4), ValueError, r"got \(2, 3, 3, 3, 3\)"),
        ((3, 3, 4, 3), (1, 3, 4, 4), ValueError, "tables are"),
        ((3, 3, 3, 3), (1, 4, 4, 3), ValueError, "images are"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(tables, images, error, message):
    with pytest.raises(error, match=message):
        torch_ops.apply(torch.zeros(tables), torch.zeros(images))


def test_mixed_dtypes_are_refused():
    with pytest.raises(TypeError, match="share one float dtype"):
        torch_ops.apply(torch.zeros(2, 2, 2, 3), torch.zeros(1, 3, 2, 2, dtype=torch.float64))


def test_an_unknown_interpolation_is_refused():
    with pytest.raises(ValueError, match="got 'nearest'"):
        torch_ops.apply(torch.zeros(2, 2, 2, 3), torch.zeros(1, 3, 2, 2), "nearest")


def test_only_cubes_over_the_unit_domain_are_stacked():
    with pytest.raises(ValueError, match=r"domain \[0, 1\]"):
        torch_ops.stack([Lut3D(nodes(2), domain_max=(2, 2, 2))])


def test_the_fast_way_is_luts_apply_whatever_the_number_of_threads(rng, monkeypatch):
    three, encoded = cubes(3, 9), batch(rng, 3)
    expected = [luts.apply(lut, image) for lut, image in zip(three, encoded, strict=True)]
    monkeypatch.setattr(torch_ops, "LEAST_PIXELS", 100)
    for threads in (1, 3):
        monkeypatch.setattr(torch, "get_num_threads", lambda count=threads: count)
        result = torch_ops.apply_each(three, tensor(encoded))
        np.testing.assert_array_equal(result.permute(0, 2, 3, 1), expected)


def test_every_image_needs_its_lut(rng):
    with pytest.raises(ValueError, match="got 2 for 3"):
        torch_ops.apply_each(cubes(2, 3), tensor(batch(rng, 3)))


def test_even_vertices_spread_nothing(rng):
    images = torch.rand(2, 3, 4, 5, dtype=torch.float64)
    vertices = torch.linspace(0, 1, 7, dtype=torch.float64).expand(2, 3, 7)
    torch.testing.assert_close(torch_ops.spread(vertices, images), images)


def test_uneven_vertices_become_the_nodes_of_an_even_grid():
    vertices = torch.tensor([0.0, 0.1, 0.5, 1.0]).expand(1, 3, 4)
    images = torch.tensor([0.0, 0.05, 0.1, 0.3, 1.0]).expand(1, 3, 1, 5)
    expected = torch.tensor([0.0, 0.5, 1.0, 1.5, 3.0]) / 3
    torch.testing.assert_close(torch_ops.spread(vertices, images)[0, 0, 0], expected)


def test_gradients_reach_vertices_and_images():
    torch.manual_seed(0)
    steps = torch.rand(2, 3, 6, dtype=torch.float64).softmax(-1)
    vertices = torch.nn.functional.pad(steps.cumsum(-1), (1, 0)).requires_grad_()
    images = torch.rand(2, 3, 4, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(torch_ops.spread, (vertices, images))


def test_an_interval_of_no_width_gives_finite_colours():
    vertices = torch.tensor([0.0, 0.4, 0.4, 1.0]).expand(1, 3, 4)
    images = torch.tensor([0.39, 0.4, 0.41]).expand(1, 3, 1, 3)
    assert torch.isfinite(torch_ops.spread(vertices, images)).all()


def test_vertices_of_another_batch_are_refused():
    with pytest.raises(ValueError, match=r"got \(1, 3, 4\) for \(2, 3, 2, 2\)"):
        torch_ops.spread(torch.zeros(1, 3, 4), torch.zeros(2, 3, 2, 2))
