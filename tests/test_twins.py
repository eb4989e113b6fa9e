"""Functions that exist on arrays and on tensors: one table, one test that they agree."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
import torch

from benchmarks.metrics import torch_path
from benchmarks.metrics.exposure import FLOOR
from datagen.develop import on_gpu
from datagen.images import files as image_files
from datagen.raw import demosaic, highlights
from datagen.references import fusion, fusion_torch
from datagen.regions import blend_torch, labels
from luts.colour import colorimetry, itp, transfer
from luts.lookup import apply
from luts.lut import Lut1D, Lut3D, ShapedLut, nodes
from luts.torch import colour as torch_colour
from luts.torch import layout
from luts.torch import lookup as torch_lookup
from luts.torch import transfer as torch_transfer

RNG = np.random.default_rng(20)
ENCODED = RNG.uniform(0, 1, (2, 13, 17, 3)).astype(np.float32)
OTHER = np.clip(ENCODED + RNG.normal(0, 0.05, ENCODED.shape), 0, 1).astype(np.float32)
WIDE = RNG.uniform(-0.5, 2, (2, 13, 17, 3)).astype(np.float32)
WIDE[0, 0, :3] = 0, 1, 0.04045
LABS = colorimetry.encoded_to_lab(ENCODED), colorimetry.encoded_to_lab(OTHER)
WEIGHT = np.clip(RNG.uniform(-0.5, 1.5, (2, 13, 17)), 0, 1).astype(np.float32)
MOSAIC = RNG.uniform(0, 1.4, (12, 16)).astype(np.float32)
PATTERN = np.array([[0, 1], [1, 2]])
CURVED = nodes(5) ** 0.8
LUTS = {
    "curves": Lut1D(np.linspace(0, 1, 7)[:, None] ** [0.8, 1.0, 1.3]),
    "cube": Lut3D(CURVED, (-0.1, 0, 0), (1, 1.5, 1)),
    "curves and cube": ShapedLut(Lut1D(np.linspace(0, 1, 7)[:, None] ** [1, 2, 3]), Lut3D(CURVED)),
}


def _nchw(function):
    """A function on batches (N, C, H, W), or maps (N, H, W), as one on arrays of pictures."""

    def on_arrays(*arrays):
        tensors = (
            layout.to_batch(a) if a.ndim == 4 else torch.from_numpy(a)[:, None] for a in arrays
        )
        result = function(*tensors)
        return layout.to_arrays(result) if result.ndim == 4 else result.numpy()

    return on_arrays


def _plain(function):
    return lambda *arrays: function(*map(torch.from_numpy, arrays)).numpy()


@dataclass(frozen=True)
class Pair:
    """A numpy function, its tensor twin taking arrays, what both are given, and how they agree."""

    array: object
    tensor: object
    inputs: tuple = field(repr=False)
    atol: float


def _each(function):
    return lambda *batches: np.stack([function(*one) for one in zip(*batches, strict=True)])


TWINS = {
    "encode_srgb": Pair(transfer.encode_srgb, _plain(torch_transfer.encode_srgb), (WIDE,), 3e-7),
    "decode_srgb": Pair(transfer.decode_srgb, _plain(torch_transfer.decode_srgb), (WIDE,), 2e-6),
    "luminance": Pair(
        lambda x: colorimetry.luminance(x)[..., None], _nchw(torch_colour.luminance), (WIDE,), 1e-6
    ),
    "linear_to_lab": Pair(
        colorimetry.linear_to_lab, _nchw(torch_colour.linear_to_lab), (ENCODED,), 2e-4
    ),
    "delta_e_1976": Pair(
        lambda *labs: colorimetry.delta_e_1976(*labs)[..., None],
        _nchw(torch_colour.delta_e_1976),
        LABS,
        1e-4,
    ),
    "delta_e_2000": Pair(colorimetry.delta_e_2000, _nchw(torch_colour.delta_e_2000), LABS, 1e-4),
    "difference_itp": Pair(
        lambda *pair: itp.difference_itp(*pair)[..., None],
        _nchw(torch_colour.difference_itp),
        (ENCODED, OTHER),
        5e-2,  # float32 against float32: the PQ curve is steep at black
    ),
    "ideal": Pair(_each(labels.ideal), _nchw(blend_torch.ideal), (ENCODED, OTHER, WEIGHT), 1e-6),
    "fusion": Pair(_each(fusion.fusion), _nchw(fusion_torch.fusion), (ENCODED,), 1 / 255),
    "malvar": Pair(
        lambda mosaic: demosaic.malvar(mosaic, PATTERN).transpose(2, 0, 1),
        lambda mosaic: on_gpu.malvar(torch.from_numpy(mosaic), PATTERN).numpy(),
        (MOSAIC,),
        1e-6,
    ),
    "highlights blend": Pair(
        lambda x: highlights.blend(x.copy()).transpose(2, 0, 1),
        lambda x: on_gpu.HIGHLIGHTS["blend"](torch.from_numpy(x.transpose(2, 0, 1))).numpy(),
        (np.maximum(WIDE[0], 0),),
        1e-5,
    ),
    **{
        f"upright {code}": Pair(
            lambda x, code=code: image_files.upright(x, code).transpose(2, 0, 1),
            lambda x, code=code: on_gpu.upright(
                torch.from_numpy(np.ascontiguousarray(x.transpose(2, 0, 1))), code
            ).numpy(),
            (ENCODED[0],),
            0,
        )
        for code in range(1, 9)
    },
    "stops": Pair(
        lambda a, b: np.log2((a + FLOOR) / (b + FLOOR)),
        _plain(torch_path.stops),
        (WEIGHT, WEIGHT[::-1].copy()),
        1e-5,
    ),
    **{
        f"lookup {name}, {rule}": Pair(
            lambda x, lut=lut, rule=rule: apply(lut, x, rule, engine="numpy"),
            _nchw(lambda x, lut=lut, rule=rule: torch_lookup.apply_lut(lut, x, rule)),
            (WIDE,),
            5e-6,
        )
        for name, lut in LUTS.items()
        for rule in ("tetrahedral", "trilinear")
    },
}


@pytest.mark.parametrize("name", TWINS)
def test_a_twin_gives_what_its_function_gives(name):
    pair = TWINS[name]
    expected = pair.array(*(x.copy() for x in pair.inputs))
    np.testing.assert_allclose(pair.tensor(*pair.inputs), expected, rtol=0, atol=pair.atol)


@pytest.mark.parametrize("curve", [torch_transfer.encode_srgb, torch_transfer.decode_srgb])
def test_the_curve_has_the_right_slope_everywhere(curve):
    """Finite at 0 and 1, where a plain power is not, and equal to what differences give."""
    values = torch.tensor([-1.0, -0.001, 0.0, 0.001, 0.003, 0.2, 1.0, 2.0], dtype=torch.float64)
    values.requires_grad_()
    (slope,) = torch.autograd.grad(curve(values).sum(), values)
    step = 1e-7
    measured = (curve(values.detach() + step) - curve(values.detach() - step)) / (2 * step)
    torch.testing.assert_close(slope, measured, rtol=1e-5, atol=1e-6)


def test_batches_come_back_as_the_pictures_they_were():
    batch = layout.to_batch(list(ENCODED))
    assert batch.shape == (2, 3, 13, 17)
    np.testing.assert_array_equal(layout.to_arrays(batch), ENCODED)
