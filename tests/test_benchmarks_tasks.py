"""Tasks as columns: the same work as one object each, in every order in which it is handed out."""

from __future__ import annotations

from itertools import groupby
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks.harness.groups import in_batches, schedule
from benchmarks.harness.rows import MADE, finished_keys
from benchmarks.harness.tasks import Pairs, Plan, list_tasks
from benchmarks.methods.method import Method

NAMES = [f"m{number}" for number in range(11)]  # more than the bits of a byte
PLAN = Plan(*(dict(zip(NAMES, (f"{n:0{MADE}x}" for n in range(11)), strict=True)),) * 2)


@pytest.fixture
def tasks():
    rng = np.random.default_rng(1)
    pairs = Pairs()
    for number in range(60):
        files = {name: f"{name}{number}" for name in ("input", "regions", "fusion", "camera")}
        has = ["fusion", "camera"][: 1 + number % 2]
        height, width = rng.integers(1, 4, 2).tolist()
        pairs.note(
            SimpleNamespace(
                id=f"scene/{number}",
                distortion=None,
                input="input",
                regions="regions",
                sha256=files,
                references={name: name for name in has},
                height=height,
                width=width,
            )
        )
    return list_tasks(pairs, {name: Method("", "classical", "") for name in NAMES}, PLAN)


def keys(tasks):
    return sorted(task.key(name) for task in tasks for name in task.names)


def test_every_pair_and_method_has_a_key_of_its_own(tasks):
    assert len(tasks) == 90
    assert len(set(keys(tasks))) == 90 * 11
    assert [task.at for task in tasks[:4]] == [0, 1, 1, 2]
    assert tasks.counts() == dict.fromkeys(NAMES, 90)
    assert {task.reference for task in tasks.against(["camera"])} == {"camera"}


def test_what_is_stored_is_left_out(tasks, tmp_path):
    stored = [task.key(name) for task in tasks[::3] for name in task.names[1::2]]
    others = [*stored, "0" * 40, "no key of ours", "0" * (2 * MADE)]
    lines = [f'{{"key": "{key}", "status": "ok"}}\n' for key in others]
    lines.append(f'{{"key": "{tasks[1].key("m0")}", "status": "ValueError: no"}}\n')
    (tmp_path / "rows.jsonl").write_text("".join(lines))
    left = tasks.without(finished_keys(tmp_path, PLAN.measures.values()))
    assert keys(left) == sorted(set(keys(tasks)) - set(stored))
    odd = left.only(NAMES[1::2])
    assert len(odd) == 60 and odd.counts() == {n: 60 * (n in NAMES[1::2]) for n in NAMES}


@pytest.mark.parametrize("jobs", [1, 3, 200])
def test_a_schedule_hands_out_each_evaluation_once_and_large_pictures_first(tasks, jobs):
    groups = schedule(tasks.only(NAMES[2:]), jobs)
    assert keys(task for (task,) in groups) == keys(tasks.only(NAMES[2:]))
    pixels = [task.size[0] * task.size[1] for (task,) in groups]
    assert pixels == sorted(pixels, reverse=True)
    assert all(len(task.names) <= 3 for (task,) in groups[-2 * jobs :])


def test_batches_are_of_one_size(tasks):
    groups = in_batches(tasks, lambda size: size[0])
    assert keys(task for group in groups for task in group) == keys(tasks)
    ordered = sorted(tasks, key=lambda task: task.size, reverse=True)
    wanted = []
    for size, alike in groupby(ordered, key=lambda task: task.size):
        same = tuple(alike)
        wanted += [same[at : at + size[0]] for at in range(0, len(same), size[0])]
    assert [[task.at for task in group] for group in groups] == [
        [task.at for task in group] for group in wanted
    ]


def test_nothing_to_do_makes_no_groups(tasks):
    assert not schedule(tasks.only(()), 2)
    assert not in_batches(tasks.only(()), lambda size: 1)
