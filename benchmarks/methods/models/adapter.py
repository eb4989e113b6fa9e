"""Networks from outside, which take and give tensors, as models of this project."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from ..outside import takes_regions
from . import ModelError
from .output import Output


class Adapted:
    """Mixed into the class of a network from outside: `forward(images, regions=None) -> Output`."""

    _takes_regions = False

    def forward(self, images: Tensor, regions: Tensor | None = None, **more: Tensor) -> Output:
        """What the network makes of encoded images (N, 3, H, W), whatever it returns it in.

        `more` is the reference, for a network that sets OWN_LOSS.
        """
        given = ({"regions": regions} if self._takes_regions else {}) | more
        made = super().forward(images, **given)  # type: ignore[misc]
        if isinstance(made, tuple | list):
            made = _picture_of(made, images)
        if isinstance(made, Output):
            return made
        image = getattr(made, "image", made)
        if not isinstance(image, Tensor):
            raise ModelError(f"returned a {type(image).__name__}; give a tensor (N, 3, H, W)")
        return Output(image)


def _picture_of(made: Sequence[Any], images: Tensor) -> Any:
    """What of several results is the picture: which one cannot be guessed where two may be."""
    may_be = [one for one in made if getattr(one, "shape", None) == images.shape]
    if len(may_be) != 1:
        raise ModelError(
            f"returned {len(made)} results, {len(may_be)} of them of the shape of the pictures; "
            "return the corrected pictures alone"
        )
    return may_be[0]


def adapted(made: nn.Module) -> nn.Module:
    """Give a network the interface of a model; its weights keep their names.

    A network that stands in a file ready-made is copied first, so that nobody else's is changed.
    """
    made = copy.deepcopy(made)
    kind: Any = type(made)
    if not isinstance(made, Adapted):
        facts = {"_takes_regions": takes_regions(made.forward)}
        # Of a subclass, not a patched instance: copies of it stay whole (averages, compilers).
        made.__class__ = type(kind.__name__, (Adapted, kind), facts)
    return made
