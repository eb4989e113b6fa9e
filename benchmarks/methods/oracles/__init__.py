"""Oracles: fitted on the answer, so each bounds what any method of its kind could reach.

ORACLES is the table. Its functions take (degraded, reference), encoded (H, W, 3) float32, and
return the estimate. They order themselves on every image, in PSNR:

    gain <= channel_gain <= matrix      gain <= curve <= three_curves <= lut17 <= lut33

STORED holds the ceiling that knows a sample's LUT instead of its reference. One more needs many
pairs and stands beside the tables: `cubes.fit_data_set_lut(pairs)`.
"""

from __future__ import annotations

from dataclasses import replace

from ..method import Method


def _oracle(target: str, summary: str) -> Method:
    return Method(f"benchmarks.methods.oracles.{target}", "oracle", summary)


ORACLES: dict[str, Method] = {
    "oracle_gain": _oracle("gains:gain", "best exposure: one gain of linear light"),
    "oracle_channel_gain": _oracle(
        "gains:channel_gain", "best exposure and white balance: one gain per channel"
    ),
    "oracle_matrix": _oracle("gains:matrix", "best 3x3 matrix of linear light"),
    "oracle_curve": _oracle("curves:curve", "best rising curve, the same for all channels"),
    "oracle_three_curves": _oracle("curves:three_curves", "best rising curve for each channel"),
    "oracle_lut17": _oracle("cubes:lut17", "best curves and 3D LUT, 17 nodes per axis"),
    "oracle_lut33": replace(
        _oracle("cubes:lut33", "best curves and 3D LUT, 33 nodes per axis"),
        slow=True,
    ),
}

STORED: dict[str, Method] = {
    "oracle_undo": Method(
        "benchmarks.methods.oracles.stored:undo", "stored", "exact inverse of the LUT of the sample"
    ),
}
