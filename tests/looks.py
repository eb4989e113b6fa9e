"""Settings of every kind of layer, and a picture with a profile: for tests of looks and studio."""

from __future__ import annotations

import struct
import zlib

import numpy as np

from luts.colour.transfer import encode_srgb
from luts.look import KINDS, Layer

# One typical setting of every kind: no kind may be without.
SET = {
    "exposure": {"ev": -0.7},
    "temperature": {"shift": 90.0, "tint": 0.008},
    "lamp": {"lamp": "tungsten", "mix": 0.6, "adaptation": 0.3},
    "cdl": {"slope": (1.1, 1.0, 0.9), "offset": (-0.04, 0.0, 0.03), "power": (0.9, 1.0, 1.2)},
    "contrast": {"contrast": 1.3, "pivot": 0.4},
    "curves": {
        "master": ((0.0, 0.05), (0.3, 0.22), (0.7, 0.8), (1.0, 0.97)),
        "blue": ((0.0, 0.1), (1.0, 0.9)),
    },
    "hue-vs-hue": {"shift": ((29.0, 12.0), (110.0, -8.0), (264.0, 15.0))},
    "hue-vs-saturation": {"factor": ((29.0, 1.4), (142.0, 0.5), (264.0, 1.0))},
    "hue-vs-lightness": {"lift": ((29.0, 0.1), (264.0, -0.15))},
    "saturation-vs-saturation": {"factor": ((0.0, 1.0), (0.1, 1.4), (0.3, 0.7))},
    "split-tone": {"shadow": 0.05, "highlight": 0.03},
    "channel-mix": {"red": (0.8, 0.15, 0.05), "blue": (0.0, -0.1, 1.1)},
    "fade": {"black": (0.08, 0.06, 0.1), "white": (0.95, 0.93, 0.9)},
    "crosstalk": {"leak": (0.1, 0.02, -0.05, 0.1, 0.0, 0.12)},
    "film": {"contrast": 1.2, "dye": 0.3, "crossover": 0.1, "toe": 0.3, "shoulder": 0.5},
    "lut": {"lut": "tungsten"},
    "family": {"family": "film", "seed": 7, "severity": 6.0},
}


def layer(kind: str, values: dict | None = None, strength: float = 1.0, on: bool = True) -> Layer:
    known = KINDS[kind].parameters
    given = SET[kind] if values is None else values
    full = {name: p.check(given.get(name, p.default)) for name, p in known.items()}
    return Layer(kind, full, strength, on)


# x, y of red, green and blue; both have D65 white.
PRIMARIES = {
    "P3": ((0.68, 0.32), (0.265, 0.69), (0.15, 0.06)),
    "Adobe RGB (1998)": ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06)),
}
_GAMMA = 563 / 256
_WHITE = np.array([0.3127 / 0.329, 1.0, (1 - 0.3127 - 0.329) / 0.329])
_D50 = np.array([0.9642, 1.0, 0.8249])
_BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)


def _to_xyz(primaries) -> np.ndarray:
    xyz = np.array([[x / y, 1.0, (1 - x - y) / y] for x, y in primaries]).T
    return xyz * np.linalg.solve(xyz, _WHITE)


def tagged_png(profile: str) -> tuple[np.ndarray, np.ndarray, bytes]:
    """A PNG of one colour with an ICC profile: its codes, their sRGB, the file.

    The profile is a matrix and a gamma of 563/256 (ICC.1:2022, sections 8 and 10), for both spaces.
    """
    codes = np.array([120, 150, 90])
    to_xyz = _to_xyz(PRIMARIES[profile])
    linear = (codes / 255) ** _GAMMA
    srgb = _to_xyz(((0.64, 0.33), (0.30, 0.60), (0.15, 0.06)))
    shown = encode_srgb(np.linalg.solve(srgb, to_xyz @ linear)) * 255
    adapt = np.linalg.solve(
        _BRADFORD, np.diag((_BRADFORD @ _D50) / (_BRADFORD @ _WHITE)) @ _BRADFORD
    )
    rows = np.repeat(codes[None], 16, axis=0).astype(np.uint8).tobytes()
    raw = b"".join(b"\0" + rows for _ in range(16))
    header = struct.pack(">IIBBBBB", 16, 16, 8, 2, 0, 0, 0)
    iccp = b"icc\0\0" + zlib.compress(_icc(profile, adapt @ to_xyz))
    parts = [(b"IHDR", header), (b"iCCP", iccp), (b"IDAT", zlib.compress(raw)), (b"IEND", b"")]
    data = b"\x89PNG\r\n\x1a\n"
    for kind, body in parts:
        data += struct.pack(">I", len(body)) + kind + body
        data += struct.pack(">I", zlib.crc32(kind + body))
    return codes, shown, data


def _icc(name: str, matrix: np.ndarray) -> bytes:
    def xyz(values) -> bytes:
        return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(v * 65536) for v in values))

    text = name.encode() + b"\0"
    desc = b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + bytes(12 + 67)
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, 563) + b"\0\0"
    tags = {b"desc": desc, b"cprt": b"text\0\0\0\0CC0\0", b"wtpt": xyz(_D50)}
    tags |= {f"{c}XYZ".encode(): xyz(matrix[:, k]) for k, c in enumerate("rgb")}
    tags |= {f"{c}TRC".encode(): curve for c in "rgb"}
    table, body, start = b"", b"", 128 + 4 + 12 * len(tags)
    for key, data in tags.items():
        padded = data + bytes(-len(data) % 4)
        table += key + struct.pack(">II", start + len(body), len(data))
        body += padded
    size = start + len(body)
    head = struct.pack(">I4sI4s4s4s", size, b"\0\0\0\0", 0x02400000, b"mntr", b"RGB ", b"XYZ ")
    head += struct.pack(">6H4s", 2020, 1, 1, 0, 0, 0, b"acsp")
    head += bytes(68 - len(head)) + struct.pack(">3i", *(round(v * 65536) for v in _D50))
    return head + bytes(128 - len(head)) + struct.pack(">I", len(tags)) + table + body
