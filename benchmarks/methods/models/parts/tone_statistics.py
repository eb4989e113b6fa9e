"""Statistics of the pixels of a picture, as numbers of about unit size."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from luts.colour.colorimetry import REC709_LUMINANCE
from luts.torch.transfer import decode_srgb, encode_srgb

QUANTILES = (0, 1, 2, 5, 10, 17.5, 25, 37.5, 50, 62.5, 75, 82.5, 90, 95, 98, 99, 99.5, 100)  # %
DARKEST = 2.0**-10  # added to light before its logarithm
CLIPPED, BLACK = 0.998, 0.002  # encoded; half a level of 8 bits from the ends
SMALLEST_VARIANCE, SLOWEST_RATE = 0.02, 0.01  # of what is standardised
COUNT = 2 * 5 * len(QUANTILES) + 3 + 1 + 3 + 2 + 6 + 3
LOCAL_COUNT = 8


def statistics(pixels: Tensor) -> Tensor:
    """Describe pictures by numbers of about unit size.

    Parameters
    ----------
    pixels : (N, P, 3) encoded, P >= 1

    Returns
    -------
    (N, COUNT): quantiles of red, green, blue, luminance and the brightest channel, in stops and
    encoded; shares of clipped and black pixels; mean and deviation of the chroma; covariance and
    mean of the channels.
    """
    light = decode_srgb(pixels)
    brightest = light.amax(2, keepdim=True)
    luminance = light @ light.new_tensor(REC709_LUMINANCE)
    five = torch.cat([light, luminance[..., None], brightest], 2)
    at = quantiles(five, [q / 100 for q in QUANTILES])
    stops = (at + DARKEST).log2()
    chroma = pixels.amax(2) - pixels.amin(2)
    centred = pixels - pixels.mean(1, keepdim=True)
    covariance = centred.transpose(1, 2) @ centred / pixels.shape[1]
    rows, columns = torch.triu_indices(3, 3)
    return torch.cat(
        [
            (stops.flatten(1) + 3.5) / 2.5,
            (encode_srgb(at).flatten(1) - 0.4) / 0.3,
            5 * (pixels > CLIPPED).float().mean(1),
            5 * (pixels.amax(2, keepdim=True) > CLIPPED).float().mean(1),
            5 * (pixels < BLACK).float().mean(1),
            5 * torch.stack([chroma.mean(1), chroma.std(1, correction=0)], 1),
            20 * covariance[:, rows, columns],
            (pixels.mean(1) - 0.4) / 0.2,
        ],
        1,
    )


class Standardise(nn.Module):
    """Numbers less their mean, over their deviation, both as of the pictures learned from so far.

    Batch normalisation without the batch: a picture is judged alike in training and after it.
    """

    def __init__(self, count: int) -> None:
        super().__init__()
        self.seen: Tensor
        self.mean: Tensor
        self.variance: Tensor
        self.register_buffer("seen", torch.zeros(()))
        self.register_buffer("mean", torch.zeros(count))
        self.register_buffer("variance", torch.ones(count))

    def forward(self, numbers: Tensor) -> Tensor:
        return (numbers - self.mean) / (self.variance + SMALLEST_VARIANCE).sqrt()

    @torch.no_grad()
    def learn(self, numbers: Tensor) -> None:
        """Take a batch, (N, count), into account: a plain mean at first, then a running one."""
        self.seen += 1
        rate = max(1 / self.seen.item(), SLOWEST_RATE)
        self.mean.lerp_(numbers.mean(0), rate)
        self.variance.lerp_((numbers - self.mean).square().mean(0), rate)


def region_statistics(pixels: Tensor, where: Tensor | None) -> Tensor:
    """How region A differs from the whole picture.

    pixels : (N, P, 3) encoded; where : (N, 2, P), A and A-or-B as 0 and 1, None for A everywhere

    (N, LOCAL_COUNT): coverage of A and of A and B; mean of the channels in A less that of the
    picture, and their deviation in A. All 0 but the coverage where there is no A.
    """
    if where is None:
        where = pixels.new_ones(len(pixels), 2, pixels.shape[1])
    coverage = where.mean(2)
    share = where[:, :1] / where[:, :1].sum(2, keepdim=True).clamp(min=1)
    inside = (share @ pixels)[:, 0]
    deviation = (share @ (pixels - inside[:, None]).square())[:, 0]
    some = (coverage[:, :1] > 0).to(pixels)
    return torch.cat(
        [
            coverage,
            5 * some * (inside - pixels.mean(1)),
            5 * (deviation + 1e-8).sqrt() * some,
        ],
        1,
    )


def quantiles(values: Tensor, shares: list[float]) -> Tensor:
    """Linear quantiles along dimension 1: (N, P, C) to (N, len(shares), C)."""
    ranked = values.sort(1).values
    last = ranked.shape[1] - 1
    position = torch.tensor(shares, device=values.device) * last
    below = position.long()
    above = (below + 1).clamp(max=last)
    return torch.lerp(ranked[:, below], ranked[:, above], (position - below)[:, None])
