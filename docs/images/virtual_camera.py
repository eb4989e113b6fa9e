"""Draw virtual_camera.jpg: one scene at five exposures, as shot and brought back to EV 0.

    python docs/images/virtual_camera.py SCENES/chinese_garden.hdr

The shots take the way of any raw: photograph, write the DNG, open it with LibRaw, develop.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np

from datagen.camera.dng import write_dng
from datagen.camera.metering import automatic_exposure
from datagen.camera.panorama import perspective_view
from datagen.camera.simulate import SENSORS, bracket
from datagen.develop.series import develop
from datagen.images.hdr import read_scene
from datagen.raw.read import read_raw
from luts.tool.seeding import sample_rng

EVS = (-5.0, -2.5, 0.0, 1.5, 3.0)
SENSOR = SENSORS["phone-12bit"]
MARGIN = 6


def label(picture: np.ndarray, text: str) -> np.ndarray:
    """Put a line of text on a white strip above a picture."""
    strip = np.full((22, picture.shape[1], 3), 255, np.uint8)
    cv2.putText(strip, text, (2, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (0, 0, 0), 1, cv2.LINE_AA)
    return cv2.copyMakeBorder(
        np.vstack([strip, picture]), 0, 0, 0, MARGIN, cv2.BORDER_CONSTANT, value=(255, 255, 255)
    )


def main(scene: Path) -> None:
    view = perspective_view(read_scene(scene), yaw=-12, pitch=2, size=(300, 200))
    shots = bracket(
        view, SENSOR, automatic_exposure(view, SENSOR), evs=EVS, rng=sample_rng(0, "docs")
    )
    as_shot, brought_back = [], []
    with tempfile.TemporaryDirectory() as folder:
        for ev, (exposure, mosaic) in zip(EVS, shots, strict=True):
            path = Path(folder) / f"{ev}.dng"
            write_dng(path, mosaic, SENSOR, exposure)
            photo = read_raw(path)
            time = f"1/{1 / exposure.time_s:.0f} s"
            as_shot.append(label(develop(photo, 0), f"{ev or 0:+g} EV, {time}"))
            brought_back.append(label(develop(photo, -ev), f"developed at {-ev or 0:+g} EV"))
    sheet = np.vstack([np.hstack(as_shot), np.hstack(brought_back)])
    target = Path(__file__).with_suffix(".jpg")
    cv2.imwrite(str(target), sheet[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88])
    print(target)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
