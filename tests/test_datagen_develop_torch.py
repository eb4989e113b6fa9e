from dataclasses import replace

import cv2
import numpy as np
import pytest

import luts
from datagen.camera.dng import write_dng
from datagen.camera.sensors import SENSORS
from datagen.camera.simulate import Exposure, photograph
from datagen.develop import on_gpu as develop_torch
from datagen.develop import series as develop
from datagen.images.codes import quantise
from datagen.raw.read import read_raw
from luts.colour.transfer import encode_srgb

EVS = (-1.5, 0.0, 1.5)


def shoot(path, sensor=SENSORS["reflex-14bit"], **options):
    coarse = np.random.default_rng(2).uniform(0.02, 1.6, (9, 13, 3)).astype(np.float32)
    light = cv2.resize(coarse, (120, 80), interpolation=cv2.INTER_NEAREST)
    exposure = Exposure(1 / 60)
    mosaic = photograph(light, sensor, exposure, np.random.default_rng(3))
    write_dng(path, mosaic, sensor, exposure, **options)
    return read_raw(path)


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("highlights", ["clip", "blend", "rebuild"])
@pytest.mark.parametrize("long_edge", [None, 100, 40])
def test_the_device_gives_the_pictures_of_the_cpu(tmp_path, bits, highlights, long_edge):
    photo = shoot(tmp_path / "a.dng", orientation=6, crop=(3, 5, 110, 70), baseline_exposure=0.5)
    look = {"highlights": highlights, "baseline": "dng", "tone": "filmic"}
    theirs = develop_torch.develop_series(photo, EVS, long_edge, bits, device="cpu", **look)
    ours = develop.develop_series(photo, EVS, long_edge, bits, demosaic="malvar", **look)
    for one, other in zip(theirs, ours, strict=True):
        assert one.shape == other.shape and one.dtype == other.dtype
        assert np.abs(one.astype(int) - other).max() <= (1 if bits == 8 else 257)


def test_a_lut_is_applied_to_the_encoded_picture(tmp_path):
    photo = shoot(tmp_path / "a.dng")
    lut = luts.random_lut("film", seed=1)
    (theirs,) = develop_torch.develop_series(photo, [0], device="cpu", lut=lut)
    encoded = encode_srgb(np.clip(develop.linear(photo, demosaic="malvar"), 0, 1))
    ours = quantise(luts.apply(lut, encoded))
    assert np.abs(theirs.astype(int) - ours).max() <= 1
    (plain,) = develop_torch.develop_series(photo, [0], device="cpu")
    assert np.abs(theirs.astype(int) - plain).max() > 5


@pytest.mark.parametrize("pattern", ["RGGB", "BGGR", "GRBG", "GBRG"])
def test_malvar_is_the_same_on_tensors(tmp_path, pattern):
    from datagen.raw.demosaic import malvar

    photo = shoot(tmp_path / "a.dng", replace(SENSORS["reflex-14bit"], pattern=pattern))
    light = photo.mosaic.astype(np.float32) / 16383
    theirs = develop_torch.malvar(develop_torch.torch.from_numpy(light), photo.pattern)
    np.testing.assert_allclose(
        theirs.permute(1, 2, 0).numpy(), malvar(light, photo.pattern), atol=1e-6
    )


def test_malvar_leaves_a_grey_ramp_a_ramp():
    from datagen.raw.demosaic import malvar

    ramp = np.add.outer(np.arange(20.0), 2 * np.arange(30.0)).astype(np.float32)
    rgb = malvar(ramp, np.uint8([[0, 1], [1, 2]]))
    np.testing.assert_allclose(rgb[2:-2, 2:-2], np.repeat(ramp[2:-2, 2:-2, None], 3, 2), atol=1e-4)


def test_what_the_device_cannot_do_is_said(tmp_path, shared):
    xtrans = read_raw(shared / "raw/derived/xtrans_from_s40.dng")
    with pytest.raises(develop_torch.GpuError, match="Bayer"):
        develop_torch.linear_tensor(xtrans, develop_torch.torch.device("cpu"))
    if not develop_torch.torch.cuda.is_available():
        with pytest.raises(develop_torch.GpuError, match="no CUDA device"):
            develop_torch.develop_series(shoot(tmp_path / "a.dng"), EVS, device="cuda")
        assert develop_torch.describe_gpu() == "none"


@pytest.mark.gpu
@pytest.mark.skipif(not develop_torch.torch.cuda.is_available(), reason="needs a CUDA device")
def test_cuda_gives_the_pictures_of_the_cpu(tmp_path):
    photo = shoot(tmp_path / "a.dng")
    theirs = develop_torch.develop_series(photo, EVS, device="cuda")
    ours = develop.develop_series(photo, EVS, None, demosaic="malvar")
    for one, other in zip(theirs, ours, strict=True):
        assert np.abs(one.astype(int) - other).max() <= 1
