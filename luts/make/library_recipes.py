"""What each LUT of the library models, and how: data only. bake.py makes the files of it.

A recipe with a source takes its facts from there; the other numbers are our judgement of a
plausible case, strong enough to be seen and, where not said otherwise, weak enough to be undone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..families.family import Parameters
from .library_steps import STEPS


@dataclass(frozen=True)
class Recipe:
    """A hand-made distortion.

    cause : what happens in the world, one line
    steps : (key of STEPS, parameters), applied in order to encoded colours, clipped at the end
    source : where its facts come from; empty when the values are our judgement
    """

    cause: str
    steps: tuple[tuple[str, Parameters], ...]
    source: str = ""

    def apply(self, encoded: np.ndarray) -> np.ndarray:
        """Distort encoded colours (..., 3) exactly, into [0, 1]."""
        for name, parameters in self.steps:
            encoded = STEPS[name](encoded, parameters)
        return np.clip(encoded, 0, 1)


def _lamp(name: str, adaptation: float, mix: float = 1.0) -> tuple[str, Parameters]:
    return "illuminant", {"lamp": name, "mix": mix, "adaptation": adaptation}


def _light(kelvin: float, duv: float = 0.0) -> tuple[str, Parameters]:
    return "illuminant", {"mired": round(1e6 / kelvin, 2), "duv": duv}


def _stops(ev: float) -> tuple[str, Parameters]:
    return "exposure", {"ev": ev}


def _veil(red: float, green: float, blue: float) -> tuple[str, Parameters]:
    return "filter-light", {"gain": [1.0, 1.0, 1.0], "veil": [red, green, blue]}


def _fade(black: tuple[float, ...], white: tuple[float, ...]) -> tuple[str, Parameters]:
    return "fade", {"black": list(black), "white": list(white)}


_SPECTRA = "lamp spectra of colour-science, as 3x3 matrices by luts/make/make_lamps.py"
_WATER = "absorption of pure water: Pope and Fry, Applied Optics 36(33), 1997"
_DYES = "which dyes go first: Wilhelm and Brower, Permanence and Care of Color Photographs, 1993"

RECIPES: dict[str, Recipe] = {
    # Light
    "tungsten": Recipe(
        "incandescent room, camera left on daylight",
        (_lamp("tungsten", adaptation=0.0),),
        _SPECTRA,
    ),
    "tungsten-preset-outdoors": Recipe(
        "daylight, camera left on the 3200 K preset: everything blue",
        (("balance", {"mired": 312.5, "duv": 0.0}),),
    ),
    "candle": Recipe(
        "candle light at about 1900 K, half a stop short",
        (_light(1900), _stops(-0.5)),
    ),
    "sodium-street": Recipe(
        "high-pressure sodium street lamps, white balance gave up a quarter of the way",
        (_lamp("sodium-c100s54", adaptation=0.25), _stops(-0.7)),
        _SPECTRA,
    ),
    "sodium-tunnel": Recipe(
        "low-pressure sodium tunnel: one spectral line, hardly a colour left to tell apart",
        (_lamp("low-pressure-sodium", adaptation=0.5, mix=0.95), _stops(-0.5)),
        _SPECTRA,
    ),
    "parking-garage": Recipe(
        "old cool-white tubes in a concrete garage: green, dull and a little dark",
        (
            _lamp("garage-tube", adaptation=0.0),
            # The camera follows the tubes' 4200 K most of the way, but not their green.
            ("balance", {"mired": 222.0, "duv": 0.0}),
            _stops(-0.6),
            ("desaturate", {"amount": 0.2}),
            _fade((0.04, 0.05, 0.04), (1.0, 1.0, 1.0)),
        ),
        _SPECTRA,
    ),
    "office-tubes": Recipe(
        "warm triphosphor tubes mixed with a third of window light",
        (_lamp("triphosphor-tube-3000k", adaptation=0.2, mix=0.67),),
        _SPECTRA,
    ),
    "clear-mercury": Recipe(
        "clear mercury yard lamp: green light, reds gone brown",
        (_lamp("clear-mercury", adaptation=0.1),),
        _SPECTRA,
    ),
    "shade": Recipe(
        "open shade under blue sky of about 12 000 K, camera on sun",
        (_light(12000, 0.003), _stops(-0.2)),
    ),
    "blue-hour": Recipe(
        "after sunset: sky light only, a stop and a quarter under",
        (_light(20000, 0.0), _stops(-1.25), ("desaturate", {"amount": 0.1})),
    ),
    "sunset": Recipe(
        "low sun at about 3000 K with a trace of pink, sky glow in the shadows",
        (_light(3000, -0.004), _veil(0.012, 0.006, 0.008)),
    ),
    "stage-led": Recipe(
        "three-band RGB stage light: reds and greens too vivid, skin too pink",
        (_lamp("led-rgb1", adaptation=0.5),),
        _SPECTRA,
    ),
    "wildfire-haze": Recipe(
        "smoke in the sky: blue is scattered away, an orange veil comes in",
        (
            ("filter-light", {"gain": [0.85, 0.58, 0.32], "veil": [0.11, 0.055, 0.018]}),
            ("desaturate", {"amount": 0.15}),
        ),
    ),
    "fog": Recipe(
        "a white-blue veil over half the contrast",
        (("filter-light", {"gain": [0.55, 0.55, 0.55], "veil": [0.22, 0.23, 0.25]}),),
    ),
    # Water
    "underwater-3m": Recipe(
        "3 m of clear water between surface, subject and camera",
        (_lamp("water-3m", adaptation=0.0), _veil(0.004, 0.016, 0.018)),
        _WATER,
    ),
    "underwater-8m": Recipe(
        "8 m of clear water: red nearly gone, a blue-green veil",
        (_lamp("water-8m", adaptation=0.15), _stops(-0.4), _veil(0.005, 0.03, 0.036)),
        _WATER,
    ),
    "underwater-20m": Recipe(
        "20 m of clear water: no red light at all, little contrast",
        (_lamp("water-20m", adaptation=0.25), _stops(-0.9), _veil(0.006, 0.05, 0.07)),
        _WATER,
    ),
    # Film and print
    "aged-film-red": Recipe(
        "colour print of the 1960s kept in a drawer: cyan dye gone, all is red",
        (("fade-dyes", {"keep": [0.42, 0.85, 0.8], "stain": [0.0, 0.02, 0.05]}),),
        _DYES,
    ),
    "aged-film-yellow": Recipe(
        "album print: yellow stain over evenly weakened dyes",
        (("fade-dyes", {"keep": [0.8, 0.78, 0.72], "stain": [0.02, 0.05, 0.2]}),),
        _DYES,
    ),
    "aged-film-projected": Recipe(
        "slide projected for hours: magenta dye bleached by the lamp, all is green",
        (("fade-dyes", {"keep": [0.92, 0.6, 0.85], "stain": [0.02, 0.0, 0.02]}),),
        _DYES,
    ),
    "expired-slide": Recipe(
        "slide film years past its date: fogged, slow, magenta shadows and green highlights",
        (
            _stops(-0.3),
            ("split-tone", {"shadow": [0.035, -0.03], "highlight": [-0.03, 0.02]}),
            _fade((0.09, 0.05, 0.1), (0.95, 0.97, 0.88)),
        ),
    ),
    "cross-process": Recipe(
        "slide film developed as negative: harsh red and green, blue turned flat",
        (
            ("curves", {"contrast": [7.0, 6.0, 0.1], "pivot": [0.5, 0.46, 0.5]}),
            _fade((0.0, 0.02, 0.18), (1.0, 1.0, 0.82)),
        ),
    ),
    "bleach-bypass": Recipe(
        "bleach left out: the silver stays under the dyes, dark and grey",
        (("keep-silver", {"density": 0.6}), ("desaturate", {"amount": 0.45}), _stops(0.5)),
    ),
    "faded-poster": Recipe(
        "poster in a shop window: magenta and yellow ink bleached, cyan left",
        (("fade-dyes", {"keep": [0.8, 0.5, 0.35], "stain": [0.02, 0.02, 0.03]}),),
        _DYES,
    ),
    # Exposure
    "overexposed-wash": Recipe(
        "a stop and a half over with flare: highlights gone, the rest pale",
        (_stops(1.5), _veil(0.06, 0.06, 0.055)),
    ),
    "crushed-shadows": Recipe(
        "black point set far too high: shadow detail is lost",
        (("levels", {"black": [0.14, 0.14, 0.14], "white": [1.0, 1.0, 1.0]}),),
    ),
    "snow-underexposed": Recipe(
        "meter fooled by snow: a stop and a third under, bluish",
        (_stops(-1.33), _light(8000, 0.003)),
    ),
    "phone-night-green": Recipe(
        "phone at night: green black level, weak colour, a stop under",
        (
            _stops(-1.0),
            ("desaturate", {"amount": 0.3}),
            _veil(0.004, 0.018, 0.006),
        ),
    ),
    # Camera, filter and file
    "magenta-shift": Recipe(
        "a CC30M filter: half of the green light held back, exposure put right",
        (("filter-light", {"gain": [1.25, 0.63, 1.25], "veil": [0.0, 0.0, 0.0]}),),
        "CC filter: 0.30 density in one band (Kodak Wratten colour compensating filters)",
    ),
    "cyan-shift": Recipe(
        "a CC30C filter: half of the red light held back, exposure put right",
        (("filter-light", {"gain": [0.56, 1.12, 1.12], "veil": [0.0, 0.0, 0.0]}),),
        "CC filter: 0.30 density in one band (Kodak Wratten colour compensating filters)",
    ),
    "log-as-display": Recipe(
        "log footage shown as it is: flat, grey and pale",
        (("log-encode", {"black": 95, "white": 685, "density": 0.002, "gamma": 0.6}),),
        "Kodak Cineon, Conversion of 10-bit Log Film Data to 8-bit Linear, 1995",
    ),
    "gamma-mismatch": Recipe(
        "a picture for gamma 1.8 shown at 2.2: too dark and too vivid",
        (("power", {"exponent": 1.2222}),),
    ),
    "video-range": Recipe(
        "video levels 16-235 shown as full range: grey blacks, dull whites",
        (_fade((16 / 255,) * 3, (235 / 255,) * 3),),
        "ITU-R BT.601-7, 8-bit quantisation levels",
    ),
    "video-range-twice": Recipe(
        "full range taken for video levels: blacks crushed, whites burnt",
        (("levels", {"black": [16 / 255] * 3, "white": [235 / 255] * 3}),),
        "ITU-R BT.601-7, 8-bit quantisation levels",
    ),
    "wrong-primaries": Recipe(
        "ProPhoto RGB values shown as sRGB without conversion: dull and greenish",
        (
            (
                "mix-channels",
                {
                    "matrix": [
                        [0.5293, 0.3301, 0.1406],
                        [0.0983, 0.8735, 0.0282],
                        [0.0169, 0.1177, 0.8654],
                    ]
                },
            ),
            ("power", {"exponent": 1.2222}),
        ),
        "ISO 22028-2 (ROMM RGB): primaries, D50 by Bradford, gamma 1.8",
    ),
}
