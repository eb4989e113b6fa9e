"""A function, a network and a metric of your own; see docs/your_own_model.md."""

import numpy as np
import torch


def brighten(encoded):
    """Half a stop up, in encoded values."""
    return encoded**0.85


def brighten_a(encoded, regions):
    """The same, only where it is to be corrected (labels: 2 = A, 1 = B, 0 = C)."""
    return np.where((regions == 2)[..., None], encoded**0.85, encoded)


class Net(torch.nn.Module):
    """A residual 1 x 1 convolution."""

    def __init__(self):
        super().__init__()
        self.mix = torch.nn.Conv2d(3, 3, 1)

    def forward(self, images):
        """Correct (N, 3, H, W) encoded images."""
        return images + self.mix(images)


def chroma_error(estimate, reference, weight=None):
    """Mean difference of saturation."""
    error = np.abs(np.ptp(estimate, axis=2) - np.ptp(reference, axis=2))
    return np.average(error, weights=weight)


chroma_error.higher_is_better = False
