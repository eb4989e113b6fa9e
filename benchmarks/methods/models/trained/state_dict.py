"""State dicts as they are found: wrapped, prefixed, with what profilers left; tensors only.

Nothing is unpickled but tensors and plain values: a file of weights is data of a stranger.
"""

from __future__ import annotations

import pickle
import re
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from .record import CheckpointError

# Where training frameworks put the weights, best first: averaged ones are those authors score.
WRAPPERS = (
    "state_dict", "model_state_dict", "params_ema", "params", "model", "net", "netG", "generator",
    "network", "weights", "state",
)  # fmt: skip
ALWAYS_PREFIX = ("module.", "_orig_mod.")  # DataParallel, torch.compile
# What lies there instead of weights, by how it begins.
NO_WEIGHTS = {
    b"version https://git-lfs": "is a pointer of Git LFS; fetch the file itself",
    b"<": "is a web page; download the file itself",
}
MOST_HEADER = 1 << 22  # some 40,000 tensors: a million take a minute and gigabytes
LEFT_BY_PROFILERS = ("total_ops", "total_params")

State = dict[str, Tensor]
_scalar = getattr(np, "_core").multiarray.scalar  # noqa: B009 - not in the type stubs
# What stands beside weights in published files and can run nothing.
_HARMLESS: list[Any] = [
    (_scalar, "numpy.core.multiarray.scalar"),
    _scalar,
    np.dtype,
    *(type(np.dtype(kind)) for kind in ("f4", "f8", "i4", "i8", "?")),
]


def read_state(path: Path) -> State:
    """Read the named tensors of a .safetensors or PyTorch file.

    Raises
    ------
    CheckpointError
        The file, and what it holds instead.
    """
    return unwrapped(read_file(path), path)


def read_file(path: Path) -> Any:
    """Everything a file of weights holds, wrappers and all; raises CheckpointError."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    if not path.is_file():
        raise CheckpointError(f"{path}: {'is a folder' if path.is_dir() else 'no such file'}")
    if path.suffix == ".safetensors":
        with path.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
        if MOST_HEADER < length <= path.stat().st_size:
            raise CheckpointError(
                f"{path}: names tensors in {length} bytes; up to {MOST_HEADER} are read"
            )
        try:
            return load_file(path)
        except SafetensorError as error:
            raise CheckpointError(f"{path}: not a safetensors file: {error}") from None
    with path.open("rb") as stream:
        start = stream.read(64).lstrip()
    if words := next((NO_WEIGHTS[word] for word in NO_WEIGHTS if start.startswith(word)), ""):
        raise CheckpointError(f"{path}: {words}")
    if not start:
        raise CheckpointError(f"{path}: is empty")
    try:
        with torch.serialization.safe_globals(_HARMLESS), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of TorchScript, which is refused
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if words := _refusal(str(error)):
            raise CheckpointError(f"{path}: {words}") from None
        raise CheckpointError(f"{path}: not a PyTorch state dict") from None
    except Exception as error:  # torch raises many kinds for a file that is not its own
        reason = _plain(str(error))
        if "TorchScript" in reason:
            reason = "a TorchScript archive; save torch.jit.load(FILE).state_dict() instead"
        reason = f": {reason}" if " " in reason else ""  # not the bare key of a KeyError
        raise CheckpointError(f"{path}: not a PyTorch state dict{reason}") from None


def unwrapped(found: Any, path: Path) -> State:
    """The named tensors inside whatever a framework wrapped them in."""
    for _ in range(4):
        if not isinstance(found, Mapping):
            raise CheckpointError(
                f"{path}: holds a {type(found).__name__}; named tensors (a state dict) are needed"
            )
        if any(isinstance(value, Tensor) for value in found.values()):
            break
        inside = [key for key in WRAPPERS if isinstance(found.get(key), Mapping)]
        others = [k for k, v in found.items() if _has_tensors(v) and "optim" not in str(k).lower()]
        if not inside and len(others) > 1:
            names = " and ".join(map(repr, others))
            raise CheckpointError(f"{path}: has weights under {names}; save those wanted alone")
        if not inside and not others:
            break
        found = found[(inside or others)[0]]
    state = {
        str(key): value
        for key, value in found.items()
        if isinstance(value, Tensor) and str(key).rpartition(".")[2] not in LEFT_BY_PROFILERS
    }
    if not state:
        keys = ", ".join(str(key)[:40] for key in list(found)[:4]) if found else "nothing"
        raise CheckpointError(f"{path}: holds no tensors; it has {keys}")
    while prefix := _shared(state, ALWAYS_PREFIX):
        state = {key.removeprefix(prefix): value for key, value in state.items()}
    return state


def fit_state(model: nn.Module, state: State, path: Path) -> None:
    """Load a state into a model.

    Raises CheckpointError naming what does not fit, and tensors that are no weights.
    """
    own = model.state_dict()
    while (prefix := _first_part(state)) and not any(key.startswith(prefix) for key in own):
        state = {key.removeprefix(prefix): value for key, value in state.items()}
    _check_values(state, own, path)
    try:
        # Not strict: what is missing is known only after a model has renamed its authors' layers.
        missing, spare = model.load_state_dict(state, strict=False)
    except RuntimeError as error:
        shapes = str(error).partition("\n\t")[2].partition("\n")[0]
        raise CheckpointError(f"{path}: not weights of this model: {shapes}") from None
    if missing or spare:
        raise CheckpointError(
            f"{path}: not weights of {type(model).__name__}: {len(missing)} missing"
            f" (first: {_first(missing)}), {len(spare)} unknown (first: {_first(spare)})"
        )


def _check_values(state: State, own: Mapping[str, Tensor], path: Path) -> None:
    for key, value in state.items():
        wanted = own.get(key)
        if value.is_floating_point():
            if not value.isfinite().all():
                raise CheckpointError(f"{path}: {key} holds values that are not finite")
        elif wanted is None or wanted.is_floating_point():
            if key.endswith("num_batches_tracked"):
                continue
            kind = str(value.dtype).removeprefix("torch.")
            raise CheckpointError(f"{path}: {key} holds {kind}; weights are floating-point numbers")


def _first(keys: Sequence[str]) -> list[str]:
    return [key[:80] for key in keys[:1]]


def _shared(state: State, prefixes: tuple[str, ...]) -> str:
    return next((p for p in prefixes if all(key.startswith(p) for key in state)), "")


def _first_part(state: State) -> str:
    """What all names begin with up to a dot, such as "net."; "" where they differ."""
    firsts = {key.partition(".")[0] if "." in key else "" for key in state}
    first = firsts.pop() if len(firsts) == 1 else ""
    return f"{first}." if first else ""


def _has_tensors(found: Any, depth: int = 3) -> bool:
    if not isinstance(found, Mapping) or depth == 0:
        return False
    return any(isinstance(v, Tensor) or _has_tensors(v, depth - 1) for v in found.values())


def _refusal(text: str) -> str:
    """Say what a file holds beside tensors; "" when it is no file of torch's."""
    found = re.search(r"GLOBAL:? ?`?([\w.]+)|[Uu]nsupported class `?([\w.]+)", text)
    if found is None:
        return ""
    return (
        f"holds Python objects ({found[1] or found[2]}), which could run code; where you trust it, "
        "save its weights alone: torch.save(model.state_dict(), FILE)"
    )


def _plain(text: str) -> str:
    """The first line of a message, without the colours torch puts in."""
    line = re.sub(r"\x1b\[[0-9;]*m", "", text).partition("\n")[0].partition(". ")[0]
    return "".join(letter for letter in line if letter.isprintable())[:160]
