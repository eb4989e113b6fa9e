"""The papers' own numbers, apart from ours: another render, size, split or metric each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .published import Protocol, Published, read_published

WARNING = (
    "Numbers printed in papers, not measured here. Each block was rendered, resized, split and "
    "scored in its own way, given beneath its title; they compare neither with the tables above "
    "nor with each other."
)


@dataclass(frozen=True)
class Block:
    """The numbers of one protocol: a heading, then one line of cells per method."""

    protocol: Protocol
    heading: list[str]
    lines: list[list[str]]
    notes: list[str]

    @property
    def facts(self) -> str:
        """Say how the numbers were measured and where they were printed."""
        p = self.protocol
        images = f", {p.images} images" if p.images else ""
        return (
            f"Render: {p.render}. Size: {p.size}. Split: {p.split}{images}. Region: {p.region}. "
            f"Metric: {p.convention}. Source: {p.source}."
        )


def published_blocks(rows: Iterable[Published] | None = None) -> list[Block]:
    """Arrange the published numbers, all of them by default, as one block per protocol.

    Methods keep the order of the print. A value that the print has wrong carries a star and a note.
    """
    grouped: dict[str, list[Published]] = {}
    for row in read_published() if rows is None else rows:
        grouped.setdefault(row.protocol.name, []).append(row)
    return [_block(group) for group in grouped.values()]


def _block(rows: list[Published]) -> Block:
    columns = list(dict.fromkeys((row.metric, row.reference) for row in rows))
    cells: dict[str, dict[tuple[str, str], str]] = {}
    for row in rows:
        digits = 3 if row.metric == "ssim" else 2
        text = f"{row.value:.{digits}f}" + ("*" if row.note else "")
        cells.setdefault(row.method, {})[row.metric, row.reference] = text
    return Block(
        rows[0].protocol,
        ["method", *(f"{metric.upper()} {reference}".strip() for metric, reference in columns)],
        [[method, *(found.get(c, "–") for c in columns)] for method, found in cells.items()],
        [
            f"* {row.method}, {row.metric.upper()} {row.reference}".rstrip() + f": {row.note}"
            for row in rows
            if row.note
        ],
    )
