"""One sheet of LUTs: each on a photograph, a neutral ramp and a chart, and its lattice in 3D."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from .lookup import apply
from .lut import Lut, identity, nodes
from .measure import Severity, severity
from .tool.gate import plain_plot

# gb82_dog.png of data/natural_photos.tsv (CC0-1.0), made smaller and cut.
PHOTO = Path(__file__).parent / "data" / "preview_photo.jpg"

# Encoded sRGB of the 24 reflectances of colour-science's "ColorChecker N Ohta" under D65.
_PATCHES = (
    "744f3f c59782 5f7b9d 576b3f 8583b2 66beaa da7b2a 4a5ca5 c55562 5c3b6b 9fbc3e e6a32d "
    "2e3e97 459646 b22f3a eec81a bd5494 0089a7 f2f2f0 c9c9c9 a1a1a1 7c7c7d 555657 333335"
)
CHART = np.frombuffer(bytes.fromhex(_PATCHES), np.uint8).reshape(4, 6, 3) / np.float32(255)

_CARD = 4.3, 2.95  # inches
_PHOTO = 0.03, 0.215, 0.55, 0.605  # left, bottom, width, height as shares of the card
_BACK, _PANEL, _INK, _QUIET = "#1b1b1d", "#262629", "#f2f2f2", "#a9a9ae"
_CHANNELS = "#ff5a52", "#4fd06a", "#5c9dff"
_NODES = 8
_RAMP = 256
_PATCH = 32  # pixels


def sheet(
    luts: Sequence[tuple[str, Lut]],
    encoded: np.ndarray,
    *,
    columns: int = 4,
    dpi: int = 100,
    measured: Sequence[Severity] | None = None,
):
    """Draw LUTs side by side, the untouched picture first.

    Parameters
    ----------
    luts : (name, LUT) pairs
    encoded : (H, W, 3) uint8 photograph
    columns : cards in a row
    dpi : pixels per inch; a card is 4.3 x 2.95 inches
    measured : severities of the LUTs, where the caller knows them

    Returns
    -------
    matplotlib Figure
    """
    from matplotlib.figure import Figure

    figures = measured or [severity(lut) for _, lut in luts]
    cards: list[tuple[str, Lut, Severity | None]] = [("original", identity(2), None)]
    cards += [(name, lut, found) for (name, lut), found in zip(luts, figures, strict=True)]
    columns = min(columns, len(cards))
    rows = -(-len(cards) // columns)
    encoded = cover(encoded, round(_PHOTO[2] * _CARD[0] * dpi), round(_PHOTO[3] * _CARD[1] * dpi))
    figure = Figure((columns * _CARD[0], rows * _CARD[1]), dpi=dpi, facecolor=_BACK)
    grid = figure.subfigures(rows, columns, squeeze=False).ravel()
    for card in grid:
        card.set_facecolor(_BACK)
    for card, (name, lut, found) in zip(grid, cards, strict=False):
        _draw_card(card, lut, encoded)
        _caption(card, name, found)
    return figure


def _caption(card, name: str, found: Severity | None) -> None:
    card.text(0.03, 0.935, plain_plot(name), color=_INK, size=11.5, weight="bold", va="center")
    if found is None:
        return
    words = f"ΔE00 {found.mean:.1f}   p95 {found.p95:.1f}   clipped {found.clipped:.0%}"
    if found.folded >= 5e-4:
        words += f"   folded {found.folded:.1%}"
    card.text(0.03, 0.865, words, color=_QUIET, size=8.5, va="center")


def _draw_card(card, lut: Lut, encoded: np.ndarray) -> None:
    photo = card.add_axes(_PHOTO)
    photo.imshow(apply(lut, encoded), aspect="auto")
    _draw_ramp(card.add_axes((0.03, 0.03, 0.55, 0.165)), lut)
    _draw_chart(card.add_axes((0.605, 0.49, 0.365, 0.33)), lut)
    for axes in card.axes:
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
    _draw_lattice(card.add_axes((0.605, 0.01, 0.365, 0.47), projection="3d"), lut)


def cover(encoded: np.ndarray, width: int, height: int) -> np.ndarray:
    """Scale a picture (H, W, 3) to cover width x height pixels, and cut its middle out."""
    import cv2

    scale = max(width / encoded.shape[1], height / encoded.shape[0])
    size = max(width, round(encoded.shape[1] * scale)), max(height, round(encoded.shape[0] * scale))
    kernel = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    scaled = cv2.resize(encoded, size, interpolation=kernel)
    top, left = (size[1] - height) // 2, (size[0] - width) // 2
    return np.ascontiguousarray(scaled[top : top + height, left : left + width])


def _draw_ramp(axes, lut: Lut) -> None:
    """The neutral ramp through the LUT as a strip, and its three channels as curves above."""
    grey = np.linspace(0, 1, _RAMP, dtype=np.float32)
    output = np.clip(apply(lut, np.repeat(grey[:, None], 3, axis=1)), 0, 1)
    axes.imshow(output[None], extent=(0, 1, 0, 1), aspect="auto")
    axes.plot(grey, grey, color="white", linewidth=0.6, alpha=0.5)
    for channel, colour in enumerate(_CHANNELS):
        axes.plot(grey, output[:, channel], color="black", linewidth=2.2, alpha=0.55)
        axes.plot(grey, output[:, channel], color=colour, linewidth=1.2)
    axes.set(xlim=(0, 1), ylim=(-0.04, 1.04), facecolor=_PANEL)


def _draw_chart(axes, lut: Lut) -> None:
    """The patches through the LUT, each with its own colour left in the middle."""
    rows, columns = CHART.shape[:2]
    patch = np.full((rows, _PATCH, columns, _PATCH, 4), 0, np.float32)
    output = np.clip(apply(lut, CHART), 0, 1)
    for colours, margin in ((output, 1), (CHART, _PATCH * 3 // 8)):
        inside = slice(margin, -margin)
        patch[:, inside, :, inside, :3] = colours[:, None, :, None]
        patch[:, inside, :, inside, 3] = 1
    axes.imshow(patch.reshape(rows * _PATCH, columns * _PATCH, 4), aspect="auto")
    axes.set_facecolor(_BACK)


def _draw_lattice(axes, lut: Lut) -> None:
    """Where the colours of a lattice go in the RGB cube; a node keeps the colour it had."""
    from mpl_toolkits.mplot3d.art3d import Line3DCollection

    colours = nodes(_NODES).astype(np.float32)
    output = np.clip(apply(lut, colours), 0, 1)
    for cube, colour, width in ((colours, _QUIET, 0.4), (output, _INK, 0.9)):
        turned = (cube, cube.swapaxes(0, 1), cube.swapaxes(0, 2))
        edges = [lines[:, i, j] for lines in turned for i in (0, -1) for j in (0, -1)]
        axes.add_collection3d(Line3DCollection(edges, colors=colour, linewidths=width, alpha=0.8))
    axes.scatter(*output.reshape(-1, 3).T, c=colours.reshape(-1, 3), s=5, depthshade=False, lw=0)
    axes.set(xlim=(0, 1), ylim=(0, 1), zlim=(0, 1))
    axes.set_box_aspect((1, 1, 1), zoom=1.07)
    axes.view_init(elev=22, azim=-58)
    axes.set_axis_off()
    axes.patch.set_alpha(0)
