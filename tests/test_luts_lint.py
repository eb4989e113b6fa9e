from __future__ import annotations

import colour
import numpy as np
import PyOpenColorIO as ocio  # noqa: N813
import pytest

import luts
from luts.cli import main
from luts.cube.lint import READS, REFUSES, WRONG, lint
from luts.cube.traits import PROGRAMS, TRAITS, traits
from luts.lut import Lut3D, nodes, red_fastest

PROBE = np.array([[0.8, 0.2, 0.4]], np.float32)


def rows(size: int = 3) -> bytes:
    """An edit without symmetries, so that no misreading gives the right answer by luck."""
    table = 0.1 + 0.7 * nodes(size) ** 1.5 @ np.array(
        [[0.7, 0.2, 0.1], [0, 0.8, 0.2], [0.1, 0, 0.9]]
    )
    return b"".join(b"%.6f %.6f %.6f\n" % tuple(row) for row in red_fastest(table))


CUBE = b"LUT_3D_SIZE 3\n" + rows()
FIRST = CUBE.split(b"\n")[1]
CURVES = b"LUT_1D_SIZE 3\n.1 .2 .3\n.5 .4 .6\n.9 1 .8\n"
SHAPED = b"LUT_1D_SIZE 2\nLUT_3D_SIZE 3\n0 0 0\n.9 .8 .7\n" + rows()

# name: (file, traits, do we read it). Together they are the corpus of docs/luts_format.md.
FILES = {
    "plain": (CUBE, set(), True),
    "crlf": (CUBE.replace(b"\n", b"\r\n"), set(), True),
    "leading spaces": (CUBE.replace(b"\n0", b"\n   0"), set(), True),
    "blank lines": (CUBE.replace(b"\n", b"\n\n"), set(), True),
    "no last newline": (CUBE.rstrip(), set(), True),
    "title": (b'TITLE "a"\n' + CUBE, set(), True),
    "comments above": (b"# one\n# two\n" + CUBE, set(), True),
    "domain 0 1": (b"DOMAIN_MIN 0 0 0\nDOMAIN_MAX 1 1 1\n" + CUBE, set(), True),
    "exponents": (CUBE.replace(FIRST, b"1e-1 1.0E-1 +.1"), set(), True),
    "integers": (CUBE.replace(FIRST, b"0 1 0"), set(), True),
    "beyond 0 1": (CUBE.replace(FIRST, b"-0.5 0 1.5"), set(), True),
    "tabs": (CUBE.replace(b" 0.", b"\t0."), {"tabs"}, True),
    "cr": (CUBE.replace(b"\n", b"\r"), {"cr"}, True),
    "bom": (b"\xef\xbb\xbf# a comment\n" + CUBE, {"bom"}, True),
    "bom on size": (b"\xef\xbb\xbf" + CUBE, {"bom", "bom on size"}, True),
    "latin1": (b'TITLE "caf\xe9"\n' + CUBE, {"latin1"}, True),
    "comment between rows": (
        CUBE.replace(FIRST, FIRST + b"\n# note"),
        {"comment below"},
        True,
    ),
    "comment on a row": (CUBE.replace(FIRST, FIRST + b" # note"), {"row comment"}, True),
    "lower case": (CUBE.lower(), {"lower case"}, True),
    "unknown keyword": (b"MADE_BY me\n" + CUBE, {"unknown"}, True),
    "bare title": (b"TITLE a b\n" + CUBE, {"bare title"}, True),
    "late title": (CUBE + b'TITLE "a"\n', {"late keyword"}, False),
    "one row too few": (CUBE[: CUBE.rstrip().rindex(b"\n") + 1], {"few rows"}, False),
    "one row too many": (CUBE + FIRST + b"\n", {"many rows"}, False),
    "no rows": (b"LUT_3D_SIZE 33\n", {"few rows"}, False),
    "no size": (rows(), {"no size"}, False),
    "four columns": (CUBE.replace(b"\n0.", b" 1\n0.").replace(b"3 1", b"3", 1), {"columns"}, False),
    "comma decimals": (CUBE.replace(b".", b","), {"comma"}, False),
    "nan": (CUBE.replace(FIRST, b"nan 0 0"), {"nan"}, False),
    "inf": (CUBE.replace(FIRST, b"0 inf 0"), {"inf"}, False),
    "domain 0 2": (b"DOMAIN_MAX 2 2 2\n" + CUBE, {"domain"}, True),
    "domain per channel": (b"DOMAIN_MAX 1 2 3\n" + CUBE, {"domain"}, True),
    "domain -1 1": (b"DOMAIN_MIN -1 -1 -1\n" + CUBE, {"domain", "narrow domain"}, True),
    "domain 0 0.9": (b"DOMAIN_MAX .9 .9 .9\n" + CUBE, {"domain", "narrow domain"}, True),
    "domain backwards": (
        b"DOMAIN_MIN 1 1 1\nDOMAIN_MAX 0 0 0\n" + CUBE,
        {"domain", "narrow domain", "empty domain"},
        False,
    ),
    "range 0 1": (b"LUT_3D_INPUT_RANGE 0 1\n" + CUBE, set(), True),
    "range 0 2 above": (b"LUT_3D_INPUT_RANGE 0 2\n" + CUBE, {"range"}, True),
    "range 0 2 below": (
        CUBE.replace(b"\n", b"\nLUT_3D_INPUT_RANGE 0 2\n", 1),
        {"range", "late range"},
        True,
    ),
    "title and range 0 1": (b'TITLE "a"\nLUT_3D_INPUT_RANGE 0 1\n' + CUBE, set(), True),
    "title and range": (
        b'TITLE "a"\nLUT_3D_INPUT_RANGE 0 2\n' + CUBE,
        {"range", "title and range"},
        True,
    ),
    "title and late range": (
        b'TITLE "a"\n' + CUBE.replace(b"\n", b"\nLUT_3D_INPUT_RANGE 0 1\n", 1),
        {"late range", "title and late range"},
        True,
    ),
    "unknown below": (
        CUBE.replace(b"\n", b"\nMADE_BY me\n", 1),
        {"unknown", "unknown below"},
        True,
    ),
    "curves": (CURVES, {"curves"}, True),
    "shaper": (SHAPED, {"shaper"}, True),
    "shaper with title": (b'TITLE "a"\n' + SHAPED, {"shaper", "title and shaper"}, True),
    "cube rows only": (b"LUT_1D_SIZE 2\n" + CUBE, {"shaper", "cube rows only"}, False),
    "size 1": (b"LUT_3D_SIZE 1\n0 0 0\n", {"size 1"}, False),
    "video range": (b"LUT_IN_VIDEO_RANGE\n" + CUBE, {"video range"}, True),
    "size 66": (b"LUT_3D_SIZE 66\n" + b".1 .2 .3\n" * 66**3, {"over 65"}, True),
    "1D 65537": (
        b"LUT_1D_SIZE 65537\n" + b"0 0 0\n" * 65536 + b"1 1 1\n",
        {"curves", "over 65536"},
        False,
    ),
    "video out": (b"LUT_OUT_VIDEO_RANGE\n" + CUBE, {"video range"}, True),
}


EXTRA: dict[str, set[str]] = {}  # traits that a file has besides the one it stands for
LARGE = ("size 66", "1D 65537")
PROBES = [pytest.param(n, marks=pytest.mark.slow) if n in LARGE else n for n in FILES]


def judged(tmp_path, name: str):
    path = tmp_path / "probe.cube"
    path.write_bytes(FILES[name][0])
    return path, lint(path)


@pytest.mark.parametrize("name", PROBES)
def test_every_file_of_the_corpus_gets_its_traits_and_our_verdict(tmp_path, name):
    _, found = judged(tmp_path, name)
    _, expected, ours = FILES[name]
    assert (found.lut is not None) == ours, found.error
    seen = traits(FILES[name][0])
    assert expected <= seen
    harmless = {trait for trait in TRAITS if not set(TRAITS[trait][1]) & set("wx")}
    assert seen - expected <= harmless | EXTRA.get(name, set())
    measured = {verdict.program for verdict in found.verdicts if verdict.measured}
    assert {"OpenColorIO"} <= measured and "Resolve" not in measured


@pytest.mark.parametrize("name", PROBES)
def test_predictions_for_colour_science_hold(tmp_path, name):
    path, found = judged(tmp_path, name)

    def through() -> np.ndarray:
        return np.asarray(colour.io.read_LUT(str(path), method="Iridas Cube").apply(PROBE))

    def through_resolve() -> np.ndarray:
        return np.asarray(colour.io.read_LUT(str(path)).apply(PROBE))

    resolve = any(word in FILES[name][0] for word in (b"_RANGE", b"LUT_1D_SIZE"))
    compare(found, "colour-science", through_resolve if resolve else through)


@pytest.mark.parametrize("name", PROBES)
def test_predictions_for_opencolorio_hold(tmp_path, name):
    path, found = judged(tmp_path, name)

    def through() -> np.ndarray:
        transform = ocio.FileTransform(str(path), interpolation=ocio.INTERP_LINEAR)
        config = ocio.Config.CreateRaw()
        config.setProcessorCacheFlags(ocio.PROCESSOR_CACHE_OFF)
        result = PROBE.copy()
        processor = config.getProcessor(transform).getDefaultCPUProcessor()
        processor.apply(ocio.PackedImageDesc(result, 1, 1, 3))
        return result

    ocio.ClearAllCaches()
    compare(found, "OpenColorIO", through)


@pytest.mark.parametrize("name", PROBES)
def test_predictions_for_pillow_lut_hold(tmp_path, name):
    pillow_lut = pytest.importorskip("pillow_lut")
    path, found = judged(tmp_path, name)
    ramp = np.arange(256, dtype=np.uint8)
    picture = np.stack([ramp, ramp[::-1], ramp], axis=-1)[None]

    def through() -> np.ndarray:
        from PIL import Image

        return np.asarray(Image.fromarray(picture).filter(pillow_lut.load_cube_file(str(path))))

    verdict = found.verdicts[PROGRAMS.index("pillow-lut")]
    if verdict.outcome == REFUSES:
        with pytest.raises(Exception):  # noqa: B017, PT011 - whatever another program raises
            through()
    elif verdict.outcome in (READS, WRONG) and (theirs := through()) is not None and found.lut:
        ours = luts.apply(found.lut, picture, "trilinear").astype(int)
        assert (np.abs(theirs - ours).max() <= 1) == (verdict.outcome == READS)


def compare(found, program: str, through) -> None:
    verdict = found.verdicts[PROGRAMS.index(program)]
    if verdict.outcome == REFUSES:
        with pytest.raises(Exception):  # noqa: B017, PT011 - whatever another program raises
            through()
        return
    theirs = through()
    if found.lut is None:
        return  # there is no right answer to compare with
    right = np.allclose(theirs, luts.apply(found.lut, PROBE, "trilinear"), atol=1e-5)
    assert right == (verdict.outcome == READS)


def test_values_outside_the_unit_range_are_reported(tmp_path):
    _, found = judged(tmp_path, "beyond 0 1")
    assert found.outside == pytest.approx(2 / 81)


def test_silent_misreadings_are_told_apart_from_refusals(tmp_path):
    _, found = judged(tmp_path, "comma decimals")
    outcomes = {verdict.program: verdict.outcome for verdict in found.verdicts}
    assert outcomes["OpenColorIO"] == WRONG
    assert outcomes["colour-science"] == REFUSES
    assert "point" in found.error


def test_a_line_longer_than_the_specification_allows_is_noted(tmp_path):
    path = tmp_path / "a.cube"
    path.write_bytes(b"# short\n# " + b"x" * 300 + b"\n" + CUBE)
    assert [(note.line, "250" in note.text) for note in lint(path).notes] == [(2, True)]


def test_our_own_files_are_read_by_every_program(tmp_path, rng):
    luts.write_cube(Lut3D(rng.random((5, 5, 5, 3)), title="ours"), tmp_path / "a.cube")
    found = lint(tmp_path / "a.cube")
    assert {verdict.outcome for verdict in found.verdicts} == {READS}


@pytest.mark.parametrize("trait", TRAITS)
def test_every_trait_has_a_verdict_for_every_program(trait):
    text, codes = TRAITS[trait]
    assert text
    assert len(codes) == len(PROGRAMS)
    assert set(codes) <= set("o?wx")


# Files on which predictions from traits were wrong; what the programs do, they say themselves.
ODD = {
    "two ranges": b"LUT_3D_INPUT_RANGE 0 1\nDOMAIN_MIN 0 0 0\nDOMAIN_MAX 1 1 1\n" + CUBE,
    "late video flag": CUBE.replace(b"\n", b"\nLUT_IN_VIDEO_RANGE\n", 1),
    "curves with cube rows": b"LUT_1D_SIZE 3\n" + rows(),
    "one number": b"DOMAIN_MIN 0\n" + CUBE,
    "commas in the domain": b"DOMAIN_MAX 1,1,1\n" + CUBE,
    "size twice": b"LUT_3D_SIZE 3\n" + CUBE,
    "tab before": b"\t" + CUBE,
    "keyword between": CUBE.replace(FIRST, FIRST + b"\nTITLE x"),
    "cr cr lf": CUBE.replace(b"\n", b"\r\r\n"),
    "one quote": b'TITLE "a\n' + CUBE,
    "behind the quotes": b'TITLE "a" by me\n' + CUBE,
    "too small": CUBE.replace(FIRST, b"1e-400 0 0"),
    "too large": CUBE.replace(FIRST, b"1e400 0 0"),
    "msvc": CUBE.replace(FIRST, b"1.#QNAN 0 0"),
    "ctrl-z": CUBE + b"\x1a",
    "nul tail": CUBE + bytes(64),
    "no-break space": CUBE.replace(b" ", b"\xa0"),
}


@pytest.mark.parametrize("name", ODD)
def test_installed_programs_are_run_not_predicted(tmp_path, name):
    path = tmp_path / "odd.cube"
    path.write_bytes(ODD[name])
    found = lint(path)
    verdicts = {verdict.program: verdict for verdict in found.verdicts}
    assert verdicts["OpenColorIO"].measured and verdicts["colour-science"].measured

    def through_ocio():
        ocio.ClearAllCaches()
        transform = ocio.FileTransform(str(path), interpolation=ocio.INTERP_LINEAR)
        result = PROBE.copy()
        processor = ocio.Config.CreateRaw().getProcessor(transform).getDefaultCPUProcessor()
        processor.apply(ocio.PackedImageDesc(result, 1, 1, 3))
        return result

    compare(found, "OpenColorIO", through_ocio)


def test_lint_finds_swapped_rows_code_values_and_twins(tmp_path, capsys):
    table = nodes(9) ** [0.7, 1.0, 1.4] * [1, 0.9, 0.8]
    for name, made in (
        ("a", table),
        ("b", luts.resize(Lut3D(table), 17).table),
        ("codes", table * 1023),
        ("swapped", table.transpose(2, 1, 0, 3)),
    ):
        luts.write_cube(Lut3D(made), tmp_path / f"{name}.cube")
    assert main(["lint", str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    folder = f"{tmp_path}/"
    assert f"twins: {folder}a.cube, {folder}b.cube do the same" in shown
    assert "in code values up to 1023" in shown
    assert shown.count("luts convert --blue-fastest") == 1
    back = ["convert", f"{folder}swapped.cube", "--blue-fastest", "-o", f"{folder}right.cube"]
    assert main(back) == 0
    np.testing.assert_allclose(luts.read_cube(tmp_path / "right.cube").table, table, atol=2e-6)
