"""Rules scored on the very pictures that trainings are judged on."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import torch
from torch import Tensor, nn

from luts.torch.layout import to_arrays

from ..methods.classical import CLASSICAL
from ..methods.models.output import Output
from .material import Material
from .settings import streamed_settings_for
from .validate import validate

NOTHING = "input"
# Two rows whose validation stands for all: a global one is judged everywhere, a local one in A.
JUDGED_AS = {"everywhere": "zero_dce", "in A": "zero_dce+concat"}


class Rule(nn.Module):
    """A function of one encoded picture (H, W, 3) in the shape of a model."""

    def __init__(self, function: Callable[[np.ndarray], np.ndarray]) -> None:
        super().__init__()
        self.function = function

    def forward(self, images: Tensor, regions: Tensor | None = None) -> Output:
        """Correct (N, 3, H, W) pictures one by one; a rule knows no regions."""
        pictures = to_arrays(images)
        made = np.stack([self.function(picture) for picture in pictures])
        return Output(torch.from_numpy(made).permute(0, 3, 1, 2))


def score_rules(
    material: Material, *, say: Callable[[str], None] = lambda name: None
) -> Iterable[tuple[str, str, dict[str, float]]]:
    """Every classical row that is in the usual groups, and doing nothing.

    Yields
    ------
    (where, a key of JUDGED_AS; name of the rule; the measures of `validate`)
    """
    functions = {NOTHING: lambda picture: picture}
    functions |= {name: row.load() for name, row in CLASSICAL.items() if not row.slow}
    for where, row in JUDGED_AS.items():
        settings = streamed_settings_for(row)
        for name, function in functions.items():
            say(name)
            scores = validate(Rule(function), material.validation(settings), settings, "cpu")
            yield where, name, scores
