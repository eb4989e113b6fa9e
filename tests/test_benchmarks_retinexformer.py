"""models.networks.retinexformer: attention across channels, sizes, the authors' names."""

from __future__ import annotations

import pytest
import torch

from benchmarks.methods.models import build
from benchmarks.methods.models.networks.retinexformer import channel_attention


def images(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture
def small():
    torch.manual_seed(0)
    return build("retinexformer_small").eval()


def test_channel_attention_is_the_papers_formula():
    query, key, value = (images(2, 3, 5, 77, seed=seed) - 0.5 for seed in range(3))
    scale = torch.tensor([0.5, 1.0, 2.0]).view(3, 1, 1)
    unit = torch.nn.functional.normalize
    weights = torch.softmax(scale * (unit(key, dim=-1) @ unit(query, dim=-1).mT), dim=-1)
    torch.testing.assert_close(channel_attention(query, key, value, scale), weights @ value)


def test_channel_attention_of_dead_channels_is_finite():
    zero = torch.zeros(1, 1, 4, 9, requires_grad=True)
    out = channel_attention(zero, zero, zero, torch.ones(1, 1, 1))
    out.sum().backward()
    assert torch.isfinite(zero.grad).all()


def test_memory_grows_with_the_pixels_and_not_with_their_square(small):
    def kept(side):
        sizes = {}

        def note(tensor):
            sizes[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
            result = small(images(1, 3, side, side)).image
        del result
        return sum(sizes.values())

    weights = 4 * sum(p.numel() for p in small.parameters())
    assert (kept(96) - weights) / (kept(48) - weights) == pytest.approx(4, rel=0.1)


def test_padding_repeats_the_border(small):
    x = images(1, 3, 9, 14)
    padded = torch.nn.functional.pad(x, (0, 2, 0, 3), mode="replicate")
    torch.testing.assert_close(small(x).image, small(padded).image[..., :9, :14])


def test_retinexformer_reads_the_authors_state_dict():
    """Names and shapes of the released code, for three sizes with 1, 2 and 2 blocks."""
    model = build("retinexformer")
    ours, theirs = model.state_dict(), {}

    def put(name, ours_name):
        theirs[f"body.0.{name}"] = ours[ours_name]

    def put_blocks(name, ours_name, count):
        for i in range(count):
            theirs_block, block = f"{name}.blocks.{i}", f"{ours_name}.{i}"
            joined = ours[f"{block}.0.query_key_value.weight"][..., 0, 0]
            for part, weight in zip(("to_q", "to_k", "to_v"), joined.chunk(3), strict=True):
                theirs[f"body.0.{theirs_block}.0.{part}.weight"] = weight
            theirs[f"body.0.{theirs_block}.0.proj.weight"] = ours[f"{block}.0.mix.weight"][
                ..., 0, 0
            ]
            put(f"{theirs_block}.0.proj.bias", f"{block}.0.mix.bias")
            put(f"{theirs_block}.0.rescale", f"{block}.0.scale")
            for layer in (0, 2):
                put(
                    f"{theirs_block}.0.pos_emb.{layer}.weight", f"{block}.0.position.{layer}.weight"
                )
            for part in ("weight", "bias"):
                put(f"{theirs_block}.1.norm.{part}", f"{block}.1.norm.{part}")
            for layer in (0, 2, 4):
                put(f"{theirs_block}.1.fn.net.{layer}.weight", f"{block}.1.layers.{layer}.weight")

    for conv, name in {"conv1": "first", "depth_conv": "spread", "conv2": "last"}.items():
        for part in ("weight", "bias"):
            put(f"estimator.{conv}.{part}", f"estimator.{name}.{part}")
    put("denoiser.embedding.weight", "embed.weight")
    put("denoiser.mapping.weight", "last.weight")
    for level, count in enumerate((1, 2)):
        put_blocks(f"denoiser.encoder_layers.{level}.0", f"encode.{level}", count)
        put(f"denoiser.encoder_layers.{level}.1.weight", f"down.{level}.weight")
        put(f"denoiser.encoder_layers.{level}.2.weight", f"light_down.{level}.weight")
        back = 1 - level  # their decoder counts from the deepest size
        put_blocks(f"denoiser.decoder_layers.{back}.2", f"decode.{level}", count)
        for part in ("weight", "bias"):
            put(f"denoiser.decoder_layers.{back}.0.{part}", f"up.{level}.{part}")
        put(f"denoiser.decoder_layers.{back}.1.weight", f"fuse.{level}.weight")
    put_blocks("denoiser.bottleneck", "encode.2", 2)

    fresh = build("retinexformer")
    fresh.load_state_dict(theirs)
    assert all(torch.equal(value, ours[key]) for key, value in fresh.state_dict().items())
