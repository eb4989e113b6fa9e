"""Models beside the plainest correct PyTorch of the same equations, with the same weights.

    python -m tests.speed.models [--device cuda] [--quick]

Plain means: as one would write the paper down, default memory layout, autograd's own derivatives.
Both take turns in one process, on one thread of a CPU; the fastest of the repeats counts. The
outputs are compared first.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from benchmarks.methods.models import MODELS, build
from benchmarks.methods.models.cards import CARDS
from benchmarks.methods.models.networks.deep_upe import BINS, SIDE, DeepUpe
from benchmarks.methods.models.networks.dped import CENTRE, NORM_FLOOR, STRETCH, Dped
from benchmarks.methods.models.networks.retinexformer import Retinexformer
from benchmarks.methods.models.networks.star import GRID, StarDce
from benchmarks.methods.models.networks.zero_dce import apply_curves
from benchmarks.training.loop import LAYOUT, loss_terms, make_optimiser
from benchmarks.training.settings import settings_for
from tests.speed import colour_maps

SIZES = {"256": (256, 256), "1 MP": (1000, 1000)}
REPEATS = 5
TRAINED_ON = (4, 128)  # images, pixels a side


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cpu", help="torch device (cpu)")
    parser.add_argument("--quick", action="store_true", help="256 pixels only")
    args = parser.parse_args(argv)
    torch.set_num_threads(1)
    torch.manual_seed(0)
    print(f"{'':34}{'ours ms':>10}{'plain ms':>10}{'ratio':>8}")
    for label, size in list(SIZES.items())[: 1 if args.quick else None]:
        images = torch.rand(1, 3, *size, device=args.device)
        for name, plain in PLAIN.items():
            _compare_forward(f"{name}, {label}", name, plain, images)
    images = torch.rand(8, 3, 256, 256, device=args.device)
    _compare_curves(images)
    for name in CARDS:
        if MODELS[name].trained and not MODELS[name].slow:
            print(f"{'training ' + name:34}{_images_per_second(name, args.device):10.1f} images/s")
    if not args.quick:
        colour_maps.compare(_fastest, args.device)


def _compare_forward(title: str, name: str, plain: Callable, images: Tensor) -> None:
    standard = build(name).to(images.device).eval()
    ours = build(name).to(images.device).eval()
    ours.load_state_dict(standard.state_dict())
    ours = ours.to(memory_format=torch.channels_last)
    with torch.inference_mode():
        torch.testing.assert_close(ours(images).image, plain(standard, images), atol=1e-4, rtol=0)
        tasks = {"ours": lambda: ours(images), "plain": lambda: plain(standard, images)}
        _print_row(title, _fastest(tasks, images.device))


def _compare_curves(images: Tensor) -> None:
    """The eight steps alone: forward, forward and backward, and what is kept in between."""
    curves = torch.rand(len(images), 24, *images.shape[-2:], device=images.device) - 0.5
    versions = {"ours": apply_curves, "plain": lambda x, a: plain_curves(x, -a)}
    title = f"curves, {tuple(images.shape)}"
    with torch.inference_mode():
        forward = {name: lambda f=f: f(images, curves) for name, f in versions.items()}
        _print_row(f"{title} forward", _fastest(forward, images.device))
    curves.requires_grad_()
    both = {name: lambda f=f: f(images, curves).sum().backward() for name, f in versions.items()}
    _print_row("  forward and backward", _fastest(both, images.device))
    kept = {name: _kept_bytes(lambda f=f: f(images, curves)) / 1e6 for name, f in versions.items()}
    print(f"{'  kept for backward, MB':34}{kept['ours']:10.0f}{kept['plain']:10.0f}", end="")
    print(f"{kept['plain'] / kept['ours']:8.2f}")


def _kept_bytes(function: Callable[[], Tensor]) -> int:
    """Bytes of the tensors that autograd holds on to, each storage once."""
    held: dict[int, Tensor] = {}

    def hold(tensor: Tensor) -> Tensor:
        held[tensor.untyped_storage().data_ptr()] = tensor
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(hold, lambda tensor: tensor):
        result = function()
    del result
    return sum(tensor.untyped_storage().nbytes() for tensor in held.values())


def _images_per_second(name: str, device: str) -> float:
    """Whole training steps, as `benchmarks train` does them, on random images already in memory."""
    count, side = TRAINED_ON
    settings = settings_for(name)
    model = build(name).to(device, **LAYOUT).train()
    optimiser = make_optimiser(model, settings)
    planes = {"degraded": 3, "reference": 3, "regions": 2}
    batch = {
        plane: torch.rand(count, channels, side, side, device=device).to(**LAYOUT)
        for plane, channels in planes.items()
    }

    def step() -> None:
        loss = sum(loss_terms(model, batch, settings).values())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()

    return count / _fastest({"step": step}, torch.device(device))["step"]


def _fastest(tasks: dict[str, Callable], device: torch.device) -> dict[str, float]:
    """Seconds of each task, taking turns; processor time on a CPU, so neighbours count less."""
    on_gpu = device.type == "cuda"
    clock = time.perf_counter if on_gpu else time.process_time
    best = dict.fromkeys(tasks, float("inf"))
    for _ in range(REPEATS):
        for name, task in tasks.items():
            started = clock()
            task()
            if on_gpu:
                torch.cuda.synchronize(device)
            best[name] = min(best[name], clock() - started)
    return best


def _print_row(title: str, seconds: dict[str, float]) -> None:
    ours, plain = seconds["ours"] * 1e3, seconds["plain"] * 1e3
    print(f"{title:34}{ours:10.1f}{plain:10.1f}{plain / ours:8.2f}", flush=True)


# The plain versions


def plain_curves(x: Tensor, r: Tensor) -> Tensor:
    """Zero-DCE's steps as its text has them, in the code's sign."""
    for step in r.chunk(8, dim=1) if r.shape[1] == 24 else [r] * 8:
        x = x + step * (torch.pow(x, 2) - x)
    return x


def plain_zero_dce(model: torch.nn.Module, x: Tensor) -> Tensor:
    x1 = F.relu(model.e_conv1(x))
    x2 = F.relu(model.e_conv2(x1))
    x3 = F.relu(model.e_conv3(x2))
    x4 = F.relu(model.e_conv4(x3))
    x5 = F.relu(model.e_conv5(torch.cat([x3, x4], 1)))
    x6 = F.relu(model.e_conv6(torch.cat([x2, x5], 1)))
    return plain_curves(x, torch.tanh(model.e_conv7(torch.cat([x1, x6], 1))))


def plain_star(model: StarDce, images: Tensor) -> Tensor:
    """Attention by its formula: softmax(q k / 4) v, the (1024, 1024) matrix in full."""
    x = F.interpolate(images, (256, 256), mode="area")
    x = F.adaptive_avg_pool2d(F.relu(model.e_conv1(x)), (GRID, GRID))
    tokens = x.flatten(2).transpose(1, 2)
    n, count, channels = tokens.shape
    attention = model.attention
    q, k, v = attention.to_qkv(attention.norm(tokens)).chunk(3, dim=-1)
    q, k, v = (part.view(n, count, 8, -1).transpose(1, 2) for part in (q, k, v))
    mixed = torch.softmax(q @ k.transpose(-1, -2) * channels**-0.5, dim=-1) @ v
    tokens = tokens + attention.to_out(mixed.transpose(1, 2).reshape(n, count, channels))
    tokens = tokens + model.mlp(tokens)
    far = tokens.transpose(1, 2).reshape(n, channels, GRID, GRID)
    raw = model.out_conv(torch.cat([far, model.enc_conv(x)], 1))
    raw = F.interpolate(raw, (256, 256), mode="bilinear", align_corners=True).tanh()
    raw = F.interpolate(raw, images.shape[-2:], mode="bilinear", align_corners=False)
    return plain_curves(images, raw).clamp(0, 1)


def plain_deep_upe(model: DeepUpe, images: Tensor) -> Tensor:
    """All hinges of the guide at once, and the eight corners of each grid cell gathered."""
    x = F.interpolate(images, (SIDE, SIDE), mode="bilinear", antialias=True)
    for conv in model.splat:
        x = F.relu(conv(x))
    scene = x
    for conv in model.globals:
        scene = F.relu(conv(scene))
    x = F.relu(model.locals[0](x))
    for conv in model.locals[1:]:
        x = conv(x)
    fused = F.relu(x + model.dense(scene)[..., None, None])
    grid = model.predict(fused).unflatten(1, (4, 3, BINS))
    guide = model.guide
    hinges = F.relu(guide.matrix(images)[:, None] - guide.shifts.view(1, -1, 3, 1, 1))
    curve = (guide.slopes.view(1, -1, 3, 1, 1) * hinges).sum(1)
    height = guide.mix(curve).clamp(0, 1)[:, 0]
    return model.divide(images, plain_slice(grid, images, height)).image


def plain_slice(grid: Tensor, images: Tensor, guide: Tensor) -> Tensor:
    """Tent weights around cell centres, corner by corner, on one image."""
    _, _, _, depth, rows, columns = grid.shape
    height, width = images.shape[-2:]
    z = guide[0] * depth - 0.5
    y = ((torch.arange(height).to(z) + 0.5) * rows / height - 0.5)[:, None].expand_as(z)
    x = ((torch.arange(width).to(z) + 0.5) * columns / width - 0.5).expand_as(z)
    affine = 0
    for dz in (0, 1):
        for dy in (0, 1):
            for dx in (0, 1):
                i, j, k = (p.floor() + d for p, d in ((z, dz), (y, dy), (x, dx)))
                weight = (1 - (z - i).abs()) * (1 - (y - j).abs()) * (1 - (x - k).abs())
                held = (c.clamp(0, n - 1).long() for c, n in ((i, depth), (j, rows), (k, columns)))
                affine = affine + weight * grid[0][:, :, *held]
    return ((affine[:3] * images[0][:, None]).sum(0) + affine[3])[None]


def plain_unet(model: torch.nn.Module, images: Tensor) -> Tensor:
    """The same code in the default layout."""
    return model(images).image


def plain_dped(model: Dped, images: Tensor) -> Tensor:
    """PyTorch's instance normalisation."""

    def normalised(conv: torch.nn.Module, norm: torch.nn.Module, x: Tensor) -> Tensor:
        return F.instance_norm(conv(x), weight=norm.weight, bias=norm.bias, eps=NORM_FLOOR)

    x = F.relu(model.first(images))
    for block in model.blocks:
        inner = F.relu(normalised(block[0], block[1], x))
        x = x + F.relu(normalised(block[3], block[4], inner))
    for conv in model.then:
        x = F.relu(conv(x))
    return torch.tanh(model.last(x)) * STRETCH + CENTRE


def plain_retinexformer(model: Retinexformer, images: Tensor) -> Tensor:
    """Pixels as rows of a matrix, as the paper writes attention. Sides that are multiples of 4."""
    light, gain = model.estimator(images)
    lit = images * (1 + gain)
    x, levels, lights = model.embed(lit), [], []
    for level, blocks in enumerate(model.encode):
        x = plain_guided_blocks(blocks, x, light)
        levels.append(x)
        lights.append(light)
        if level < len(model.down):
            x, light = model.down[level](x), model.light_down[level](light)
    for level in reversed(range(len(model.decode))):
        x = model.fuse[level](torch.cat([model.up[level](x), levels[level]], 1))
        x = plain_guided_blocks(model.decode[level], x, lights[level])
    return lit + model.last(x)


def plain_guided_blocks(blocks: torch.nn.Module, x: Tensor, light: Tensor) -> Tensor:
    """softmax(scale k' q) v' with k and q normalised first, then the feed-forward network."""
    for attention, feed_forward in blocks:
        n, channels, height, width = x.shape
        rows = x.permute(0, 2, 3, 1).reshape(n, height * width, channels)
        q, k, v = F.linear(rows, attention.query_key_value.weight[..., 0, 0]).chunk(3, dim=-1)
        guided = v * light.permute(0, 2, 3, 1).reshape(v.shape)
        q, k, guided = (
            part.view(n, -1, attention.heads, channels // attention.heads).permute(0, 2, 3, 1)
            for part in (q, k, guided)
        )
        k, q = F.normalize(k, dim=-1), F.normalize(q, dim=-1)
        weights = torch.softmax(attention.scale * (k @ q.transpose(-2, -1)), dim=-1)
        mixed = (weights @ guided).permute(0, 3, 1, 2).reshape(n, height * width, channels)
        mixed = F.linear(mixed, attention.mix.weight[..., 0, 0], attention.mix.bias)
        planes = [m.view(n, height, width, channels).permute(0, 3, 1, 2) for m in (mixed, v)]
        x = x + planes[0] + attention.position(planes[1])
        x = x + feed_forward(x)
    return x


PLAIN: dict[str, Callable] = {
    "zero_dce": plain_zero_dce,
    "zero_dce_pp": plain_zero_dce,
    "star_dce": plain_star,
    "deep_upe": plain_deep_upe,
    "unet": plain_unet,
    "retinexnet_small": plain_unet,
    "hdr_cnn_small": plain_unet,
    "dped_small": plain_dped,
    "dpe_small": plain_unet,
    "retinexformer_small": plain_retinexformer,
}

if __name__ == "__main__":
    main()
