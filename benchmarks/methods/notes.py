"""What a method has to say about a picture besides its estimate, on the way to the row.

A method calls `note` while it runs; whoever runs it listens. Nothing is lost or printed otherwise:
an estimate that is the input again for want of anything to fit is an estimate all the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_heard: ContextVar[dict[int, str] | None] = ContextVar("heard", default=None)


def note(text: str, index: int = 0) -> None:
    """Say something about picture number `index` of those at hand; unheard when nobody listens."""
    heard = _heard.get()
    if heard is not None:
        heard[index] = f"{heard[index]}; {text}" if index in heard else text


@contextmanager
def listening() -> Iterator[dict[int, str]]:
    """Collect the notes made inside the block: picture's number -> what was said."""
    heard: dict[int, str] = {}
    before = _heard.set(heard)
    try:
        yield heard
    finally:
        _heard.reset(before)
