"""Classical methods: no training, one image in, one image out.

CLASSICAL is the table. Its functions take and give encoded (H, W, 3) float32 in [0, 1] of any size.
Each summary ends with the values the method works on, in brackets.
"""

from __future__ import annotations

from ..method import Method


def _classical(target: str, summary: str, paper: str) -> Method:
    return Method(f"benchmarks.classical.{target}", "classical", summary, paper)


_CLAHE = "Zuiderveld, Graphics Gems IV, 1994; as in OpenCV"
_HE = "Gonzalez & Woods, Digital Image Processing; as in OpenCV"

CLASSICAL: dict[str, Method] = {
    "he_rgb": _classical("equalise:he_rgb", "histogram equalisation [R, G, B; 8-bit codes]", _HE),
    "he_lab": _classical("equalise:he_lab", "histogram equalisation [L of Lab; 8-bit codes]", _HE),
    "he_y": _classical("equalise:he_y", "histogram equalisation [Y of YCrCb; 8-bit codes]", _HE),
    "clahe_rgb": _classical(
        "equalise:clahe_rgb", "CLAHE, clip limit 2, 8x8 tiles [R, G, B; 8-bit codes]", _CLAHE
    ),
    "clahe_lab": _classical(
        "equalise:clahe_lab", "CLAHE, clip limit 2, 8x8 tiles [L of Lab; 8-bit codes]", _CLAHE
    ),
    "clahe_y": _classical(
        "equalise:clahe_y", "CLAHE, clip limit 2, 8x8 tiles [Y of YCrCb; 8-bit codes]", _CLAHE
    ),
    "gamma": _classical("gamma:gamma", "power curve, exponent 1/2.2 [R, G, B]", ""),
    "auto_gamma": _classical(
        "gamma:auto_gamma", "power curve that brings the mean luma to 0.5 [R, G, B]", ""
    ),
    "percentile_stretch": _classical(
        "stretch:percentile_stretch", "0.5 % and 99.5 % percentiles to 0 and 1 [R, G, B]", ""
    ),
    "grey_world": _classical(
        "white_balance:grey_world", "mean colour to grey [linear R, G, B]", "Buchsbaum, 1980"
    ),
    "shades_of_grey": _classical(
        "white_balance:shades_of_grey",
        "Minkowski mean of order 6 to grey [linear R, G, B]",
        "Finlayson & Trezzi, CIC 2004",
    ),
    "white_patch": _classical(
        "white_balance:white_patch",
        "brightest value per channel to white [linear R, G, B]",
        "Land & McCann, 1971",
    ),
}
