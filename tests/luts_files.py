"""LUT files of every format that is read, as bytes, for several tests."""

from __future__ import annotations

import hashlib
import struct
import zlib

import numpy as np

from luts.formats.xmp import DIGITS
from luts.lut import nodes

SIZE = 5
TABLE = np.clip(nodes(SIZE) ** [0.8, 1.0, 1.2] * [1.0, 0.95, 0.9] + [0.0, 0.02, 0.05], 0, 1)


def rows(table: np.ndarray, form: str = "%.6f %.6f %.6f\n") -> str:
    """Blue fastest, as the table is indexed."""
    return "".join(form % tuple(row) for row in table.reshape(-1, 3))


def red_fastest(table: np.ndarray) -> np.ndarray:
    return table.transpose(2, 1, 0, 3)


def cube() -> bytes:
    return f"LUT_3D_SIZE {SIZE}\n{rows(red_fastest(TABLE))}".encode()


def threedl() -> bytes:
    mesh = " ".join(str(round(1023 * k / (SIZE - 1))) for k in range(SIZE))
    return f"{mesh}\n{rows(np.rint(TABLE * 4095), '%d %d %d' + chr(10))}".encode()


def csp() -> bytes:
    prelut = "2\n0.0 1.0\n0.0 1.0\n" * 3
    size = f"{SIZE} {SIZE} {SIZE}"
    return f"CSPLUTV100\n3D\n\n{prelut}\n{size}\n{rows(red_fastest(TABLE))}".encode()


def spi3d() -> bytes:
    lines = "".join(
        f"{r} {g} {b} {rows(TABLE[r, g, b])}" for r, g, b in np.ndindex(SIZE, SIZE, SIZE)
    )
    return f"SPILUT 1.0\n3 3\n{SIZE} {SIZE} {SIZE}\n{lines}".encode()


def spi1d() -> bytes:
    values = "".join(f"  {x**0.7:.6f}\n" for x in np.linspace(0, 1, 33))
    return f"Version 1\nFrom 0.0 1.0\nLength 33\nComponents 1\n{{\n{values}}}\n".encode()


def clf() -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<ProcessList id="x" compCLFversion="3">\n'
        '<LUT3D inBitDepth="32f" outBitDepth="32f" interpolation="tetrahedral">\n'
        f'<Array dim="{SIZE} {SIZE} {SIZE} 3">\n{rows(TABLE)}</Array>\n</LUT3D>\n</ProcessList>\n'
    ).encode()


def ctf() -> bytes:
    return clf().replace(b'compCLFversion="3"', b'version="1.7"')


def look() -> bytes:
    data = TABLE.transpose(2, 1, 0, 3).astype("<f4").tobytes().hex().upper()
    lines = "\n".join(data[start : start + 64] for start in range(0, len(data), 64))
    return (
        '<?xml version="1.0" ?>\n<look>\n<shaders></shaders>\n<LUT>\n'
        f'<size>"{SIZE}"</size>\n<data>"\n{lines}"</data>\n</LUT>\n</look>\n'
    ).encode()


def itx() -> bytes:
    return f"LUT_3D_SIZE {SIZE}\n\n{rows(red_fastest(TABLE))}".encode()


def vlt() -> bytes:
    text = rows(np.rint(red_fastest(TABLE) * 4095), "%d %d %d\n")
    return f"# panasonic vlt file version 1.0\nLUT_3D_SIZE {SIZE}\n\n{text}".encode()


def xmp(primaries: int = 0, gamma: int = 1) -> bytes:
    step = (np.arange(SIZE) * 65535 + (SIZE - 1) // 2) // (SIZE - 1)
    still = np.stack(np.meshgrid(step, step, step, indexing="ij"), axis=-1)
    deltas = (np.rint(TABLE * 65535).astype(int) - still) & 0xFFFF
    block = struct.pack("<4I", 1, 1, 3, SIZE) + deltas.astype("<u2").tobytes()
    block += struct.pack("<3I2d", primaries, gamma, 0, 0.0, 2.0)
    data = struct.pack("<I", len(block)) + zlib.compress(block)
    text = bytearray()
    for start in range(0, len(data), 4):
        part = data[start : start + 4]
        number = int.from_bytes(part, "little")
        for _ in range(len(part) + 1):
            number, digit = divmod(number, 85)
            text.append(DIGITS[digit])
    name = hashlib.md5(block).hexdigest().upper()
    return (
        f'<x:xmpmeta><rdf:Description crs:RGBTable="{name}" crs:Table_{name}="{text.decode()}"/>'
        "</x:xmpmeta>"
    ).encode()


FILES = {
    ".cube": cube,
    ".3dl": threedl,
    ".csp": csp,
    ".spi1d": spi1d,
    ".spi3d": spi3d,
    ".clf": clf,
    ".ctf": ctf,
    ".look": look,
    ".itx": itx,
    ".vlt": vlt,
    ".xmp": xmp,
}
