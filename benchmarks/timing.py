"""How long a method takes and how much memory: latency, throughput, peaks, FLOPs.

The protocol: inputs made beforehand, at least WARM_UPS calls that do not count, then RUNS calls or
SECONDS of them, whichever is longer, each timed on its own; on a GPU by CUDA events with a single
synchronisation at the end. A method so slow that this would take more than `budget_s` is stopped
there, and its row says how many runs there were. The model alone and file to file are two rows.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from luts.command import UserError

from .methods import METHODS

WARM_UPS, RUNS, SECONDS = 10, 50, 2.0
SIZES = {"256": (256, 256), "480p": (480, 720), "1mp": (1000, 1000), "12mp": (3000, 4000)}


@dataclass(frozen=True)
class Timing:
    """One measured row; `seconds` are the single calls. Memory in bytes, None where unknown."""

    method: str
    what: str  # "model" (arrays in, arrays out) or "file" (decode, method, encode)
    device: str
    height: int
    width: int
    batch: int
    precision: str
    seconds: np.ndarray = field(repr=False)
    parameters: int = 0
    flops: int | None = None
    uncounted: tuple[str, ...] = ()
    peak_bytes: int | None = None
    reserved_bytes: int | None = None
    note: str = ""

    def row(self) -> dict[str, Any]:
        """Reduce to what tables hold: p50, p90 and quartile range in ms, images per second."""
        low, middle, high, p90 = np.percentile(self.seconds * 1e3, [25, 50, 75, 90])
        facts = {k: v for k, v in vars(self).items() if k != "seconds"}
        return facts | {
            "uncounted": " ".join(self.uncounted),
            "p50_ms": middle,
            "p90_ms": p90,
            "iqr_ms": high - low,
            "images_per_s": self.batch / (middle / 1e3),
            "runs": len(self.seconds),
        }


def parse_size(text: str) -> tuple[int, int]:
    """Read "480p", "1mp" or "1200x800" (width x height) as (height, width)."""
    if text.lower() in SIZES:
        return SIZES[text.lower()]
    match = re.fullmatch(r"(\d+)x(\d+)", text)
    if not match or "0" in match.groups():
        raise UserError(f"size {text!r}: give WIDTHxHEIGHT or one of {', '.join(SIZES)}")
    return int(match[2]), int(match[1])


def measure(
    call: Callable[[], object], device: str = "cpu", *, budget_s: float = 30.0
) -> np.ndarray:
    """Time single calls by the protocol above.

    Returns
    -------
    (runs,) seconds per call; at least one run.
    """
    clock = _cuda_seconds if device.startswith("cuda") else _cpu_seconds
    started = time.perf_counter()
    for _ in range(WARM_UPS):
        clock(call, 1)
        if time.perf_counter() - started > budget_s / 4:
            break
    seconds: list[float] = []
    begun = time.perf_counter()
    while len(seconds) < RUNS or time.perf_counter() - begun < SECONDS:
        seconds += clock(call, 5 if seconds and seconds[-1] < 0.02 else 1)
        if time.perf_counter() - begun > budget_s:
            break
    return np.array(seconds)


def _cpu_seconds(call: Callable[[], object], runs: int) -> list[float]:
    marks = [time.perf_counter()]
    for _ in range(runs):
        call()
        marks.append(time.perf_counter())
    return np.diff(marks).tolist()


def _cuda_seconds(call: Callable[[], object], runs: int) -> list[float]:
    import torch

    marks = [torch.cuda.Event(enable_timing=True) for _ in range(runs + 1)]
    marks[0].record()
    for mark in marks[1:]:
        call()
        mark.record()
    torch.cuda.synchronize()
    return [a.elapsed_time(b) / 1e3 for a, b in pairwise(marks)]


def count_flops(call: Callable[[], object]) -> tuple[int, tuple[str, ...]]:
    """Count the floating-point operations of one call by torch's own counter.

    Returns
    -------
    (operations, 2 per multiply-add; the names of the operations it has no formula for)
    """
    from torch.utils._python_dispatch import TorchDispatchMode
    from torch.utils.flop_counter import FlopCounterMode, flop_registry

    seen: set[str] = set()

    class Names(TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            if func._overloadpacket not in flop_registry:
                seen.add(func._overloadpacket._qualified_op_name.removeprefix("aten::"))
            return func(*args, **(kwargs or {}))

    with FlopCounterMode(display=False) as counter, Names():
        call()
    return counter.get_total_flops(), tuple(sorted(seen - FREE))


# Operations that move, make or view numbers and compute nothing.
FREE = {
    "_to_copy", "_unsafe_view", "alias", "arange", "as_strided", "cat", "clone", "contiguous",
    "copy_", "detach", "empty", "expand", "full", "index", "new_empty", "ones", "permute",
    "reshape", "scalar_tensor", "select", "slice", "split", "squeeze", "stack", "t", "transpose",
    "unsqueeze", "view", "zeros", "zeros_like", "lift_fresh", "unbind", "constant_pad_nd",
}  # fmt: skip


def peak_memory(call: Callable[[], object], device: str) -> tuple[int | None, int | None]:
    """Measure the extra memory one call needs at its peak.

    Returns
    -------
    On a GPU (allocated, reserved) bytes by torch's allocator; on the CPU (growth of the resident
    set during the call, None) where the system tells (Linux), else (None, None).
    """
    if device.startswith("cuda"):
        import torch

        torch.cuda.empty_cache()
        before = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        call()
        torch.cuda.synchronize()
        return torch.cuda.max_memory_allocated() - before, torch.cuda.max_memory_reserved()
    try:
        Path("/proc/self/clear_refs").write_text("5")  # sets the high-water mark back to now
        before = _status("VmRSS")
        call()
        return max(0, _status("VmHWM") - before), None
    except (OSError, KeyError):
        return None, None


def _status(key: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(dict(line.split(":", 1) for line in lines)[key].split()[0]) * 1024


def time_method(
    name: str,
    size: tuple[int, int],
    *,
    batch: int = 1,
    device: str = "cpu",
    precision: str = "fp32",
    budget_s: float = 30.0,
) -> list[Timing]:
    """Time one method of METHODS at one size, arrays to arrays and picture file to picture file.

    Parameters
    ----------
    name : a classical method or a model, not blended
    size : (height, width)
    batch : images per call; classical methods take them one by one
    device : where models run; classical methods run on the CPU
    precision : of models, one of `precision.PRECISIONS`; classical methods compute in fp32
    budget_s : stop measuring one row after this long

    Returns
    -------
    The "model" row and the "file" row. Running out of GPU memory halves the batch, with a note.
    Untrained models are timed with their initial weights (the work is the same), with a note.
    """
    is_model = METHODS[name].kind == "model"
    device = device if is_model else "cpu"
    if is_model:
        call, facts = _model_call(name, size, batch, device=device, precision=precision)
    else:
        call, facts = _plain_call(name, size, batch)
    try:
        seconds = measure(call, device, budget_s=budget_s)
        peak, reserved = peak_memory(call, device)
    except RuntimeError as error:  # torch.OutOfMemoryError is one
        if type(error).__name__ != "OutOfMemoryError" or batch == 1:
            raise
        settings = {"device": device, "precision": precision, "budget_s": budget_s}
        rows = time_method(name, size, batch=batch // 2, **settings)
        note = f"batch {batch} ran out of memory"
        return [replace(row, note=f"{row.note}; {note}".strip("; ")) for row in rows]
    row = Timing(name, "model", device, *size, batch, precision, seconds, **facts)
    whole = measure(_file_to_file(call, size, batch), budget_s=budget_s)
    return [
        replace(row, peak_bytes=peak, reserved_bytes=reserved),
        replace(row, what="file", seconds=whole, flops=None, uncounted=()),
    ]


def _photo(size: tuple[int, int]) -> np.ndarray:
    """Make a seeded picture with smooth tones and some noise: (H, W, 3) float32 encoded."""
    rng = np.random.default_rng(0)
    coarse = rng.random((6, 8, 3), np.float32)
    smooth = cv2.resize(coarse, size[::-1], interpolation=cv2.INTER_CUBIC)
    return (smooth + rng.normal(0, 0.01, smooth.shape).astype(np.float32)).clip(0, 1)


def _plain_call(name: str, size: tuple[int, int], batch: int) -> tuple[Callable, dict]:
    function, inputs = METHODS[name].load(), [_photo(size)]
    if METHODS[name].region_aware:
        labels = np.zeros(size, np.uint8)
        labels[size[0] // 4 : -size[0] // 4] = 2
        inputs.append(labels)

    def call() -> None:
        for _ in range(batch):
            function(*inputs)

    return call, {}


def _model_call(
    name: str, size: tuple[int, int], batch: int, *, device: str, precision: str
) -> tuple[Callable, dict]:
    import torch

    from .inference import load_model
    from .models import build
    from .precision import variant
    from .predict import UntrainedError

    try:
        model, note = load_model(name, device), ""
    except UntrainedError:
        model, note = build(name).to(device).eval(), "initial weights"
    images = torch.from_numpy(_photo(size).transpose(2, 0, 1)[None].copy()).to(device)
    images = images.expand(batch, -1, -1, -1).contiguous()
    regions = torch.ones_like(images[:, :2])

    @torch.inference_mode()
    def call() -> None:
        model(images, regions)

    flops, uncounted = count_flops(call)
    parameters = sum(p.numel() for p in model.parameters())
    model = variant(model, precision, device)
    facts = {"flops": flops // batch, "uncounted": uncounted, "parameters": parameters}
    return call, facts | {"note": note}


def _file_to_file(
    call: Callable[[], None], size: tuple[int, int], batch: int
) -> Callable[[], None]:
    """Add what a user pays besides: decode an 8-bit PNG per image before, encode one after."""
    codes = np.uint8(np.round(_photo(size) * 255))
    png = cv2.imencode(".png", codes)[1]

    def whole() -> None:
        for _ in range(batch):
            cv2.imdecode(png, cv2.IMREAD_COLOR)
        call()
        for _ in range(batch):
            cv2.imencode(".png", codes)

    return whole
