"""Weights and the record of how they were made: NAME.safetensors beside NAME.json.

A record holds the model, the training settings, the data set's name and hash, step, validation
score, versions, commit, date, command and the SHA-256 of the weights' file. Weights are stored in
16 bits where that does not show (`halving`), and always computed with in 32.
"""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import TYPE_CHECKING, Any

from luts.tool.errors import UserError
from luts.tool.files import sha256_file, whole_file, write_text

from . import MODELS, build

if TYPE_CHECKING:
    from torch import Tensor, nn

WEIGHTS = Path(__file__).parent / "weights"
Record = dict[str, Any]


class CheckpointError(UserError):
    """Weights that cannot be used."""


class UntrainedError(CheckpointError):
    """A model that was never trained: it must not be scored."""


def load(name: str, folder: Path = WEIGHTS, **settings: Any) -> tuple[nn.Module, Record]:
    """Make a trained model, ready to predict.

    Parameters
    ----------
    name : key of MODELS
    folder : where NAME.safetensors and NAME.json are
    settings : override what the model was built with when trained, for instance degree=0.8

    Raises
    ------
    UntrainedError when it was never trained; CheckpointError when the files do not belong
    together or to this model. A model without parameters needs no files.
    """
    import torch

    if name in MODELS and not MODELS[name].trained:
        return build(name, **settings).eval(), {"model": name, "sha256": digest(name, folder)}
    record = read_record(name, folder)
    model = build(record["model"], **record["training"]["model_settings"] | settings)
    load_weights(model, folder / f"{name}.safetensors")
    return model.eval().to(memory_format=torch.channels_last), record


def digest(name: str, folder: Path = WEIGHTS) -> str:
    """SHA-256 of a model's weights, "no parameters" when there is nothing to train."""
    if name in MODELS and not MODELS[name].trained:
        return "no parameters"
    return read_record(name, folder)["sha256"]


def read_record(name: str, folder: Path = WEIGHTS) -> Record:
    """Read how NAME was trained, and check that its weights are the ones recorded."""
    weights, path = folder / f"{name}.safetensors", folder / f"{name}.json"
    if not weights.is_file() or not path.is_file():
        raise UntrainedError(
            f"{name}: no trained weights in {folder.name}/;"
            f" make them with `benchmarks train {name} --install`"
        )
    record = json.loads(path.read_text("utf-8"))
    if (found := sha256_file(weights)) != record["sha256"]:
        raise CheckpointError(
            f"{weights}: its SHA-256 {found[:12]} is not the recorded {record['sha256'][:12]}"
        )
    return record


def save(model: nn.Module, record: Record, path: Path) -> Record:
    """Write weights to `path` (.safetensors) and the record, completed by their hash, beside it."""
    return _write(model.state_dict(), record, path)


def install(name: str, best: Path, *, half: bool = True) -> Path:
    """Make trained weights, with the record beside them, those that `load` gives for NAME.

    half : store them in 16 bits unless pictures would show it; the record says what was done
    """
    from .halving import halved

    record = json.loads(best.with_suffix(".json").read_text("utf-8"))
    model = build(record["model"], **record["training"]["model_settings"])
    load_weights(model, best)
    small = halved(model) if half else None
    record |= {"stored": "float32" if small is None else "float16"}
    path = WEIGHTS / f"{name}.safetensors"
    _write(small or model.state_dict(), record, path)
    return path


def adopt(name: str, path: Path, folder: Path = WEIGHTS, **settings: Any) -> Record:
    """Make weights trained elsewhere, such as an author's .pth, those that `load` gives.

    Nothing is known of their data, and the record says so. `settings` build the model they are for.
    """
    model = build(name, **settings)
    load_weights(model, path)
    record = {
        "model": name,
        "parameters": sum(p.numel() for p in model.parameters()),
        "training": {"model_settings": settings},
        "data": {"name": "unknown", "hash": "unknown", "split": "unknown"},
        "command": f"adopted from {path.name}",
    }
    return save(model, record, folder / f"{name}.safetensors")


def _write(state: dict[str, Tensor], record: Record, path: Path) -> Record:
    from safetensors.torch import save_file

    state = {key: value.detach().cpu().contiguous() for key, value in state.items()}
    with whole_file(path) as scratch:
        save_file(state, scratch)
    record = record | {"sha256": sha256_file(path)}
    write_text(path.with_suffix(".json"), json.dumps(record, indent=1) + "\n")
    return record


def load_weights(model: nn.Module, path: Path) -> None:
    """Load .safetensors, or a .pth state dict as authors publish them, into a model.

    Raises CheckpointError naming what does not fit when the weights are another model's.
    """
    state = _read_state(path)
    try:
        # Not strict: what is missing is known only after a model has renamed its authors' layers.
        missing, spare = model.load_state_dict(state, strict=False)
    except RuntimeError as error:
        shapes = str(error).partition("\n\t")[2].partition("\n")[0]
        raise CheckpointError(f"{path}: not weights of this model: {shapes}") from None
    if missing or spare:
        raise CheckpointError(
            f"{path}: not weights of {type(model).__name__}: {len(missing)} missing"
            f" (first: {missing[:1]}), {len(spare)} unknown (first: {spare[:1]})"
        )


def _read_state(path: Path) -> dict[str, Tensor]:
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    if path.suffix == ".safetensors":
        try:
            return load_file(path)
        except SafetensorError as error:
            raise CheckpointError(f"{path}: not a safetensors file: {error}") from None
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, EOFError, ValueError, pickle.UnpicklingError) as error:
        reason = str(error).partition("\n")[0]
        raise CheckpointError(f"{path}: not a PyTorch state dict: {reason}") from None
    # Models trained with DataParallel carry its name.
    return {key.removeprefix("module."): value for key, value in state.items()}
