"""Classical methods: no training, one image in, one image out.

CLASSICAL is the table. Its functions take and give encoded (H, W, 3) float32 in [0, 1] of any size.
Each summary ends with the values the method works on, in brackets.
"""

from __future__ import annotations

from dataclasses import replace

from ..method import Method


def _classical(target: str, summary: str, paper: str) -> Method:
    return Method(f"benchmarks.methods.classical.{target}", "classical", summary, paper)


_CLAHE = "Zuiderveld, Graphics Gems IV, 1994; as in OpenCV"
_LIME = "Guo et al., TIP 2017"
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
    "auto_exposure": _classical(
        "exposure:auto_exposure",
        "the exposure rule of the reference `auto` [linear R, G, B, one gain]",
        "",
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
    "msr": _classical(
        "retinex:msr", "multi-scale retinex, stretched [R, G, B]", "Jobson et al., TIP 1997"
    ),
    "msrcr": _classical(
        "retinex:msrcr",
        "multi-scale retinex with colour restoration [R, G, B and their sum]",
        "Jobson et al., TIP 1997",
    ),
    "mertens": _classical(
        "fusion:mertens",
        "exposure fusion with itself at -2 and +2 EV [linear R, G, B, then fused]",
        "Mertens et al., Pacific Graphics 2007",
    ),
    "lime": _classical(
        "lime:lime", "illumination map divided out, sped-up solver [max of R, G, B]", _LIME
    ),
    "lime_exact": replace(
        _classical(
            "lime:lime_exact", "illumination map divided out, exact solver [max of R, G, B]", _LIME
        ),
        slow=True,
    ),
    "dual": _classical(
        "lime:dual",
        "LIME of the image and of its negative, fused [max and min of R, G, B]",
        "Zhang et al., CGF 2019",
    ),
    "wvm": replace(
        _classical(
            "wvm:wvm",
            "weighted variational retinex, light to the 1/2.2 [V of HSV]",
            "Fu et al., CVPR 2016",
        ),
        slow=True,
    ),
    "hqec": replace(
        _classical(
            "hqec:hqec",
            "bounded illumination divided out, HQEC-type [max of R, G, B]",
            "after Zhang et al., ACM MM 2018",
        ),
        slow=True,
    ),
    "bimef": _classical(
        "bimef:bimef",
        "fusion with one synthetic longer exposure [R, G, B; max of R, G, B]",
        "Ying et al., arXiv:1711.00591",
    ),
    "iagcwd": _classical(
        "iagcwd:iagcwd",
        "adaptive gamma per level of a weighted histogram [V of HSV]",
        "Cao et al., CEE 2018",
    ),
}
