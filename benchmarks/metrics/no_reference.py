"""NIQE and PI by pyiqa, where it is installed; never rewritten here.

Two sets of NIQE parameters are in use and give 15.75 and 7.20 for one image, so the parameters are
part of the name. Weak metrics of exposure: they can prefer an over-sharpened CLAHE. Images below
192 pixels have too few 96-pixel blocks for a stable value.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from functools import cache

import numpy as np

from .inputs import MetricError
from .metric import Metric
from .picture import Comparison

LEAST_SIDE = 192


@cache
def _model(name: str) -> Callable:
    """Load a pyiqa metric from what is on this machine; nothing is downloaded from here."""
    if importlib.util.find_spec("pyiqa") is None:
        raise MetricError(
            f"{name}: needs pyiqa, whose licence is non-commercial: pip install 'tonebench[iqa]'"
        )
    before = os.environ.get("HF_HUB_OFFLINE")
    os.environ["HF_HUB_OFFLINE"] = "1"
    try:
        import pyiqa

        return pyiqa.create_metric(name, device="cpu")
    except Exception as error:  # pyiqa raises whatever its downloader raises
        raise MetricError(
            f"{name}: pyiqa has no weights for it on this machine ({type(error).__name__}); run "
            f"pyiqa.create_metric({name!r}) once, online"
        ) from error
    finally:
        if before is None:
            del os.environ["HF_HUB_OFFLINE"]
        else:
            os.environ["HF_HUB_OFFLINE"] = before


def _pyiqa() -> None:
    if importlib.util.find_spec("pyiqa") is None:
        raise MetricError(
            "niqe, pi: need pyiqa, whose licence is non-commercial: pip install 'tonebench[iqa]'"
        )


def _score(name: str) -> Callable[[Comparison, None], float]:
    def function(comparison: Comparison, weight: None) -> float:
        encoded = comparison.estimate.encoded
        model = _model(name)
        if min(encoded.shape[:2]) < LEAST_SIDE:
            return float("nan")
        from luts.torch.layout import to_batch

        return float(model(to_batch([encoded.astype(np.float32)]).contiguous()))

    return function


NO_REFERENCE = tuple(
    Metric(
        name=name,
        label=name.upper(),
        digits=2,
        convention=f"pyiqa:{name}",
        unit="",
        higher_is_better=False,
        function=_score(name),
        summary=summary,
        definition=definition,
        span="about 2 (natural) to 20; NaN where the shorter side is below 192 pixels",
        source=source,
        regions=("all",),
        by_default=False,
        needs=_pyiqa,
    )
    for name, summary, definition, source in (
        (
            "niqe",
            "naturalness without a reference, LIVE parameters, by pyiqa",
            "distance of local luminance statistics from those of pristine photographs; of the "
            "estimate alone",
            "Mittal, Soundararajan and Bovik, IEEE SPL 20(3), 2013",
        ),
        (
            "pi",
            "perceptual index of PIRM 2018, by pyiqa",
            "((10 - Ma) + NIQE) / 2 on limited-range luma with a border of 4 cut off; of the "
            "estimate alone",
            "Blau et al., PIRM challenge, ECCV workshops 2018",
        ),
    )
)
