"""Is what came out of a file plausible? Notes, one line each, on what looks like a wrong reading.

A scene may really be white or black, and a reference burnt out; so these are notes. But a white
level taken from the wrong place, a float file on an unknown scale or a reference made of a
thumbnail look like this, too, and nothing else tells them.
"""

from __future__ import annotations

import numpy as np

NEARLY_ALL = 0.9  # share of the pixels
BLACK = 0.5 / 255 / 12.92  # linear light that is still code 0 of eight bits
FAR_ABOVE = 4.0  # times white; what the brightest per cent of a sound frame stays below
FLAT = 0.002  # a picture whose light differs by less shows nothing
ENLARGED = 1.5  # times; beyond, a reference is not as sharp as the picture
END_OF_RANGE = 0.5  # share of a reference's pixels at white or at black


def scene_notes(linear: np.ndarray) -> list[str]:
    """What is odd about a developed scene at EV 0: (H, W, 3) float, white at 1."""
    brightest, darkest = linear.max(axis=2), linear.min(axis=2)
    notes = []
    if (white := float((darkest >= 1).mean())) >= NEARLY_ALL:
        notes.append(f"{white:.0%} of the scene is white at EV 0; is its white level right?")
    if (black := float((brightest <= BLACK).mean())) >= NEARLY_ALL:
        notes.append(f"{black:.0%} of the scene is black at EV 0; is its white level right?")
    top = float(np.quantile(brightest, 0.99))
    if top > FAR_ABOVE:
        notes.append(f"1% of the scene is {top:.1f} times as bright as white, or more")
    if not notes and float(np.ptp(brightest)) < FLAT:
        notes.append("the scene is flat: it shows nothing")
    return notes


def reference_notes(name: str, codes: np.ndarray) -> list[str]:
    """What is odd about a reference's codes, (H, W, 3) uint8 or uint16."""
    top = np.iinfo(codes.dtype).max
    shares = {
        "white": float((codes.min(axis=2) == top).mean()),
        "black": float((codes.max(axis=2) <= top // 255 // 2).mean()),
    }
    return [
        f"reference {name} is {share:.0%} {word}"
        for word, share in shares.items()
        if share >= END_OF_RANGE
    ]


def no_evidence(name: str, response: float) -> str:
    """Say that nothing shows that a reference is of the same picture."""
    return f"reference {name}: no evidence that it is the same picture (correlation {response:.2f})"


def exposure_note(ev: float, most: float) -> list[str]:
    """Say when an automatic exposure stopped at the end of its range."""
    if abs(ev) >= most:
        return [f"automatic exposure stopped at {ev:+g} EV, the end of its range"]
    return []
