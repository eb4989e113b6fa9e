"""Weights of RetinexNet, MSEC and DeepUPE as they are published, for the models here.

    benchmarks adopt retinexnet ckpts/Decom/9200.tar ckpts/Relight/9200.tar --as port
    benchmarks adopt msec MSPECnet_woadv.pth --as port
    benchmarks adopt deep_upe deep_upe.npz --as published

Layouts, from the public module definitions:

aasharma90/RetinexNet_PyTorch (and harrytea/RetinexNet) : `net1_*` and `net2_*`, in two files; skips
    concatenated, borders repeated: `port=True`
Elin24/RetinexNet_PyTorch, FunkyKoki/RetinexNet_PyTorch : `conv0`, `conv.*` and `deconv*`, in two
    files. The brightest channel comes last, and one layer does all three halvings (`conv2` and
    `conv3` are never called), which weights alone can say
LZ-CH/Exposure_Correction-pytorch : MSEC as `subnet1` (coarse) to `subnet4`; pictures are BGR in
    [0, 1], every layer is leaky by 0.01: `port=True`, and channels turned round. Its pyramid
    reflects at the border, and pictures are padded to 512 x 512; not here: it shows at the border
dvlab-research/DeepUPE : a TensorFlow checkpoint, whose variables are brought as .npz (EXPORT)

Refused: MATLAB's networks (.mat), and the PyTorch ports of DeepUPE, which are other networks
(hermosayhl and Lornatang: batch normalisation, an 8 x 8 grid, a learned guide). The files are the
user's to bring: none ship with the project.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..networks.deep_upe import FEATURES
from ..networks.msec import DEPTHS
from ..networks.retinexnet import DECOMPOSITION_LAYERS, HALVINGS
from ..trained.record import CheckpointError
from ..trained.state_dict import State, read_state

EXPORT = (
    "python -c \"import numpy, tensorflow as tf; r = tf.train.load_checkpoint('checkpoints'); "
    "numpy.savez('deep_upe.npz', **{n: r.get_tensor(n) for n in r.get_variable_to_shape_map()})\""
)
PICTURES = "score its pictures: benchmarks run --predictions DIR --name NAME"
OTHER_DEEP_UPE = ("coeffs.", "coefficients.")  # what the layers of its PyTorch ports begin with
TENSORFLOW = (".ckpt", ".index", ".meta", ".pb")


def published_retinexnet(paths: Sequence[Path]) -> tuple[State, bool] | None:
    """The two files of a RetinexNet port, in any order, as a state of `retinexnet`.

    Returns
    -------
    (state, whether it is for `port=True`); None for one file, which may be of our own layout.
    Raises CheckpointError for files of another layout.
    """
    _refuse_other_frameworks(paths)
    states = [read_state(path) for path in paths]
    if len(states) == 1 and not any(key.startswith("net1_") for key in states[0]):
        return None
    joined = {key: value for state in states for key, value in state.items()}
    if "net1_conv0.weight" in joined:
        return rename(joined, NET1_NET2, paths[-1]), True
    parts = sorted(states, key=lambda state: "feature_fusion.weight" in state)
    if len(parts) == 2 and "feature_fusion.weight" in parts[1]:
        return _one_halving(parts[0], parts[1], paths), False
    names = ", ".join(str(path) for path in paths)
    raise CheckpointError(
        f"{names}: not the layout of a RetinexNet port; known are net1_* with net2_*, and conv.* "
        "with deconv*, in two files"
    )


def _one_halving(decomposition: State, relighting: State, paths: Sequence[Path]) -> State:
    """Brightest channel first instead of last, and the one halving layer three times."""
    ours = rename(decomposition, CONVS, paths[0], "decomposition.")
    ours |= rename(relighting, DECONVS, paths[1], "relighting.")
    first = ours["decomposition.first.weight"]
    ours["decomposition.first.weight"] = first.roll(1, 1)
    return ours


def published_msec(paths: Sequence[Path]) -> State | None:
    """The file of the MSEC port as a state of `msec`; None for a file of another layout."""
    _refuse_other_frameworks(paths)
    theirs = read_state(paths[0]) if len(paths) == 1 else {}
    if "subnet1.block1.cnn_conv1.weight" not in theirs:
        return None
    state = rename(theirs, MSEC, paths[0])
    for key in state:  # BGR to RGB, wherever a picture goes in or comes out
        if key.startswith("doubling."):
            state[key] = (
                state[key].flip(1).flip(0) if key.endswith("weight") else state[key].flip(0)
            )
        elif key.endswith(".last.weight") or key.endswith(".last.bias"):
            state[key] = state[key].flip(0)
        elif key.endswith(".first.0.weight"):
            state[key] = state[key].flip(1)
    return state


def published_deep_upe(paths: Sequence[Path]) -> State | None:
    """The authors' variables, as .npz, as a state of `deep_upe`; None for a file of ours."""
    _refuse_other_frameworks(paths, f"where TensorFlow is, make a .npz of it: {EXPORT}")
    if len(paths) != 1 or paths[0].suffix != ".npz":
        if len(paths) == 1 and any(key.startswith(OTHER_DEEP_UPE) for key in read_state(paths[0])):
            raise CheckpointError(
                f"{paths[0]}: of a port that is another network (batch normalisation, a learned "
                f"guide); {PICTURES}"
            )
        return None
    theirs = _variables(paths[0])
    state = {
        ours: change(_variable(theirs, name, paths[0])) for ours, (name, change) in UPE.items()
    }
    return {key: value.contiguous() for key, value in state.items()}


def _refuse_other_frameworks(paths: Sequence[Path], remedy: str = PICTURES) -> None:
    for path in paths:
        if path.suffix == ".mat":
            raise CheckpointError(
                f"{path}: a MATLAB network, whose layout is not public; {PICTURES}"
            )
        if path.suffix in TENSORFLOW or ".data-" in path.name:
            raise CheckpointError(f"{path}: a TensorFlow checkpoint; {remedy}")


def rename(theirs: State, names: Mapping[str, str], path: Path, under: str = "") -> State:
    """Pick the weight and bias of every layer, our name -> theirs; CheckpointError for a gap."""
    found = {}
    for ours, name in names.items():
        for part in ("weight", "bias"):
            if f"{name}.{part}" not in theirs:
                raise CheckpointError(f"{path}: has no {name}.{part}")
            found[f"{under}{ours}.{part}"] = theirs[f"{name}.{part}"]
    return found


# Our layer: theirs.
NET1_NET2 = {
    "decomposition.first": "net1_conv0",
    **{f"decomposition.layers.{i}": f"net1_convs.{2 * i}" for i in range(DECOMPOSITION_LAYERS)},
    "decomposition.last": "net1_recon",
    "relighting.first": "net2_conv0_1",
    **{f"relighting.down.{i}": f"net2_conv1_{i + 1}" for i in range(HALVINGS)},
    **{f"relighting.up.{i}": f"net2_deconv1_{i + 1}" for i in range(HALVINGS)},
    "relighting.fuse": "net2_fusion",
    "relighting.last": "net2_output",
}
CONVS = {
    "first": "conv0",
    **{f"layers.{i}": f"conv.{i}.0" for i in range(DECOMPOSITION_LAYERS)},
    "last": "conv1",
}
DECONVS = {
    "first": "conv0",
    **{f"down.{i}": "conv1.0" for i in range(HALVINGS)},
    **{f"up.{i}": f"deconv{i + 1}.0" for i in range(HALVINGS)},
    "fuse": "feature_fusion",
    "last": "output",
}


def _msec() -> dict[str, str]:
    names = {}
    for level, depth in enumerate(DEPTHS):
        ours, theirs = f"nets.{level}", f"subnet{len(DEPTHS) - level}"
        for stage in range(depth + 1):
            names[f"{ours}.first.{stage}"] = f"{theirs}.block{stage + 1}.cnn_conv1"
            names[f"{ours}.second.{stage}"] = f"{theirs}.block{stage + 1}.cnn_conv2"
        for stage in range(depth):
            block = 2 * depth + 1 - stage
            names[f"{ours}.widen.{stage}"] = f"{theirs}.up{depth - stage}.up"
            names[f"{ours}.merge.{stage}"] = f"{theirs}.block{block}.cnn_conv1"
            names[f"{ours}.refine.{stage}"] = f"{theirs}.block{block}.cnn_conv2"
        names[f"{ours}.last"] = f"{theirs}.finalconv"
    doublings = range(len(DEPTHS) - 1)
    return names | {f"doubling.{i}": f"up{len(DEPTHS) - 1 - i}.up" for i in doublings}


MSEC = _msec()


def _variables(path: Path) -> Mapping[str, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise CheckpointError(f"{path}: not a .npz of plain arrays: {error}") from None


def _variable(found: Mapping[str, np.ndarray], name: str, path: Path) -> Tensor:
    if (full := f"inference/{name}") not in found:
        raise CheckpointError(f"{path}: has no variable {full}; made as by: {EXPORT}")
    return torch.from_numpy(found[full].astype(np.float32))


def _conv(weights: Tensor) -> Tensor:
    return weights.permute(3, 2, 0, 1)  # height, width, in, out


def _after_flatten(weights: Tensor) -> Tensor:
    """Of 4 x 4 features, flattened channels last there and channels first here."""
    return weights.reshape(4, 4, FEATURES, -1).permute(3, 2, 0, 1).flatten(1)


def _same(values: Tensor) -> Tensor:
    return values


def _curve(values: Tensor) -> Tensor:
    return values.flatten(0, -2).T  # (1, 1[, 1], channel, piece)


def _upe() -> dict[str, tuple[str, Callable[[Tensor], Tensor]]]:
    """Our tensor -> (their variable, how to lay it out)."""
    layers = [(f"splat.{i}", f"splat/conv{i + 1}", True) for i in range(4)]
    layers += [(f"globals.{i}", f"global/conv{i + 1}", True) for i in range(12)]
    layers += [(f"locals.{i}", f"local/conv{i + 1}", i == 0) for i in range(6)]
    layers += [("predict", "prediction/conv1", True)]
    found: dict[str, tuple[str, Callable[[Tensor], Tensor]]] = {}
    for ours, theirs, biased in layers:
        found[f"{ours}.weight"] = (f"coefficients/{theirs}/weights", _conv)
        if biased:
            found[f"{ours}.bias"] = (f"coefficients/{theirs}/biases", _same)
    for i, lay_out in enumerate((_after_flatten, torch.t, torch.t)):
        theirs = f"coefficients/global/fc{i + 1}"
        found[f"dense.{2 * i + 1}.weight"] = (f"{theirs}/weights", lay_out)
        found[f"dense.{2 * i + 1}.bias"] = (f"{theirs}/biases", _same)
    return found | {
        "guide.matrix.weight": ("guide/ccm", lambda matrix: matrix.T[..., None, None]),
        "guide.matrix.bias": ("guide/ccm_bias", _same),
        "guide.shifts": ("guide/shifts", _curve),
        "guide.slopes": ("guide/slopes", _curve),
        "guide.mix.weight": ("guide/channel_mixing/weights", _conv),
        "guide.mix.bias": ("guide/channel_mixing/biases", _same),
    }


UPE = _upe()
