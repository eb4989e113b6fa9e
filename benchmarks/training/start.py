"""What a training begins with: weights of its own, or those of the global model it is made from."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from ..methods.models.local.ranlen import RegionNorm
from ..methods.models.trained.record import CheckpointError
from ..methods.models.trained.state_dict import State, fit_state, read_state
from .batches import Batch


def start_from(model: nn.Module, path: Path, batch: Batch) -> None:
    """Load weights into a model.

    Those of its host do for a local version: it then changes pictures as the host does, before it
    has learned what regions mean. Inputs that the host does not have get weights of 0, and
    region-aware normalisation undoes the normalisation of features like those of `batch`.

    Raises CheckpointError when the file holds weights of another model.
    """
    state = read_state(path)
    try:
        fit_state(model, state, path)
        return
    except CheckpointError:
        widened = _of_host(model, state)
        if widened is None:
            raise
    fit_state(model, widened, path)
    norms = [module for module in model.modules() if isinstance(module, RegionNorm)]
    hooks = [norm.register_forward_hook(_neutral) for norm in norms]
    with torch.no_grad():
        model.eval()(batch["degraded"], batch["regions"])
    for hook in hooks:
        hook.remove()
    model.train()


def _neutral(norm: RegionNorm, inputs: tuple[Tensor, Tensor], output: Tensor) -> Tensor:
    norm.be_neutral(inputs[0])
    return inputs[0]


def _of_host(model: nn.Module, state: State) -> State | None:
    """The model's own state with what the host has; None when that is not all of the host's."""
    own = model.state_dict()
    inside = "host." if any(key.startswith("host.") for key in own) else ""
    for key, value in state.items():
        wanted = own.get(inside + key)
        if wanted is None:
            return None
        narrower = wanted.ndim == value.ndim and all(map(int.__le__, value.shape, wanted.shape))
        if not narrower:
            return None
        own[inside + key] = _widened(value, wanted)
    return own


def _widened(value: Tensor, drawn: Tensor) -> Tensor:
    """A host's tensor with what the drawn one has more: of its inputs nothing counts yet."""
    wide = drawn.clone()
    if drawn.ndim > 1:
        wide[:, value.shape[1] :] = 0
    wide[tuple(map(slice, value.shape))] = value
    return wide
