"""Progress on stderr: one tqdm bar on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType

LINE_EVERY_S = 10.0


class Progress:
    """Counts finished items out of `total`; use it as a context manager.

    On a terminal it is a tqdm bar with rate and time left. Into a file or pipe it writes a line
    every ten seconds, so that a log stays readable.
    """

    def __init__(self, total: int, label: str, unit: str) -> None:
        self.total, self.label, self.unit = total, label, unit
        self.done = self.failed = 0
        self._started = self._last = time.monotonic()
        self._bar = None
        if sys.stderr.isatty():
            from tqdm import tqdm

            self._bar = tqdm(total=total, desc=label, unit=unit, file=sys.stderr, leave=False)

    def step(self, count: int = 1, *, failed: bool = False) -> None:
        """Count what is done."""
        self.done += count
        self.failed += failed
        if self._bar is not None:
            self._bar.update(count)
            if failed:
                self._bar.set_postfix(failed=self.failed)
        elif time.monotonic() - self._last >= LINE_EVERY_S:
            self._last = time.monotonic()
            self._write_line()

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.close()

    def _write_line(self) -> None:
        elapsed = time.monotonic() - self._started
        left = elapsed / self.done * (self.total - self.done)
        failed = f", {self.failed} failed" if self.failed else ""
        print(
            f"{self.label}: {self.done} of {self.total} {self.unit}s{failed}, {left:.0f} s left",
            file=sys.stderr,
            flush=True,
        )
