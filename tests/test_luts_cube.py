from __future__ import annotations

import tracemalloc

import colour
import numpy as np
import PyOpenColorIO as ocio  # noqa: N813
import pytest

import luts
from luts.cube.file import LutWarning
from luts.cube.grammar import parse_cube
from luts.lut import Lut1D, Lut3D, ShapedLut, nodes, stages

ROWS = b"0 0 0\n1 0 0\n0 1 0\n1 1 0\n0 0 1\n1 0 1\n0 1 1\n1 1 1\n"
CUBE = b"LUT_3D_SIZE 2\n" + ROWS
CURVES = b"LUT_1D_SIZE 2\n0 0 0\n1 1 1\n"
FIRST = b"1 0 0"
ROWS5 = b"0.5 0.25 1\n" * 125


def parsed(data: bytes):
    return parse_cube(data, "x.cube")[0]


@pytest.mark.parametrize(
    "data",
    [
        CUBE.replace(b"\n", b"\r\n"),
        CUBE.replace(b"\n", b"\r"),
        CUBE.replace(b" 0", b"\t0"),
        CUBE.replace(b"\n", b"\n\n"),
        CUBE.replace(b"\n", b"  \n   "),
        CUBE.rstrip(),
        b"\xef\xbb\xbf" + CUBE,
        CUBE.lower(),
        CUBE.replace(b"1 1 0\n", b"1 1 0 # a note\n# another\n"),
        CUBE.replace(b"1 ", b"+1.0e0 ").replace(b" 0", b" .0"),
        b"TITLE no quotes\n" + CUBE,
        b'TITLE "caf\xe9"\n' + CUBE,
        b"LUT_3D_INPUT_RANGE 0 1\n" + CUBE,
        b"DOMAIN_MAX 1 1 1 # as usual\nLUT_3D_INPUT_RANGE 0 1\n" + CUBE,
    ],
)
def test_spellings_that_mean_the_same_are_read_the_same(data):
    np.testing.assert_array_equal(parsed(data).table, luts.identity(2).table)


def test_titles_and_comments_are_kept():
    lut = parsed(b'# by hand\nTITLE "caf\xc3\xa9"\n#second\n' + CUBE)
    assert (lut.title, lut.comments) == ("café", ("by hand", "second"))


def test_values_outside_the_unit_range_are_kept():
    assert parsed(CURVES.replace(b"0 0 0", b"-0.5 0 2")).table[0].tolist() == [-0.5, 0, 2]


@pytest.mark.parametrize(
    ("line", "low", "high"),
    [
        (b"DOMAIN_MIN -1 0 .5\nDOMAIN_MAX 2 3 4\n", (-1, 0, 0.5), (2, 3, 4)),
        (b"LUT_3D_INPUT_RANGE -1 2\n", (-1, -1, -1), (2, 2, 2)),
        (b"DOMAIN_MAX 2 2 2\n", (0, 0, 0), (2, 2, 2)),
    ],
)
def test_both_domain_spellings_are_read(line, low, high):
    lut = parsed(line + CUBE)
    assert (lut.domain_min, lut.domain_max) == (low, high)


def test_curves_and_cube_in_one_file_are_a_shaped_lut():
    lut = parsed(b"LUT_1D_SIZE 2\nLUT_1D_INPUT_RANGE 0 4\nLUT_3D_SIZE 2\n1 1 1\n.5 .5 .5\n" + ROWS)
    assert lut.shaper.table[0].tolist() == [1, 1, 1]
    assert (lut.shaper.domain_max[0], lut.cube.domain_max[0], lut.cube.size) == (4, 1, 2)


@pytest.mark.parametrize(
    ("data", "line", "message"),
    [
        (b"", 1, "no LUT_1D_SIZE or LUT_3D_SIZE"),
        (b"\x89PNG\r\n\x1a\n\0\0", 1, "neither a keyword nor"),
        (CUBE.decode().encode("utf-16"), 1, "UTF-16"),
        (
            ROWS,
            1,
            "no LUT_1D_SIZE or LUT_3D_SIZE above 8 rows; a line LUT_3D_SIZE 2 is missing: '0 0 0",
        ),
        (CUBE[:-6], 8, "LUT_3D_SIZE 2: expected 8 rows, found 7"),
        (CUBE + b"1 1 1\n", 10, "expected 8 rows; this is one row more: '1 1 1'"),
        (CUBE.replace(b"1 1 0", b"1 1 0 0"), 5, "three numbers: '1 1 0 0'"),
        (CUBE.replace(b"1 1 0", b"1 1"), 5, "three numbers: '1 1'"),
        (CUBE.replace(b"0 0 0\n1 0 0", b"0 0\n0 1 0 0"), 2, "three numbers: '0 0'"),
        (CUBE.replace(b"1 1 0", b"1 1-2"), 5, "three numbers"),
        (CUBE.replace(b"1 1 0", b"1 1 1-2"), 5, "not a row of three numbers"),
        (CUBE.replace(b"1 1 0", b"1 1.0.0 0"), 5, "not a row of three numbers"),
        (CUBE.replace(b"1 1 0", b"1 1 0x1"), 5, "not a row of three numbers"),
        (CUBE.replace(b"1 1 0", b"1 1_0 0"), 5, "not a row of three numbers"),
        (CUBE.replace(b"1 1 0", b"1 nan 0"), 5, "NaN and infinity are not colours: '1 nan 0'"),
        (CUBE.replace(b"0 0 0", b"inf 0 0"), 2, "NaN and infinity"),
        (CUBE.replace(b"1 1 0", b"1 1e39 0"), 5, "beyond the range of float32"),
        (CUBE.replace(b"0 0 0", b"0,0 0,0 0,0"), 2, "decimals with a point"),
        (CUBE.replace(b"1 1 0", b"1, 1, 0"), 5, "decimals with a point"),
        (CUBE + b"TITLE x\n", 10, "a keyword below the first row"),
        (CUBE.replace(b"E 2", b"E 1"), 1, "from 2 to 256: 'LUT_3D_SIZE 1'"),
        (CUBE.replace(b"E 2", b"E 257"), 1, "from 2 to 256"),
        (CUBE.replace(b"E 2", b"E 2.0"), 1, "whole number"),
        (CUBE.replace(b"E 2", b"E"), 1, "whole number"),
        (CUBE.replace(b"E 2", b"E 2 2"), 1, "whole number"),
        (CUBE.replace(b"E 2", b"E " + b"9" * 9999), 1, "whole number"),
        (CURVES.replace(b"E 2", b"E 65537"), 1, "from 2 to 65536"),
        (b"LUT_3D_SIZE 2\n" + CUBE, 2, "LUT_3D_SIZE is already on line 1"),
        (b"DOMAIN_MIN 0 0\n" + CUBE, 1, "DOMAIN_MIN takes 3 finite numbers"),
        (b"DOMAIN_MIN 0 0 nan\n" + CUBE, 1, "DOMAIN_MIN takes 3 finite numbers"),
        (b"DOMAIN_MAX 1 1 1e999\n" + CUBE, 1, "DOMAIN_MAX takes 3 finite numbers"),
        (b"LUT_3D_INPUT_RANGE 1\n" + CUBE, 1, "takes 2 finite numbers"),
        (b"DOMAIN_MIN 1 0 0\n" + CUBE, 1, "must be below the upper end: '1 0 0 to 1 1 1'"),
        (b"LUT_3D_INPUT_RANGE 2 1\n" + CUBE, 1, "must be below"),
        (b"DOMAIN_MAX 2 2 2\nLUT_3D_INPUT_RANGE 0 1\n" + CUBE, 2, "disagrees with the DOMAIN"),
        (b"LUT_1D_SIZE 2\n" + CUBE, 10, "LUT_1D_SIZE 2 and LUT_3D_SIZE 2: expected 10 rows"),
        (b"LUT_1D_SIZE 2\nDOMAIN_MAX 2 2 2\n" + CUBE + b"1 1 1\n" * 2, 2, "in a file with two"),
        (b"LUT_IN_VIDEO_RANGE 1\n" + CUBE, 1, "LUT_IN_VIDEO_RANGE takes no value"),
    ],
)
def test_what_would_need_a_guess_is_refused_by_line(data, line, message):
    with pytest.raises(luts.LutFormatError, match=message) as caught:
        parsed(data)
    assert str(caught.value).startswith(f"x.cube:{line}: ")


@pytest.mark.parametrize(
    ("line", "note"),
    [
        (b"CREATED_BY somebody\n", "unknown keyword CREATED_BY, kept as a comment"),
        (b"LUT_1D_INPUT_RANGE 0 2\n", "LUT_1D_INPUT_RANGE without such a table, ignored"),
    ],
)
def test_odd_files_are_read_with_a_warning(tmp_path, line, note):
    path = tmp_path / "odd.cube"
    path.write_bytes(line + CUBE)
    with pytest.warns(LutWarning, match=f"odd.cube:1: {note}"):
        lut = luts.read_cube(path)
    np.testing.assert_array_equal(lut.table, luts.identity(2).table)


def test_a_promised_table_is_not_allocated():
    tracemalloc.start()
    with pytest.raises(luts.LutFormatError, match="16777216 rows, found 0"):
        parsed(b"LUT_3D_SIZE 256\n")
    assert tracemalloc.get_traced_memory()[1] < 100_000
    tracemalloc.stop()


def awkward(lut: str) -> Lut1D | Lut3D | ShapedLut:
    rng = np.random.default_rng(5)
    cube = Lut3D(rng.uniform(-0.2, 1.2, (5, 5, 5, 3)), title='a "quoted"\ntitle', comments=("é",))
    ranged = Lut3D(cube.table, (-0.5,) * 3, (2.0,) * 3, title="ranged")
    curve = Lut1D(np.logspace(-6, 0, 40)[:, None].repeat(3, 1), (0.1,) * 3, (4.0,) * 3)
    return {"cube": cube, "ranged": ranged, "curve": curve, "both": ShapedLut(curve, ranged)}[lut]


@pytest.mark.parametrize("dialect", ["iridas", "resolve"])
@pytest.mark.parametrize("name", ["cube", "ranged", "curve", "both"])
def test_written_files_read_back_here_and_elsewhere(tmp_path, dialect, name):
    lut, path = awkward(name), tmp_path / "a.cube"
    if (name, dialect) == ("both", "iridas"):
        with pytest.raises(luts.LutFormatError, match="holds one table"):
            luts.write_cube(lut, path, dialect)
        assert not list(tmp_path.iterdir())
        return
    luts.write_cube(lut, path, dialect)
    head = path.read_bytes().split(b"LUT_")[0]
    assert path.read_bytes().removeprefix(head).isascii()
    head.decode()  # titles and comments are UTF-8
    again, notes = parse_cube(path.read_bytes(), str(path))
    assert not notes
    assert luts.table_hash(again) == luts.table_hash(lut)
    encoded = np.random.default_rng(6).uniform(0.2, 1, (500, 3)).astype(np.float32)
    ours = luts.apply(lut, encoded, "trilinear")
    np.testing.assert_allclose(through_opencolorio(path, encoded), ours, atol=1e-5)
    theirs = colour.io.read_LUT(str(path))
    if name != "curve":  # colour-science extrapolates curves instead of clamping
        np.testing.assert_allclose(theirs.apply(encoded), ours, atol=1e-5)


def through_opencolorio(path, encoded: np.ndarray) -> np.ndarray:
    transform = ocio.FileTransform(str(path), interpolation=ocio.INTERP_LINEAR)
    processor = ocio.Config.CreateRaw().getProcessor(transform).getDefaultCPUProcessor()
    result = np.ascontiguousarray(encoded)[None].copy()
    processor.apply(ocio.PackedImageDesc(result, result.shape[1], 1, 3))
    return result[0]


def test_the_resolve_dialect_refuses_a_domain_per_channel(tmp_path):
    with pytest.raises(luts.LutFormatError, match="one input range for all channels"):
        luts.write_cube(Lut3D(nodes(2), domain_max=(1, 2, 3)), tmp_path / "a.cube", "resolve")


def test_an_unknown_dialect_is_refused(tmp_path):
    with pytest.raises(ValueError, match="got 'truelight'"):
        luts.write_cube(luts.identity(2), tmp_path / "a.cube", "truelight")


def test_long_comments_become_lines_of_the_length_the_specification_allows(tmp_path):
    lut = Lut3D(nodes(2), comments=("word " * 200, "two\nlines"))
    luts.write_cube(lut, tmp_path / "a.cube")
    lines = (tmp_path / "a.cube").read_text().splitlines()
    assert max(map(len, lines)) <= 250
    assert lines.index("# two") + 1 == lines.index("# lines")


def test_real_files_read_as_in_colour_science(shared):
    compared = 0
    for path in sorted((shared / "luts").glob("*.cube")):
        lut, _ = parse_cube(path.read_bytes(), str(path))
        theirs = colour.io.read_LUT(str(path))
        tables = [theirs] if hasattr(theirs, "table") else theirs.sequence
        for ours, their in zip(stages(lut), tables, strict=True):
            expected = their.table if their.table.ndim > 1 else their.table[:, None].repeat(3, 1)
            np.testing.assert_allclose(ours.table, expected, rtol=1e-6, atol=1e-6)
            compared += 1
    assert compared >= 15


# Fuzz -----------------------------------------------------------------------------------------

PIECES = [
    b"LUT_3D_SIZE ",
    b"LUT_1D_SIZE ",
    b"DOMAIN_MIN ",
    b"DOMAIN_MAX ",
    b"LUT_1D_INPUT_RANGE ",
    b"LUT_3D_INPUT_RANGE ",
    b"TITLE ",
    b"2",
    b"256",
    b"-1e99",
    b"nan",
    b"0.5 0.5 0.5",
    b"\n",
    b"\r",
    b"\t",
    b"#",
    b",",
    b'"',
    b"\0",
    b"\xff",
    b"\x0b",
    b"\x1c",
    b" ",
]


def damaged(rng: np.random.Generator) -> bytes:
    """Random bytes, random pieces of grammar, or a good file with a few wounds."""
    kind = rng.integers(10)
    if kind == 0:
        return rng.bytes(int(rng.integers(300)))
    if kind == 1:
        return b"".join(PIECES[index] for index in rng.integers(len(PIECES), size=40))
    data = bytearray([CUBE, CURVES, b"LUT_1D_SIZE 2\n" + CUBE + b"1 1 1\n" * 2][kind % 3])
    for _ in range(rng.integers(1, 5)):
        place = int(rng.integers(len(data) + 1))
        cut = int(rng.integers(0, 12))
        data[place : place + cut] = PIECES[rng.integers(len(PIECES))] * int(rng.integers(0, 3))
    return bytes(data)


def fuzz(cases: int, seed: int) -> int:
    rng = np.random.default_rng(seed)
    read = 0
    for _ in range(cases):
        try:
            lut = parsed(damaged(rng))
        except luts.LutFormatError as error:
            assert str(error).startswith("x.cube:")
            continue
        assert all(np.isfinite(stage.table).all() for stage in stages(lut))
        read += 1
    return read


def test_nothing_but_a_refusal_comes_out_of_damaged_files():
    assert fuzz(600, seed=0) > 10


@pytest.mark.slow
def test_ten_thousand_damaged_files():
    tracemalloc.start()
    assert fuzz(10_000, seed=1) > 100
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()


def careful(data: bytes):
    """Parse by the line-by-line road alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("luts.cube.table._fast_rows", lambda *_: None)
        return parsed(data)


def test_the_fast_road_and_the_careful_road_agree(rng):
    """The fast road may only read what the careful one reads, and must read it the same."""
    for _ in range(400):
        data = damaged(rng)
        try:
            lut = parsed(data)
        except luts.LutFormatError:
            continue
        assert luts.table_hash(lut) == luts.table_hash(careful(data))


def test_video_range_flags_are_honoured(rng):
    """Full range to video range (64 to 940 of 1023), through the table, and back."""
    rows = b"".join(b"%.6f %.6f %.6f\n" % tuple(row) for row in rng.random((8, 3)))
    head = b"LUT_3D_SIZE 2\n"
    plain, _ = parse_cube(head + rows, "x")
    both, notes = parse_cube(b"LUT_IN_VIDEO_RANGE\nLUT_OUT_VIDEO_RANGE\n" + head + rows, "x")
    assert [note.line for note in notes] == [1, 2] and "full range" in notes[0].text
    encoded = rng.random((500, 3))
    inside = luts.apply(plain, (64 + 876 * encoded) / 1023, engine="numpy")
    expected = (1023 * inside - 64) / 876
    np.testing.assert_allclose(luts.apply(both, encoded, engine="numpy"), expected, atol=2e-6)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (ROWS5, r"no LUT_1D_SIZE or LUT_3D_SIZE above 125 rows; a line LUT_3D_SIZE 5 is missing"),
        (b"0 0 0\n" * 7, r"above 7 rows; a line LUT_1D_SIZE 7 is missing"),
        (b"LUT_1D_SIZE 5\n" + ROWS5, r"did you mean LUT_3D_SIZE 5\?"),
        (CUBE.replace(FIRST, b"1.#QNAN 0 0"), r"NaN and infinity are not colours: '1.#QNAN 0 0'"),
        (CUBE.replace(FIRST, b"0 -1.#IND 0"), r"NaN and infinity are not colours"),
        (CUBE.replace(FIRST, b"0\xc2\xa00 0"), r"a no-break space, U\+00A0: plain spaces"),
        (CUBE.replace(FIRST, "0\u30000 0".encode()), r"a full-width space, U\+3000"),
        (CUBE.replace(FIRST, "\u22120.1 0 0".encode()), r"a typographic minus sign, U\+2212"),
        ("LUT_3D_SIZE\u00a02\n".encode() + b"0 0 0\n" * 8, r"a no-break space, U\+00A0"),
    ],
)
def test_errors_say_what_is_meant(data, told):
    with pytest.raises(luts.LutFormatError, match=told) as caught:
        parse_cube(data, "x.cube")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("tail", [b"\x1a", b"\0" * 512, b"\r\n\x1a\r\n"])
def test_marks_at_the_end_of_a_file_are_noted_not_refused(tail):
    lut, (note,) = parse_cube(CUBE + tail, "x.cube")
    plain, _ = parse_cube(CUBE, "x.cube")
    np.testing.assert_array_equal(lut.table, plain.table)
    assert "ignored" in note.text


@pytest.mark.parametrize(
    ("line", "title"),
    [
        (b'TITLE "Look" # by me', "Look"),
        (b"TITLE a b", "a b"),
        (b'TITLE "a', "a"),
        ('TITLE "été"'.encode(), "été"),
        ('TITLE "été"'.encode("latin-1"), "été"),
        ('TITLE "电影感"'.encode("gbk"), "电影感"),
    ],
)
def test_titles_are_what_stands_between_the_quotes(line, title):
    assert parse_cube(line + b"\n" + CUBE, "x")[0].title == title


def test_titles_and_licences_keep_their_letters(tmp_path):
    comments = ("Süßer Look, licence CC BY 4.0, © Łukasz", "“quoted”", "电影感" * 60)
    lut = Lut3D(nodes(2), title="été 夏", comments=comments)
    luts.write_cube(lut, tmp_path / "x.cube")
    again = luts.read_cube(tmp_path / "x.cube")
    assert again.title == lut.title and again.comments[:2] == comments[:2]
    assert "".join(again.comments[2:]) == comments[2]
    lines = (tmp_path / "x.cube").read_bytes().splitlines()
    assert max(map(len, lines)) <= 250
