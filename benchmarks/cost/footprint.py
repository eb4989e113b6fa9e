"""What a call takes besides time: floating-point operations and memory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path


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
