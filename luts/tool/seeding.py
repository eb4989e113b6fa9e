"""Randomness by name: what a sample is decides its generator, never when or where it runs."""

from __future__ import annotations

import hashlib

import numpy as np


def sample_rng(seed: int, key: str) -> np.random.Generator:
    """Return the generator of one sample, whatever the order, engine or number of workers.

    Parameters
    ----------
    seed : the recipe's seed, >= 0
    key : name of the sample (and of the purpose, for independent streams: "scene/mask")
    """
    return np.random.default_rng([seed, name_word(key)])


def name_word(key: str) -> int:
    """The 64 bits that a name adds to a seed."""
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest())
