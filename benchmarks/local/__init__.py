"""Ways to make a global method local. BLENDED holds the local version of every classical one.

Networks are converted in `ranlen` and `three_tails`; `blend` works on any result.
"""

from __future__ import annotations

from dataclasses import replace

from ..classical import CLASSICAL
from ..method import Method

BLENDED: dict[str, Method] = {
    f"{name}+blend": replace(
        method,
        target=f"benchmarks.local.blend:{name}",
        summary=f"{name} blended in linear light by the region map",
        region_aware=True,
    )
    for name, method in CLASSICAL.items()
}
