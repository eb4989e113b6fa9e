"""Colours of a real chart: two Canon raws of an X-Rite ColorChecker Classic, nothing fitted."""

from dataclasses import replace

import numpy as np
import pytest

from datagen.develop.series import linear
from datagen.raw.colour import SRGB_TO_XYZ
from datagen.raw.read import read_raw

# Centres of the patches at 1024 px: columns and rows, read off the picture once.
CHARTS = {
    "canon_g2_CRW_0304": ((136, 284, 435, 587, 738, 884), (135, 284, 433, 582)),
    "canon_s40_CRW_0101": ((151, 290, 431, 574, 716, 853), (143, 283, 422, 561)),
}
HALF = 25  # pixels from the centre to the edge of what is averaged
NEUTRALS = slice(19, 23)  # neutral 8 to 3.5; the exposure is scaled to their luminance
# Mean dE00 of the 24 patches as measured in November 2026; a change must not make it worse.
MEASURED = {
    ("canon_g2_CRW_0304", "libraw"): 5.91,
    ("canon_g2_CRW_0304", "none"): 7.92,
    ("canon_s40_CRW_0101", "libraw"): 4.78,
    ("canon_s40_CRW_0101", "none"): 7.44,
}

# The same with white balance from neutral 5 of the chart instead of the camera's own.
BALANCED = {"canon_g2_CRW_0304": 4.01, "canon_s40_CRW_0101": 4.27}


def published():
    """XYZ of the 24 patches under D65, the chart's values of after November 2014."""
    import colour

    chart = colour.CCS_COLOURCHECKERS["ColorChecker24 - After November 2014"]
    d65 = colour.xy_to_XYZ((0.3127, 0.3290))
    xyz = colour.xyY_to_XYZ(np.array(list(chart.data.values())))
    light = colour.xy_to_XYZ(chart.illuminant)
    return colour.chromatic_adaptation(xyz, light, d65, transform="Bradford")


def chart_error(photo, name):
    """Mean dE00 of a developed chart from the published one."""
    import colour

    picture = linear(photo, 1024)
    columns, rows = CHARTS[name]
    patches = [
        picture[y - HALF : y + HALF + 1, x - HALF : x + HALF + 1].mean((0, 1))
        for y in rows
        for x in columns
    ]
    reference = published()
    xyz = np.array(patches) @ SRGB_TO_XYZ.T
    xyz *= reference[NEUTRALS, 1].sum() / xyz[NEUTRALS, 1].sum()
    lab, lab_reference = (
        colour.XYZ_to_Lab(values, (0.3127, 0.3290)) for values in (xyz, reference)
    )
    return float(colour.delta_E(lab, lab_reference, method="CIE 2000").mean())


@pytest.mark.parametrize(("name", "matrix"), sorted(MEASURED))
def test_the_chart_is_no_further_off_than_measured(shared, name, matrix):
    photo = read_raw(shared / f"raw/{name}.CRW")
    assert photo.matrix_origin == "libraw"
    if matrix == "none":
        photo = replace(photo, camera_to_srgb=np.eye(3, dtype=np.float32))
    assert chart_error(photo, name) <= MEASURED[name, matrix] + 0.05


@pytest.mark.parametrize("name", sorted(CHARTS))
def test_balancing_on_the_grey_patch_brings_the_chart_closer(shared, name):
    photo = read_raw(shared / f"raw/{name}.CRW")
    columns, rows = CHARTS[name]
    x, y = columns[3], rows[3]  # neutral 5
    grey = linear(photo, 1024)[y - HALF : y + HALF + 1, x - HALF : x + HALF + 1].mean((0, 1))
    camera = np.linalg.inv(photo.camera_to_srgb.astype(float)) @ grey
    gains = photo.white_balance / camera
    balanced = replace(photo, white_balance=np.float32(gains / gains.min()))
    assert chart_error(balanced, name) <= BALANCED[name] + 0.05
