"""SCI: an illumination of 258 numbers, trained in a cascade that calibrates itself.

L. Ma et al., "Toward Fast, Flexible, and Robust Low-Light Image Enhancement", CVPR 2022; layers,
loss and weights of the authors' code. Trained without references: three stages share one
illumination network, and a second network calibrates the input of the next stage so that all stages
come to the same result. Only the first stage is used afterwards.
"""

from __future__ import annotations

from torch import Tensor, nn

from ..output import Output, network_input
from ..parts.neighbour_smoothness import neighbour_smoothness

STAGES = 3
CHANNELS = 16  # of the calibration
DARKEST = 1e-4  # least illumination
FIDELITY = 1.5  # weight beside smoothness


class Sci(nn.Module):
    """5,877 parameters, of which the paper's 258 are used after training."""

    OWN_LOSS = True

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(3, 3, 3, padding=1), nn.ReLU())
        self.block = nn.Sequential(nn.Conv2d(3, 3, 3, padding=1), nn.BatchNorm2d(3), nn.ReLU())
        self.last = nn.Sequential(nn.Conv2d(3, 3, 3, padding=1), nn.Sigmoid())
        self.calibrate = _Calibration()
        for module in (*self.first, *self.block, *self.last):
            if isinstance(module, nn.Conv2d):
                nn.init.normal_(module.weight, 0.0, 0.02)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(
        self,
        images: Tensor,
        regions: Tensor | None = None,
        reference: Tensor | None = None,
    ) -> Output:
        network_input(images, regions)
        illumination = self.illumination(images)
        image = images / illumination
        terms = None if reference is None else self._terms(images, illumination)
        return Output(image.clamp(0, 1), illumination=illumination, terms=terms)

    def illumination(self, images: Tensor) -> Tensor:
        """(N, 3, H, W) in [DARKEST, 1], at least the picture where that is possible."""
        features = self.first(images)
        features = features + self.block(features)
        return (self.last(features) + images).clamp(DARKEST, 1)

    def _terms(self, images: Tensor, illumination: Tensor) -> dict[str, Tensor]:
        """Fidelity and smoothness of all stages; no reference is looked at."""
        fidelity = smooth = images.new_zeros(())
        given = images
        for stage in range(STAGES):
            light = illumination if stage == 0 else self.illumination(given)
            fidelity = fidelity + (light - given).square().mean()
            smooth = smooth + neighbour_smoothness(light, given)
            reflectance = (images / light).clamp(0, 1)
            given = images + self.calibrate(reflectance)
        return {"fidelity": FIDELITY * fidelity, "smoothness": smooth}


class _Calibration(nn.Module):
    """What to add to the input of the next stage: (N, 3, H, W)."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Sequential(
            nn.Conv2d(3, CHANNELS, 3, padding=1), nn.BatchNorm2d(CHANNELS), nn.ReLU()
        )
        self.block = nn.Sequential(
            nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1),
            nn.BatchNorm2d(CHANNELS),
            nn.ReLU(),
            nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1),
            nn.BatchNorm2d(CHANNELS),
            nn.ReLU(),
        )
        self.last = nn.Sequential(nn.Conv2d(CHANNELS, 3, 3, padding=1), nn.Sigmoid())

    def forward(self, reflectance: Tensor) -> Tensor:
        features = self.first(reflectance)
        for _ in range(STAGES):  # the same block, three times
            features = features + self.block(features)
        return reflectance - self.last(features)
