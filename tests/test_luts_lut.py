from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import luts
from luts.lut import Lut1D, Lut3D, ShapedLut, from_red_fastest, nodes, red_fastest, stages


def test_public_names_are_functions_even_after_their_modules_were_imported():
    import luts.cube.file
    import luts.lookup

    assert callable(luts.apply)
    assert luts.read_cube is luts.cube.file.read_cube
    assert {"apply", "identity", "Lut3D", "LutFormatError"} <= set(luts.__all__)


def test_importing_the_package_loads_nothing_heavy():
    code = "import luts, sys; print([m for m in ('numpy', 'PyOpenColorIO') if m in sys.modules])"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


def test_the_package_refuses_names_it_does_not_have():
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = luts.nonsense


def test_identity_is_indexed_red_green_blue():
    assert luts.identity(5).table[4, 2, 1].tolist() == [1.0, 0.5, 0.25]


def test_nodes_span_the_domain_of_a_lut():
    lut = Lut3D(nodes(3), (-1, 0, 0), (1, 2, 3))
    assert nodes(3, lut)[2, 1, 0].tolist() == [1.0, 1.0, 0.0]


def test_tables_cannot_be_changed_and_do_not_share_memory(rng):
    source = rng.random((3, 3, 3, 3)).astype(np.float32)
    lut = Lut3D(source)
    source[:] = 0
    assert lut.table.any()
    with pytest.raises(ValueError, match="read-only"):
        lut.table[0] = 0


@pytest.mark.parametrize("shape", [(2, 2, 2), (2, 2, 3, 3), (1, 1, 1, 3), (257, 257, 257, 3), ()])
def test_a_cube_of_the_wrong_shape_is_refused(shape):
    with pytest.raises(ValueError, match="got shape"):
        Lut3D(np.broadcast_to(np.float32(0), shape))


@pytest.mark.parametrize("shape", [(1, 3), (5, 2), (65537, 3), (4,)])
def test_curves_of_the_wrong_shape_are_refused(shape):
    with pytest.raises(ValueError, match="got shape"):
        Lut1D(np.zeros(shape))


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e39])
def test_only_finite_float32_numbers_are_taken(value):
    with pytest.raises(ValueError, match="finite float32"):
        Lut1D(np.full((2, 3), value))


@pytest.mark.parametrize(
    ("low", "high", "message"),
    [
        ((0, 0, 0), (1, 0, 1), "must be below"),
        ((0, 0, np.nan), (1, 1, 1), "three finite"),
        ((0, 0), (1, 1, 1), "three finite"),
    ],
)
def test_an_impossible_domain_is_refused(low, high, message):
    with pytest.raises(ValueError, match=message):
        Lut3D(nodes(2), low, high)


def test_file_order_runs_red_fastest():
    rows = red_fastest(luts.identity(2).table)
    assert rows[:3].tolist() == [[0, 0, 0], [1, 0, 0], [0, 1, 0]]
    np.testing.assert_array_equal(from_red_fastest(rows, 2), luts.identity(2).table)


def test_the_hash_sees_tables_domains_and_kinds_but_not_text(rng):
    table = rng.random((2, 2, 2, 3))
    lut = Lut3D(table)
    others = [
        Lut3D(table + 2e-6),
        Lut3D(table, domain_max=(1, 1, 2)),
        Lut1D(red_fastest(table)),
        ShapedLut(Lut1D(np.eye(3)), lut),
    ]
    assert luts.table_hash(Lut3D(table, title="x", comments=("y",))) == luts.table_hash(lut)
    assert len({luts.table_hash(each) for each in [lut, *others]}) == 5


def test_the_hash_of_the_identity_is_fixed():
    assert luts.table_hash(luts.identity(2)).startswith("d9fe8ae77c75e05e")


def test_stages_takes_luts_only():
    with pytest.raises(TypeError, match="got ndarray"):
        stages(np.zeros((2, 2, 2, 3)))
