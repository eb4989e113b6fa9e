"""Weights as the authors of image-adaptive LUTs publish them, for the models here.

    benchmarks adopt image_adaptive_lut LUTs.pth classifier.pth --as zeng --colour-space sRGB
    benchmarks adopt adaint AiLUT-FiveK-sRGB.pth --as published --colour-space sRGB

Layouts: HuiZeng/Image-Adaptive-3DLUT (two files, cubes indexed [channel, blue, green, red]) and
ImCharlesY/AdaInt (one file, one matrix of (channel, blue, green, red) by cube). The files are the
user's to bring: none ship with the project.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..networks.lut3d import RANKS, SIZE
from ..trained.record import CheckpointError
from ..trained.state_dict import State, read_file, read_state, unwrapped

# Our layer: its position in the authors' Sequential.
PAIRED = {f"features.conv{i}": 1 + 3 * i for i in range(5)}
PAIRED |= {f"features.norm{i}": 3 + 3 * i for i in range(4)} | {"weigh": 16}
UNPAIRED = {"features.conv0": 1, "features.norm0": 3, "weigh": 12}
UNPAIRED |= {f"features.conv{i}": 2 + 2 * i for i in range(1, 5)}

ADAINT = {f"features.conv{i}": f"backbone.{i}.0" for i in range(5)}
ADAINT |= {f"features.norm{i}": f"backbone.{i}.2" for i in range(4)}
ADAINT |= {"weigh": "lut_generator.weights_generator", "intervals": "adaint.intervals_generator"}

BANK = "lut_generator.basis_luts_bank.weight"


def published_zeng(paths: Sequence[Path]) -> tuple[State, bool]:
    """LUTs.pth and classifier.pth, in any order, as a state of `image_adaptive_lut`.

    Returns
    -------
    (state, whether the network is that of unpaired training). Raises CheckpointError for files of
    another layout.
    """
    files = {path: read_file(path) for path in paths}
    banks = [path for path, found in files.items() if _is_bank(found)]
    if len(files) != 2 or len(banks) != 1:
        names = ", ".join(str(path) for path in paths)
        raise CheckpointError(f"{names}: not the authors' LUTs.pth and classifier.pth")
    (luts,) = banks
    (classifier,) = (path for path in paths if path != luts)
    network, cubes = unwrapped(files[classifier], classifier), files[luts]
    unpaired = "model.16.weight" not in network
    positions = UNPAIRED if unpaired else PAIRED
    state = _rename(network, {ours: f"model.{i}" for ours, i in positions.items()}, classifier)
    state["weigh.weight"] = state["weigh.weight"].flatten(1)
    bank = torch.stack([cubes[str(rank)]["LUT"] for rank in range(RANKS)])
    return state | {"basis": _our_order(bank, luts)}, unpaired


def published_adaint(path: Path) -> State | None:
    """A published AdaInt .pth as a state of `adaint`; None for a file that is none.

    Raises CheckpointError where layers of it are missing.
    """
    theirs = read_state(path)
    if BANK not in theirs:
        return None
    return _rename(theirs, ADAINT, path) | {"basis": _our_order(theirs[BANK].t(), path)}


def _is_bank(found: Any) -> bool:
    try:
        return all(isinstance(found[str(rank)]["LUT"], Tensor) for rank in range(RANKS))
    except (KeyError, TypeError, IndexError):
        return False


def _our_order(bank: Tensor, path: Path) -> Tensor:
    """Cubes (3, c, b, g, r), flat or not, as our basis: (3, r g b c)."""
    if bank.numel() != RANKS * 3 * SIZE**3:
        raise CheckpointError(
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
        raise CheckpointError(f"{path}: {len(missing)} layers missing, first {missing[0]}")
    return {ours: theirs[name] for ours, name in pairs.items()}
