"""AdaInt: an image-adaptive 3D LUT whose vertices move to where the colours of a picture need them.

C. Yang et al., "AdaInt: Learning Adaptive Intervals for 3D Lookup Tables on Real-time Image
Enhancement", CVPR 2022; layers, initialisation and losses of the authors' code for FiveK. The
network predicts for every channel the widths of the 32 intervals between vertices; a colour is
looked up by searching its interval. That is a curve per channel before an evenly spread cube,
which is how it is computed and exported here. Gradients are those of the lookup itself.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from .lut3d import RANKS, SIZE, WIDTHS, Head, ImageAdaptiveLut

POOLED = 2  # the features are averaged to 2 x 2, which keeps the heads small


class AdaInt(ImageAdaptiveLut):
    """619,724 parameters: 245,504 features, 1,539 + 49,248 heads, 323,433 cubes.

    Settings of ImageAdaptiveLut. Monotonicity counts as there; total variation does not count.
    """

    SMOOTHNESS = 0.0

    def _add_heads(self, faithful: bool) -> None:
        inputs = WIDTHS[-1] * POOLED**2
        self.weigh = Head(inputs, RANKS, equalised=not faithful)
        nn.init.ones_(self.weigh.bias)
        # The authors train the intervals at a tenth of the rate; equalised, it is a twentieth.
        self.intervals = Head(inputs, 3 * (SIZE - 1), equalised=not faithful)
        nn.init.zeros_(self.intervals.weight)
        nn.init.ones_(self.intervals.bias)

    def predict(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """The (N, 3) weights of the cubes, and their (N, 3, 33) vertices from 0 to 1."""
        pooled = F.adaptive_avg_pool2d(features, POOLED).flatten(1)
        widths = self.intervals(pooled).unflatten(1, (3, SIZE - 1)).float().softmax(-1)
        return self.weigh(pooled), F.pad(widths.cumsum(-1), (1, 0))
