"""Metrics beside their peers: processor seconds and memory, on one thread.

    python -m tests.speed.metrics [--quick]

Every peer is measured in the same process on the same pictures, in turns; the fastest of the
repeats counts. Peers that are not installed are skipped with a line.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

SIZES = {"1 MP": (1000, 1000), "12 MP": (3000, 4000)}
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="1 megapixel only")
    parser.add_argument("--memory-of", choices=SIZES, help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    if any(os.environ.get(name) != "1" for name in THREADS):  # read when libraries load
        os.environ.update(dict.fromkeys(THREADS, "1"))
        os.execv(sys.executable, [sys.executable, "-m", "tests.speed.metrics", *sys.argv[1:]])
    import cv2

    cv2.setNumThreads(1)
    if args.memory_of:
        print(_peak_growth(SIZES[args.memory_of]))
        return
    print(f"{'':34}{'ours ms':>10}{'peer ms':>10}{'ratio':>8}")
    for label, size in list(SIZES.items())[: 1 if args.quick else None]:
        _report(label, size)
        _report_memory(label, size)


def _report(label: str, size: tuple[int, int]) -> None:
    from benchmarks.metrics import METRICS, score_regions
    from luts.colour.colorimetry import delta_e_2000, encoded_to_lab

    estimate, reference, degraded, regions = _sample(size)
    labs = [encoded_to_lab(image) for image in (estimate, reference)]
    tasks = {
        "ssim": lambda: METRICS["ssim"](estimate, reference),
        "ciede2000": lambda: delta_e_2000(*labs),
        "score_regions": lambda: score_regions(
            estimate, reference, degraded, regions, names=_all_but("loe")
        ),
    }
    tasks |= _peers(estimate, reference, labs)
    seconds = _fastest(tasks, 5 if label == "1 MP" else 3)
    for ours, peer in (
        ("ssim", "scikit-image ssim"),
        ("ssim", "torchmetrics ssim"),
        ("ciede2000", "colour ciede2000"),
        ("score_regions", "scikit-image ssim"),
    ):
        if peer not in seconds:
            print(f"{peer}: not installed, skipped", file=sys.stderr)
            continue
        one, two = seconds[ours] * 1e3, seconds[peer] * 1e3
        print(f"{f'{label}  {ours} : {peer}':34}{one:10.0f}{two:10.0f}{two / one:8.2f}")


def _all_but(*left_out: str) -> list[str]:
    from benchmarks.metrics import METRICS

    return [n for n, metric in METRICS.items() if metric.by_default and n not in left_out]


def _sample(size: tuple[int, int]) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(0)
    reference = rng.random((*size, 3), np.float32)
    estimate = np.clip(reference + rng.normal(0, 0.05, reference.shape), 0, 1).astype(np.float32)
    y, x = np.ogrid[: size[0], : size[1]]
    away = np.hypot(y - size[0] / 2, x - size[1] / 2) / min(size)
    regions = np.where(away < 0.28, 2, np.where(away < 0.34, 1, 0)).astype(np.uint8)
    return estimate, reference, reference * np.float32(0.5), regions


def _peers(
    estimate: np.ndarray, reference: np.ndarray, labs: list[np.ndarray]
) -> dict[str, Callable[[], object]]:
    """The peers that are installed, each with the settings that mean the same as ours."""
    peers: dict[str, Callable[[], object]] = {}
    if importlib.util.find_spec("skimage"):
        from skimage.metrics import structural_similarity

        double = [image.astype(np.float64) for image in (estimate, reference)]
        peers["scikit-image ssim"] = lambda: structural_similarity(
            *double,
            channel_axis=2,
            data_range=1,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
        )
    if importlib.util.find_spec("torchmetrics"):
        import torch
        from torchmetrics.functional.image import structural_similarity_index_measure

        torch.set_num_threads(1)
        tensors = [
            torch.from_numpy(image.transpose(2, 0, 1).copy())[None]
            for image in (estimate, reference)
        ]
        peers["torchmetrics ssim"] = lambda: structural_similarity_index_measure(
            *tensors, data_range=1.0
        )
    if importlib.util.find_spec("colour"):
        from colour.difference import delta_E_CIE2000

        wide = [lab.astype(np.float64) for lab in labs]
        peers["colour ciede2000"] = lambda: delta_E_CIE2000(*wide)
    return peers


def _fastest(tasks: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Take turns, so that a busy minute of the machine falls on all of them alike."""
    best = dict.fromkeys(tasks, float("inf"))
    for _ in range(repeats):
        for name, task in tasks.items():
            started = time.process_time()
            task()
            best[name] = min(best[name], time.process_time() - started)
    return best


def _report_memory(label: str, size: tuple[int, int]) -> None:
    command = [sys.executable, "-m", "tests.speed.metrics", "--memory-of", label]
    grown = float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    print(f"{label}  score_regions: peak memory of {grown:.1f} float32 images of its size")


def _peak_growth(size: tuple[int, int]) -> float:
    """Growth of this fresh process while everything is scored, in float32 images (Linux)."""
    from benchmarks.metrics import score_regions

    small = _sample((64, 64))
    score_regions(*small, names=_all_but())  # imports and tables are not the picture's
    images = _sample(size)  # its own peak is six images, well below what follows
    before = _status("VmRSS")
    score_regions(*images, names=_all_but())
    return (_status("VmHWM") - before) / images[0].nbytes


def _status(name: str) -> int:
    """Bytes from /proc: unlike ru_maxrss, VmHWM does not start at the parent process's peak."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))


if __name__ == "__main__":
    main()
