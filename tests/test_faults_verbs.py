"""Every verb that writes, ended at random moments and done twice at once: a line a verb."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import datagen
from benchmarks.methods.models.trained.checkpoints import WEIGHTS
from datagen.build.driver import Resources, build
from datagen.images.codes import quantise
from datagen.images.files import write_image

ROOT = Path(datagen.__file__).parent.parent
SAMPLES = ROOT / "datagen" / "samples"
LIMIT = 400  # seconds after which a verb hangs
SPLITS = ("train", "train", "val", "test", "test")
TOML = """
name = "tiny"
[source]
folder = "{folder}"
[render]
evs = [-1, 0, 1]
[[distort]]
families = ["tone"]
severity = [2, 6]
pool = 2
lut_size = 5
"""
SMALL = ["--set", "crop=32", "--set", "batch=2", "--set", "validate_every=4"]
REFUSED = (
    "is at work here",
    "holds an earlier training",
    "another run writes here",
    "is there already",
)


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """Photos, a recipe, two data sets, a run of one."""
    folder = tmp_path_factory.mktemp("made")
    index = ["path\tscene\tgroup\tsplit\tlicence"]
    for number, split in enumerate(SPLITS):
        light = np.random.default_rng(number).random((8, 12, 3))
        picture = quantise(np.kron(light, np.ones((16, 16, 1))) * 0.8)
        write_image(folder / "photos" / f"p{number}.png", picture)
        index.append(f"p{number}.png\tp{number}\tg{number}\t{split}\tCC0-1.0")
    (folder / "photos" / "index.tsv").write_text("\n".join(index) + "\n")
    (folder / "r.toml").write_text(TOML.format(folder=folder / "photos"))
    build(folder / "r.toml", folder / "set", Resources("serial"))
    assert done("datagen", "subset", folder / "set", "--where", "ev<0", "-o", folder / "dark") == 0
    scored = ["--data", folder / "set", "--methods", "gamma", "he_rgb", "--jobs", "1"]
    assert done("benchmarks", "run", *scored, "--out", folder / "run") == 0
    shutil.copy(WEIGHTS / "zero_dce.safetensors", folder / "z.safetensors")
    shutil.copy(next((folder / "set" / "luts").glob("*.cube")), folder / "lut.cube")
    return folder


def start(*words: object) -> subprocess.Popen:
    """A verb in a process group of its own, as a terminal starts it."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", *map(str, words)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env=env, stdout=pipe, stderr=pipe, start_new_session=True)


def ended(process: subprocess.Popen) -> tuple[int, str]:
    """The exit code of a verb, and what it says of errors."""
    _, said = process.communicate(timeout=LIMIT)
    return process.returncode, said.decode()


def done(*words: object) -> int:
    code, said = ended(start(*words))
    assert "Traceback" not in said, said
    return code


def contents(out: Path) -> dict[str, bytes]:
    """Every file by name, but for locks and what is measured with a clock."""
    apart = (".lock", "timings.jsonl")
    files = [path for path in sorted(out.rglob("*")) if path.is_file() and path.name not in apart]
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in files}


def names(out: Path) -> list[str]:
    """Of a verb whose numbers depend on the clock: what it leaves, each whole."""
    for path in out.rglob("*.json"):
        json.loads(path.read_text())
    return [*contents(out)]


def scores(out: Path) -> dict[str, object]:
    """A run without its seconds; the order of the rows is that of the workers."""
    rows = [json.loads(line) for line in (out / "rows.jsonl").read_text().splitlines()]
    about = json.loads((out / "run.json").read_text())
    keyed = {(row["method"], row["sample"], row["expert"]): row | {"seconds": 0} for row in rows}
    assert len(keyed) == len(rows)
    return {"rows": keyed, "methods": about["methods"]} | {
        name: data for name, data in contents(out).items() if name.startswith("predictions/")
    }


def weights(out: Path) -> dict[str, bytes]:
    kept = ("best.safetensors", "last.safetensors", "losses.jsonl")
    return {name: data for name, data in contents(out).items() if name in kept}


def trained(out: Path) -> set[str]:
    """What every round or training has, however many steps its minutes were."""
    return {path.name for path in out.rglob("*") if path.is_file() and path.parent.parent != out}


@dataclass(frozen=True)
class Verb:
    """One verb: its words, for the folder of what it takes and one to write into.

    same : what must be the same however often it was ended
    codes : of success
    """

    words: Callable[[Path, Path], list[object]]
    same: Callable[[Path], object] = contents
    codes: tuple[int, ...] = (0,)


def training(made: Path, out: Path) -> list[object]:
    how = "--resume" if (out / "state.pt").exists() else "--overwrite"
    words = ["train", "zero_dce", "--data", made / "set", "--out", out, "--steps", "12", *SMALL]
    return ["benchmarks", *words, how]


def streamed(made: Path, out: Path, verb: str, *more: object) -> list[object]:
    keep = ["--keep", "8", "--minutes", "0.01", "--nice", "0"]
    return ["benchmarks", verb, "--stream", made / "r.toml", "--out", out, *keep, *more]


def scoring(made: Path, out: Path, jobs: int, *more: object) -> list[object]:
    words = ["--data", made / "set", "--out", out, "--methods", "gamma", "he_rgb"]
    return ["benchmarks", "run", *words, "--jobs", jobs, *more]


VERBS: dict[str, Verb] = {
    "build": Verb(lambda m, o: ["datagen", "build", m / "r.toml", "-o", o, "-j", "2"]),
    "pack": Verb(lambda m, o: ["datagen", "pack", m / "set", "-o", o, "--shard-mb", "0.05"]),
    "stats": Verb(lambda m, o: ["datagen", "stats", m / "set", "-o", o]),
    "preview": Verb(lambda m, o: ["datagen", "preview", m / "set", "-o", o / "p.html"]),
    "subset": Verb(lambda m, o: ["datagen", "subset", m / "set", "--where", "ev<1", "-o", o]),
    "merge": Verb(lambda m, o: ["datagen", "merge", m / "set", m / "dark", "-o", o]),
    "stream": Verb(lambda m, o: ["datagen", "stream", m / "r.toml", "--cache", o / "l.cache"]),
    "simulate": Verb(
        lambda m, o: ["datagen", "simulate", m / "photos", "-o", o, "--flat", "--segment"]
    ),
    "develop": Verb(
        lambda m, o: ["datagen", "develop", *sorted(SAMPLES.glob("*.dng"))[:3], "-o", o]
    ),
    "run": Verb(lambda m, o: scoring(m, o, 2), scores),
    "run --keep-predictions": Verb(lambda m, o: scoring(m, o, 1, "--keep-predictions"), scores),
    "report": Verb(lambda m, o: ["benchmarks", "report", m / "run", "-o", o]),
    "train": Verb(training, weights),
    "train-all": Verb(
        lambda m, o: streamed(m, o, "train-all", "--only", "zero_dce", "--no-install"),
        trained,
        (0, 1),
    ),
    "train-claims": Verb(
        lambda m, o: streamed(m, o, "train-claims", "--only", "ranlen-deep_upe", "--seeds", "1"),
        trained,
    ),
    "time": Verb(
        lambda m, o: [
            *("benchmarks", "time", "--methods", "gamma", "he_rgb", "--no-files", "--out", o),
            *("--sizes", "256", "--budget", "0.3"),
        ],
        names,
    ),
    "apply": Verb(lambda m, o: ["benchmarks", "apply", "gamma", m / "photos", "-o", o]),
    "adopt": Verb(
        lambda m, o: ["benchmarks", "adopt", "zero_dce", m / "z.safetensors", "--as", "x", "-o", o],
        lambda out: {n: d for n, d in contents(out).items() if n.endswith(".safetensors")},
    ),
    "compare": Verb(lambda m, o: ["benchmarks", "compare", m / "run", m / "run"]),
    "init": Verb(lambda m, o: ["datagen", "init", o / "r.toml"], codes=(0, 2)),  # 2: is there
    "luts apply": Verb(lambda m, o: ["luts", "apply", m / "lut.cube", m / "photos", "-o", o]),
    "luts fit": Verb(
        lambda m, o: [
            *("luts", "fit", m / "photos" / "p0.png", m / "photos" / "p0.png", "-o", o / "f.cube")
        ]
    ),
    "luts preview": Verb(lambda m, o: ["luts", "preview", m / "lut.cube", "-o", o / "p.png"]),
    "luts random": Verb(lambda m, o: ["luts", "random", "tone", "-o", o / "r.cube"]),
    "luts convert": Verb(lambda m, o: ["luts", "convert", m / "lut.cube", "-o", o / "c.cube"]),
}
OF_SIGNAL = {  # exit codes where the verb was ended; the signal itself, before it began
    signal.SIGTERM: (143, 130, -signal.SIGTERM),
    signal.SIGINT: (130, 1, -signal.SIGINT),
    signal.SIGKILL: (-signal.SIGKILL,),
}


def is_starting(said: str) -> bool:
    """Whether a traceback is of the interpreter's start, before any of our code could act."""
    return "KeyboardInterrupt" in said and not any(
        word in said for word in ("in run_program", "multiprocessing", "Exception ignored")
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", VERBS)
def test_a_verb_ended_at_random_moments_leaves_nothing_and_ends_up_the_same(name, made, tmp_path):
    """Ctrl-C reaches the whole group of processes, as from a terminal; the others one process."""
    verb, rng, out = VERBS[name], random.Random(name), tmp_path / "out"
    began = time.monotonic()
    assert done(*verb.words(made, tmp_path / "whole")) in verb.codes
    usual = time.monotonic() - began
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL):
        process = start(*verb.words(made, out))
        time.sleep(rng.uniform(0.3, 1.0) * usual)
        if number == signal.SIGINT:
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
        code, said = ended(process)
        assert code in (*verb.codes, *OF_SIGNAL[number]), (number, code, said)
        assert "Traceback" not in said or (number == signal.SIGINT and is_starting(said)), said
        if number != signal.SIGKILL and name != "build":  # which sweeps when it goes on
            assert not list(out.rglob(".*part*"))
    assert done(*verb.words(made, out)) in verb.codes
    for scratch in out.rglob(".*part*"):  # of the one that was killed
        scratch.unlink()
    assert verb.same(out) == verb.same(tmp_path / "whole")


@pytest.mark.slow
@pytest.mark.parametrize("name", VERBS)
def test_two_at_once_end_in_the_right_bytes_or_one_line(name, made, tmp_path):
    verb, out = VERBS[name], tmp_path / "out"
    assert done(*verb.words(made, tmp_path / "whole")) in verb.codes
    both = [ended(process) for process in [start(*verb.words(made, out)) for _ in range(2)]]
    for code, said in both:
        assert "Traceback" not in said, said
        assert code in (*verb.codes, 2), (code, said)
        if code == 2:
            *_, line = said.splitlines()
            assert any(words in line for words in REFUSED), said
    assert any(code in verb.codes for code, _ in both)
    assert verb.same(out) == verb.same(tmp_path / "whole")
