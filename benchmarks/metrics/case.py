"""One scored sample: what was given, what was wanted, and in which region what counts."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from datagen.regions import labels as masks

from .inputs import check_image, check_regions, check_same_size
from .metric import Metric
from .picture import Comparison, Picture
from .rings import Geometry, Profile, geometry, profile


class Target:
    """Everything about a sample that does not depend on the estimate; shared by all methods.

    The wanted picture is the reference in A, the input in C, and in B the blend of both in linear
    light by the band's smoothstep. In region B the two differ by design, so comparing the band with
    the reference alone would punish a perfect fade.
    """

    def __init__(
        self,
        reference: np.ndarray,
        degraded: np.ndarray,
        regions: np.ndarray,
        *,
        ideal: np.ndarray | None = None,
    ):
        """Check the images; raises MetricError. Arguments as in `score_regions`.

        ideal : the wanted picture, where it is known already
        """
        check_image(reference, "reference")
        check_same_size(check_image(degraded, "degraded"), reference, "degraded")
        self.regions = check_regions(regions, reference)
        self.input = Picture(degraded)
        self.reference = Picture(reference)
        self.ideal = Picture(self._blend() if ideal is None else ideal)

    def _blend(self) -> np.ndarray:
        """The ideal picture; the round trip through linear light is made for the band only."""
        corrected = (self.alpha == 1)[..., None]
        encoded = np.where(corrected, self.reference.encoded, self.input.encoded)
        band = (self.alpha > 0) & (self.alpha < 1)
        if band.any():
            pictures = self.input.encoded[None, band], self.reference.encoded[None, band]
            encoded[band] = masks.ideal(*pictures, self.alpha[None, band])[0]
        return encoded

    @cached_property
    def alpha(self) -> np.ndarray:
        """Weight of the correction, (H, W) float32."""
        return masks.alpha(self.regions)

    @cached_property
    def geometry(self) -> Geometry:
        """Distances and rings of the region map."""
        return geometry(self.regions)

    @cached_property
    def parts(self) -> dict[str, np.ndarray]:
        """A, B and C -> (H, W) weight of the images' dtype, 0 or 1."""
        labels = {"A": masks.A, "B": masks.B, "C": masks.C}
        dtype = self.ideal.encoded.dtype
        return {name: (self.regions == label).astype(dtype) for name, label in labels.items()}

    @cached_property
    def weights(self) -> dict[str, np.ndarray | None]:
        """The same, and "all": None stands for the whole frame."""
        return {**self.parts, "all": None}

    @cached_property
    def filled(self) -> dict[str, bool]:
        """Region -> whether it has any pixel."""
        return {name: w is None or bool(w.any()) for name, w in self.weights.items()}


class Case:
    """An estimate for a target."""

    def __init__(self, estimate: np.ndarray, target: Target):
        """Check the estimate; raises MetricError."""
        wanted = target.ideal.encoded
        check_same_size(check_image(estimate, "estimate"), wanted, "estimate")
        self.target = target
        self.estimate = Picture(estimate)
        self.to_ideal = Comparison(self.estimate, target.ideal)
        self.to_input = Comparison(self.estimate, target.input)

    def score(self, metric: Metric, region: str) -> float:
        """One metric in one region; NaN where the region is empty."""
        if not self.target.filled[region]:
            return float("nan")
        if metric.of == "case":
            return metric.function(self)
        comparison = self.to_input if metric.against == "input" else self.to_ideal
        return metric.function(comparison, self.target.weights[region])

    @cached_property
    def profile(self) -> Profile | None:
        """The fade through the band; None where the map has no band between A and C."""
        target = self.target
        if not target.geometry.count:
            return None
        linear = target.input.linear
        change, wanted = self.estimate.linear - linear, target.reference.linear - linear
        return profile(target.geometry, change, wanted, target.alpha)
