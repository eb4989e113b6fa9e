"""RetinexNet: split an image into reflectance and illumination, brighten the illumination.

C. Wei, W. Wang, W. Yang, J. Liu, "Deep Retinex Decomposition for Low-Light Enhancement", BMVC
2018. Layers, losses and their weights are those of the released code, which differs from the text
in the weight of the reflectance term (0.01; text 0.001) and of the relit illumination's smoothness
(3; text 0.1). The paper trains the two networks one after the other; here one step trains both,
with the decomposition cut off from the relighting's loss, so each minimises what it did there.
Left out: the BM3D denoising of the reflectance, which the released code does not contain either,
and the code's differences across the border, where it pads illumination with zeros.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from ..output import Output, luma, network_input
from ..parts.layers import bias_of, total

DECOMPOSITION_LAYERS = 5
HALVINGS = 3
WEIGHTS = {
    "reconstruction": 1.0,
    "cross": 0.001,
    "reflectance": 0.01,
    "smoothness": 0.1,
    "relight": 1.0,
    "relit smoothness": 3.0,
}
EDGE_DECAY = 10.0  # how fast smoothness fades where the reflectance has an edge
INITIAL_ILLUMINATION = 0.5
NEAR_ZERO = 1e-3


class RetinexNet(nn.Module):
    """444,613 parameters with the paper's 64 channels.

    Parameters
    ----------
    width : channels of both networks
    anchored : ours, for short trainings: the networks predict corrections of the classical
        decomposition (the illumination is the brightest channel) and of the illumination. Without
        it, most of a short training goes into copying the picture through the reflectance.
    port : as the PyTorch port reads it whose weights are published: skips are concatenated instead
        of added, and borders repeat the last pixel
    """

    OWN_LOSS = True

    def __init__(self, *, width: int = 64, anchored: bool = False, port: bool = False) -> None:
        super().__init__()
        self.decomposition = _Decomposition(width, anchored)
        self.relighting = _Relighting(width, anchored, concatenate=port)
        if port:
            for module in self.modules():
                if isinstance(module, nn.Conv2d):
                    module.padding_mode = "replicate"
        for module in self.modules():
            if isinstance(module, nn.Conv2d):  # as TensorFlow starts them
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(bias_of(module))
        if anchored:
            nn.init.normal_(self.decomposition.last.weight, 0.0, NEAR_ZERO)
            nn.init.normal_(self.relighting.last.weight, 0.0, NEAR_ZERO)
        else:
            nn.init.constant_(bias_of(self.relighting.last), INITIAL_ILLUMINATION)

    def forward(
        self, images: Tensor, regions: Tensor | None = None, reference: Tensor | None = None
    ) -> Output:
        network_input(images, regions)
        if reference is None:
            reflectance, illumination = self.decomposition(images)
            return Output(reflectance * self.relighting(reflectance, illumination))
        both, light = self.decomposition(torch.cat([images, reference]))
        relit = self.relighting(both[: len(images)].detach(), light[: len(images)].detach())
        image = both[: len(images)].detach() * relit
        terms = decomposition_terms((images, reference), both.chunk(2), light.chunk(2))
        terms["relight"] = (image - reference).abs().mean()
        terms["relit smoothness"] = structure_smoothness(relit, both[: len(images)].detach())
        return Output(image, terms={name: WEIGHTS[name] * term for name, term in terms.items()})


def decomposition_terms(
    images: tuple[Tensor, Tensor],
    reflectances: tuple[Tensor, Tensor],
    illuminations: tuple[Tensor, Tensor],
) -> dict[str, Tensor]:
    """The unweighted losses of the decomposition of a pair: the degraded image, its reference.

    images, reflectances : (N, 3, H, W) each; illuminations : (N, 1, H, W) each
    """

    def error(of: int, reflectance: int, illumination: int) -> Tensor:
        product = reflectances[reflectance] * illuminations[illumination]
        return (product - images[of]).abs().mean()

    return {
        "reconstruction": error(0, 0, 0) + error(1, 1, 1),
        "cross": error(0, 1, 0) + error(1, 0, 1),
        "reflectance": (reflectances[0] - reflectances[1]).abs().mean(),
        "smoothness": total(map(structure_smoothness, illuminations, reflectances)),
    }


def structure_smoothness(illumination: Tensor, reflectance: Tensor) -> Tensor:
    """Mean absolute step of the illumination, less where the reflectance steps too.

    illumination : (N, 1, H, W); reflectance : (N, 3, H, W); H, W >= 2
    """
    total = illumination.new_zeros(())
    grey = luma(reflectance)
    for axis in (-1, -2):
        edges = F.avg_pool2d(grey.diff(dim=axis).abs(), 3, 1, 1, count_include_pad=False)
        steps = illumination.diff(dim=axis).abs()
        total = total + (steps * torch.exp(-EDGE_DECAY * edges)).mean()
    return total


class _Decomposition(nn.Module):
    """(N, 3, H, W) to reflectance (N, 3, H, W) and illumination (N, 1, H, W), both in [0, 1]."""

    def __init__(self, width: int, anchored: bool) -> None:
        super().__init__()
        self.anchored = anchored
        self.first = nn.Conv2d(4, width, 9, padding=4)
        self.layers = nn.ModuleList(
            nn.Conv2d(width, width, 3, padding=1) for _ in range(DECOMPOSITION_LAYERS)
        )
        self.last = nn.Conv2d(width, 4, 3, padding=1)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        brightest = images.amax(1, keepdim=True)
        x = self.first(torch.cat([brightest, images], 1))
        for layer in self.layers:
            x = F.relu(layer(x))
        logits = self.last(x)
        if self.anchored:
            anchor = torch.cat([images / brightest.clamp(min=NEAR_ZERO), brightest], 1)
            logits = logits + torch.logit(anchor, eps=NEAR_ZERO)
        parts = torch.sigmoid(logits)
        return parts[:, :3], parts[:, 3:]


class _Relighting(nn.Module):
    """Reflectance and illumination to a new illumination (N, 1, H, W), which has no bounds."""

    def __init__(self, width: int, anchored: bool, *, concatenate: bool) -> None:
        super().__init__()
        self.anchored, self.concatenate = anchored, concatenate
        self.first = nn.Conv2d(4, width, 3, padding=1)
        self.down = nn.ModuleList(
            nn.Conv2d(width, width, 3, stride=2, padding=1) for _ in range(HALVINGS)
        )
        read = 2 * width if concatenate else width
        self.up = nn.ModuleList(nn.Conv2d(read, width, 3, padding=1) for _ in range(HALVINGS))
        self.fuse = nn.Conv2d(HALVINGS * width, width, 1)
        self.last = nn.Conv2d(width, 1, 3, padding=1)

    def forward(self, reflectance: Tensor, illumination: Tensor) -> Tensor:
        x = self.first(torch.cat([reflectance, illumination], 1))
        skips = [x]
        for down in self.down:
            x = F.relu(down(x))
            skips.append(x)
        scales = []
        for up, skip in zip(self.up, reversed(skips[:-1]), strict=True):
            x = F.interpolate(x, skip.shape[-2:])
            x = F.relu(up(torch.cat([x, skip], 1))) if self.concatenate else F.relu(up(x)) + skip
            scales.append(x)
        size = x.shape[-2:]
        change = self.last(self.fuse(torch.cat([F.interpolate(s, size) for s in scales], 1)))
        return illumination + change if self.anchored else change
