"""How a metric is called in tables, how many digits it deserves, and which way is better."""

from __future__ import annotations

import math
from collections.abc import Sequence

from luts.tool.errors import UserError

from ..metrics import METRICS, find_metrics

Column = tuple[str, str]  # metric name, region

# Values above this count as this much in means: an untouched region scores infinitely many dB.
PSNR_CAP_DB = 100.0

# Negative and positive values are equally bad: ranked by magnitude.
SIGNED = ("ev_bias",)

NAMES = {
    "psnr": "PSNR",
    "ssim": "SSIM",
    "ms_ssim": "MS-SSIM",
    "delta_e_2000": "ΔE00",
    "delta_e_1976": "ΔE76",
    "delta_e_itp": "ΔE-ITP",
    "angular_error": "angle",
    "ev_rmse": "EV-RMSE",
    "ev_bias": "EV bias",
    "edge99": "Edge99",
    "span": "Span",
    "non_monotone": "NonMono",
    "overshoot": "Over",
    "jump": "Jump",
    "profile_rmse": "Profile",
    "unchanged": "unchanged",
    "largest_codes": "largest step",
    "delta_e_2000_p99": "ΔE00 P99",
    "delta_e_2000_max": "ΔE00 max",
    "leakage": "leakage",
    "far_leak": "far leak",
    "loe": "LOE",
    "flip": "FLIP",
    "niqe": "NIQE",
    "pi": "PI",
    "psnr_masked_frame": "PSNR masked frame",
    "psnr_ranlen": "PSNR RANLEN",
    "ssim_masked_frame": "SSIM masked frame",
    "ranlen_gs": "GS",
    "ssim_3dlut": "SSIM 3D-LUT",
    "psnr_y": "PSNR-Y",
    "ssim_y": "SSIM-Y",
    "psnr_hc_ppr10k": "PSNR-HC PPR10K",
    "psnr_hc": "PSNR-HC",
    "delta_e_1976_hc_ppr10k": "ΔE76-HC PPR10K",
    "psnr_gt_mean": "PSNR GT-mean",
    "ssim_gt_mean": "SSIM GT-mean",
}
# By name, else by unit, else three.
DIGITS = {"largest_codes": 1, "pi": 2, "niqe": 2, "dB": 2, "degrees": 2}


class ColumnError(UserError):
    """A table column that does not exist, or that the run has no values for."""


def read_columns(texts: Sequence[str]) -> tuple[Column, ...]:
    """Read columns given as METRIC:REGION.

    Raises
    ------
    MetricError for an unknown metric, ColumnError for a region that it is not measured in.

    Examples
    --------
    >>> read_columns(["psnr:A", "ev_bias:B"])
    (('psnr', 'A'), ('ev_bias', 'B'))
    """
    columns = []
    for text in texts:
        name, _, region = text.partition(":")
        (metric,) = find_metrics([name])
        if region not in metric.regions:
            allowed = ", ".join(f"{name}:{where}" for where in metric.regions)
            raise ColumnError(f"{text!r}: no such column; {name} has {allowed}")
        columns.append((name, region))
    return tuple(dict.fromkeys(columns))


def arrow(metric: str) -> str:
    """Say which way is better."""
    if metric in SIGNED:
        return "→0"
    return "↑" if METRICS[metric].higher_is_better else "↓"


def unit(metric: str) -> str:
    """Name the unit in a word, or with no text where there is none."""
    return METRICS[metric].unit.partition(",")[0]


def heading(column: Column) -> str:
    """Name a column with its region, unit and direction, such as "PSNR A (dB) ↑"."""
    metric, region = column
    in_unit = f" ({unit(metric)})" if unit(metric) else ""
    return f"{NAMES[metric]} {region}{in_unit} {arrow(metric)}"


def number(value: float, metric: str) -> str:
    """Print a value with the digits its metric deserves; an untouched region is ∞ dB."""
    if math.isnan(value):
        return "–"
    in_unit = METRICS[metric].unit
    if in_unit == "dB" and value >= PSNR_CAP_DB:
        return "∞"
    usual = 2 if metric.startswith("delta_e") else 3
    digits = DIGITS.get(metric, DIGITS.get(in_unit, usual))
    return f"{value:{'+' if metric in SIGNED else ''}.{digits}f}"
