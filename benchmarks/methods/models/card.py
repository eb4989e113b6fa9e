"""What a card is, and the row of METHODS that it makes. Plain data, without torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..method import Method

NETWORKS = "benchmarks.methods.models.networks."
LOCAL = "benchmarks.methods.models.local."
# What a network gives. curve: a formula with its own numbers at every pixel; LUT: one colour map.
FAMILIES = ("curve", "LUT", "encoder-decoder", "Retinex", "own entry")


@dataclass(frozen=True)
class Card:
    """What is known of a model before it is imported.

    target : "module:Class" below networks/
    summary, paper : for tables
    family : one of FAMILIES
    parameters : trainable ones; 0 for a model with nothing to train
    slow : in no group of methods, only asked for by name
    settings : of the class, where a row differs from its defaults
    training : what the paper and its code use, fields of `benchmarks.training.settings.Training`;
        number of steps and crop are not theirs, who trained for days on a GPU
    local : conversion, a key of CONVERSIONS -> parameters of the converted model
    """

    target: str
    summary: str
    family: str = "encoder-decoder"
    paper: str = ""
    parameters: int = 0
    slow: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)
    local: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Conversion:
    """A way to make a global model local.

    target : "module:Class" below local/ that takes `host`; empty for the host's own class
    summary, settings : as on a card, on top of the host's
    training : what training a converted model differs in from training its host
    """

    target: str
    summary: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)


def row(card: Card) -> Method:
    """The row of a model."""
    return Method(
        NETWORKS + card.target,
        "model",
        card.summary,
        paper=card.paper,
        parameters=card.parameters,
        trained=card.parameters > 0,
        slow=card.slow,
        settings=dict(card.settings),
    )


def converted(host: str, card: Card, conversion: Conversion, parameters: int) -> Method:
    """The row of a host made local, by the host's card."""
    wraps = {"host": host} if conversion.target else {}
    return Method(
        LOCAL + conversion.target if conversion.target else NETWORKS + card.target,
        "model",
        f"{host} made local: {conversion.summary}",
        paper="Yao et al., 2024",
        parameters=parameters,
        trained=True,
        region_aware=True,
        settings={**card.settings, **wraps, **conversion.settings},
    )
