"""Weights and the record of how they were made: NAME.safetensors beside NAME.json.

A record holds the model, the training settings, the data set's name and hash, step, validation
score, versions, commit, date, command and the SHA-256 of the weights' file (see `record`). Weights
are stored in 16 bits where that does not show (`to_half`), and always computed with in 32.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from luts.tool.files import sha256_file, whole_file, write_text
from luts.tool.strict import to_table

from ...method import Method
from .. import MODELS, build, build_row, model_row
from .record import CheckpointError, Trained, TrainingRecord, parse_record

if TYPE_CHECKING:
    from torch import Tensor, nn

__all__ = [
    "WEIGHTS",
    "CheckpointError",
    "Record",
    "UntrainedError",
    "changed_settings",
    "digest",
    "install",
    "load",
    "load_row",
    "load_weights",
    "read_record",
    "save",
    "weights_file",
]

WEIGHTS = Path(__file__).parent.parent / "weights"
Record = dict[str, Any]


class UntrainedError(CheckpointError):
    """A model that was never trained: it must not be scored."""


def load(
    name: str, folder: Path | None = None, **settings: Any
) -> tuple[nn.Module, TrainingRecord]:
    """Make a trained model, ready to predict.

    Parameters
    ----------
    name : key of MODELS, "NAME@LABEL" for weights adopted under a label
    folder : where NAME.safetensors and NAME.json are; None for the shipped ones
    settings : override what the model was built with when trained, for instance degree=0.8

    Raises
    ------
    UntrainedError when it was never trained; CheckpointError when the files do not belong
    together or to this model. A model without parameters needs no files.
    """
    row = model_row(name)
    path = (WEIGHTS if folder is None else folder) / f"{name}.safetensors"
    return load_row(name, replace(row, weights=str(path), settings={**row.settings, **settings}))


def load_row(name: str, row: Method) -> tuple[nn.Module, TrainingRecord]:
    """The same for a row of the table, with the weights and settings it stands for.

    The network is the one the row names, whatever the record beside the weights says: a record is
    data of a stranger.
    """
    changed = changed_settings(name, row)
    if not row.trained:
        record = TrainingRecord(name, Trained(), sha256=digest(name, row))
        return build_row(name, row, **changed).eval(), record
    import torch

    record = read_record(name, row)
    model = build_row(name, row, **{**record.training.model_settings, **changed})
    load_weights(model, weights_file(name, row))
    return model.eval().to(memory_format=torch.channels_last), record  # type: ignore[call-overload]


def changed_settings(name: str, row: Method) -> dict[str, Any]:
    """What is asked of a model beside the settings it always has, such as its degree."""
    base = MODELS.get((row.blend_of or name).partition("@")[0])
    own = base.settings if base else {}
    return {key: value for key, value in row.settings.items() if own.get(key) != value}


def weights_file(name: str, row: Method) -> Path:
    """Where a row's weights are."""
    return Path(row.weights) if row.weights else WEIGHTS / f"{row.blend_of or name}.safetensors"


def digest(name: str, row: Method | None = None) -> str:
    """SHA-256 of a model's weights, "no parameters" when there is nothing to train."""
    row = row or model_row(name)
    return read_record(name, row).sha256 if row.trained else "no parameters"


def read_record(name: str, row: Method | None = None) -> TrainingRecord:
    """Read how a row's weights were trained, and check that they are the ones recorded."""
    row = row or model_row(name)
    weights = weights_file(name, row)
    path = weights.with_suffix(".json")
    if not weights.is_file() or not path.is_file():
        host = row.blend_of or name
        how = f"make them with `benchmarks train {host} --install`"
        if host not in MODELS:
            how = f"give --weights, or train them with `benchmarks train {row.target or host}`"
        raise UntrainedError(f"{name}: no trained weights in {weights.parent.name}/; {how}")
    record = parse_record(path)
    if (found := sha256_file(weights)) != record.sha256:
        raise CheckpointError(
            f"{weights}: its SHA-256 {found[:12]} is not the recorded {record.sha256[:12]}"
        )
    return record


def save(model: nn.Module, record: Record | TrainingRecord, path: Path) -> Record:
    """Write weights to `path` (.safetensors) and the record, completed by their hash, beside it."""
    return write(model.state_dict(), record, path)


def install(name: str, best: Path, *, half: bool = True) -> Path:
    """Make trained weights, with the record beside them, those that `load` gives for NAME.

    half : store them in 16 bits unless pictures would show it; the record says what was done
    """
    from .to_half import to_half

    record = parse_record(best.with_suffix(".json"))
    model = build(record.model, **record.training.model_settings)
    load_weights(model, best)
    small = to_half(model) if half else None
    record = replace(record, stored="float32" if small is None else "float16")
    path = WEIGHTS / f"{name}.safetensors"
    write(small or model.state_dict(), record, path)
    return path


def write(state: Mapping[str, Tensor], record: Record | TrainingRecord, path: Path) -> Record:
    """Write a state and its record, completed by the hash of the weights' file."""
    from safetensors.torch import save_file

    table = to_table(record) if isinstance(record, TrainingRecord) else dict(record)
    state = {key: value.detach().cpu().contiguous() for key, value in state.items()}
    with whole_file(path) as scratch:
        save_file(state, scratch)
    table |= {"sha256": sha256_file(path)}
    write_text(path.with_suffix(".json"), json.dumps(table, indent=1) + "\n")
    return table


def load_weights(model: nn.Module, path: Path) -> None:
    """Load .safetensors, or a .pth state dict as authors publish them, into a model.

    Raises CheckpointError naming what does not fit when the weights are another model's.
    """
    from .state_dict import fit_state, read_state

    fit_state(model, read_state(path), path)
