"""The arithmetic that is the same on every processor: how good it is, and that it is the same."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from luts.tool import exact

mpmath = pytest.importorskip("mpmath")  # torch brings it

FUNCTIONS = {
    "cbrt": (exact.cbrt, lambda x: mpmath.cbrt(x), "wide"),
    "decode": (lambda x: exact.power(x, 12, 5), lambda x: x ** (mpmath.mpf(12) / 5), "wide"),
    "encode": (lambda x: exact.power(x, 5, 12), lambda x: x ** (mpmath.mpf(5) / 12), "wide"),
    "log": (exact.log, lambda x: mpmath.log(x), "wide"),
    "exp": (exact.exp, lambda x: mpmath.exp(x), "signed"),
    "exp2": (exact.exp2, lambda x: mpmath.mpf(2) ** x, "signed"),
    "sin": (exact.sin, lambda x: mpmath.sin(x), "signed"),
    "cos": (exact.cos, lambda x: mpmath.cos(x), "signed"),
}
# SHA-256 of what the functions make of `samples`: one machine wrote it, every other must agree.
SAME_EVERYWHERE = "55335352a5461c38099c09999d3e3ed32a202f6957712c3434c27cb849b85e70"


def samples(kind: str) -> np.ndarray:
    rng = np.random.default_rng(0)
    if kind == "wide":
        return np.concatenate([rng.uniform(0, 2, 300), 10 ** rng.uniform(-12, 12, 300), [1.0]])
    return rng.uniform(-30, 30, 600)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_are_good_to_a_few_last_places(name):
    function, truth, kind = FUNCTIONS[name]
    x = samples(kind)
    with mpmath.workprec(120):
        wanted = [truth(mpmath.mpf(float(value))) for value in x]
        error = [
            abs(float((mpmath.mpf(float(got)) - want) / float(np.spacing(abs(float(want))))))
            for got, want in zip(function(x), wanted, strict=True)
        ]
    absolute = np.array(error) * np.spacing(np.abs(np.float64([float(w) for w in wanted])))
    assert (np.minimum(error, absolute / 2.0**-54) <= 5).all()


def test_angles_are_those_of_mpmath_in_every_quadrant():
    y, x = np.random.default_rng(1).normal(size=(2, 400))
    wanted = [float(mpmath.atan2(float(a), float(b))) for a, b in zip(y, x, strict=True)]
    np.testing.assert_allclose(exact.arctan2(y, x), wanted, rtol=5e-16)
    axes = exact.arctan2(np.array([0.0, 0, 1, -1]), np.array([0.0, -1, 0, 0]))
    np.testing.assert_array_equal(axes, [0, np.pi, np.pi / 2, -np.pi / 2])


def test_what_is_exact_stays_exact():
    np.testing.assert_array_equal(exact.exp2(np.arange(-60.0, 61)), 2.0 ** np.arange(-60, 61))
    np.testing.assert_array_equal(exact.cbrt(np.array([-8.0, 0, 1, 64])), [-2, 0, 1, 4])
    assert exact.log(1.0) == 0 and exact.power(1.0, 12, 5) == 1 and exact.cos(0.0) == 1


def test_single_precision_is_numpys_own(rng):
    x = rng.random(100).astype(np.float32)
    for ours, numpys in ((exact.cbrt, np.cbrt), (exact.exp, np.exp), (exact.sin, np.sin)):
        assert ours(x).dtype == np.float32
        np.testing.assert_array_equal(ours(x), numpys(x))


def test_products_and_inverses_are_those_of_linear_algebra(rng):
    matrix = rng.normal(size=(3, 3))
    colours = rng.normal(size=(4, 5, 3))
    np.testing.assert_allclose(exact.mix(colours, matrix), colours @ matrix.T, atol=1e-14)
    np.testing.assert_allclose(exact.inverse(matrix), np.linalg.inv(matrix), rtol=1e-11)
    np.testing.assert_allclose(exact.product(matrix, matrix.T), matrix @ matrix.T, atol=1e-14)
    with pytest.raises(np.linalg.LinAlgError, match="singular"):
        exact.inverse(np.ones((2, 2)))


def fingerprint() -> str:
    """SHA-256 over the results of everything above; no libm takes part in the inputs."""
    digest = hashlib.sha256()
    x = np.arange(1, 5001) / 1024
    for function, _, kind in FUNCTIONS.values():
        digest.update(function(x if kind == "wide" else x * 8 - 20).tobytes())
    digest.update(exact.arctan2(x - 2, x[::-1] - 3).tobytes())
    matrix = x[:9].reshape(3, 3) + np.eye(3)
    digest.update(exact.mix(x[:4998].reshape(-1, 3), exact.inverse(matrix)).tobytes())
    return digest.hexdigest()


def test_the_bits_are_those_of_every_other_machine():
    assert fingerprint() == SAME_EVERYWHERE
