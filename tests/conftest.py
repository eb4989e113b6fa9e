"""Fixtures that every test file may use."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

SHARED = Path(__file__).resolve().parent.parent.parent / "shared" / "data"


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20240501)


@pytest.fixture(autouse=True)
def tables_of_their_own():
    """Metrics from outside join METRICS; what one test brings, the next does not have."""
    yield
    loaded = sys.modules.get("benchmarks.metrics")
    table = getattr(loaded, "METRICS", {})
    for name in [name for name, metric in table.items() if metric.spec or not metric.source]:
        del table[name]


@pytest.fixture
def shared() -> Path:
    """The team's data folder; tests that need it are skipped on a machine without it."""
    if not SHARED.is_dir():
        pytest.skip("needs ../shared/data, which is not part of the project")
    return SHARED


@pytest.fixture(scope="session")
def tiny_data(tmp_path_factory) -> Path:
    """A built data set of small pictures of embedded samples; read it, never write into it."""
    from datagen.build.driver import Resources, build
    from datagen.recipe.load import load_recipe

    small = ["render.evs=[-1.0, 1.0]", "render.long_edge=48", "source.limit=7", "distort=[]"]
    small.append("source.references=['fusion']")
    folder = tmp_path_factory.mktemp("tiny") / "data"
    build(load_recipe("demo", small), folder, Resources("serial", 1))
    return folder
