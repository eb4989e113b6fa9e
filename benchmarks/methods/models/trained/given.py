"""Weights that a user gives: a file, what `train` leaves, or a folder of NAME.safetensors.

With a label they are rows of their own, NAME@LABEL, beside the shipped ones: published weights, or
several seeds of one training.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from luts.tool.errors import UserError

from ...method import Method, MethodError
from ...outside import checked_name
from .checkpoints import WEIGHTS
from .record import parse_record

BEST = "best.safetensors"


@dataclass(frozen=True)
class GivenWeights:
    """A file or folder of weights, and the label of the rows it makes."""

    path: Path
    label: str = ""

    @classmethod
    def read(cls, text: str) -> GivenWeights:
        """Read PATH or LABEL=PATH; raises UserError when there is no such file or folder."""
        label, equals, path = text.rpartition("=")
        if equals and not Path(text).exists():
            return cls(_existing(path), checked_name(label))
        return cls(_existing(text))


def _existing(text: str) -> Path:
    if not Path(text).exists():
        raise UserError(f"--weights {text}: no such file or folder")
    return Path(text).resolve()


def with_weights(methods: Mapping[str, Method], given: Sequence[GivenWeights]) -> dict[str, Method]:
    """Let methods use given weights; labelled ones make rows NAME@LABEL after those of NAME.

    A folder of NAME.safetensors stands for all models: those it lacks have no weights. A file, or
    the folder that `train` leaves, is for the model that its record names. NAME@LABEL of `methods`
    are labels that were adopted.

    Raises MethodError for weights of a model that is not among the methods.
    """
    chosen = dict(methods)
    for weights in given:
        files = _files(weights.path)
        if weights.path.is_dir() and weights.path / BEST not in files and not weights.label:
            chosen = {name: _from_folder(name, m, weights.path) for name, m in chosen.items()}
            continue
        used = False
        for file in files:
            for name, method in list(chosen.items()):
                if "@" in name or not _fits(name, method, file):
                    continue
                used = True
                if weights.label:
                    chosen[_labelled(name, method, weights.label)] = _row(method, file, weights)
                else:
                    chosen[name] = replace(method, weights=str(file))
        if not used:
            models = ", ".join(sorted({parse_record(f.with_suffix(".json")).model for f in files}))
            raise MethodError(
                f"--weights {weights.path}: of {models or 'no model'}, which is not among --methods"
            )
    return chosen


def adopted_row(name: str, methods: Mapping[str, Method]) -> Method:
    """The row of weights that `adopt --as LABEL` put beside the shipped ones.

    Parameters
    ----------
    name : NAME@LABEL, or NAME@LABEL+blend
    methods : the rows whose weights they may be

    Raises MethodError naming the labels there are.
    """
    host, _, label = name.partition("@")
    blend = "+blend" if label.endswith("+blend") else ""
    label = label.removesuffix("+blend")
    base = methods.get(host + blend)
    file = WEIGHTS / f"{host}@{label}.safetensors"
    if base is None or base.kind != "model" or not file.is_file():
        there = sorted(path.stem for path in WEIGHTS.glob("*@*.safetensors"))
        raise MethodError(
            f"{name}: no weights were adopted as that; there are {', '.join(there) or 'none'} "
            f"(`benchmarks adopt {host} FILE --as {label}`)"
        )
    return _row(base, file, GivenWeights(file, label))


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if (path / BEST).is_file():
        return [path / BEST]
    files = sorted(f for f in path.glob("*.safetensors") if f.with_suffix(".json").is_file())
    if not files:
        raise MethodError(f"--weights {path}: holds no NAME.safetensors with its NAME.json")
    return files


def _fits(name: str, method: Method, file: Path) -> bool:
    """Whether a file holds weights of a row's model: by its record, or by its name."""
    if method.kind != "model" or not method.trained:
        return False
    host = method.blend_of or name
    model = parse_record(file.with_suffix(".json")).model
    own = model.partition("=")[2] or model
    return host in (model, file.stem) or method.target.rpartition("/")[2] == own.rpartition("/")[2]


def _from_folder(name: str, method: Method, folder: Path) -> Method:
    if method.kind != "model" or not method.trained or method.weights:
        return method
    return replace(method, weights=str(folder / f"{method.blend_of or name}.safetensors"))


def _labelled(name: str, method: Method, label: str) -> str:
    host = method.blend_of or name
    return f"{host}@{label}" + ("+blend" if method.blend_of else "")


def _row(method: Method, file: Path, weights: GivenWeights) -> Method:
    blend_of = f"{method.blend_of}@{weights.label}" if method.blend_of else ""
    summary = f"{method.summary} [{weights.label}]"
    return replace(method, weights=str(file), summary=summary, blend_of=blend_of, slow=False)
