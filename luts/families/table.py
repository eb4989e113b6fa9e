"""The families, by name, in the order in which the causes act: light, camera, film, print."""

from .channel import CHANNEL
from .crosstalk import CROSSTALK
from .exposure import EXPOSURE
from .fade import FADE
from .family import Family
from .file import FILE
from .film import FILM
from .illuminant import ILLUMINANT
from .oklch import OKLCH
from .split_tone import SPLIT_TONE
from .tone import TONE
from .warp import WARP

FAMILIES: dict[str, Family] = {
    "exposure": EXPOSURE,
    "illuminant": ILLUMINANT,
    "crosstalk": CROSSTALK,
    "tone": TONE,
    "channel": CHANNEL,
    "fade": FADE,
    "split-tone": SPLIT_TONE,
    "oklch": OKLCH,
    "warp": WARP,
    "film": FILM,
    "file": FILE,
}
