"""Image-adaptive 3D LUT: a small network mixes three learned cubes into one for each picture.

H. Zeng et al., "Learning Image-adaptive 3D Lookup Tables for High Performance Photo Enhancement in
Real-time", TPAMI 2020. Layers, initialisation and losses are those of the authors' code. The mix is
not convex: weights may be negative, cubes may be subtracted, and colours may leave [0, 1].

Ours, unless `faithful`: the thumbnail is resized with an antialiased filter, because large pictures
alias without; and the head starts near zero and is stored times the root of its inputs (equalised
learning rate; Karras et al., ICLR 2018), because the authors' throws the weights of the cubes 2
about 1 at the start and by 1 with each of Adam's first steps, which takes their 400 epochs to calm.
Always ours: gradients reach the picture (their operator hands them through unchanged), and a local
version blends by the region map, see lut3d_local.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from luts.lut import MAX_SIZE_1D, Lut, Lut1D, Lut3D, ShapedLut, nodes
from luts.torch import lookup as torch_ops

from ..output import Modulate, Output, network_input, unmodulated
from ..parts.layers import total
from ..parts.region_blend import blend_by_regions
from ..parts.region_mean import squared

SIDE = 256  # of the thumbnail
WIDTHS = (16, 32, 64, 128, 128)
GRID = SIDE // 2 ** len(WIDTHS)  # of the features
SLOPE = 0.2  # of the leaky ReLU
SIZE, RANKS = 33, 3  # nodes along an edge; cubes in the basis
CURVE_SIZE = MAX_SIZE_1D  # of exported curves; OpenColorIO takes no longer for more
# Of the loss terms, authors' code.
WEIGHT_DECAY, SMOOTHNESS, MONOTONICITY = 1e-4, 1e-4, 10.0


class Features(nn.Module):
    """(N, 3, H, W) pictures to (N, 128, 8, 8) features of their thumbnails.

    Five times convolution, leaky ReLU and, but after the last, instance normalisation; in the
    authors' model for unpaired training (`unpaired`) only after the first.
    """

    SITES: ClassVar[Mapping[str, int]] = {f"conv{i}": width for i, width in enumerate(WIDTHS)}

    def __init__(self, *, mask_channels: int, antialias: bool, unpaired: bool) -> None:
        super().__init__()
        self.mask_channels, self.antialias = mask_channels, antialias
        for i, width in enumerate(WIDTHS):
            inputs = WIDTHS[i - 1] if i else 3 + mask_channels
            conv = nn.Conv2d(inputs, width, 3, stride=2, padding=1)
            nn.init.xavier_normal_(conv.weight)
            setattr(self, f"conv{i}", conv)
        for i, width in enumerate(WIDTHS[: 1 if unpaired else -1]):
            norm = nn.InstanceNorm2d(width, affine=True)
            nn.init.normal_(norm.weight, 1.0, 0.02)
            setattr(self, f"norm{i}", norm)

    def forward(self, images: Tensor, regions: Tensor | None, modulate: Modulate) -> Tensor:
        x = self.thumbnail(network_input(images, regions, self.mask_channels))
        for i in range(len(WIDTHS)):
            x = modulate(f"conv{i}", getattr(self, f"conv{i}")(x))
            x = getattr(self, f"norm{i}", nn.Identity())(F.leaky_relu(x, SLOPE))
        return x

    def thumbnail(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to (N, C, 256, 256), whatever the proportions."""
        return F.interpolate(x, (SIDE, SIDE), mode="bilinear", antialias=self.antialias)


class Head(nn.Linear):
    """A linear layer; `equalised` starts near zero and is stored times the root of its inputs."""

    def __init__(self, inputs: int, outputs: int, *, equalised: bool) -> None:
        super().__init__(inputs, outputs)
        self.scale = inputs**-0.5 if equalised else 1.0
        if equalised:
            nn.init.normal_(self.weight, 0.0, 0.01)

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight * self.scale, self.bias)


class ImageAdaptiveLut(nn.Module):
    """593,516 parameters: 270,083 that judge the picture, 323,433 in the cubes.

    mask_channels : 2 for the local version, which reads the region maps and blends by them
    faithful : what the authors do where we differ, see above; published weights need it
    unpaired : the authors' predictor for unpaired training, with one norm and without dropout
    """

    OWN_LOSS = True
    SITES = Features.SITES
    SMOOTHNESS = SMOOTHNESS

    def __init__(
        self, *, mask_channels: int = 0, faithful: bool = False, unpaired: bool = False
    ) -> None:
        super().__init__()
        self.features = Features(
            mask_channels=mask_channels, antialias=not faithful, unpaired=unpaired
        )
        self.dropout = nn.Dropout(0.0 if unpaired else 0.5)
        self._add_heads(faithful)
        # Flat: Module.to(memory_format=channels_last) refuses parameters of five dimensions.
        self.basis = nn.Parameter(first_basis().flatten(1))

    def cubes(self) -> Tensor:
        """The basis as (3, n, n, n, 3), [cube, red, green, blue, channel]."""
        return self.basis.unflatten(1, (SIZE, SIZE, SIZE, 3))

    def _add_heads(self, faithful: bool) -> None:
        """The layers between the features and what they predict."""
        self.weigh = Head(WIDTHS[-1] * GRID**2, RANKS, equalised=not faithful)
        if faithful:
            nn.init.xavier_normal_(self.weigh.weight)
        nn.init.ones_(self.weigh.bias)

    def predict(self, features: Tensor) -> tuple[Tensor, Tensor | None]:
        """The (N, 3) weights of the cubes, and where their vertices are when not evenly spread."""
        return self.weigh(features.flatten(1)), None

    def forward(
        self,
        images: Tensor,
        regions: Tensor | None = None,
        modulate: Modulate = unmodulated,
        reference: Tensor | None = None,
    ) -> Output:
        weights, tables, vertices = self.tables(images, regions, modulate)
        image = look_up(images, tables, vertices)
        read = regions if self._reads_regions(modulate) else None
        if read is not None:
            image = blend_by_regions(images, image, read)
        if reference is None:
            return Output(image)
        # The map that is best in A is applied in B too, so A is all there is to learn from.
        where = None if read is None else read[:, :1]
        terms = squared(Output(image), images, reference, where) | self.restraints(weights)
        return Output(image, terms=terms)

    def _reads_regions(self, modulate: Modulate) -> bool:
        return self.features.mask_channels > 0 or modulate is not unmodulated

    def tables(
        self, images: Tensor, regions: Tensor | None = None, modulate: Modulate = unmodulated
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        """The (N, 3) weights, the (N, n, n, n, 3) cube of each picture, and its vertices."""
        features = self.dropout(self.features(images, regions, modulate))
        weights, vertices = self.predict(features)
        with torch.autocast(images.device.type, enabled=False):  # bfloat16 has no fine steps
            weights = weights.to(self.basis.dtype)
            vertices = None if vertices is None else vertices.to(self.basis.dtype)
            # The lookup is linear in the table, so three cubes are mixed once and looked up once.
            tables = (weights @ self.basis).unflatten(1, (SIZE, SIZE, SIZE, 3))
            return weights, tables, vertices

    def colour_maps(
        self, images: Tensor, regions: Tensor | None = None, modulate: Modulate = unmodulated
    ) -> list[Lut]:
        """See benchmarks.methods.models.output.MapsColour."""
        with torch.no_grad():
            _, tables, vertices = self.tables(images, regions, modulate)
        return as_luts(tables, vertices)

    def restraints(self, weights: Tensor) -> dict[str, Tensor]:
        """The loss terms that keep weights small, and cubes smooth and increasing."""
        terms = {
            "weights": WEIGHT_DECAY * weights.square().mean(),
            "monotone": MONOTONICITY * total(map(monotonicity, self.cubes())),
        }
        if self.SMOOTHNESS:
            terms["smooth"] = self.SMOOTHNESS * total(map(smoothness, self.cubes()))
        return terms


def first_basis() -> Tensor:
    """(3, n, n, n, 3), [cube, red, green, blue, channel]: the identity and two of zeros."""
    basis = torch.zeros(RANKS, SIZE, SIZE, SIZE, 3)
    basis[0] = torch.from_numpy(nodes(SIZE))
    return basis


def smoothness(table: Tensor) -> Tensor:
    """Total variation of a cube: mean squared step along each axis, the outermost counted twice.

    table : (n, n, n, 3), n >= 3
    """
    variation = table.new_zeros(())
    for axis in range(3):
        squares = table.diff(dim=axis).square()
        outer = squares.select(axis, 0).sum() + squares.select(axis, -1).sum()
        variation = variation + (squares.sum() + outer) / squares.numel()
    return variation


def monotonicity(table: Tensor) -> Tensor:
    """How far an (n, n, n, 3) cube falls from node to node: mean descent along each axis."""
    return total(F.relu(-table.diff(dim=axis)).mean() for axis in range(3))


def look_up(images: Tensor, tables: Tensor, vertices: Tensor | None = None) -> Tensor:
    """Trilinear lookup of each picture in its own cube, the fastest way there is here.

    Parameters
    ----------
    images : (N, 3, H, W) encoded
    tables : (N, n, n, n, 3) indexed [red, green, blue, channel]
    vertices : (N, 3, n) where the nodes of each axis are, None for evenly spread

    Returns
    -------
    (N, 3, H, W), not clipped. On a CPU without gradients it is made by the very LUTs that
    `colour_maps` exports; else by `grid_sample`, differentiable in all three.
    """
    if not images.is_cuda and not torch.is_grad_enabled() and images.dtype == torch.float32:
        return torch_ops.apply_each(as_luts(tables, vertices), images, "trilinear")
    if vertices is not None:
        images = torch_ops.spread(vertices, images)
    return torch_ops.apply(tables, images, "trilinear")


def as_luts(tables: Tensor, vertices: Tensor | None = None) -> list[Lut]:
    """The tables of a batch as LUTs; uneven vertices become curves before the cube."""
    cubes = [Lut3D(table) for table in tables.detach().cpu().numpy()]
    if vertices is None:
        return list(cubes)
    axes = vertices.detach().cpu().double().numpy()
    return [ShapedLut(spreading_curves(v), cube) for v, cube in zip(axes, cubes, strict=True)]


def spreading_curves(vertices: np.ndarray) -> Lut1D:
    """`luts.torch.lookup.spread` as curves.

    vertices : (3, n) float, increasing from 0 to 1. Exact but in the samples beside a vertex,
    where the straight piece cuts its corner by less than 1 / CURVE_SIZE of the steepest slope.
    """
    even = np.linspace(0, 1, vertices.shape[1])
    ramp = np.linspace(0, 1, CURVE_SIZE)
    return Lut1D(np.stack([np.interp(ramp, axis, even) for axis in vertices], axis=1))
