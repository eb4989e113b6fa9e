"""A row of METHODS as a function on one pair, and what its numbers depend on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ..methods import Method, MethodError
from ..methods.models.trained.checkpoints import digest, read_record
from ..metrics import Target
from .acceptable import BadEstimateError, problem
from .code import code_hash
from .runners import Batch, Sample, make_runner

if TYPE_CHECKING:
    from datagen.dataset.read import Pair

    from ..methods.models.trained.record import TrainedOn

Predict = Callable[["Pair", np.ndarray], np.ndarray]


def predictor(name: str, method: Method, device: str = "cpu") -> Predict:
    """Make the function (pair, ideal) -> estimate of one method.

    Returns
    -------
    A function of a pair and its ideal image (H, W, 3), which only the checks look at, that returns
    the (H, W, 3) float32 estimate in [0, 1]. It raises BadEstimateError when the method returns
    something that is no picture.
    """
    runner = make_runner(name, method, device)

    def predict(pair: Pair, ideal: np.ndarray) -> np.ndarray:
        made = runner.run(Batch([Sample(pair, _wanted(pair, ideal))], device))
        if not isinstance(made.pictures, list):
            if words := problem(made.facts[0].tolist()):
                raise BadEstimateError(words)
            picture: np.ndarray = made.pictures[0].permute(1, 2, 0).contiguous().cpu().numpy()
            return picture
        return made.pictures[0]

    return predict


def _wanted(pair: Pair, ideal: np.ndarray) -> Target:
    """The target of a pair whose ideal is known already: in A it is the reference."""
    return Target(pair.reference, pair.degraded, pair.regions, ideal=ideal)


def fingerprint(name: str, method: Method) -> dict[str, object]:
    """Describe all of a method that a stored result depends on: code, settings and weights.

    Raises UntrainedError when a model has no weights.
    """
    found: dict[str, object] = {
        "code": code_hash(method.target.rpartition(":")[0]),
        "settings": dict(method.settings),
        "checkpoint": digest(name, method) if method.kind == "model" else None,
    }
    return found | {"blend": 2} if method.blend_of else found


def with_degree(name: str, method: Method, degree: float) -> Method:
    """Ask a model to go further (above 1) or less far (below) than it was trained to.

    Raises MethodError when the method has no such setting.
    """
    from ..methods.models import ModelError, build_row

    try:
        if method.kind != "model":
            raise ModelError(f"{name} is no model")
        build_row(method.blend_of or name, method, degree=degree)
    except ModelError as error:
        raise MethodError(f"--degree: {error}") from None
    return replace(method, settings={**method.settings, "degree": degree})


def training_data(name: str, method: Method) -> TrainedOn | None:
    """What a model's weights were trained on, by its record; None where nothing was trained."""
    if method.kind != "model" or not method.trained:
        return None
    return read_record(name, method).data
