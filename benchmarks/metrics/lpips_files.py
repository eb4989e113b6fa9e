"""LPIPS as a metric of a run: its weights are the user's, or those of installed packages."""

from __future__ import annotations

import os
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from .inputs import MetricError
from .metric import Metric
from .picture import Comparison

VARIABLE = "TONEBENCH_LPIPS"  # two paths, divided as in PATH: AlexNet, heads


@cache
def _loaded() -> Metric:
    from .lpips import lpips_metric

    return lpips_metric(*weight_files())


def weight_files() -> tuple[Path, Path]:
    """AlexNet as torchvision saves it, and the heads alex.pth of lpips v0.1.

    Those that TONEBENCH_LPIPS names, else what the packages torchvision and lpips have left on this
    machine. Raises MetricError saying which is not there.
    """
    given = os.environ.get(VARIABLE, "")
    if given:
        files = tuple(map(Path, given.split(os.pathsep)))
        if len(files) != 2:
            raise MetricError(
                f"{VARIABLE}: give two files, AlexNet{os.pathsep}HEADS, got {given!r}"
            )
        return files[0], files[1]
    cache_home = os.environ.get("TORCH_HOME") or str(Path.home() / ".cache" / "torch")
    trunks = sorted(Path(cache_home, "hub", "checkpoints").glob("alexnet-owt-*.pth"))
    spec = find_spec("lpips")
    heads = Path(spec.origin or "").parent / "weights" / "v0.1" / "alex.pth" if spec else None
    if trunks and heads and heads.is_file():
        return trunks[0], heads
    raise MetricError(
        f"lpips: no weights here; set {VARIABLE}=ALEXNET{os.pathsep}HEADS (torchvision's AlexNet, "
        "and alex.pth of lpips v0.1)"
    )


def _score(comparison: Comparison, weight: None) -> float:
    return float(_loaded().function(comparison, weight))


LPIPS = Metric(
    name="lpips",
    label="LPIPS",
    convention="alex,v0.1,[0,1]",
    unit="",
    higher_is_better=False,
    function=_score,
    summary="learned perceptual distance, AlexNet trunk with the v0.1 heads",
    definition="mean over places and sum over five layers of weighted squared differences of "
    "unit-length AlexNet features; images are taken in [0, 1] and mapped to [-1, 1] here",
    span="0 to about 1; NaN where the shorter side is below 64 pixels",
    source="Zhang, Isola, Efros, Shechtman and Wang, CVPR 2018",
    regions=("all",),
    by_default=False,
    needs=_loaded,
)
