"""Weights trained elsewhere as those of a model here: converted, checked, with what they need.

Settings that change what a network makes but the shape of no tensor (`faithful`, `scale`) come with
the converter, so that nobody has to remember them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...outside import checked_name
from .. import build, model_row
from ..trained.checkpoints import WEIGHTS, write
from ..trained.record import CheckpointError, Trained, TrainingRecord
from ..trained.state_dict import State, fit_state, read_state
from .luts import published_adaint, published_zeng
from .ports import published_deep_upe, published_msec, published_retinexnet


@dataclass(frozen=True)
class Published:
    """A published file as a model's own state, with the settings it was made for.

    notes : lines for the user
    """

    state: State
    settings: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Adopted:
    """Where the weights are now, and what is to be said of them."""

    path: Path
    notes: tuple[str, ...]


Convert = Callable[[Sequence[Path], Mapping[str, Any]], Published | None]


def adopt(
    name: str,
    files: Path | Sequence[Path],
    folder: Path | None = None,
    *,
    label: str = "",
    colour_space: str | None = None,
    **settings: Any,
) -> Adopted:
    """Make weights trained elsewhere, such as an author's .pth, those that `load` gives.

    Nothing is known of their data, and the record says so.

    Parameters
    ----------
    name : key of MODELS
    files : as published; several where the authors' layout has several
    folder : to write into; None for that of the shipped weights
    label : make them a row NAME@LABEL beside the shipped ones
    colour_space : "sRGB" or "XYZ", for layouts that do not say
    settings : build the model they are for, beside what the layout asks for

    Raises
    ------
    CheckpointError
        Files that are no weights, of another model, or for another colour space.
    """
    paths = [files] if isinstance(files, Path) else list(files)
    model_row(name)
    found = _published(name, paths, settings)
    notes = list(found.notes)
    if name in COLOUR and found.settings:
        _check_colour_space(paths, colour_space)
    known = {**found.settings, **settings}
    model = build(name, **known)
    fit_state(model, found.state, paths[0])
    record = TrainingRecord(
        name,
        Trained(known),
        parameters=sum(p.numel() for p in model.parameters()),
        command=f"adopted from {', '.join(path.name for path in paths)}",
    )
    target = f"{name}@{checked_name(label)}" if label else name
    path = (WEIGHTS if folder is None else folder) / f"{target}.safetensors"
    write(model.state_dict(), record, path)
    return Adopted(path, tuple(notes))


def _published(name: str, paths: Sequence[Path], settings: Mapping[str, Any]) -> Published:
    convert = CONVERTERS.get(name)
    found = convert(paths, settings) if convert else None
    if found is not None:
        return found
    if len(paths) != 1:
        raise CheckpointError(f"{name}: its weights are one file, got {len(paths)}")
    return Published(read_state(paths[0]))


def _check_colour_space(paths: Sequence[Path], given: str | None) -> None:
    """Refuse weights for XYZ pictures: everything here is sRGB. The folder's name may tell."""
    folders = {part.lower() for path in paths for part in path.resolve().parts}
    space = given or next((s for s in ("sRGB", "XYZ") if s.lower() in folders), None)
    if space is None:
        raise CheckpointError(
            f"{paths[0]}: published for sRGB and for XYZ pictures in the same layout; "
            "say --colour-space sRGB if they are"
        )
    if space == "XYZ":
        raise CheckpointError(f"{paths[0]}: for XYZ pictures; pictures here are sRGB")


def _zero_dce_pp(paths: Sequence[Path], settings: Mapping[str, Any]) -> Published | None:
    """The authors' file is for curves at a twelfth of the size (their `scale_factor = 12`)."""
    if len(paths) != 1 or paths[0].suffix == ".safetensors" or "scale" in settings:
        return None
    note = "scale=12, as its authors test it; --set scale=1 for weights made for the full size"
    return Published(read_state(paths[0]), {"scale": 12}, (note,))


def _zeng(paths: Sequence[Path], settings: Mapping[str, Any]) -> Published | None:
    if len(paths) != 2:
        _own_layout(paths, settings)
        return None
    state, unpaired = published_zeng(paths)
    settings = {"faithful": True} | ({"unpaired": True} if unpaired else {})
    return Published(state, settings)


def _adaint(paths: Sequence[Path], settings: Mapping[str, Any]) -> Published | None:
    state = published_adaint(paths[0]) if len(paths) == 1 else None
    if state is None:
        _own_layout(paths, settings)
        return None
    return Published(state, {"faithful": True})


def _retinexnet(paths: Sequence[Path], settings: Mapping[str, Any]) -> Published | None:
    found = published_retinexnet(paths)
    return Published(found[0], {"port": True} if found[1] else {}) if found else None


def _msec(paths: Sequence[Path], settings: Mapping[str, Any]) -> Published | None:
    state = published_msec(paths)
    note = "the port pads pictures to 512 x 512 and reflects at borders; here neither is done"
    return Published(state, {"port": True}, (note,)) if state else None


def _deep_upe(paths: Sequence[Path], settings: Mapping[str, Any]) -> Published | None:
    state = published_deep_upe(paths)
    return Published(state, {"released": True}) if state else None


def _own_layout(paths: Sequence[Path], settings: Mapping[str, Any]) -> None:
    """Refuse a file that fits two networks alike: heads scaled as here, or as authors have them."""
    if "faithful" not in settings:
        raise CheckpointError(
            f"{paths[0]}: not the authors' layout; say --set faithful=true where it was made from "
            "theirs, or --set faithful=false for weights trained here"
        )


# Layouts that differ from the model's own. Published for two colour spaces: COLOUR.
CONVERTERS: dict[str, Convert] = {
    "zero_dce_pp": _zero_dce_pp,
    "image_adaptive_lut": _zeng,
    "adaint": _adaint,
    "retinexnet": _retinexnet,
    "msec": _msec,
    "deep_upe": _deep_upe,
}
COLOUR = ("image_adaptive_lut", "adaint")
