"""Sums and sketches of pictures."""

from __future__ import annotations

import numpy as np
import pytest

from datagen.dataset.summary import ROUNDING, Summary, apart, summarise


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("shape", [(37, 50, 3), (8, 8, 3), (2, 3, 3), (19, 33)])
def test_sums_are_exact_and_cells_are_means(shape, dtype, rng):
    codes = rng.integers(0, np.iinfo(dtype).max + 1, shape).astype(dtype)
    summary = summarise(codes)
    channels = codes.reshape(*shape[:2], -1)
    assert list(summary.sums) == channels.sum(axis=(0, 1), dtype=object).tolist()
    corner = channels[: shape[0] // 4, : shape[1] // 4]
    if corner.size:
        wanted = corner.mean(axis=(0, 1))
        np.testing.assert_allclose(summary.cells()[: channels.shape[2]], wanted, atol=1 / 256)


def test_one_level_in_one_pixel_is_rounding_and_another_gamma_is_not(rng):
    codes = rng.integers(20, 236, (128, 192, 3)).astype(np.uint8)
    nudged = codes.copy()
    nudged[5, 7, 1] += 1
    pixels = 128 * 192
    assert 0 < apart(summarise(codes), summarise(nudged), pixels) < ROUNDING / 10
    gamma = np.rint(255 * (codes / 255.0) ** 1.01).astype(np.uint8)
    assert apart(summarise(codes), summarise(gamma), pixels) > 10 * ROUNDING
    assert apart(summarise(codes), summarise(codes[:, ::-1]), pixels) > 10 * ROUNDING
    assert apart(summarise(codes), summarise(codes[..., 0]), pixels) == np.inf


@pytest.mark.parametrize(
    ("sums", "sketch", "message"),
    [((1, 2), "0" * 96, "one or three"), ((1,), "0" * 95, "96"), ((1,), "G" * 96, "hexadecimal")],
)
def test_what_is_no_summary_is_refused(sums, sketch, message):
    with pytest.raises(ValueError, match=message):
        Summary(sums, sketch)
