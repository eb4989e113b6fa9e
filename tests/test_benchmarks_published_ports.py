"""Published layouts of RetinexNet, MSEC and DeepUPE: adopted, they make their authors' pictures.

No published weights are at hand: random ones are saved as the public module definitions name them,
and put through the public forward, written down again here from those definitions.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional as F  # noqa: N812

from benchmarks.cli import main
from benchmarks.methods.models.parts.pyramid import laplacian_pyramid
from benchmarks.methods.models.published.adopt import adopt
from benchmarks.methods.models.trained.checkpoints import load
from benchmarks.methods.models.trained.record import CheckpointError


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(7)


def layer(state, name, inputs, outputs, side, *, scale=1.0, transposed=False):
    shape = (inputs, outputs) if transposed else (outputs, inputs)
    spread = scale * (2 / (inputs * side * side)) ** 0.5
    state[f"{name}.weight"] = torch.randn(*shape, side, side) * spread
    state[f"{name}.bias"] = torch.randn(outputs) * 0.1


def predicted(name, folder, picture):
    with torch.no_grad():
        return load(name, folder)[0](picture).image


# RetinexNet


def replicated(x, state, name, pad, stride=1):
    x = F.pad(x, (pad,) * 4, mode="replicate")
    return F.conv2d(x, state[f"{name}.weight"], state[f"{name}.bias"], stride)


def sharma():
    """aasharma90/RetinexNet_PyTorch: DecomNet and RelightNet."""
    decom, relight = {}, {}
    layer(decom, "net1_conv0", 4, 64, 9)
    for i in range(0, 10, 2):
        layer(decom, f"net1_convs.{i}", 64, 64, 3)
    layer(decom, "net1_recon", 64, 4, 3)
    layer(relight, "net2_conv0_1", 4, 64, 3)
    for i in (1, 2, 3):
        layer(relight, f"net2_conv1_{i}", 64, 64, 3)
        layer(relight, f"net2_deconv1_{i}", 128, 64, 3)
    layer(relight, "net2_fusion", 192, 64, 1)
    layer(relight, "net2_output", 64, 1, 3, scale=0.2)
    return decom, relight


def sharma_forward(decom, relight, x):
    y = replicated(torch.cat([x.amax(1, keepdim=True), x], 1), decom, "net1_conv0", 4)
    for i in range(0, 10, 2):
        y = replicated(y, decom, f"net1_convs.{i}", 1).relu()
    y = replicated(y, decom, "net1_recon", 1).sigmoid()
    reflectance, light = y[:, :3], y[:, 3:]
    outs = [replicated(torch.cat([reflectance, light], 1), relight, "net2_conv0_1", 1)]
    for i in (1, 2, 3):
        outs.append(replicated(outs[-1], relight, f"net2_conv1_{i}", 1, 2).relu())
    y, scales = outs[3], []
    for i, skip in zip((1, 2, 3), outs[2::-1], strict=True):
        y = torch.cat([F.interpolate(y, size=skip.shape[2:]), skip], 1)
        y = replicated(y, relight, f"net2_deconv1_{i}", 1).relu()
        scales.append(F.interpolate(y, size=x.shape[2:]))
    fused = replicated(torch.cat(scales, 1), relight, "net2_fusion", 1)
    weights = relight["net2_output.weight"], relight["net2_output.bias"]
    return reflectance * F.conv2d(fused, *weights)


def test_the_retinexnet_port_in_two_files_is_its_authors_forward(tmp_path):
    decom, relight = sharma()
    torch.save(decom, tmp_path / "decom.tar")
    torch.save(relight, tmp_path / "relight.tar")
    files = [str(tmp_path / "relight.tar"), str(tmp_path / "decom.tar")]  # in any order
    assert main(["adopt", "retinexnet", *files, "--as", "port", "-o", str(tmp_path)]) == 0
    picture = torch.rand(1, 3, 37, 45)
    ours = predicted("retinexnet@port", tmp_path, picture)
    torch.testing.assert_close(ours, sharma_forward(decom, relight, picture), atol=1e-5, rtol=0)


def elin():
    """Elin24/RetinexNet_PyTorch, with one channel of illumination."""
    decom, relight = {}, {}
    layer(decom, "conv0", 4, 64, 9)
    for i in range(5):
        layer(decom, f"conv.{i}.0", 64, 64, 3)
    layer(decom, "conv1", 64, 4, 3)
    layer(relight, "conv0", 4, 64, 3)
    for i in (1, 2, 3):
        layer(relight, f"conv{i}.0", 64, 64, 3)
        layer(relight, f"deconv{i}.0", 64, 64, 3)
    layer(relight, "feature_fusion", 192, 64, 1)
    layer(relight, "output", 64, 1, 3, scale=0.2)
    return decom, relight


def elin_forward(decom, relight, x):
    def conv(state, name, x, pad=1, stride=1):
        return F.conv2d(x, state[f"{name}.weight"], state[f"{name}.bias"], stride, pad)

    y = conv(decom, "conv0", torch.cat([x, x.amax(1, keepdim=True)], 1), 4)
    for i in range(5):
        y = conv(decom, f"conv.{i}.0", y).relu()
    y = conv(decom, "conv1", y).sigmoid()
    outs = [conv(relight, "conv0", y)]
    for _ in range(3):
        outs.append(conv(relight, "conv1.0", outs[-1], 1, 2).relu())
    up, scales = outs[3], []
    for i, skip in zip((1, 2, 3), outs[2::-1], strict=True):
        up = conv(relight, f"deconv{i}.0", F.interpolate(up, scale_factor=2)).relu() + skip
        scales.append(F.interpolate(up, scale_factor=2 ** (3 - i)) if i < 3 else up)
    fused = conv(relight, "feature_fusion", torch.cat(scales, 1), 0)
    return y[:, :3] * conv(relight, "output", fused)


def test_the_other_retinexnet_port_is_its_authors_forward(tmp_path):
    decom, relight = elin()
    torch.save(decom, tmp_path / "decom_final.pth")
    torch.save({f"module.{key}": value for key, value in relight.items()}, tmp_path / "r.pth")
    adopt("retinexnet", [tmp_path / "decom_final.pth", tmp_path / "r.pth"], tmp_path)
    picture = torch.rand(1, 3, 32, 48)
    ours = predicted("retinexnet", tmp_path, picture)
    torch.testing.assert_close(ours, elin_forward(decom, relight, picture), atol=1e-5, rtol=0)


# MSEC


def port_of_msec():
    """LZ-CH/Exposure_Correction-pytorch: MSPEC_Net."""
    state = {}
    for net, (depth, width) in enumerate(((4, 24), (3, 24), (3, 24), (3, 16)), start=1):
        at = f"subnet{net}"
        widths = [3] + [width * 2**i for i in range(depth + 1)]
        for i in range(depth + 1):
            layer(state, f"{at}.block{i + 1}.cnn_conv1", widths[i], widths[i + 1], 3)
            layer(state, f"{at}.block{i + 1}.cnn_conv2", widths[i + 1], widths[i + 1], 3)
        for i in range(depth):
            wide = widths[depth + 1 - i]
            layer(state, f"{at}.up{i + 1}.up", wide, wide // 2, 2, transposed=True)
            layer(state, f"{at}.block{depth + 2 + i}.cnn_conv1", wide, wide // 2, 3)
            layer(state, f"{at}.block{depth + 2 + i}.cnn_conv2", wide // 2, wide // 2, 3)
        layer(state, f"{at}.finalconv", width, 3, 1, scale=0.3)
    for i in (1, 2, 3):
        layer(state, f"up{i}.up", 3, 3, 2, transposed=True)
    return state


def msec_forward(state, levels):
    """Levels coarse to fine, BGR."""

    def conv(name, x):
        weight = state[f"{name}.weight"]
        return F.conv2d(x, weight, state[f"{name}.bias"], padding=weight.shape[-1] // 2)

    def block(name, x):
        for part in ("cnn_conv1", "cnn_conv2"):
            x = F.leaky_relu(conv(f"{name}.{part}", x))
        return x

    def up(name, x):
        weights = state[f"{name}.up.weight"], state[f"{name}.up.bias"]
        return F.leaky_relu(F.conv_transpose2d(x, *weights, stride=2))

    def subnet(at, x, depth):
        stages = [block(f"{at}.block1", x)]
        for i in range(depth):
            stages.append(block(f"{at}.block{i + 2}", F.max_pool2d(stages[-1], 2)))
        x = stages[-1]
        for i in range(depth):
            x = torch.cat([up(f"{at}.up{i + 1}", x), stages[depth - 1 - i]], 1)
            x = block(f"{at}.block{depth + 2 + i}", x)
        return conv(f"{at}.finalconv", x)

    y = subnet("subnet1", levels[0], 4)
    for i in (1, 2, 3):
        y = up(f"up{i}", y)
        y = subnet(f"subnet{i + 1}", y + levels[i], 3) + y
    return y


def test_the_msec_port_is_its_authors_forward(tmp_path, capsys):
    state = port_of_msec()
    path = tmp_path / "MSPECnet_woadv.pth"
    torch.save({f"module.{key}": value for key, value in state.items()}, path)
    assert main(["adopt", "msec", str(path), "--as", "port", "-o", str(tmp_path)]) == 0
    assert "512 x 512" in capsys.readouterr().out
    picture = torch.rand(1, 3, 128, 256)
    levels = [level.flip(1) for level in laplacian_pyramid(picture, 4)[::-1]]
    theirs = msec_forward(state, levels).flip(1)
    assert theirs.std() > 0.05
    ours = predicted("msec@port", tmp_path, picture)
    torch.testing.assert_close(ours, theirs, atol=2e-5, rtol=0)


# DeepUPE


def upe_variables():
    """dvlab-research/DeepUPE: variables of HDRNetCurves, luma_bins 8, channel_multiplier 1."""
    rng, found = np.random.default_rng(3), {}

    def put(name, *shape, scale=1.0):
        spread = scale * np.sqrt(2 / np.prod(shape[:-1]))
        found[f"inference/{name}"] = rng.normal(0, spread, shape).astype(np.float32)

    at = "coefficients"
    for i, (a, b) in enumerate(((3, 8), (8, 16), (16, 32), (32, 64)), start=1):
        put(f"{at}/splat/conv{i}/weights", 3, 3, a, b)
        put(f"{at}/splat/conv{i}/biases", b)
    for i in range(1, 13):
        put(f"{at}/global/conv{i}/weights", 3, 3, 64, 64)
        put(f"{at}/global/conv{i}/biases", 64)
    for i, (a, b) in enumerate(((1024, 256), (256, 128), (128, 64)), start=1):
        put(f"{at}/global/fc{i}/weights", a, b)
        put(f"{at}/global/fc{i}/biases", b)
    for i in range(1, 7):
        put(f"{at}/local/conv{i}/weights", 3, 3, 64, 64)
    put(f"{at}/local/conv1/biases", 64)
    put(f"{at}/prediction/conv1/weights", 1, 1, 64, 96, scale=0.02)
    put(f"{at}/prediction/conv1/biases", 96, scale=0.1)
    found[f"inference/{at}/prediction/conv1/biases"][-24:] += 0.6  # between the bounds
    put("guide/ccm", 3, 3)
    put("guide/ccm_bias", 3)
    put("guide/shifts", 1, 1, 3, 16)
    put("guide/slopes", 1, 1, 1, 3, 16, scale=2)
    put("guide/channel_mixing/weights", 1, 1, 3, 1)
    put("guide/channel_mixing/biases", 1)
    found["global_step"] = np.int64(7)
    found["inference/guide/ccm/Adam"] = found["inference/guide/ccm"]
    return found


def same_conv(x, weights, bias=None, stride=1):
    """TensorFlow's SAME, channels last: an even size at stride 2 pads below and to the right."""
    x = torch.from_numpy(x).permute(0, 3, 1, 2)
    side = weights.shape[0]
    x = F.pad(x, (0, 1, 0, 1) if stride == 2 else (side // 2,) * 4)
    kernel = torch.from_numpy(weights).permute(3, 2, 0, 1)
    bias = None if bias is None else torch.from_numpy(bias)
    return F.conv2d(x, kernel, bias, stride).permute(0, 2, 3, 1).numpy()


def upe_grid(v, small):
    def conv(name, x, stride=1):
        weights, bias = v[f"inference/{name}/weights"], v.get(f"inference/{name}/biases")
        return same_conv(x, weights, bias, stride)

    at = "coefficients"
    x = small
    for i in range(1, 5):
        x = np.maximum(conv(f"{at}/splat/conv{i}", x, 2), 0)
    splat = scene = x
    for i in range(1, 13):
        scene = np.maximum(conv(f"{at}/global/conv{i}", scene, 2 if i in (1, 7) else 1), 0)
    scene = scene.reshape(1, -1)
    for i in (1, 2, 3):
        weights = v[f"inference/{at}/global/fc{i}/weights"]
        scene = scene @ weights + v[f"inference/{at}/global/fc{i}/biases"]
        scene = np.maximum(scene, 0) if i < 3 else scene
    x = np.maximum(conv(f"{at}/local/conv1", splat), 0)
    for i in range(2, 7):
        x = conv(f"{at}/local/conv{i}", x)
    x = conv(f"{at}/prediction/conv1", np.maximum(x + scene[:, None, None], 0))
    x = np.stack(np.split(x, 12, axis=3), axis=4)
    return np.stack(np.split(x, 4, axis=4), axis=5)[0]  # y, x, bin, output, input


def upe_guide(v, picture):
    x = picture @ v["inference/guide/ccm"] + v["inference/guide/ccm_bias"]
    hinges = np.maximum(x[..., None] - v["inference/guide/shifts"][0], 0)
    x = (v["inference/guide/slopes"][0] * hinges).sum(-1)
    mix = v["inference/guide/channel_mixing/weights"][0, 0]
    return np.clip(x @ mix + v["inference/guide/channel_mixing/biases"], 0, 1)[..., 0]


def upe_forward(v, picture):
    """(H, W, 3) as the authors' script: nearest copy, slice, 8-bit illumination, division."""
    height, width, _ = picture.shape
    rows, columns = ((np.arange(256) + 0.5) * n // 256 for n in (height, width))
    small = picture[rows.astype(int)][:, columns.astype(int)][None]
    grid, guide = upe_grid(v, small), upe_guide(v, picture)
    gy, gx, gz = np.broadcast_arrays(
        ((np.arange(height) + 0.5) * 16 / height)[:, None],
        ((np.arange(width) + 0.5) * 16 / width)[None],
        guide * 8,
    )
    affine = np.zeros((height, width, 3, 4))
    for dy, dx, dz in np.ndindex(2, 2, 2):
        weight, place = 1.0, []
        for at, offset, count in ((gy, dy, 16), (gx, dx, 16), (gz, dz, 8)):
            cell = np.floor(at - 0.5) + offset
            weight = weight * np.maximum(1 - np.abs(cell + 0.5 - at), 0)
            place.append(cell.clip(0, count - 1).astype(int))
        affine += weight[..., None, None] * grid[tuple(place)]
    light = (affine[..., :3] * picture[:, :, None]).sum(-1) + affine[..., 3]
    light = (255 * np.clip(light, 0, 1)).astype(np.uint8) / 255
    return picture / np.clip(light, picture, 1)


def test_deep_upe_is_its_authors_forward(tmp_path):
    v = upe_variables()
    np.savez(tmp_path / "deep_upe.npz", **v)
    words = [str(tmp_path / "deep_upe.npz"), "--as", "published", "-o", str(tmp_path)]
    assert main(["adopt", "deep_upe", *words]) == 0
    rng = np.random.default_rng(1)
    picture = rng.uniform(0.05, 0.4, (48, 64, 3)).astype(np.float32)
    theirs = upe_forward(v, picture)
    tensor = torch.from_numpy(picture).permute(2, 0, 1)[None]
    ours = predicted("deep_upe@published", tmp_path, tensor)[0].permute(1, 2, 0).numpy()
    assert theirs.std() > 0.1
    # A value that lies on a step of the 8-bit illumination may fall on either side.
    assert np.mean(np.abs(ours - theirs) > 1e-4) < 0.002
    np.testing.assert_allclose(ours, theirs, atol=0.1)


# Refused


@pytest.mark.parametrize(
    ("model", "name", "state", "message"),
    [
        ("msec", "model.mat", None, "a MATLAB network, whose layout is not public; score its"),
        ("deep_upe", "model.ckpt.index", None, "a TensorFlow checkpoint; where"),
        ("retinexnet", "m.ckpt.data-00000-of-1", None, "a TensorFlow checkpoint; score"),
        ("deep_upe", "e.pth", {"coeffs.conv_out.conv.weight": 1}, "is another network"),
        ("retinexnet", "d.tar", {"net1_conv0.weight": 1}, "has no net1_conv0.bias"),
        ("deep_upe", "a.npz", {"not": 1}, r"not a \.npz of plain|has no variable inference"),
    ],
)  # fmt: skip
def test_what_cannot_be_adopted_is_one_line(model, name, state, message, tmp_path):
    path = tmp_path / name
    torch.save({key: torch.ones(1) for key in state or {}}, path)
    with pytest.raises(CheckpointError, match=message) as caught:
        adopt(model, path, tmp_path)
    assert "\n" not in str(caught.value)


def test_two_files_of_no_known_port_are_refused(tmp_path):
    for name in "ab":
        torch.save({f"{name}.weight": torch.ones(1)}, tmp_path / f"{name}.pth")
    with pytest.raises(CheckpointError, match="not the layout of a RetinexNet port; known are"):
        adopt("retinexnet", [tmp_path / "a.pth", tmp_path / "b.pth"], tmp_path)


def test_variables_with_pickled_objects_are_refused(tmp_path):
    np.savez(tmp_path / "v.npz", v=np.array([{"a": 1}], dtype=object))
    with pytest.raises(CheckpointError, match=r"not a \.npz of plain arrays"):
        adopt("deep_upe", tmp_path / "v.npz", tmp_path)
