"""SCI, RUAS, IAT, CLUT-Net: what their papers state, their losses, and where they start."""

from __future__ import annotations

import math

import pytest
import torch

from benchmarks.methods.models import ModelError, build
from benchmarks.methods.models.networks.lut3d import SIZE
from benchmarks.methods.models.networks.ruas import _brightest
from benchmarks.methods.models.parts.neighbour_smoothness import OFFSETS, neighbour_smoothness


def images(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(
    ("name", "part", "stated"),
    [
        # tables of the papers and of the authors' pages, in numbers
        ("iat", "", 91_150),
        ("ruas", "", 3_400),
        ("sci", "first block last", 258),
    ],
)
def test_sizes_are_those_of_the_papers(name, part, stated):
    model = build(name)
    modules = [getattr(model, each) for each in part.split()] or [model]
    count = sum(p.numel() for module in modules for p in module.parameters())
    assert count == pytest.approx(stated, rel=0.02)


def test_smoothness_of_a_step_is_the_formula():
    """Columns of 0 and 1: what an offset crosses, weighted by exp(-d^2 / (2 sigma^2))."""
    step = torch.zeros(1, 3, 6, 6)
    step[..., 3:] = 1
    grey = torch.zeros(1, 3, 6, 6)
    expected = 0.0
    for dy, dx in OFFSETS:
        crossing = abs(dx) * (6 - dy)  # pairs that straddle the step
        expected += 2 * 3 * crossing / ((6 - dy) * (6 - abs(dx)))
    assert neighbour_smoothness(step, grey).item() == pytest.approx(expected, rel=1e-6)
    apart = sum((row[0] + row[1] + row[2]) ** 2 for row in _ycbcr())
    guided = neighbour_smoothness(step, step, sigma=0.5).item()
    assert guided == pytest.approx(expected * math.exp(-apart / 0.5), rel=1e-5)
    assert neighbour_smoothness(grey + 0.3, step).item() == 0


def _ycbcr():
    from benchmarks.methods.models.parts.neighbour_smoothness import YCBCR

    return YCBCR


@torch.no_grad()
def test_sci_only_brightens():
    x = images(2, 3, 20, 30)
    output = build("sci").eval()(x)
    assert (output.image >= x - 1e-6).all()
    assert (output.illumination >= x - 1e-6).all() and output.illumination.max() <= 1


@torch.no_grad()
def test_ruas_looks_right_and_below():
    x = torch.zeros(1, 1, 4, 4)
    x[..., 2, 2] = 1
    assert _brightest(x)[0, 0].nonzero().tolist() == [[1, 1], [1, 2], [2, 1], [2, 2]]


@torch.no_grad()
def test_losses_without_references_look_at_none():
    x = images(1, 3, 16, 16)
    for name in ("sci", "ruas"):
        model = build(name).eval()
        terms = [model(x, None, reference=y).terms for y in (x, 1 - x)]
        assert terms[0].keys() == terms[1].keys()
        assert all(torch.equal(terms[0][key], terms[1][key]) for key in terms[0])


@torch.no_grad()
def test_iat_starts_as_a_matrix_of_one_and_a_gamma_of_one():
    torch.manual_seed(0)
    model = build("iat").eval()
    for linear in (model.whole.gamma, model.whole.colour):
        torch.nn.init.zeros_(linear.weight)
    gamma, matrix = model.whole(images(2, 3, 20, 28))
    assert torch.equal(gamma, torch.ones(2, 1)) and torch.equal(
        matrix, torch.eye(3).expand(2, 3, 3)
    )


@torch.no_grad()
def test_clut_without_small_cubes_is_the_identity_and_with_one_of_its_rank():
    model, x = build("clut").eval(), images(1, 3, 20, 28)
    change = (model.tables(x)[0] - model.identity)[..., 0].flatten(1)
    assert change.shape == (SIZE, SIZE**2)
    assert torch.linalg.matrix_rank(change, rtol=1e-3) <= 5  # five rows stand for the first axis
    torch.nn.init.zeros_(model.small)
    torch.testing.assert_close(model(x).image, x, atol=1e-5, rtol=0)


@pytest.mark.parametrize("name", ["sci", "ruas", "iat", "clut"])
def test_what_is_no_picture_is_refused(name):
    with pytest.raises(ModelError, match=r"\(N, 3, H, W\)"):
        build(name)(torch.zeros(3, 8, 8))
