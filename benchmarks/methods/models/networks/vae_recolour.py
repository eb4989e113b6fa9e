"""Recolour a picture by a colour map that its balanced latents give away.

J. Messerly, "Colored Lighting Removal with VAEs", 2023 (web article), part 3. A thumbnail is put
through a frozen encoder, its latents are balanced, and both are decoded: one picture, one blur,
before and after. A colour map fitted to that pair recolours the picture itself at any resolution,
and may be repeated on the result. Ours: means are decoded instead of samples, so that a picture has
one result; the thumbnail is the whole picture, not a square from its middle; the maps of all
repetitions are tabulated together as one cube, which is what is applied and exported.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from luts.lut import Lut3D, nodes
from luts.torch import lookup as torch_ops
from luts.torch.layout import to_arrays

from ...notes import note
from .. import ModelError
from ..output import Output, network_input, region_maps
from ..parts.colour_map import MAPS, SingularFitError, fit
from ..parts.latent_balancer import BALANCERS, divergence
from ..parts.latents import DiagonalGaussian
from ..parts.region_blend import blend_by_regions
from ..parts.region_mean import region_mean
from .vae import FACTOR, KlVae, from_vae, load_vae, to_vae, vae_sha256

SIDE = 224  # longest side of a thumbnail, pixels, of the article
LEAST = 2 * FACTOR  # the balancer mirrors at borders, which takes two latents a side
SIZE = 33  # nodes along an edge of the cube
HALF = 0.5  # share of a thumbnail's pixel that A must cover for its colour to count


@dataclass(frozen=True, eq=False)
class Recolouring:
    """What was found for one picture.

    cube : all repetitions in one, domain [0, 1]
    thumbnails : (h, w, 3) float32 encoded, before the first repetition and after each
    note : why the cube is the identity, or ""
    """

    cube: Lut3D
    thumbnails: tuple[np.ndarray, ...]
    note: str = ""


class VaeRecolour(nn.Module):
    """A frozen autoencoder, a trained balancer, and a colour map fitted to each picture.

    vae : "" for an untrained autoencoder, otherwise as `vae.load_vae`: "kl_vae", or the folder of a
        published one. Its weights are part of this model's own.
    balancer : key of `latent_balancer.BALANCERS`; widths, blocks : its own settings
    variance_floor : of the loss. With the article's 1e-5 the surest latents count fifty times as
        much as others; 1e-2 is above all of ours, so that only the means count, and all alike
    colour_map : key of `colour_map.MAPS`
    iterations : how often the picture is recoloured; map and number are the best on the val split
    mask_channels : 2 makes it local: the balancer reads the regions, the map is fitted to A alone,
        and the result is blended with the input
    """

    OWN_LOSS = True

    def __init__(
        self,
        *,
        vae: str = "",
        balancer: str = "small",
        widths: Sequence[int] = (32, 48, 64),
        blocks: int = 2,
        variance_floor: float = 1e-2,
        colour_map: str = "polynomial",
        iterations: int = 2,
        mask_channels: int = 0,
    ) -> None:
        super().__init__()
        for given, known in ((colour_map, MAPS), (balancer, BALANCERS)):
            if given not in known:
                raise ModelError(f"{given!r} is none of {', '.join(known)}")
        if iterations < 1:
            raise ModelError(f"iterations must be at least 1, got {iterations}")
        self.vae = load_vae(vae) if vae else KlVae()
        self.vae.requires_grad_(False)
        # Kept with the weights: which autoencoder they were trained with.
        digest = bytes.fromhex(vae_sha256(vae)) if vae else bytes(32)
        self.register_buffer("vae_sha256", torch.tensor(list(digest), dtype=torch.uint8))
        self.balancer = BALANCERS[balancer](
            widths=widths, blocks=blocks, mask_channels=mask_channels
        )
        self.variance_floor = variance_floor
        self.colour_map, self.iterations = colour_map, iterations
        self.mask_channels = mask_channels

    def forward(
        self, images: Tensor, regions: Tensor | None = None, reference: Tensor | None = None
    ) -> Output:
        """The recoloured images; with a reference, how far their latents are from its own.

        No gradient leads from the image to the balancer: the map between them is fitted anew.
        """
        network_input(images, regions, self.mask_channels)
        if reference is not None:
            return Output(images, terms={"kl": self._divergence(images, regions, reference)})
        found = self.recolour(images, regions)
        for i, each in enumerate(found):
            if each.note:
                note(each.note, i)
        pictures = images.detach().float().cpu()
        image = torch_ops.apply_each([each.cube for each in found], pictures, "trilinear")
        image = image.to(images)
        if self.mask_channels and regions is not None:
            image = blend_by_regions(images, image, regions)
        return Output(image)

    def colour_maps(self, images: Tensor, regions: Tensor | None = None) -> list[Lut3D]:
        """See benchmarks.methods.models.output.MapsColour."""
        return [found.cube for found in self.recolour(images, regions)]

    @torch.no_grad()
    def recolour(self, images: Tensor, regions: Tensor | None = None) -> list[Recolouring]:
        """Find the colour map of each image: (N, 3, H, W) encoded, any size; regions or None."""
        small = thumbnail(images.float())
        maps = self._maps(small, images, regions)
        counted = np.ones((len(small), *small.shape[2:]), bool)
        if maps is not None:
            counted = (maps[:, 0] > HALF).cpu().numpy()
        series = [small]
        tables = [nodes(SIZE).reshape(-1, 3).astype(np.float32) for _ in small]
        notes = [""] * len(small)
        for _ in range(self.iterations):
            now = series[-1]
            latents = self._encode(now)
            balanced = self.balancer(latents, self._on_latents(maps))
            seen, before, after = (
                _pixels(x) for x in (now, self._decode(latents), self._decode(balanced))
            )
            following = seen.copy()
            for i, inside in enumerate(counted):
                try:
                    colour_map = fit(
                        self.colour_map, seen[i][inside], before[i][inside], after[i][inside]
                    )
                except SingularFitError as error:
                    notes[i] = f"no colour map: {error}"
                    continue
                following[i] = _through(colour_map, seen[i])
                tables[i] = _through(colour_map, tables[i])
            series.append(torch.from_numpy(following).permute(0, 3, 1, 2).to(now))
        shown = [_pixels(each) for each in series]
        return [
            Recolouring(
                Lut3D(table.reshape(SIZE, SIZE, SIZE, 3), title="recoloured"),
                tuple(each[i] for each in shown),
                notes[i],
            )
            for i, table in enumerate(tables)
        ]

    def _divergence(self, images: Tensor, regions: Tensor | None, reference: Tensor) -> Tensor:
        small = thumbnail(images)
        maps = self._on_latents(self._maps(small, images, regions))
        with torch.no_grad():
            latents, target = self._encode(small), self._encode(thumbnail(reference))
        apart = divergence(self.balancer(latents, maps), target, self.variance_floor)
        return region_mean(apart, None if maps is None else maps[:, :1])

    def _encode(self, pictures: Tensor) -> DiagonalGaussian:
        found = self.vae.encode(to_vae(pictures)).latent_dist
        return DiagonalGaussian(found.mean, found.logvar)  # diffusers' own has other methods

    def _decode(self, latents: DiagonalGaussian) -> Tensor:
        return from_vae(self.vae.decode(latents.mean).sample)

    def _maps(self, small: Tensor, images: Tensor, regions: Tensor | None) -> Tensor | None:
        """The regions at the thumbnails' size, None for a global model."""
        if not self.mask_channels:
            return None
        return F.interpolate(region_maps(images, regions).float(), small.shape[2:], mode="area")

    def _on_latents(self, maps: Tensor | None) -> Tensor | None:
        return None if maps is None else F.avg_pool2d(maps, FACTOR)


def thumbnail(images: Tensor) -> Tensor:
    """Shrink (N, 3, H, W) to sides of at most 224 that are multiples of 8, by averaging areas.

    Smaller images keep their size, to the nearest multiple; no side is below 16.
    """
    height, width = images.shape[2:]
    scale = min(1.0, SIDE / max(height, width))
    sides = [max(LEAST, round(side * scale / FACTOR) * FACTOR) for side in (height, width)]
    return F.interpolate(images, sides, mode="area")


def _pixels(pictures: Tensor) -> np.ndarray:
    """(N, 3, h, w) on any device to (N, h, w, 3) float32."""
    return to_arrays(pictures.float())


def _through(colour_map, colours: np.ndarray) -> np.ndarray:
    """Map (..., 3) colours and hold the result in [0, 1]."""
    return colour_map(colours.reshape(-1, 3)).reshape(colours.shape).clip(0, 1)
