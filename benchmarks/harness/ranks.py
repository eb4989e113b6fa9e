"""Several processes started by `torchrun`, or by anything that sets RANK and WORLD_SIZE.

Ranks share nothing but the results folder: each takes every WORLD_SIZE-th pair and writes its own
part file. No rank waits for another, so one that dies costs only its own pairs until it is resumed.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from luts.tool.errors import UserError


@dataclass(frozen=True)
class Rank:
    """Which of how many processes this is; the same on this machine alone."""

    index: int = 0
    count: int = 1
    local_index: int = 0
    local_count: int = 1


ALONE = Rank()


def rank_from(environment: Mapping[str, str] = os.environ) -> Rank:
    """Read RANK, WORLD_SIZE, LOCAL_RANK and LOCAL_WORLD_SIZE; a single process without them.

    Raises UserError when they are no numbers or do not fit each other.
    """
    if "RANK" not in environment and "WORLD_SIZE" not in environment:
        return ALONE
    defaults = {"RANK": "", "WORLD_SIZE": "", "LOCAL_RANK": "0", "LOCAL_WORLD_SIZE": "1"}
    given = {name: environment.get(name, default) for name, default in defaults.items()}
    try:
        rank = Rank(*map(int, given.values()))
    except ValueError:
        raise UserError(f"RANK and WORLD_SIZE are two numbers, got {given}") from None
    if not 0 <= rank.index < rank.count or not 0 <= rank.local_index < rank.local_count:
        raise UserError(f"RANK is below WORLD_SIZE, and so on this machine alone; got {given}")
    return rank
