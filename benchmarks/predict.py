"""From a row of METHODS to a function on one pair, whatever kind of method it is."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from datagen.files import sha256_file
from datagen.images import read_image, to_float
from luts import read_cube

from .local.blend import blend
from .method import Method
from .methods import METHODS

if TYPE_CHECKING:
    from torch import nn

    from datagen.dataset import Pair
    from luts.lut import Lut

Predict = Callable[["Pair", np.ndarray], np.ndarray]


class UntrainedError(RuntimeError):
    """A model without weights: it gets no score, and the table says why."""


class BadEstimateError(ValueError):
    """An estimate that cannot be scored: wrong size, or not finite."""


def predictor(name: str, method: Method, device: str = "cpu") -> Predict:
    """Make the function (pair, ideal) -> estimate of one method.

    Parameters
    ----------
    name : its name in METHODS
    method : the row
    device : torch device of models; everything else runs on the CPU

    Returns
    -------
    A function of a pair and its ideal image (H, W, 3) that returns the (H, W, 3) float32 estimate,
    clipped to [0, 1]. It raises BadEstimateError when the method returns something else.

    """
    if method.blend_of:
        raw = _blended(method.blend_of, device)
    elif method.kind == "model":
        raw = _model(name, device)
    elif method.kind == "external":
        raw = _external(Path(method.settings["folder"]))
    else:
        raw = _plain(method)

    def predict(pair: Pair, ideal: np.ndarray) -> np.ndarray:
        estimate = np.asarray(raw(pair, ideal), np.float32)
        if estimate.shape != pair.degraded.shape:
            raise BadEstimateError(f"returned {estimate.shape} for an input {pair.degraded.shape}")
        if not np.isfinite(estimate).all():
            raise BadEstimateError("returned values that are not finite")
        return estimate.clip(0, 1)

    return predict


def fingerprint(name: str, method: Method) -> dict[str, object]:
    """Describe all of a method that a stored result depends on: code, settings and weights.

    Raises UntrainedError when a model has no checkpoint.
    """
    if method.blend_of:
        return fingerprint(method.blend_of, METHODS[method.blend_of]) | {"blend": 1}
    return {
        "code": _code_hash(method.target.partition(":")[0]),
        "settings": method.settings,
        "checkpoint": _checkpoint(name) if method.kind == "model" else None,
    }


@cache
def _code_hash(module: str) -> str:
    """Hash the package a method is in: a helper beside it may be what changed."""
    if not module:
        return ""
    folder = Path(find_spec(module).origin).parent
    hashes = [sha256_file(path) for path in sorted(folder.glob("*.py"))]
    return hashlib.sha256("".join(hashes).encode()).hexdigest()[:16]


def _checkpoint(name: str) -> str:
    from .checkpoints import MissingWeightsError, digest

    try:
        return digest(name)
    except MissingWeightsError as error:
        raise UntrainedError(str(error)) from None


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


def _blended(name: str, device: str) -> Predict:
    host = predictor(name, METHODS[name], device)
    return lambda pair, ideal: _keep_c(host(pair, ideal), pair)


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


def load_model(name: str, device: str) -> nn.Module:
    """Make a model ready to predict: trained weights where it has any to train.

    Raises UntrainedError when it should have weights and there are none.
    """
    from .checkpoints import MissingWeightsError, load

    try:
        module, _ = load(name)
    except MissingWeightsError as error:
        raise UntrainedError(str(error)) from None
    return module.to(device).eval()


def _model(name: str, device: str) -> Predict:
    import torch

    module = load_model(name, device)

    @torch.inference_mode()
    def predict(pair: Pair, ideal: np.ndarray) -> np.ndarray:
        image = torch.from_numpy(pair.degraded.transpose(2, 0, 1)[None].copy()).to(device)
        labels = torch.from_numpy(pair.regions[None]).to(device)
        regions = torch.stack([labels == 2, labels >= 1], 1).float()
        return module(image, regions).image[0].permute(1, 2, 0).cpu().numpy()

    return predict
