"""Weights as the authors of image-adaptive LUTs publish them, for the models here.

    from benchmarks.checkpoints import adopt
    from benchmarks.models.lut3d_published import join_zeng

    join_zeng(Path("LUTs.pth"), Path("classifier.pth"), Path("zeng.safetensors"))
    adopt("image_adaptive_lut", Path("zeng.safetensors"), faithful=True)

Weights for unpaired training take `unpaired=True` as well, AdaInt's go through `convert_adaint`.
Layouts: HuiZeng/Image-Adaptive-3DLUT (two files, cubes indexed [channel, blue, green, red]) and
ImCharlesY/AdaInt (one file, one matrix of (channel, blue, green, red) by cube). The files are the
user's to bring: none ship with the project.
"""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from luts.tool.files import whole_file

from . import ModelError
from .lut3d import RANKS, SIZE

State = dict[str, Tensor]

# Our layer: its position in the authors' Sequential.
PAIRED = {f"features.conv{i}": 1 + 3 * i for i in range(5)}
PAIRED |= {f"features.norm{i}": 3 + 3 * i for i in range(4)} | {"weigh": 16}
UNPAIRED = {"features.conv0": 1, "features.norm0": 3, "weigh": 12}
UNPAIRED |= {f"features.conv{i}": 2 + 2 * i for i in range(1, 5)}

ADAINT = {f"features.conv{i}": f"backbone.{i}.0" for i in range(5)}
ADAINT |= {f"features.norm{i}": f"backbone.{i}.2" for i in range(4)}
ADAINT |= {"weigh": "lut_generator.weights_generator", "intervals": "adaint.intervals_generator"}

BANK = "lut_generator.basis_luts_bank.weight"


def join_zeng(luts: Path, classifier: Path, out: Path) -> None:
    """Write LUTs.pth and classifier.pth as one .safetensors of `image_adaptive_lut`.

    Raises ModelError for files of another layout.
    """
    network, cubes = _read(classifier), _read(luts)
    positions = PAIRED if "model.16.weight" in network else UNPAIRED
    state = _rename(network, {ours: f"model.{i}" for ours, i in positions.items()}, classifier)
    state["weigh.weight"] = state["weigh.weight"].flatten(1)
    try:
        bank = torch.stack([cubes[str(rank)]["LUT"] for rank in range(RANKS)])
    except (KeyError, TypeError) as error:
        raise ModelError(f"{luts}: no {error} among its LUTs; it is not the authors'") from None
    state["basis"] = _our_order(bank, luts)
    _write(state, out)


def convert_adaint(weights: Path, out: Path) -> None:
    """Write a published AdaInt .pth as a .safetensors of `adaint`.

    Raises ModelError for a file of another layout.
    """
    theirs = _read(weights)
    theirs = theirs.get("state_dict", theirs)  # the training framework wraps it
    state = _rename(theirs, ADAINT, weights)
    if BANK not in theirs:
        raise ModelError(f"{weights}: no {BANK}; it is not the authors'")
    state["basis"] = _our_order(theirs[BANK].t(), weights)
    _write(state, out)


def _our_order(bank: Tensor, path: Path) -> Tensor:
    """Cubes (3, c, b, g, r), flat or not, as our basis: (3, r g b c)."""
    if bank.numel() != RANKS * 3 * SIZE**3:
        raise ModelError(
            f"{path}: its cubes are {tuple(bank.shape)}; wanted {RANKS} of {SIZE} nodes an edge"
        )
    return bank.reshape(RANKS, 3, SIZE, SIZE, SIZE).permute(0, 4, 3, 2, 1).flatten(1)


def _rename(theirs: State, names: dict[str, str], path: Path) -> State:
    """Pick the weight and bias of every layer, by our name."""
    pairs = {
        f"{ours}.{part}": f"{name}.{part}"
        for ours, name in names.items()
        for part in ("weight", "bias")
    }
    if missing := sorted(set(pairs.values()) - theirs.keys()):
        raise ModelError(f"{path}: {len(missing)} layers missing, first {missing[0]}")
    return {ours: theirs[name] for ours, name in pairs.items()}


def _read(path: Path) -> dict[str, Any]:
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, EOFError, ValueError, pickle.UnpicklingError) as error:
        reason = str(error).partition("\n")[0]
        raise ModelError(f"{path}: not a PyTorch state dict: {reason}") from None


def _write(state: State, out: Path) -> None:
    from safetensors.torch import save_file

    with whole_file(out) as scratch:
        save_file({name: value.contiguous() for name, value in state.items()}, scratch)
