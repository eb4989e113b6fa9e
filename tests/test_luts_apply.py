from __future__ import annotations

import colour
import numpy as np
import pytest

import luts
from luts.lookup import ENGINES, INTERPOLATIONS
from luts.lut import Lut1D, Lut3D, ShapedLut, nodes
from luts.ocio import OCIO_MAX_SIZE


def smooth_cube(size: int, **domain) -> Lut3D:
    """A film-like cube that leaves [0, 1] at both ends."""
    red, green, blue = np.moveaxis(nodes(size), -1, 0)
    table = np.stack(
        [1.1 * red**1.2 - 0.0371, 0.8731 * green + 0.1177 * red * blue, blue**0.8], axis=-1
    )
    return Lut3D(table, **domain)


def curves(size: int, **domain) -> Lut1D:
    ramp = np.linspace(0, 1, size)
    return Lut1D(np.stack([ramp**0.5, ramp, ramp**2], axis=-1), **domain)


WIDE = {"domain_min": (-0.5, -0.1, 0.0), "domain_max": (0.5, 1.2, 2.0)}
LUTS = {
    "cube": smooth_cube(17),
    "cube with a domain": smooth_cube(9, **WIDE),
    "curves": curves(33),
    "curves with a domain": curves(1024, **WIDE),
    "curves then cube": ShapedLut(curves(64, domain_max=(2, 2, 2)), smooth_cube(5, **WIDE)),
    "identity": luts.identity(2),
}
LEVELS = {np.uint8: 255, np.uint16: 65535}


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_the_definition_agrees_with_colour_science(interpolation, rng):
    lut = smooth_cube(9)
    encoded = rng.random((500, 3))
    oracle = getattr(colour.algebra, f"table_interpolation_{interpolation}")(encoded, lut.table)
    ours = luts.apply(lut, encoded, interpolation, engine="numpy")
    np.testing.assert_allclose(ours, oracle, atol=1e-7)


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
@pytest.mark.parametrize("name", LUTS)
def test_float_engines_agree_inside_and_outside_the_domain(name, interpolation, rng):
    encoded = rng.uniform(-0.7, 2.5, (67, 51, 3)).astype(np.float32)
    reference = luts.apply(LUTS[name], encoded.astype(np.float64), interpolation, engine="numpy")
    fast = luts.apply(LUTS[name], encoded, interpolation)
    assert fast.dtype == np.float32
    np.testing.assert_allclose(fast, reference, rtol=0, atol=5e-7)


@pytest.mark.parametrize("dtype", LEVELS)
@pytest.mark.parametrize("name", LUTS)
def test_integer_engines_round_alike(name, dtype, rng):
    encoded = rng.integers(0, LEVELS[dtype] + 1, (200, 300, 3)).astype(dtype)
    fast = luts.apply(LUTS[name], encoded).astype(int)
    reference = luts.apply(LUTS[name], encoded, engine="numpy").astype(int)
    assert np.abs(fast - reference).max() <= 1
    # OpenColorIO works in float32, which is 1/256 of a 16-bit level: that many ties go astray.
    assert (fast == reference).mean() > (0.9999 if dtype == np.uint8 else 0.99)


@pytest.mark.parametrize("engine", ENGINES)
def test_tetrahedral_keeps_greys_grey_where_trilinear_does_not(engine, rng):
    grey_of = nodes(17) @ [[0.2126], [0.7152], [0.0722]]
    table = np.clip(nodes(17) * 1.8 - 0.8 * grey_of, 0, 1)
    grey = np.linspace(0, 1, 1001, dtype=np.float32)[:, None].repeat(3, axis=1)
    spread = {
        rule: np.ptp(luts.apply(Lut3D(table), grey, rule, engine), axis=1).max()
        for rule in INTERPOLATIONS
    }
    assert spread["tetrahedral"] < 1e-6
    assert spread["trilinear"] > 1e-3


@pytest.mark.parametrize("engine", ENGINES)
def test_not_a_number_is_the_lower_end_of_its_own_channel(engine):
    pixel = np.array([[np.nan, 0.5, np.inf]], np.float32)
    clean = np.array([[0.0, 0.5, 1.0]], np.float32)
    lut = LUTS["cube"]
    np.testing.assert_array_equal(
        luts.apply(lut, pixel, engine=engine), luts.apply(lut, clean, engine=engine)
    )


@pytest.mark.parametrize("shape", [(3,), (0, 3), (7, 3), (2, 3, 5, 3), (1, 5000, 3)])
def test_any_leading_shape_is_taken(shape, rng):
    encoded = rng.random(shape).astype(np.float32)
    result = luts.apply(LUTS["cube"], encoded)
    assert result.shape == shape
    expected = luts.apply(LUTS["cube"], encoded.reshape(-1, 3)).reshape(shape)
    np.testing.assert_array_equal(result, expected)


def test_views_and_read_only_images_are_taken(rng):
    encoded = rng.integers(0, 256, (300, 400, 3), dtype=np.uint8)
    encoded.setflags(write=False)
    view = encoded[::-1, 1::2, ::-1]
    np.testing.assert_array_equal(
        luts.apply(LUTS["cube"], view), luts.apply(LUTS["cube"], np.ascontiguousarray(view))
    )


def test_a_cube_too_large_for_opencolorio_is_still_applied(rng):
    encoded = rng.random((64, 3)).astype(np.float32)
    large = luts.identity(OCIO_MAX_SIZE + 1)
    np.testing.assert_allclose(luts.apply(large, encoded), encoded, atol=1e-6)


@pytest.mark.parametrize(
    ("rule", "picture", "levels"), [("tetrahedral", "tet", 1), ("trilinear", "tri", 2)]
)
def test_the_golden_pictures_of_another_program_are_reproduced(shared, rule, picture, levels):
    import cv2

    folder = shared / "luts" / "golden_cubelutloader"
    source, golden = (
        cv2.cvtColor(cv2.imread(str(folder / f"{name}.png")), cv2.COLOR_BGR2RGB)
        for name in ("orig_cmp", f"cmp_{picture}")
    )
    result = luts.apply(luts.read_cube(folder / "17p_cmp.cube"), source, rule)
    assert np.abs(result.astype(int) - golden).max() <= levels


@pytest.mark.parametrize(
    ("encoded", "options", "error", "message"),
    [
        (np.zeros((2, 3)), {}, TypeError, "got float64"),
        (np.zeros((2, 3), np.int32), {"engine": "numpy"}, TypeError, "got int32"),
        (np.zeros((2, 4), np.uint8), {}, ValueError, r"got shape \(2, 4\)"),
        (np.zeros((2, 3), np.uint8), {"interpolation": "cubic"}, ValueError, "got 'cubic'"),
        (np.zeros((2, 3), np.uint8), {"engine": "gpu"}, ValueError, "got 'gpu'"),
    ],
)
def test_what_cannot_be_applied_is_refused(encoded, options, error, message):
    with pytest.raises(error, match=message):
        luts.apply(LUTS["cube"], encoded, **options)
