"""What verifying finds, and how it names files and samples."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from .rows import Row, Sample

MOST_PROBLEMS = 10_000


@dataclass
class Report:
    """What a verification found. A data set is sound when `problems` is empty."""

    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # worth knowing, not wrong
    samples: int = 0
    files: int = 0
    untold: int = 0  # problems beyond the first MOST_PROBLEMS

    def tell(self, *problems: str) -> None:
        """Add problems, up to as many as anybody reads."""
        room = MOST_PROBLEMS - len(self.problems)
        self.problems += problems[:room]
        self.untold += max(0, len(problems) - room)


def short_hash(name: str) -> int:
    """Eight bytes that stand for a name."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest())


def made(rows: Iterable[Row]) -> Iterator[Sample]:
    """The samples among some rows."""
    return (row for row in rows if isinstance(row, Sample))


def is_lut(path: str) -> bool:
    """Whether a file of a data set is a LUT."""
    return path.startswith("luts/")
