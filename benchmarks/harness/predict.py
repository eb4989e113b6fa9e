"""From a row of METHODS to a function on one pair, whatever kind of method it is."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from datagen.images.codes import to_float
from datagen.images.files import read_image
from luts import read_cube
from luts.tool.files import sha256_file

from ..methods import METHODS, MethodError
from ..methods.blend import blend
from ..methods.method import Method
from ..methods.models.checkpoints import WEIGHTS, digest, read_record

if TYPE_CHECKING:
    from datagen.dataset.read import Pair
    from luts.lut import Lut

Predict = Callable[["Pair", np.ndarray], np.ndarray]
Estimator = Callable[[list[tuple["Pair", np.ndarray]]], list[np.ndarray]]


class BadEstimateError(ValueError):
    """An estimate that cannot be scored: wrong size, or not finite."""


def predictor(name: str, method: Method, device: str = "cpu", weights: Path = WEIGHTS) -> Predict:
    """Make the function (pair, ideal) -> estimate of one method; see `estimator`."""
    estimate = estimator(name, method, device, weights)
    return lambda pair, ideal: estimate([(pair, ideal)])[0]


def estimator(name: str, method: Method, device: str = "cpu", weights: Path = WEIGHTS) -> Estimator:
    """Make the function that runs one method on several samples.

    Parameters
    ----------
    name : its name in METHODS
    method : the row; a model's settings may differ from those of METHODS
    device : torch device of models; everything else runs on the CPU
    weights : folder of the models' weights

    Returns
    -------
    A function of a list of (pair, ideal image (H, W, 3)) that returns the (H, W, 3) float32
    estimates, clipped to [0, 1]. Models take pairs of one size together. It raises BadEstimateError
    when the method returns something else.
    """
    if method.blend_of:
        host = replace(METHODS[method.blend_of], settings=method.settings)
        raw = _blended(estimator(method.blend_of, host, device, weights))
    elif method.kind == "model":
        raw = _model(name, method, device, weights)
    elif method.kind == "external":
        raw = _each(_external(Path(method.settings["folder"])))
    else:
        raw = _each(_plain(method))

    def estimate(samples: list[tuple[Pair, np.ndarray]]) -> list[np.ndarray]:
        estimates = raw(samples)
        return [_checked(e, pair) for e, (pair, _) in zip(estimates, samples, strict=True)]

    return estimate


def _each(predict: Predict) -> Estimator:
    return lambda samples: [predict(pair, ideal) for pair, ideal in samples]


def _checked(estimate: np.ndarray, pair: Pair) -> np.ndarray:
    estimate = np.asarray(estimate, np.float32)
    if estimate.shape != pair.degraded.shape:
        raise BadEstimateError(f"returned {estimate.shape} for an input {pair.degraded.shape}")
    if not np.isfinite(estimate).all():
        raise BadEstimateError("returned values that are not finite")
    return estimate.clip(0, 1)


def fingerprint(name: str, method: Method, weights: Path = WEIGHTS) -> dict[str, object]:
    """Describe all of a method that a stored result depends on: code, settings and weights.

    Raises UntrainedError when a model has no checkpoint in the folder `weights`.
    """
    if method.blend_of:
        host = replace(METHODS[method.blend_of], settings=method.settings)
        return fingerprint(method.blend_of, host, weights) | {"blend": 1}
    return {
        "code": _code_hash(method.target.partition(":")[0]),
        "settings": method.settings,
        "checkpoint": digest(name, weights) if method.kind == "model" else None,
    }


def with_degree(name: str, method: Method, degree: float) -> Method:
    """Ask a model to go further (above 1) or less far (below) than it was trained to.

    Raises MethodError when the method has no such setting.
    """
    from ..methods.models import ModelError, build

    host = method.blend_of or name
    try:
        if method.kind != "model":
            raise ModelError(f"{name} is no model")
        build(host, **method.settings | {"degree": degree})
    except ModelError as error:
        raise MethodError(f"--degree: {error}") from None
    return replace(method, settings=method.settings | {"degree": degree})


def training_data(name: str, method: Method, weights: Path = WEIGHTS) -> dict[str, Any] | None:
    """What a model's weights were trained on, by its record; None where nothing was trained."""
    if method.kind != "model" or not method.trained:
        return None
    return read_record(method.blend_of or name, weights)["data"]


def weights_of(about: dict[str, Any]) -> Path:
    """The folder of the weights that a run used, by its run.json."""
    return Path(about["weights"]) if about.get("weights") else WEIGHTS


@cache
def _code_hash(module: str) -> str:
    """Hash the package a method is in: a helper beside it may be what changed."""
    if not module:
        return ""
    folder = Path(find_spec(module).origin).parent
    hashes = [sha256_file(path) for path in sorted(folder.rglob("*.py"))]
    return hashlib.sha256("".join(hashes).encode()).hexdigest()[:16]


def _plain(method: Method) -> Predict:
    function = method.load()
    if method.kind == "check":
        return lambda pair, ideal: function(pair.degraded, ideal)
    if method.kind == "oracle":
        return lambda pair, ideal: _in_regions(function, pair)
    if method.kind == "stored":
        return lambda pair, ideal: _keep_c(function(pair.degraded, _lut(pair)), pair)
    if method.region_aware:
        return lambda pair, ideal: function(pair.degraded, pair.regions)
    return lambda pair, ideal: function(pair.degraded)


def _in_regions(function: Callable, pair: Pair) -> np.ndarray:
    """Fit an oracle where it counts: A by A's pixels alone, so that it bounds A; B by A and B."""
    estimate = pair.degraded.copy()
    for label, fitted in ((1, pair.regions >= 1), (2, pair.regions == 2)):
        wanted = pair.regions == label
        if wanted.any():
            result = function(pair.degraded[fitted][None], pair.reference[fitted][None])[0]
            estimate[wanted] = result[wanted[fitted]]
    return _keep_c(estimate, pair)


def _keep_c(estimate: np.ndarray, pair: Pair) -> np.ndarray:
    return blend(estimate, pair.degraded, pair.regions)


def _lut(pair: Pair) -> Lut | None:
    return None if pair.lut is None else read_cube(pair.lut)


def _blended(host: Estimator) -> Estimator:
    def blended(samples: list[tuple[Pair, np.ndarray]]) -> list[np.ndarray]:
        estimates = host(samples)
        return [_keep_c(e, pair) for e, (pair, _) in zip(estimates, samples, strict=True)]

    return blended


def picture_of(folder: Path, sample: str) -> Path:
    """Where the picture of one sample lies among predictions made elsewhere."""
    return Path(folder) / f"{sample}.png"


def _external(folder: Path) -> Predict:
    def predict(pair: Pair, ideal: np.ndarray) -> np.ndarray:
        encoded = read_image(picture_of(folder, pair.id))
        if encoded.ndim != 3 or encoded.shape[2] != 3:
            raise BadEstimateError(f"a picture of shape {encoded.shape}; give RGB without alpha")
        return to_float(encoded)

    return predict


def _model(name: str, method: Method, device: str, weights: Path) -> Estimator:
    from .inference import changed_settings, infer, load_model

    settings = changed_settings(name, method)
    module = load_model(name, device, weights=weights, settings=settings)
    return lambda samples: infer(module, [pair for pair, _ in samples])
