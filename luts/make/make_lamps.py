"""Make lamps.tsv: what each lamp does to colours, fitted to measured spectra.

    python -m luts.make.make_lamps

Spectra: colour-science's illuminants and light sources (CIE 15:2018 tables; NIST and Ohta's lamp
measurements) and the 24 reflectances of its "ColorChecker N Ohta". Every reflectance is rendered
under D65 and under the lamp with the CIE 1931 2 degree observer, into linear sRGB without any
adaptation; the 3x3 that takes the one to the other is the least-squares fit in which white goes
exactly to the lamp's white. Lights are scaled so that white keeps its luminance.

Three rows are no lamps but daylight through 3, 8 and 20 m of the clearest water, by Beer's law and
the absorption of pure water (Pope and Fry, "Absorption spectrum (380-700 nm) of pure water. II.
Integrating cavity measurements", Applied Optics 36(33), 1997, table 3).

The two error columns are mean dE00 over the chart against the spectral rendering: of the matrix,
and of matrices fitted with the judged patch left out.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..colour.colorimetry import LINEAR_TO_XYZ, delta_e_2000, linear_to_lab

TABLE = Path(__file__).parent.parent / "data" / "lamps.tsv"

# Ours -> colour-science's. Groups: incandescent, fluorescent (CIE and by maker), discharge, LED.
LAMPS = {
    "tungsten": "A",
    **{f"fl{i}": f"FL{i}" for i in range(1, 13)},
    "garage-tube": "F34/CW/RS/EW (Cool White FL)",
    "triphosphor-tube-4100k": "F32T8/TL841 (Triphosphor)",
    "triphosphor-tube-3000k": "F32T8/TL830 (Triphosphor)",
    "warm-white-tube": "F34T12WW/RS/EW (Warm White FL)",
    "sodium": "HP1",
    "sodium-c100s54": "C100S54 (HPS)",
    "white-sodium": "SDW-T 100W/LV (Super HPS)",
    "low-pressure-sodium": "LPS",
    "mercury": "Mercury",
    "clear-mercury": "H38HT-100 (Mercury)",
    "coated-mercury": "H38JA-100/DX (Mercury DX)",
    "metal-halide": "Metal Halide",
    "metal-halide-4k": "MHC100/U/MP/4K",
    "led-b1": "LED-B1",
    "led-b3": "LED-B3",
    "led-b5": "LED-B5",
    "led-rgb1": "LED-RGB1",
}

WATER_METRES = {"water-3m": 3.0, "water-8m": 8.0, "water-20m": 20.0}

# Pope and Fry (1997): absorption of pure water, per metre, at 380, 390, ... 700 nm.
_WATER = (
    "0.01137 0.00851 0.00663 0.00473 0.00454 0.00495 0.00635 0.00922 0.00979 0.0106 0.0127 "
    "0.0150 0.0204 0.0325 0.0409 0.0434 0.0474 0.0565 0.0619 0.0695 0.0896 0.1351 0.2224 "
    "0.2644 0.2755 0.2916 0.3108 0.340 0.410 0.439 0.465 0.516 0.624"
)


def responses(light: np.ndarray, reflectances: np.ndarray, observer: np.ndarray) -> np.ndarray:
    """Linear sRGB (n, 3) of reflectances (n, w) under a light (w,), white of luminance 1."""
    weights = observer * light[:, None]
    xyz = reflectances @ weights / weights[:, 1].sum()
    return xyz @ np.linalg.inv(LINEAR_TO_XYZ).T


def fit(daylight: np.ndarray, lamp: np.ndarray, whites: np.ndarray) -> np.ndarray:
    """The 3x3 with M @ whites[0] = whites[1] that best takes daylight (n, 3) to lamp (n, 3)."""
    # Any M = W + R with W @ white = target and R @ white = 0: R lives in the plane beside white.
    from_white, to_white = whites
    fixed = np.outer(to_white, from_white) / (from_white @ from_white)
    plane = np.linalg.svd(from_white[None])[2][1:].T
    rest, *_ = np.linalg.lstsq(daylight @ plane, lamp - daylight @ fixed.T, rcond=None)
    return fixed + (plane @ rest).T


def spectra() -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """Read lights (w,), reflectances (24, w) and the observer (w, 3) from colour, 5 nm steps."""
    import colour

    shape = colour.SpectralShape(380, 780, 5)
    lights = {**colour.SDS_LIGHT_SOURCES, **colour.SDS_ILLUMINANTS}
    wanted = {"D65": "D65", **LAMPS}
    chart = colour.SDS_COLOURCHECKERS["ColorChecker N Ohta"].values()
    observer = colour.MSDS_CMFS["CIE 1931 2 Degree Standard Observer"]
    lamps = {name: lights[theirs].copy().align(shape).values for name, theirs in wanted.items()}
    # Beyond 700 nm the eye sees next to nothing: the last value is held.
    measured = [float(word) for word in _WATER.split()]
    absorption = np.interp(shape.wavelengths, np.arange(380, 701, 10), measured)
    for name, metres in WATER_METRES.items():
        lamps[name] = lamps["D65"] * np.exp(-absorption * metres)
    return (
        lamps,
        np.array([patch.copy().align(shape).values for patch in chart]),
        observer.copy().align(shape).values,
    )


def build() -> list[tuple[str, str, np.ndarray, float, float]]:
    """Return (lamp, source, matrix, error, error with the patch left out) for every lamp."""
    lights, reflectances, observer = spectra()
    white = np.ones((1, reflectances.shape[1]))
    # D65 tabulated every 5 nm is not white to the last digit: balance it, as a camera would.
    day_white = responses(lights["D65"], white, observer)
    day = responses(lights.pop("D65"), reflectances, observer) / day_white
    rows = []
    for name, light in lights.items():
        lamp = responses(light, reflectances, observer) / day_white
        whites = np.stack([np.ones(3), (responses(light, white, observer) / day_white)[0]])
        matrix = fit(day, lamp, whites)
        others = ~np.eye(len(day), dtype=bool)
        left_out = [
            patch @ fit(day[o], lamp[o], whites).T for patch, o in zip(day, others, strict=True)
        ]
        truth = linear_to_lab(lamp)
        fitted, unseen = (
            float(delta_e_2000(linear_to_lab(estimate), truth).mean())
            for estimate in (day @ matrix.T, np.array(left_out))
        )
        rows.append((name, LAMPS.get(name, "D65 through water"), matrix, fitted, unseen))
    return rows


def main() -> None:
    entries = [f"m{row}{column}" for row in range(3) for column in range(3)]
    lines = ["\t".join(["lamp", "spectrum", *entries, "error", "left_out"])]
    for name, source, matrix, error, left_out in build():
        cells = [f"{value:.6f}" for value in matrix.ravel()]
        lines.append("\t".join([name, source, *cells, f"{error:.2f}", f"{left_out:.2f}"]))
    TABLE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
