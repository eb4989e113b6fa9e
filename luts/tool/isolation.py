"""What code from outside does must touch only itself: whatever is global is put back after it.

Code of somebody else runs when its file is imported, and whenever it is called. It starts from
generators that its names decide, and may leave threads, types and modes of libraries as it likes.
"""

from __future__ import annotations

import gc
import locale
import os
import random
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from .seeding import sample_rng

UNKNOWN = object()  # the value of a fresh library that depends on the machine


@dataclass(frozen=True)
class Switch:
    """Something global of a library: how it is read and put back, and what it is at first."""

    read: Callable[[Any], Any]
    write: Callable[[Any, Any], Any]
    fresh: Any = UNKNOWN


def _chdir(_: Any, place: str) -> None:
    os.chdir(place)


def _put_environment(_: Any, kept: dict[str, str]) -> None:
    for name in os.environ.keys() - kept.keys():
        del os.environ[name]
    os.environ.update(kept)


def _put_filters(_: Any, kept: list[Any]) -> None:
    warnings.filters[:] = kept  # type: ignore[index]


def _handlers(_: Any) -> tuple[Any, ...]:
    return tuple(signal.getsignal(number) for number in SIGNALS)


def _put_handlers(_: Any, kept: tuple[Any, ...]) -> None:
    if threading.current_thread() is not threading.main_thread():
        return  # which alone may set them
    signal.setitimer(signal.ITIMER_REAL, 0)  # an alarm to come would meet another handler
    for number, handler in zip(SIGNALS, kept, strict=True):
        if handler is not None:  # set by no Python code
            signal.signal(number, handler)


def _umask(_: Any) -> int:
    os.umask(mask := os.umask(0o077))
    return mask


def _collect(_: Any, on: bool) -> None:
    (gc.enable if on else gc.disable)()


SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)
PYTHON = (
    Switch(lambda _: os.getcwd(), _chdir),  # noqa: PTH109 - as text, many times
    Switch(lambda _: dict(os.environ), _put_environment),
    Switch(lambda _: sys.path[:], lambda _, kept: sys.path.__setitem__(slice(None), kept)),
    Switch(lambda _: (sys.stdout, sys.stderr), lambda s, kept: _put_streams(kept)),
    Switch(lambda _: warnings.filters[:], _put_filters),  # type: ignore[index]
    Switch(_handlers, _put_handlers),
    Switch(_umask, lambda _, mask: os.umask(mask)),
    Switch(lambda _: gc.isenabled(), _collect),
    Switch(lambda _: sys.getrecursionlimit(), lambda _, depth: sys.setrecursionlimit(depth)),
    Switch(
        lambda _: locale.setlocale(locale.LC_ALL),
        lambda _, kept: locale.setlocale(locale.LC_ALL, kept),
    ),
)
NUMPY = (
    Switch(lambda np: np.geterr(), lambda np, kept: np.seterr(**kept)),
    Switch(lambda np: np.get_printoptions(), lambda np, kept: np.set_printoptions(**kept)),
)
OPENCV = (
    Switch(lambda cv2: cv2.getNumThreads(), lambda cv2, count: cv2.setNumThreads(count)),
    Switch(lambda cv2: cv2.useOptimized(), lambda cv2, on: cv2.setUseOptimized(on), fresh=True),
)


def _put_streams(kept: tuple[Any, Any]) -> None:
    sys.stdout, sys.stderr = kept


def _flag(path: str, fresh: Any) -> Switch:
    """An attribute of a library's, such as backends.cudnn.enabled."""
    *places, name = path.split(".")

    def home(library: Any) -> Any:
        for place in places:
            library = getattr(library, place)
        return library

    def write(library: Any, value: Any) -> None:
        setattr(home(library), name, value)

    return Switch(lambda library: getattr(home(library), name), write, fresh)


TORCH = (
    Switch(
        lambda torch: str(torch.get_default_device()),
        lambda torch, name: torch.set_default_device(None if name == "cpu" else name),
        fresh="cpu",
    ),
    Switch(
        lambda torch: str(torch.get_default_dtype()).removeprefix("torch."),
        lambda torch, name: torch.set_default_dtype(getattr(torch, name)),
        fresh="float32",
    ),
    Switch(
        lambda torch: torch.is_grad_enabled(),
        lambda torch, on: torch.set_grad_enabled(on),
        fresh=True,
    ),
    Switch(lambda torch: torch.get_num_threads(), lambda torch, n: torch.set_num_threads(n)),
    Switch(
        lambda torch: (
            torch.are_deterministic_algorithms_enabled(),
            torch.is_deterministic_algorithms_warn_only_enabled(),
        ),
        lambda torch, kept: torch.use_deterministic_algorithms(kept[0], warn_only=kept[1]),
        fresh=(False, False),
    ),
    Switch(
        lambda torch: torch.is_anomaly_enabled(),
        lambda torch, on: torch.autograd.set_detect_anomaly(on),
        fresh=False,
    ),
    Switch(
        lambda torch: torch.get_float32_matmul_precision(),
        lambda torch, kept: torch.set_float32_matmul_precision(kept),
        fresh="highest",
    ),
    _flag("backends.cudnn.enabled", fresh=True),
    _flag("backends.cudnn.benchmark", fresh=False),
    _flag("backends.cudnn.deterministic", fresh=False),
    _flag("backends.cudnn.allow_tf32", fresh=True),
    _flag("backends.cuda.matmul.allow_tf32", fresh=False),
    _flag("backends.mkldnn.enabled", fresh=True),
)
LIBRARIES = {"sys": PYTHON, "numpy": NUMPY, "cv2": OPENCV, "torch": TORCH}


@contextmanager
def isolated(*names: str) -> Iterator[None]:
    """Seed the global generators by `names`; put all that is global back at the end.

    That is: generators, threads, error handling, warnings, the working folder, the environment,
    paths, signals, streams; of torch default type and device, grad mode and its switches. A library
    that was first imported inside is left as it is when fresh.
    """
    kept = {
        switch: switch.read(sys.modules[name]) if name in sys.modules else switch.fresh
        for name, switches in LIBRARIES.items()
        for switch in switches
    }
    drawn = _seed(int(sample_rng(0, "/".join(names)).integers(2**31)))
    try:
        yield
    finally:
        for name, switches in LIBRARIES.items():
            library = sys.modules.get(name)
            for switch in switches if library else ():
                if kept[switch] is not UNKNOWN and _now(switch, library) != kept[switch]:
                    switch.write(library, kept[switch])
        _unseed(drawn)


def _now(switch: Switch, library: Any) -> Any:
    try:
        return switch.read(library)
    except (OSError, RuntimeError):  # a folder that is gone; flags of two kinds mixed
        return UNKNOWN


def _seed(seed: int) -> tuple[Any, ...]:
    torch, cv2 = sys.modules.get("torch"), sys.modules.get("cv2")
    kept = (
        random.getstate(),
        np.random.get_state(),  # noqa: NPY002
        torch.get_rng_state() if torch else None,
    )
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - the generator that methods of others draw from
    if cv2:
        cv2.setRNGSeed(seed)  # its state cannot be read: whoever draws from it is seeded here
    if torch:
        torch.manual_seed(seed)
    return kept


def _unseed(kept: tuple[Any, ...]) -> None:
    random.setstate(kept[0])
    np.random.set_state(kept[1])  # noqa: NPY002
    torch = sys.modules.get("torch")
    if torch:
        torch.set_flush_denormal(False)  # cannot be read
    if torch and kept[2] is not None:
        torch.set_rng_state(kept[2])
