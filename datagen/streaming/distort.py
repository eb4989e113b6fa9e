"""The colour distortions of a recipe, for a stream: the pools a build draws from, kept in memory.

The members are those of `datagen.build.distort`, with the same names and so the same parameters.
On a CPU a member is applied by its own formula; tables, of the library or of files, as tables.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from luts.tool.seeding import sample_rng

from ..build import distort as built
from ..build.lut_splits import Division, Item, divide
from ..recipe.load import Recipe
from .taken import StreamError


@dataclass(frozen=True, eq=False)
class Member:
    """One entry of a pool: its layers, and what they are."""

    layers: tuple[built.Layer, ...]
    record: dict[str, Any]


class Pools:
    """The pools of one recipe and split, drawn entry by entry when first asked for."""

    def __init__(self, recipe: Recipe, split: str, known: Mapping[str, Any] | None = None) -> None:
        self.recipe, self.split = recipe, split
        self.records: dict[str, Sequence[Mapping[str, Any]]] = dict(known or {})
        self._given = frozenset(self.records)
        self._members: dict[str, Member] = {}

    def member(self, block: int, entry: int) -> Member:
        """Entry `entry` of the pool of the recipe's [[distort]] block number `block`."""
        key = f"distort/{block}/{self.split}/{entry}"
        if key not in self._members:
            distort, finished = self.recipe.distort[block], self._finished[block][self.split]
            built.at_hand(distort)
            if key not in self.records:
                rng = sample_rng(self.recipe.seed, key)
                self.records[key] = [
                    built.draw_layer(distort, finished, rng) for _ in range(distort.stack)
                ]
            self._members[key] = self._read(key, entry, finished)
        return self._members[key]

    def _read(self, key: str, entry: int, finished: tuple[Item, ...]) -> Member:
        """The member of a record, which may come out of a stranger's cache: tried on one colour."""
        try:
            layers = tuple(built.layer_of(layer, finished) for layer in self.records[key])
            built.through(layers, np.full((1, 1, 3), 0.5, np.float32))
            return Member(layers, _summary(self.records[key], entry))
        except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
            if key not in self._given:
                raise
            raise StreamError(f"{key}: holds no distortion in this cache: {error}") from None

    @functools.cached_property
    def _finished(self) -> tuple[Division, ...]:
        """The finished LUTs of every block, by split."""
        return divide(self.recipe)


def apply(member: Member, encoded: Tensor) -> Tensor:
    """Distort one picture (3, H, W), encoded in [0, 1]; so is the result."""
    array = encoded.permute(1, 2, 0).contiguous().cpu().numpy()
    result = built.through(member.layers, array)
    return torch.from_numpy(np.asarray(result, np.float32)).permute(2, 0, 1).to(encoded.device)


def _summary(layers: Sequence[Mapping[str, Any]], entry: int) -> dict[str, Any]:
    """What a batch says about a distortion: names, and severities where they are known."""
    severities = [layer["parameters"].get("severity", {}).get("mean") for layer in layers]
    return {"names": [layer["name"] for layer in layers], "severities": severities, "entry": entry}
