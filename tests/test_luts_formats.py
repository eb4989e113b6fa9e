"""LUT files of other programs: read as OpenColorIO reads them, written so that it does too."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import luts
from luts.cli import main
from luts.formats import WRITABLE, read_file_noted, write_file
from luts.formats.what import BEGINNINGS
from luts.lut import Lut1D, Lut3D, LutFormatError, ShapedLut, nodes
from luts.pictures import write_picture
from luts.plate.plate import lay_out
from luts.spaces import convert

sys.path.insert(0, str(Path(__file__).parent))
from luts_files import FILES, SIZE, TABLE, xmp

OCIO_READS = [suffix for suffix in FILES if suffix not in (".vlt", ".xmp")]


@pytest.fixture
def file(tmp_path):
    def write(suffix: str, data: bytes | None = None) -> Path:
        path = tmp_path / f"look{suffix}"
        path.write_bytes(FILES[suffix]() if data is None else data)
        return path

    return write


def by_opencolorio(path: Path, encoded: np.ndarray) -> np.ndarray:
    import PyOpenColorIO as ocio  # noqa: N813

    transform = ocio.FileTransform(str(path), interpolation=ocio.INTERP_TETRAHEDRAL)
    processor = ocio.Config.CreateRaw().getProcessor(transform).getDefaultCPUProcessor()
    result = np.array(encoded, np.float32)[None]
    processor.apply(ocio.PackedImageDesc(result, result.shape[1], 1, 3))
    return result[0]


@pytest.mark.parametrize("suffix", OCIO_READS)
def test_a_file_does_what_opencolorio_says(file, rng, suffix):
    path, encoded = file(suffix), rng.random((500, 3)).astype(np.float32)
    result = luts.apply(luts.load(path), encoded)
    np.testing.assert_allclose(result, by_opencolorio(path, encoded), atol=2e-5)


@pytest.mark.parametrize("suffix", [suffix for suffix in FILES if suffix != ".spi1d"])
def test_every_format_holds_the_same_cube(file, suffix):
    lut, _ = read_file_noted(file(suffix))
    assert isinstance(lut, Lut3D) and lut.size == SIZE
    np.testing.assert_allclose(lut.table, TABLE, atol=2e-4)


def test_curves_stay_curves(file):
    lut = luts.load(file(".spi1d"))
    assert isinstance(lut, Lut1D) and lut.size == 33


def test_curves_before_a_cube_keep_their_domain(file, rng):
    """A cineSpace file whose curves take light up to 4."""
    shaped = FILES[".csp"]().replace(b"0.0 1.0\n0.0 1.0", b"0.0 4.0\n0.0 1.0")
    path = file(".csp", shaped)
    lut = luts.load(path)
    assert isinstance(lut, ShapedLut) and lut.shaper.domain_max == (4.0, 4.0, 4.0)
    light = (rng.random((500, 3)) * 5).astype(np.float32)
    np.testing.assert_allclose(luts.apply(lut, light), by_opencolorio(path, light), atol=2e-4)


def test_a_chain_with_a_matrix_is_sampled_with_its_figure(file, rng):
    matrix = (
        b'<Matrix inBitDepth="32f" outBitDepth="32f"><Array dim="3 3">0.8 0.1 0.1 0.1 0.8 0.1 0 '
        b"0.1 0.9</Array></Matrix>\n<LUT3D"
    )
    path = file(".clf", FILES[".clf"]().replace(b"<LUT3D", matrix))
    lut, (note,) = read_file_noted(path)
    assert "Matrix, Lut3D, sampled into a cube of 65: dE00 mean 0.0" in note.text
    encoded = rng.random((500, 3)).astype(np.float32)
    np.testing.assert_allclose(luts.apply(lut, encoded), by_opencolorio(path, encoded), atol=5e-3)


def test_a_file_that_changed_is_read_anew(file):
    path = file(".3dl")
    luts.load(path)
    path.write_bytes(FILES[".3dl"]().replace(b"4095", b"2000"))
    assert luts.load(path).table.max() < 0.97


@pytest.mark.parametrize(("primaries", "gamma", "space"), [(3, 1, "display-p3"), (4, 0, None)])
def test_a_profile_of_another_space_is_brought_to_srgb(file, rng, primaries, gamma, space):
    lut, notes = read_file_noted(file(".xmp", xmp(primaries, gamma)))
    assert "brought to sRGB in 33 nodes" in notes[-1].text
    if space is None:
        return
    encoded = rng.random((300, 3)).astype(np.float32)
    taken = np.clip(convert(encoded, "srgb", space), 0, 1)
    wanted = np.clip(convert(luts.apply(Lut3D(TABLE), taken), space, "srgb"), 0, 1)
    np.testing.assert_allclose(luts.apply(lut, encoded), wanted, atol=0.02)


def test_a_profile_without_a_table_says_what_to_do(file):
    with pytest.raises(LutFormatError, match="without an RGB table: its sliders cannot be read"):
        luts.load(file(".xmp", b'<x:xmpmeta crs:Exposure2012="+1"/>'))


@pytest.mark.parametrize("layout", ["hald", "tiles", "strip"])
def test_a_plate_is_a_lut_file(tmp_path, layout):
    codes = np.rint((nodes(16) ** 0.8) * 65535).astype(np.uint16)
    write_picture(tmp_path / "look.png", np.ascontiguousarray(lay_out(codes, layout)))
    np.testing.assert_allclose(luts.load(tmp_path / "look.png").table, codes / 65535, atol=1e-5)


@pytest.mark.parametrize("suffix", WRITABLE)
@pytest.mark.parametrize("size", [16, 17])
def test_what_is_written_is_read_back(tmp_path, suffix, size):
    lut = Lut3D(nodes(size) ** 0.9 * [1, 0.9, 0.8], title="look")
    write_file(lut, tmp_path / f"x{suffix}")
    off = {".cube": 1e-6, ".clf": 1e-6, ".3dl": 2e-4}.get(suffix, 2e-5)
    np.testing.assert_allclose(luts.load(tmp_path / f"x{suffix}").table, lut.table, atol=off)


@pytest.mark.parametrize("suffix", [".cube", ".clf", ".3dl"])
def test_what_is_written_is_read_by_opencolorio(tmp_path, rng, suffix):
    lut = Lut3D(nodes(17) ** 0.9 * [1, 0.9, 0.8])
    write_file(lut, tmp_path / f"x{suffix}")
    encoded = rng.random((500, 3)).astype(np.float32)
    found = by_opencolorio(tmp_path / f"x{suffix}", encoded)
    np.testing.assert_allclose(found, luts.apply(lut, encoded), atol=3e-4)


def test_curves_and_a_cube_with_domains_go_through_clf(tmp_path, rng):
    ramp = np.linspace(0, 1, 64)[:, None].repeat(3, 1)
    lut = ShapedLut(Lut1D(ramp**0.5, domain_max=(4,) * 3), Lut3D(nodes(9) ** 1.2))
    write_file(lut, tmp_path / "x.clf")
    light = (rng.random((300, 3)) * 5).astype(np.float32)
    found = luts.load(tmp_path / "x.clf")
    np.testing.assert_allclose(luts.apply(found, light), luts.apply(lut, light), atol=3e-3)
    for suffix in (".3dl", ".png"):
        with pytest.raises(LutFormatError, match="one cube over 0 to 1; bake it first"):
            write_file(lut, tmp_path / f"x{suffix}")


def test_every_verb_reads_and_writes_them(file, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    file(".3dl")
    write_picture("photo.png", np.full((4, 4, 3), 128, np.uint8))
    for command in (
        ["convert", "look.3dl", "-o", "a.cube"],
        ["convert", "look.3dl", "-o", "a.clf"],
        ["compose", "a.clf", "fog", "-o", "b.png"],
        ["resize", "a.clf", "--size", "16", "-o", "c.png"],
        ["random", "film", "-o", "d.3dl", "--size", "17"],
        ["apply", "c.png", "photo.png", "-o", "e.png"],
        ["severity", "look.3dl", "a.clf", "d.3dl"],
        ["preview", "look.3dl", "c.png", "-o", "f.png", "--dpi", "20"],
    ):
        assert main(command) == 0, (command, capsys.readouterr().err)


@pytest.mark.parametrize("name", ["look.csp", "look.txt", "look", "look.jpg"])
def test_a_suffix_that_is_no_format_is_refused(tmp_path, monkeypatch, capsys, name):
    monkeypatch.chdir(tmp_path)
    assert main(["convert", "fog", "-o", name]) == 2
    assert f"{name}: LUTs are written as .cube, .3dl, .clf, .png" in capsys.readouterr().err
    assert not Path(name).exists()


def test_a_picture_that_is_read_is_never_overwritten(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    main(["hald", "plate.png", "--level", "4"])
    main(["apply", "fog", "plate.png", "-o", "edited.png"])
    before = {name: Path(name).read_bytes() for name in ("plate.png", "edited.png")}
    for command in (
        ["hald", "--read", "edited.png", "-o", "edited.png"],
        ["fit", "plate.png", "edited.png", "-o", "edited.png"],
        ["convert", "edited.png", "-o", "edited.png"],
    ):
        assert main(command) == 2
        assert "is the picture that is read" in capsys.readouterr().err
    assert before == {name: Path(name).read_bytes() for name in before}


def test_cube_text_under_another_name_is_refused(file):
    with pytest.raises(LutFormatError, match=r"look\.3dl: holds \.cube text, not Autodesk"):
        luts.load(file(".3dl", FILES[".cube"]()))


@pytest.mark.parametrize(("start", "what"), BEGINNINGS)
def test_what_is_no_lut_is_named(tmp_path, start, what):
    (tmp_path / "x.cube").write_bytes(start + b"\n0 0 0\n")
    with pytest.raises(LutFormatError, match=what.split(";")[0].split(",")[0]):
        luts.load(tmp_path / "x.cube")


@pytest.mark.parametrize(
    ("name", "data", "what"),
    [
        ("._x.cube", b"\0\5\x16\7\0\0", r"a macOS side file; the LUT is x\.cube"),
        ("x.cube", b"<!DOCTYPE html><html>", "a web page, not the LUT"),
        ("x.cube", b"", "empty"),
        ("x.cube", b"\0" * 400, "empty"),
    ],
)
def test_side_files_and_pages_are_named(tmp_path, name, data, what):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(LutFormatError, match=what):
        luts.load(tmp_path / name)


@pytest.mark.parametrize("suffix", FILES)
def test_a_cut_file_is_refused_in_one_line(file, suffix):
    data = FILES[suffix]()
    for share in (0.3, 0.6, 0.95):
        with pytest.raises(LutFormatError) as caught:
            luts.load(file(suffix, data[: int(len(data) * share)]))
        assert "\n" not in str(caught.value) and len(str(caught.value)) < 400


FUZZ = """
import sys, warnings, zlib
from pathlib import Path
import numpy as np
sys.path.insert(0, {tests!r})
from luts_files import FILES
import luts
warnings.simplefilter("ignore")
suffix, cases = sys.argv[1], int(sys.argv[2])
data, path = FILES[suffix](), Path(sys.argv[3]) / f"x{{suffix}}"
rng = np.random.default_rng(zlib.crc32(suffix.encode()))
words = [b"nan", b"inf", b"-1", b"1e400", b"99999999", b"\\0", b"\\n", b"#", b"<", b">", b'"', b" ",
         b"0,5", b"\\xff", b"LUT_3D_SIZE 3", b"-0.0", b"65536", b"\\x1a"]
read = 0
for case in range(cases):
    bad = bytearray(data)
    for _ in range(int(rng.integers(1, 5))):
        at = int(rng.integers(len(bad)))
        kind = int(rng.integers(5))
        if kind == 0:
            bad[at] = int(rng.integers(256))
        elif kind == 1:
            word = words[int(rng.integers(len(words)))]
            bad[at : at + len(word)] = word
        elif kind == 2:
            del bad[at : at + int(rng.integers(1, 80))]
        elif kind == 3:
            bad[at:at] = words[int(rng.integers(len(words)))]
        else:
            bad[at:at] = bad[at : at + int(rng.integers(1, 200))]
        if not bad:
            bad = bytearray(b"x")
    path.write_bytes(bytes(bad))
    try:
        lut = luts.load(path)
    except luts.LutFormatError as error:
        assert str(error).startswith(str(path)) and "\\n" not in str(error), repr(error)
    else:
        read += 1
        result = luts.apply(lut, np.float32([[0, 0, 0], [0.2, 0.5, 0.7], [1, 1, 1]]))
        assert np.isfinite(result).all()
print(read)
"""


def fuzz(suffix: str, cases: int, folder: Path) -> None:
    """In a process of its own: a reader of C++ that crashes must fail the test, not end it."""
    script = FUZZ.format(tests=str(Path(__file__).parent))
    done = subprocess.run(
        [sys.executable, "-c", script, suffix, str(cases), str(folder)],
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"{done.returncode}: {done.stderr[-2000:]}"


@pytest.mark.parametrize("suffix", FILES)
def test_damaged_files_are_read_or_refused(suffix, tmp_path):
    fuzz(suffix, 25, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("suffix", FILES)
def test_ten_thousand_damaged_files_are_read_or_refused(suffix, tmp_path):
    fuzz(suffix, 10_000, tmp_path)
