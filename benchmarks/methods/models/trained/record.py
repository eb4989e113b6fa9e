"""What is known of a model's weights: how they were trained, on what, and that these are the ones.

A record stands as NAME.json beside NAME.safetensors. It is read strictly: records come from
strangers as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from luts.tool import gate
from luts.tool.errors import UserError
from luts.tool.json_file import read_json
from luts.tool.strict import rest

Text = Annotated[str, gate.plain_text]
UNKNOWN = ("", "unknown")  # hashes of training data that nobody knows
MOST_BYTES = 1 << 24


class CheckpointError(UserError):
    """Weights that cannot be used."""


@dataclass(frozen=True)
class TrainedOn:
    """A data set that weights were trained on; leaks are found by its places, `groups`."""

    name: Text
    hash: Text
    split: Text
    groups: tuple[Text, ...] = ()
    licences: tuple[Text, ...] = ()
    facts: Mapping[str, Any] = rest()

    @property
    def known(self) -> bool:
        """Whether anybody knows what was trained on."""
        return self.hash not in UNKNOWN


@dataclass(frozen=True)
class Trained:
    """The settings of a training; those of the model are needed to build it again."""

    model_settings: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = rest()


@dataclass(frozen=True)
class TrainingRecord:
    """One record. `stored` is the type of the weights on disk."""

    model: Text
    training: Trained
    data: TrainedOn = field(default_factory=lambda: TrainedOn("unknown", "unknown", "unknown"))
    sha256: Text = ""
    parameters: int = 0
    step: int = 0
    validation: Mapping[str, Any] = field(default_factory=dict)
    stored: Text = "float32"
    date: Text = ""
    command: Text = ""
    commit: Text | None = None
    device: Text = ""
    versions: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = rest()


def parse_record(path: Path) -> TrainingRecord:
    """Read a record.

    Raises
    ------
    CheckpointError
        File and field, what was found, what is allowed.
    """
    return read_json(
        TrainingRecord,
        path,
        what="a record of weights",
        most_bytes=MOST_BYTES,
        error=CheckpointError,
    )
