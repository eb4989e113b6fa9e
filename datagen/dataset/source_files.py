"""The files a data set was made from, in the order of their paths: held on disk, not in memory."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from .rows import Sample

UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Source:
    """A file, by what is told of it."""

    path: str
    licence: str
    origin: str
    sha256: str


class SourceFiles:
    """Every source file of the samples noted, once; the last that is said of a path counts."""

    def __init__(self) -> None:
        # A database without a name is a file of SQLite's own, gone when this is.
        self._table = sqlite3.connect("", isolation_level=None)
        self._table.execute("create table files (path text primary key, licence, origin, sha256)")
        self._table.execute("begin")

    def note(self, row: Sample) -> None:
        """Add the files a sample was made from."""
        licence, origin = row.licence or UNKNOWN, row.source.origin
        files = {row.source.path: row.source.sha256, **row.source.others}
        self._table.executemany(
            "insert or replace into files values (?, ?, ?, ?)",
            [(path, licence, origin, digest) for path, digest in files.items()],
        )

    def __iter__(self) -> Iterator[Source]:
        # SQLite compares UTF-8 byte by byte, which is the order of the characters.
        for found in self._table.execute("select * from files order by path"):
            yield Source(*found)

    def licences(self) -> Counter[str]:
        """Files by licence, in the order of the names."""
        asked = "select licence, count(*) from files group by licence order by licence"
        return Counter(dict(self._table.execute(asked)))

    def __del__(self) -> None:
        self._table.close()
