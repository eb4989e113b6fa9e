"""What is known of a model's weights: how they were trained, on what, and that these are the ones.

A record stands as NAME.json beside NAME.safetensors. It is read strictly: records come from
strangers as well.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from luts.tool import gate
from luts.tool.errors import UserError
from luts.tool.words import FieldError, plain_json, read_value, rest

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
    try:
        with path.open("rb") as stream:
            data = stream.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise ValueError(f"larger than {MOST_BYTES} bytes")
        table = plain_json(json.loads(data.decode("utf-8")))
        return read_value(TrainingRecord, table)
    except FieldError as error:
        raise CheckpointError(f"{path}: {error}") from None
    except RecursionError:
        raise CheckpointError(f"{path}: nested too deep to be a record") from None
    except ValueError as error:
        raise CheckpointError(f"{path}: not a record of weights: {error}") from None
