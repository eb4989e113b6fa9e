"""The references a stream can make of a scene's own light, by name."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from ..references.auto_torch import auto
from ..references.fusion_torch import fusion

REFERENCES: dict[str, Callable[[Tensor], Tensor]] = {"fusion": fusion, "auto": auto}
