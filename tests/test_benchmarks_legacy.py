"""Published protocols, faults included: each gives the number its publication would."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from benchmarks.cli import main
from benchmarks.metrics import METRICS, MetricError
from benchmarks.metrics.dial import FRAME, FRAME_COLOUR, MASKED, convention_dial, markdown


@pytest.fixture
def pair(rng) -> tuple[np.ndarray, np.ndarray]:
    y, x = np.mgrid[:190, :260] / 30
    reference = 0.5 + 0.3 * np.stack([np.sin(x + y), np.cos(x - y), np.sin(2 * y)], -1)
    reference = np.clip(reference + rng.normal(0, 0.04, reference.shape), 0, 1)
    return np.clip(reference * 0.7 + rng.normal(0, 0.02, reference.shape), 0, 1), reference


@pytest.fixture
def weight() -> np.ndarray:
    weight = np.zeros((190, 260))
    weight[40:120, 60:165] = 1
    return weight


def test_the_masked_frame_inflates_psnr_by_the_coverage(pair, weight):
    """PSNR_frame = PSNR_A - 10 log10 r, and the literal text divides that by r again."""
    share = weight.mean()
    inside = METRICS["psnr"](*pair, weight)
    frame = METRICS["psnr_masked_frame"](*pair, weight)
    assert frame == pytest.approx(inside - 10 * np.log10(share))
    literal = METRICS["psnr_ranlen"](*pair, weight)
    assert literal == pytest.approx(frame / share)
    assert literal >= -10 * np.log10(share) / share  # 45 "dB" at r = 0.17, whatever the output


def test_the_masked_frame_flatters_ssim(pair, weight):
    """About 1 - (1 - s) r: the black surround agrees with itself."""
    inside = METRICS["ssim"](*pair, weight)
    frame = METRICS["ssim_masked_frame"](*pair, weight)
    assert frame == pytest.approx(1 - (1 - inside) * weight.mean(), abs=0.02)
    assert frame > inside


def test_limited_range_luma_is_132_hundredths_of_a_decibel_above_full_range(rng):
    """20 log10(255 / 219), exactly, for a grey error."""
    grey = rng.random((40, 50, 1)).repeat(3, 2) * 0.8
    step = METRICS["psnr_y"](grey + 0.1, grey) - METRICS["psnr"](grey + 0.1, grey)
    assert step == pytest.approx(20 * np.log10(255 / 219), abs=1e-9)
    assert step == pytest.approx(1.32, abs=5e-3)


def test_luma_weights_are_those_of_matlab():
    """rgb2ycbcr of pure red is 81.481, of white 235, in codes."""
    black = np.zeros((12, 12, 3))
    red = black.copy()
    red[..., 0] = 1
    assert METRICS["psnr_y"](red, black) == pytest.approx(-20 * np.log10(65.481 / 255))


def test_ppr10k_weights_the_background_a_quarter_in_psnr_and_a_half_in_colour(rng, weight):
    reference = np.full((190, 260, 3), 0.5)
    estimate = reference + 0.1  # the same error everywhere
    share = weight.mean()
    gain = -10 * np.log10(share + 0.25 * (1 - share))
    assert METRICS["psnr_hc_ppr10k"](estimate, reference, weight) == pytest.approx(20 + gain)
    assert METRICS["psnr_hc"](estimate, reference, weight) == pytest.approx(20)
    plain = METRICS["delta_e_1976"](estimate, reference)
    literal = METRICS["delta_e_1976_hc_ppr10k"](estimate, reference, weight)
    assert literal == pytest.approx(plain * (share + 0.5 * (1 - share)))


def test_gt_mean_forgives_every_gain(pair):
    reference = pair[1]
    dark = reference * 0.4
    assert METRICS["psnr"](dark, reference) < 15
    assert METRICS["psnr_gt_mean"](dark, reference) > 100
    assert METRICS["ssim_gt_mean"](dark, reference) == pytest.approx(1)


def test_gt_mean_clips_what_it_brightened():
    reference = np.full((20, 20, 3), 0.5)
    estimate = np.zeros_like(reference)
    estimate[:, :5] = 0.9  # times 0.5 / 0.225 is 2, clipped to 1
    wanted = np.where(np.arange(20)[None, :, None] < 5, 1.0, 0.0) * np.ones_like(reference)
    mse = np.mean((wanted - reference) ** 2)
    assert METRICS["psnr_gt_mean"](estimate, reference) == pytest.approx(-10 * np.log10(mse))


def matlab_downsampled(image: np.ndarray, factor: int) -> np.ndarray:
    """Wang's ssim.m line by line, with MATLAB's 1-based, column-major indexing spelt out."""
    padded = np.pad(image, [(0, factor)] * 2 + [(0, 0)], mode="symmetric")
    height, width, _ = image.shape
    lead = (factor - 1) // 2
    padded = np.pad(padded, [(lead, 0)] * 2 + [(0, 0)], mode="symmetric")
    mean = np.zeros_like(image)
    for dy in range(factor):
        for dx in range(factor):
            mean += padded[dy : dy + height, dx : dx + width] / factor**2
    flat = mean.reshape(height, -1, order="F")  # M x (N * 3): channels one after another
    return flat[::factor, ::factor]


def test_the_3d_lut_script_downsamples_and_lays_channels_side_by_side(rng):
    skimage = pytest.importorskip("skimage.metrics")
    y, x = np.mgrid[:485, :643] / 30
    reference = 0.5 + 0.3 * np.stack([np.sin(x + y), np.cos(x - y), np.sin(2 * y)], -1)
    reference = np.clip(reference + rng.normal(0, 0.05, reference.shape), 0, 1)
    estimate = np.clip(reference + rng.normal(0, 0.1, reference.shape), 0, 1)
    expected = skimage.structural_similarity(
        matlab_downsampled(estimate, 2), matlab_downsampled(reference, 2), data_range=1,
        gaussian_weights=True, sigma=1.5, use_sample_covariance=False,
    )  # fmt: skip
    value = METRICS["ssim_3dlut"](estimate, reference)
    assert value == pytest.approx(expected, abs=1e-9)
    assert value > METRICS["ssim"](estimate, reference) + 0.1


def test_the_dial_reads_every_protocol_once_and_says_how_far_apart_they_are(pair, weight):
    readings = convention_dial(*pair, weight)
    assert [r.metric.name for r in readings] == [*FRAME, *FRAME_COLOUR, *MASKED]
    values = {(r.metric.name, r.where): r for r in readings}
    assert values["psnr", "frame"].difference == 0
    gain = values["psnr_masked_frame", "mask"].difference
    assert gain == pytest.approx(-10 * np.log10(weight.mean()))
    same = convention_dial(pair[1], pair[1])
    assert "| psnr | frame | ∞ |" in markdown(same)


@pytest.fixture
def files(tmp_path, pair, weight) -> list[str]:
    paths = []
    for name, image in (("e", pair[0]), ("r", pair[1]), ("m", weight)):
        paths.append(str(tmp_path / f"{name}.png"))
        codes = (image * 255).round().astype(np.uint8)
        cv2.imwrite(paths[-1], codes[..., ::-1] if codes.ndim == 3 else codes)
    return paths


def test_the_dial_command_prints_a_table(files, capsys):
    assert main(["dial", *files[:2], "--mask", files[2]]) == 0
    out = capsys.readouterr().out
    assert out.count("\n") == 2 + len(FRAME) + len(FRAME_COLOUR) + len(MASKED)
    assert "psnr_ranlen | mask" in out


def test_the_dial_command_refuses_a_coloured_mask_and_a_missing_file(files, capsys):
    assert main(["dial", *files[:2], "--mask", files[0]]) == 2
    assert "a mask is grey" in capsys.readouterr().err
    assert main(["dial", files[0], "nowhere.png"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_explains_itself(name, capsys):
    assert main(["explain", name]) == 0
    out = capsys.readouterr().out
    assert METRICS[name].id in " ".join(out.split()) and "source" in out
    assert max(map(len, out.splitlines())) <= 100


def test_explain_lists_all_and_suggests_the_nearest(capsys):
    assert main(["explain"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(METRICS)
    assert main(["explain", "delta_e_200"]) == 2
    assert "did you mean delta_e_2000?" in capsys.readouterr().err


def test_metrics_without_a_reference_say_what_they_need(pair):
    import importlib.util

    if importlib.util.find_spec("pyiqa"):
        pytest.skip("pyiqa is installed here")
    with pytest.raises(MetricError, match=r"needs pyiqa.*tonebench\[iqa\]"):
        METRICS["niqe"](*pair)


def test_ssim_of_luma_is_scikit_images_of_the_same_plane(pair):
    skimage = pytest.importorskip("skimage.metrics")
    planes = [image @ [65.481, 128.553, 24.966] + 16 for image in pair]
    expected = skimage.structural_similarity(
        *planes, data_range=255, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
    )
    assert METRICS["ssim_y"](*pair) == pytest.approx(expected, abs=1e-9)


def test_scikit_images_defaults_are_its_numbers(rng):
    skimage = pytest.importorskip("skimage.metrics")
    reference = rng.random((40, 52, 3))
    estimate = np.clip(reference + rng.normal(0, 0.1, reference.shape), 0, 1)
    colour = skimage.structural_similarity(estimate, reference, channel_axis=2, data_range=1)
    assert METRICS["ssim_skimage"](estimate, reference) == pytest.approx(colour, abs=1e-12)
    grey = (picture @ [0.299, 0.587, 0.114] for picture in (estimate, reference))
    expected = skimage.structural_similarity(*grey, data_range=1)
    assert METRICS["ssim_grey"](estimate, reference) == pytest.approx(expected, abs=1e-12)
    assert np.isnan(METRICS["ssim_grey"](estimate[:6], reference[:6]))


def test_the_mean_of_all_values_is_another_scale_than_mean_grey(rng):
    reference = rng.random((30, 30, 3)) * [0.9, 0.5, 0.2]
    estimate = reference * [0.3, 0.5, 0.7]
    scaled = np.clip(estimate * reference.mean() / estimate.mean(), 0, 1)
    expected = -10 * np.log10(((scaled - reference) ** 2).mean())
    assert METRICS["psnr_gt_mean_rgb"](estimate, reference) == pytest.approx(expected)
    assert METRICS["psnr_gt_mean"](estimate, reference) != pytest.approx(expected, abs=0.01)
    assert METRICS["ssim_gt_mean_rgb"](reference * 0.5, reference) == pytest.approx(1)
