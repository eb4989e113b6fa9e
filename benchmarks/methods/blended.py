"""Ways to make a global method local. BLENDED holds the blended version of every global one.

Networks are converted in `ranlen` and `three_tails`; `blend` works on any result.
"""

from __future__ import annotations

from dataclasses import replace

from .classical import CLASSICAL
from .method import Method
from .models import MODELS

BLENDED: dict[str, Method] = {
    f"{name}+blend": replace(
        method,
        summary=f"{name} blended in linear light by the region map",
        region_aware=True,
        blend_of=name,
    )
    for name, method in {**CLASSICAL, **MODELS}.items()
    if not method.region_aware
}
