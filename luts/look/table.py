"""The kinds of layers, by name, in the order in which the page offers them."""

from .curves import CURVES
from .film import CROSSTALK, FADE, FILM, SPLIT_TONE
from .grade import CDL, CHANNEL_MIX, CONTRAST
from .hues import HUE_VS_HUE, HUE_VS_LIGHTNESS, HUE_VS_SATURATION, SATURATION_VS_SATURATION
from .kind import Kind
from .light import EXPOSURE, LAMP, TEMPERATURE
from .sources import FAMILY, LUT

KINDS: dict[str, Kind] = {
    "exposure": EXPOSURE,
    "temperature": TEMPERATURE,
    "lamp": LAMP,
    "cdl": CDL,
    "contrast": CONTRAST,
    "curves": CURVES,
    "hue-vs-hue": HUE_VS_HUE,
    "hue-vs-saturation": HUE_VS_SATURATION,
    "hue-vs-lightness": HUE_VS_LIGHTNESS,
    "saturation-vs-saturation": SATURATION_VS_SATURATION,
    "split-tone": SPLIT_TONE,
    "channel-mix": CHANNEL_MIX,
    "fade": FADE,
    "crosstalk": CROSSTALK,
    "film": FILM,
    "lut": LUT,
    "family": FAMILY,
}
