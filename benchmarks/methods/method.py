"""What a row of the results table is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from luts.tool.errors import UserError
from luts.tool.outside import OutsideError, load_target

Kind = Literal["check", "classical", "oracle", "stored", "model", "external"]


class MethodError(UserError):
    """A method that does not exist, or cannot run as asked."""


@dataclass(frozen=True)
class Method:
    """One entry of METHODS. Cheap to make: what it names is imported when first used.

    `slow` rows belong to no group: they run only when asked for by name. `blend_of` names the
    global method whose result is blended with the input by the region map; the other fields are
    then that method's own. `weights` is the .safetensors file of a model's weights, "" for the
    shipped ones. `target` is "module:attribute" or "file.py:attribute"; what that is depends on
    `kind`:

    classical   function(encoded) -> encoded, both (H, W, 3) float32 in [0, 1]; region-aware ones
                take function(encoded, regions) with the (H, W) uint8 label image
    oracle      function(degraded, reference) -> encoded, pixel by pixel; sees the answer: a ceiling
    stored      function(degraded, lut or None) -> encoded; knows the LUT of the distortion
    model       function(**settings) -> torch.nn.Module (see benchmarks/methods/models/__init__.py)
    check       function(degraded, ideal) -> encoded; the Input and Reference rows
    external    nothing: its pictures were made elsewhere and lie in settings["folder"]
    """

    target: str
    kind: Kind
    summary: str
    paper: str = ""
    parameters: int = 0
    trained: bool = False
    region_aware: bool = False
    blend_of: str = ""
    slow: bool = False
    weights: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)

    def load(self) -> Any:
        """Import and return what stands behind the row; MethodError says what is not there."""
        try:
            return load_target(self.target)
        except OutsideError as error:
            raise MethodError(str(error)) from error
