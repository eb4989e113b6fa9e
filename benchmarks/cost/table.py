"""The timing table of several methods: one row per method, size, precision and kind of call.

A row is used again only while nothing that it was measured on has changed: the method's code,
settings and weights, the machine, the versions, threads and budget.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from luts.tool.errors import UserError

from ..environment import describe
from ..harness.predict import fingerprint
from ..harness.rows import evaluation_key
from ..methods.models.trained.checkpoints import UntrainedError
from .precision import gate
from .timing import time_method

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..methods.method import Method

CHANGING = ("load", "commit")  # of the environment, and no reason to measure again


@dataclass(frozen=True)
class Protocol:
    """How to time: pictures (height, width), batch, device, seconds per row, and what of it.

    `data` and `limit` are where a faster precision must keep its quality.
    """

    sizes: Sequence[tuple[int, int]]
    batch: int = 1
    device: str = "cpu"
    precisions: Sequence[str] = ("fp32",)
    threads: int = 1
    budget_s: float = 30.0
    files: bool = True
    data: Path | None = None
    limit: int | None = None


@dataclass
class Costs:
    """The table, and what could not be timed: "NAME PRECISION: why"."""

    table: pd.DataFrame
    failed: list[str] = field(default_factory=list)
    reused: int = 0


def measure_costs(
    methods: Mapping[str, Method],
    protocol: Protocol,
    before: pd.DataFrame | None = None,
    progress: Callable[[str], None] = lambda name: None,
) -> Costs:
    """Time methods; rows of `before`, an earlier table, are taken from it where they still hold."""
    machine = describe(protocol.device)
    machine = {name: fact for name, fact in machine.items() if name not in CHANGING}
    known = {} if before is None or "key" not in before else dict(list(before.groupby("key")))
    parts: list[pd.DataFrame] = []
    costs = Costs(pd.DataFrame())
    for name, method in methods.items():
        progress(name)
        precisions = protocol.precisions if method.kind == "model" else ["fp32"]
        for precision in precisions:
            for size in protocol.sizes:
                made_by = _made_by(name, method)
                facts = [precision, size, protocol.batch, protocol.threads, protocol.budget_s]
                key = evaluation_key(name, made_by, machine, facts, protocol.files)
                if key in known and precision == "fp32":
                    parts.append(known[key])
                    costs.reused += 1
                    continue
                try:
                    rows = _rows(name, method, size, precision, protocol)
                except RuntimeError as error:  # no weights, no compiler, no kernel for this type
                    costs.failed.append(f"{name} {precision}: {str(error).splitlines()[0]}")
                    break
                parts.append(pd.DataFrame(rows).assign(key=key))
    costs.table = pd.concat(parts, ignore_index=True) if parts else costs.table
    return costs


def _made_by(name: str, method: Method) -> dict[str, object]:
    try:
        return fingerprint(name, method)
    except UntrainedError:
        return {"settings": method.settings, "checkpoint": None}


def _rows(
    name: str, method: Method, size: tuple[int, int], precision: str, protocol: Protocol
) -> list[dict[str, Any]]:
    """Time one method at one size; the quality columns of a variant come first, if it has any."""
    quality: dict[str, Any] = {}
    if precision != "fp32":
        if protocol.data is None:
            raise UserError(f"{precision}: give data that its quality is to be measured on")
        found = gate(
            name,
            [precision],
            protocol.data,
            device=protocol.device,
            limit=protocol.limit,
            row=method,
        )[precision]
        quality = vars(found) | {"same": "yes" if found.same else "refused"}
    timings = time_method(
        name,
        method,
        size,
        batch=protocol.batch,
        device=protocol.device,
        precision=precision,
        budget_s=protocol.budget_s,
        files=protocol.files,
    )
    return [timing.row() | quality for timing in timings]
