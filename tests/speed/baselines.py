"""Classical methods and oracles beside their peers: processor seconds on one thread.

    python -m tests.speed.baselines [--quick] [--memory]

A ratio above 1 means that ours is faster. `--quick` leaves out the direct sparse solver, which
takes half a minute; `--memory` adds the peak memory of every method at 12 megapixels, each measured
in a process of its own (Linux only).
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

MEGAPIXEL, TWELVE = (1000, 1000), (3000, 4000)
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
BUDGETS = {"oracle_lut17": 1.5, "oracle_lut33": 8.0}  # seconds at 1 MP
GIGABYTE = 1 << 30


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="leave out the slow peer")
    parser.add_argument("--memory", action="store_true", help="add peak memory at 12 megapixels")
    parser.add_argument("--memory-of", help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    if any(os.environ.get(name) != "1" for name in THREADS):  # read when libraries load
        os.environ.update(dict.fromkeys(THREADS, "1"))
        os.execv(sys.executable, [sys.executable, "-m", "tests.speed.baselines", *sys.argv[1:]])
    import cv2

    cv2.setNumThreads(1)
    if args.memory_of:
        print(_peak_growth(args.memory_of))
        return
    print(f"{'1 MP, one thread':44}{'ours ms':>10}{'peer ms':>10}{'ratio':>8}")
    _report_equalisation()
    if not args.quick:
        _report_smoothing()
    _report_oracles()
    if args.memory:
        _report_memory()


def _report_equalisation() -> None:
    """Equalisation from float to float, beside OpenCV with numpy's conversions around it."""
    import cv2

    from benchmarks.methods.classical import CLASSICAL

    encoded = _scene(MEGAPIXEL)
    clahe = cv2.createCLAHE(clipLimit=2.0, tileGridSize=(8, 8)).apply

    def peer(operate: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        codes = np.rint(encoded * np.float32(255)).astype(np.uint8)
        planes = [operate(plane) for plane in cv2.split(codes)]
        return cv2.merge(planes).astype(np.float32) / np.float32(255)

    for name, operate in (("he_rgb", cv2.equalizeHist), ("clahe_rgb", clahe)):
        method = CLASSICAL[name].load()
        best = _fastest(
            {
                "ours": lambda method=method: method(encoded),
                "peer": lambda operate=operate: peer(operate),
            }
        )
        _line(f"{name} : OpenCV, float to float", best["ours"], best["peer"])


def _report_smoothing() -> None:
    """LIME's linear system, beside scipy's direct solver."""
    import scipy.sparse as sp
    from scipy.sparse.linalg import spsolve

    from benchmarks.methods.classical.lime import SMOOTHNESS, quadratic_weights
    from benchmarks.methods.classical.smooth import smooth

    brightest = (_scene(MEGAPIXEL) * np.float32(0.3)).max(axis=2)
    wx, wy = quadratic_weights(brightest, SMOOTHNESS)
    start = time.process_time()
    ours = smooth(brightest, wx, wy)
    middle = time.process_time()

    def line(n: int) -> sp.dia_array:
        ones = np.ones(n - 1)
        return sp.diags_array([-ones, ones], offsets=[0, 1], shape=(n - 1, n))

    height, width = brightest.shape
    steps = sp.kron(sp.eye_array(height), line(width)), sp.kron(line(height), sp.eye_array(width))
    matrix = sp.eye_array(brightest.size) + sum(
        d.T @ sp.diags_array(w.ravel().astype(float)) @ d
        for d, w in zip(steps, (wx, wy), strict=True)
    )
    direct = spsolve(matrix.tocsc(), brightest.ravel().astype(float)).reshape(brightest.shape)
    end = time.process_time()
    _line("LIME's system : scipy spsolve", middle - start, end - middle)
    print(f"{'':4}largest difference {np.abs(ours - direct).max():.1e}")


def _report_oracles() -> None:
    from benchmarks.methods.oracles import ORACLES

    reference = _scene(MEGAPIXEL)
    mixed = reference**1.3 @ np.float32([[0.8, 0.2, 0], [0.1, 0.8, 0.1], [0, 0.3, 0.7]]).T
    degraded = np.rint(mixed * 255).astype(np.float32) / 255
    for name, oracle in ORACLES.items():
        function = oracle.load()
        seconds = _fastest({name: lambda f=function: f(degraded, reference)}, repeats=2)[name]
        budget = f"  (budget {BUDGETS[name] * 1e3:.0f})" if name in BUDGETS else ""
        print(f"{name:44}{seconds * 1e3:10.0f}{budget}")


def _report_memory() -> None:
    from benchmarks.methods.classical import CLASSICAL
    from benchmarks.methods.oracles import ORACLES

    print(f"{'12 MP':44}{'peak GB above the input':>28}")
    for name in [*CLASSICAL, *ORACLES]:
        command = [sys.executable, "-m", "tests.speed.baselines", "--memory-of", name]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        print(f"{name:44}{int(done.stdout) / GIGABYTE:28.2f}")


def _peak_growth(name: str) -> int:
    """Bytes by which one method's peak exceeds what its input already takes."""
    from benchmarks.methods import METHODS

    function = METHODS[name].load()
    small = _scene((40, 50))
    arguments = (small, small) if METHODS[name].kind == "oracle" else (small,)
    function(*arguments)  # imports
    encoded = _scene(TWELVE)
    arguments = (encoded, encoded[::-1].copy()) if len(arguments) == 2 else (encoded,)
    before = int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    function(*arguments)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before


def _scene(size: tuple[int, int]) -> np.ndarray:
    """A picture with large shapes, edges and fine texture, (H, W, 3) float32."""
    import cv2

    rng = np.random.default_rng(0)
    scene = np.zeros((*size, 3), np.float32)
    for cells, amount in ((6, 0.5), (40, 0.3), (300, 0.15)):
        coarse = rng.random((cells, cells, 3), dtype=np.float32)
        kind = cv2.INTER_NEAREST if cells == 40 else cv2.INTER_CUBIC
        scene += amount * cv2.resize(coarse, size[::-1], interpolation=kind)
    noise = rng.standard_normal((*size, 3), dtype=np.float32)
    noise *= np.float32(0.01)
    scene += noise
    return np.clip(scene, 0, 1, out=scene)


def _fastest(tasks: dict[str, Callable[[], object]], repeats: int = 7) -> dict[str, float]:
    """Best processor time of each task, measured in turns."""
    best = dict.fromkeys(tasks, np.inf)
    for _ in range(repeats):
        for name, task in tasks.items():
            start = time.process_time()
            task()
            best[name] = min(best[name], time.process_time() - start)
    return best


def _line(label: str, ours: float, peer: float) -> None:
    print(f"{label:44}{ours * 1e3:10.1f}{peer * 1e3:10.1f}{peer / ours:8.2f}")


if __name__ == "__main__":
    main()
