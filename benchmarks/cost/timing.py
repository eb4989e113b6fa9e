"""How long a method takes and how much memory: latency, throughput, peaks, FLOPs.

The protocol: inputs made beforehand, at least WARM_UPS calls that do not count, then RUNS calls or
SECONDS of them, whichever is longer, each timed on its own; on a GPU by CUDA events with a single
synchronisation at the end. What would take more than `budget_s` is stopped there, and its row says
how many calls there were, and "reduced" where they are fewer than WARM_UPS, or fewer than RUNS in
less than SECONDS. The model alone and file to file are two rows.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from datagen.images.codes import quantise
from luts.tool.errors import UserError

from .footprint import count_flops, peak_memory

if TYPE_CHECKING:
    from ..methods.method import Method

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
    warm_ups: int = WARM_UPS
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
            "protocol": "full" if self.follows_protocol else "reduced",
        }

    @property
    def follows_protocol(self) -> bool:
        """Whether there were as many calls as the protocol asks for."""
        enough = len(self.seconds) >= RUNS or self.seconds.sum() >= SECONDS
        return self.warm_ups >= WARM_UPS and enough


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
) -> tuple[np.ndarray, int]:
    """Time single calls by the protocol above.

    Returns
    -------
    (seconds of each call, at least one; how many went before that do not count)
    """
    clock = _cuda_seconds if device.startswith("cuda") else _cpu_seconds
    started, warm_ups = time.perf_counter(), 0
    while warm_ups < WARM_UPS and (not warm_ups or time.perf_counter() - started < budget_s / 4):
        clock(call, 1)
        warm_ups += 1
    seconds: list[float] = []
    begun = time.perf_counter()
    while len(seconds) < RUNS or time.perf_counter() - begun < SECONDS:
        seconds += clock(call, 5 if seconds and seconds[-1] < 0.02 else 1)
        if time.perf_counter() - begun > budget_s:
            break
    return np.array(seconds), warm_ups


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


def time_method(
    name: str,
    method: Method,
    size: tuple[int, int],
    *,
    batch: int = 1,
    device: str = "cpu",
    precision: str = "fp32",
    budget_s: float = 30.0,
    files: bool = True,
) -> list[Timing]:
    """Time one method at one size, arrays to arrays and picture file to picture file.

    Parameters
    ----------
    name, method : a classical method or a model, not blended; settings such as a degree may differ
        from those of METHODS
    size : (height, width)
    batch : images per call; classical methods take them one by one
    device : where models run; classical methods run on the CPU
    precision : of models, one of `precision.PRECISIONS`; classical methods compute in fp32
    budget_s : stop measuring one row after this long
    files : whether to measure file to file as well

    Returns
    -------
    The "model" row and the "file" row. Running out of GPU memory halves the batch, with a note.
    Untrained models are timed with their initial weights (the work is the same), with a note.
    """
    device = device if method.kind == "model" else "cpu"
    shape = (batch, *size)
    if method.kind == "model":
        called = _model_call(name, method, shape, device=device, precision=precision)
    else:
        called = _Called(_plain_call(method, shape))
    try:
        seconds, warm_ups = measure(called.call, device, budget_s=budget_s)
        peak, reserved = peak_memory(called.call, device)
    except RuntimeError as error:  # torch.OutOfMemoryError is one
        if type(error).__name__ != "OutOfMemoryError" or batch == 1:
            raise
        rows = time_method(
            name,
            method,
            size,
            batch=batch // 2,
            device=device,
            precision=precision,
            budget_s=budget_s,
            files=files,
        )
        note = f"batch {batch} ran out of memory"
        return [replace(row, note=f"{row.note}; {note}".strip("; ")) for row in rows]
    row = Timing(
        name,
        "model",
        device,
        *size,
        batch,
        precision,
        seconds,
        warm_ups,
        parameters=called.parameters,
        flops=called.flops,
        uncounted=called.uncounted,
        note=called.note,
    )
    rows = [replace(row, peak_bytes=peak, reserved_bytes=reserved)]
    if files:
        whole = _file_to_file(called.call, size, batch)
        seconds, warm_ups = measure(whole, budget_s=budget_s)
        rows.append(
            replace(row, what="file", seconds=seconds, warm_ups=warm_ups, flops=None, uncounted=())
        )
    return rows


@dataclass(frozen=True)
class _Called:
    """One batch through a method, and what is known of it without measuring."""

    call: Callable[[], None]
    parameters: int = 0
    flops: int | None = None
    uncounted: tuple[str, ...] = ()
    note: str = ""


def _photo(size: tuple[int, int]) -> np.ndarray:
    """Make a seeded picture with smooth tones and some noise: (H, W, 3) float32 encoded."""
    rng = np.random.default_rng(0)
    coarse = rng.random((6, 8, 3), np.float32)
    smooth = cv2.resize(coarse, size[::-1], interpolation=cv2.INTER_CUBIC)
    return np.clip(smooth + rng.normal(0, 0.01, (*size, 3)).astype(np.float32), 0, 1)


def _plain_call(method: Method, shape: tuple[int, int, int]) -> Callable[[], None]:
    batch, height, width = shape
    function, inputs = method.load(), [_photo((height, width))]
    if method.region_aware:
        labels = np.zeros((height, width), np.uint8)
        labels[height // 4 : -height // 4] = 2
        inputs.append(labels)

    def call() -> None:
        for _ in range(batch):
            function(*inputs)

    return call


def _model_call(
    name: str,
    method: Method,
    shape: tuple[int, int, int],
    *,
    device: str,
    precision: str,
) -> _Called:
    import torch

    from luts.torch.layout import to_batch

    from ..harness.device import exact_float32
    from ..methods.models import build_row
    from ..methods.models.trained.checkpoints import UntrainedError, changed_settings, load_row
    from .precision import variant

    batch, height, width = shape
    exact_float32(device)
    try:
        model, note = load_row(name, method)[0].to(device), ""
    except UntrainedError:
        settings = changed_settings(name, method)
        model, note = build_row(name, method, **settings).to(device).eval(), "initial weights"
    images = to_batch([_photo((height, width))], device)
    images = images.expand(batch, -1, -1, -1).contiguous()
    regions = torch.ones_like(images[:, :2])

    @torch.inference_mode()
    def call() -> None:
        model(images, regions)

    flops, uncounted = count_flops(call)
    parameters = sum(p.numel() for p in model.parameters())
    model = variant(model, precision, device)
    return _Called(call, parameters, flops // batch, uncounted, note)


def _file_to_file(
    call: Callable[[], None], size: tuple[int, int], batch: int
) -> Callable[[], None]:
    """Add what a user pays besides: decode an 8-bit PNG per image before, encode one after."""
    codes = quantise(_photo(size), 8)
    png = cv2.imencode(".png", codes)[1]

    def whole() -> None:
        for _ in range(batch):
            cv2.imdecode(png, cv2.IMREAD_COLOR)
        call()
        for _ in range(batch):
            cv2.imencode(".png", codes)

    return whole
