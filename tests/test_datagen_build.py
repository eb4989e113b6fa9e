"""The builder: reproducible to the byte, killed and resumed, honest about what failed."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import luts
from datagen.build import driver as builder
from datagen.build.driver import Resources, build
from datagen.camera.index import SAMPLES
from datagen.cli import main
from datagen.dataset.manifest import ManifestError, read_rows
from datagen.dataset.read import load_pair, open_dataset
from datagen.dataset.rows import Coverage
from datagen.dataset.target import Folder, PlaceError
from datagen.develop import series as develop
from datagen.engines.worker import TargetError
from datagen.images.codes import quantise, to_float
from datagen.images.files import read_image, write_image
from datagen.raw.read import read_raw
from datagen.recipe.load import Recipe, RecipeError, load_recipe
from datagen.regions import labels as masks
from luts.colour.transfer import decode_srgb, encode_srgb

SERIAL = Resources(engine="serial")
TOML = """
name = "tiny"
seed = 3
[source]
folder = "{folder}"
[render]
evs = [-1, 0, 1]
long_edge = 40
[[distort]]
families = ["tone", "illuminant"]
severity = [2, 6]
pool = 2
lut_size = 5
[[mask]]
kind = "circle"
"""


def picture(number: int, size: tuple[int, int] = (30, 40)) -> np.ndarray:
    rng = np.random.default_rng(number)
    smooth = np.cumsum(np.cumsum(rng.normal(size=(*size, 3)), axis=0), axis=1)
    smooth = (smooth - smooth.min()) / np.ptp(smooth)
    return quantise(smooth * 0.9)


@pytest.fixture
def recipe(tmp_path) -> Recipe:
    return tiny(tmp_path, count=4)


def tiny(folder: Path, count: int, **changes: str) -> Recipe:
    for number in range(count):
        write_image(folder / "photos" / f"p{number:02}.png", picture(number))
    path = folder / "tiny.toml"
    path.write_text(TOML.format(folder=folder / "photos"))
    return load_recipe(path, [f"{key}={value}" for key, value in changes.items()])


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a data set that is part of its identity."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in (".lock", "timings.jsonl")
    }


def test_a_build_makes_every_planned_sample(recipe, tmp_path):
    summary = build(recipe, tmp_path / "out", SERIAL)
    dataset = open_dataset(tmp_path / "out")
    assert (summary.made, len(dataset.rows), dataset.hash) == (24, 24, summary.hash)
    assert all(row.status == "ok" for row in dataset.rows)
    assert {row.ev for row in dataset.rows} == {-1.0, 0.0, 1.0}
    assert sum(row.distortion is not None for row in dataset.rows) == 12


def test_the_pixels_are_gain_curve_distortion_and_rounding(recipe, tmp_path):
    """An undistorted EV is the photo's light times 2**ev; a distorted one is near its LUT."""
    build(recipe, tmp_path / "out", SERIAL)
    dataset = open_dataset(tmp_path / "out")
    light = decode_srgb(to_float(picture(0)))
    for row in dataset.select(scene="p00"):
        exposed = encode_srgb(np.clip(light * 2.0**row.ev, 0, 1))
        found = read_image(dataset.folder / row.input)
        if row.distortion is None:
            assert (found == quantise(exposed)).all()
        else:
            lut = luts.read_cube(dataset.folder / row.distortion.lut)
            assert row.distortion.lut == f"luts/{luts.table_hash(lut)}.cube"
            gap = np.abs(to_float(found) - luts.apply(lut, exposed))
            assert gap.mean() < 0.02  # a lattice of 5 nodes is coarse


def test_a_raw_scene_is_what_develop_gives(tmp_path):
    changes = ["source.limit=1", "distort=[]", "mask=[]", "render.long_edge=96"]
    build(load_recipe("demo", changes), tmp_path / "out", SERIAL)
    dataset = open_dataset(tmp_path / "out")
    photo = read_raw(SAMPLES / dataset.rows[0].source.path)
    for row in dataset.rows:
        found = read_image(dataset.folder / row.input)
        assert (found == develop.develop(photo, row.ev, 96)).all()
        assert row.coverage == Coverage(1.0, 0.0, 0.0)
        assert row.develop.facts["white"] == photo.white and row.camera == photo.camera


def test_regions_are_stored_with_the_sample(recipe, tmp_path):
    build(recipe, tmp_path / "out", SERIAL)
    dataset = open_dataset(tmp_path / "out")
    for row in dataset.rows:
        pair = load_pair(dataset, row)
        assert Coverage(**masks.coverage(pair.regions)) == row.coverage
        assert pair.degraded.shape == pair.reference.shape == (30, 40, 3)
    with pytest.raises(ManifestError, match="no reference 'c'; it has fusion"):
        load_pair(dataset, row, "c")


@pytest.mark.parametrize(
    "workers", [pytest.param(1, marks=pytest.mark.slow), 2, pytest.param(4, marks=pytest.mark.slow)]
)
def test_engine_and_workers_change_no_byte(recipe, tmp_path, workers):
    build(recipe, tmp_path / "serial", SERIAL)
    build(recipe, tmp_path / "local", Resources(workers=workers))
    assert contents(tmp_path / "serial") == contents(tmp_path / "local")


@pytest.mark.slow
@pytest.mark.parametrize(("engine", "package"), [("dask", "distributed"), ("ray", "ray")])
def test_a_cluster_changes_no_byte(recipe, tmp_path, engine, package):
    pytest.importorskip(package)
    build(recipe, tmp_path / "serial", SERIAL)
    build(recipe, tmp_path / "cluster", Resources(engine=engine, workers=2))
    assert contents(tmp_path / "serial") == contents(tmp_path / "cluster")


def test_a_second_build_makes_nothing(recipe, tmp_path):
    out = tmp_path / "out"
    first = build(recipe, out, SERIAL)
    stamps = {path: path.stat().st_mtime_ns for path in out.rglob("*.png")}
    second = build(recipe, out, SERIAL)
    assert (second.made, second.reused, second.hash) == (0, 24, first.hash)
    assert stamps == {path: path.stat().st_mtime_ns for path in out.rglob("*.png")}


@pytest.mark.parametrize("harm", ["delete", "truncate", "flip", "line", "tail"])
def test_a_harmed_set_is_healed_to_the_byte(recipe, tmp_path, harm):
    out = tmp_path / "out"
    build(recipe, out, SERIAL)
    whole = contents(out)
    victim = out / "scenes" / "p01" / "ev+0.png"
    manifest = out / "manifest.jsonl"
    match harm:
        case "delete":
            victim.unlink()
        case "truncate":
            victim.write_bytes(victim.read_bytes()[:-1])
        case "flip":
            data = bytearray(victim.read_bytes())
            data[40] ^= 1
            victim.write_bytes(data)
        case "line":
            lines = manifest.read_bytes().splitlines(keepends=True)
            manifest.write_bytes(b"".join([*lines[:5], b"\x00" * 9 + lines[5], *lines[6:]]))
        case "tail":
            manifest.write_bytes(manifest.read_bytes()[:-100])
    summary = build(recipe, out, SERIAL)
    assert (summary.made, summary.reused) == (6, 18)
    assert contents(out) == whole


def test_a_harmed_lut_is_healed_to_the_byte(recipe, tmp_path):
    out = tmp_path / "out"
    build(recipe, out, SERIAL)
    whole = contents(out)
    for path in (out / "luts").iterdir():
        path.write_bytes(path.read_bytes().replace(b"0.5", b"0.6"))
    build(recipe, out, SERIAL)
    assert contents(out) == whole


def test_a_bad_file_costs_only_itself_and_is_tried_again(recipe, tmp_path, capsys):
    victim = tmp_path / "photos" / "p02.png"
    good = victim.read_bytes()
    victim.write_bytes(good[: len(good) // 2])
    args = ["build", recipe.path, "-o", str(tmp_path / "out"), "--engine", "serial"]
    assert main(args) == 1
    printed = capsys.readouterr()
    assert printed.out == f"{tmp_path / 'out'}\n"
    assert "failed: p02: corrupt: p02.png: truncated" in printed.err
    rows = list(read_rows(tmp_path / "out" / "manifest.jsonl"))
    assert sorted({row.status for row in rows}) == ["corrupt", "ok"] and len(rows) == 24
    victim.write_bytes(good)
    assert main(args) == 0
    build(recipe, tmp_path / "fresh", SERIAL)
    assert contents(tmp_path / "out") == contents(tmp_path / "fresh")


def test_another_recipe_does_not_mix(recipe, tmp_path):
    build(recipe, tmp_path / "out", SERIAL)
    other = dataclasses.replace(recipe, seed=4)
    with pytest.raises(RecipeError, match=r"recipe \(recipe\.seed was 3, is 4\); choose"):
        build(other, tmp_path / "out", SERIAL)


def test_a_lut_file_that_changed_is_another_recipe(tmp_path):
    lut = tmp_path / "look.cube"
    luts.write_cube(luts.identity(3), lut)
    recipe = tiny(
        tmp_path, 1, **{"distort": f'[{{files = ["{lut}"], lut_size = 3, shared = true}}]'}
    )
    build(recipe, tmp_path / "out", SERIAL)
    row = open_dataset(tmp_path / "out").select(ev=0.0)[1]
    assert row.distortion.exact is False and row.distortion.severity < 0.01
    luts.write_cube(luts.Lut3D(luts.identity(3).table * 0.9), lut)
    with pytest.raises(RecipeError, match=r"another recipe \(distort\.look\.cube was"):
        build(recipe, tmp_path / "out", SERIAL)


def test_a_folder_of_something_else_is_left_alone(recipe, tmp_path):
    with pytest.raises(RecipeError, match=r"photos: is not empty and holds no dataset\.json"):
        build(recipe, tmp_path / "photos", SERIAL)


def test_a_scene_that_vanished_is_not_dropped_in_silence(recipe, tmp_path):
    build(recipe, tmp_path / "out", SERIAL)
    (tmp_path / "photos" / "p03.png").unlink()
    with pytest.raises(RecipeError, match="holds scene 'p03', which the source no longer has"):
        build(recipe, tmp_path / "out", SERIAL)


def test_two_builders_do_not_share_a_folder(recipe, tmp_path):
    with (
        Folder(tmp_path / "out").held(),
        pytest.raises(PlaceError, match="another build is at work here"),
    ):
        build(recipe, tmp_path / "out", SERIAL)


def test_a_full_disk_is_one_line_and_the_set_resumes(recipe, tmp_path, monkeypatch):
    out, written = tmp_path / "out", []

    def write_until_full(self, name, data):
        written.append(name)
        if len(written) > 30:
            raise OSError(errno.ENOSPC, "No space left on device", name)
        write(self, name, data)

    write = Folder.write
    monkeypatch.setattr(Folder, "write", write_until_full)
    with pytest.raises(TargetError, match="No space left on device"):
        build(recipe, out, SERIAL)
    with pytest.raises(ManifestError, match="has not finished"):
        open_dataset(out)
    monkeypatch.undo()
    summary = build(recipe, out, SERIAL)
    assert summary.reused == 6 and summary.made == 18
    build(recipe, tmp_path / "fresh", SERIAL)
    assert contents(out) == contents(tmp_path / "fresh")


def test_a_target_that_cannot_be_made_is_one_line(recipe, tmp_path, capsys):
    (tmp_path / "file").write_text("not a folder")
    assert main(["build", recipe.path, "-o", str(tmp_path / "file" / "out")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    "given", [["--jobs", "0"], ["--memory-gb", "-1"], ["--deadline", "-2"], ["--engine", "slurm"]]
)
def test_resources_that_make_no_sense_are_one_line(recipe, tmp_path, capsys, given):
    assert main(["build", recipe.path, "-o", str(tmp_path / "out"), *given]) == 2
    assert capsys.readouterr().err.count("\n") == 1 and not (tmp_path / "out").exists()


def test_the_first_interrupt_lets_running_scenes_end(recipe, tmp_path, monkeypatch):
    once = []
    real = builder.Renderer.__call__

    def interrupted(self, job):
        if not once:
            once.append(os.kill(os.getpid(), signal.SIGINT))
        return real(self, job)

    monkeypatch.setattr(builder.Renderer, "__call__", interrupted)
    summary = build(recipe, tmp_path / "out", SERIAL)
    assert summary.interrupted and summary.made == 6 and not summary.hash
    assert build(recipe, tmp_path / "out", SERIAL).made == 18


def test_the_second_interrupt_stops_at_once_and_the_set_resumes(recipe, tmp_path, monkeypatch):
    real = builder.Renderer.__call__

    def interrupted_twice(self, job):
        if job.scene.name == "p02":
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)
        return real(self, job)

    monkeypatch.setattr(builder.Renderer, "__call__", interrupted_twice)
    with pytest.raises(KeyboardInterrupt):
        build(recipe, tmp_path / "out", SERIAL)
    monkeypatch.undo()
    summary = build(recipe, tmp_path / "out", SERIAL)
    assert (summary.reused, summary.made) == (12, 12)


@pytest.fixture
def small_disk(tmp_path):
    """A file system of one megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(command, capture_output=True).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("may not mount a tmpfs here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_small_disk_fills_up_in_one_line(tmp_path, small_disk, capsys):
    recipe = tiny(tmp_path, count=20)
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 900_000)
    assert main(["build", recipe.path, "-o", str(small_disk / "out"), "-j", "2"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert "No space left on device" in lines[-1] and len(lines) == 1
    ballast.unlink()
    moved = tmp_path / "moved"
    shutil.copytree(small_disk / "out", moved)
    summary = build(recipe, moved, SERIAL)
    assert summary.reused > 0 and not summary.failed
    build(recipe, tmp_path / "fresh", SERIAL)
    assert contents(moved) == contents(tmp_path / "fresh")


def test_a_read_only_target_is_one_line(tmp_path, small_disk, capsys):
    recipe = tiny(tmp_path, count=2)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    assert main(["build", recipe.path, "-o", str(small_disk / "out")]) == 2
    error = capsys.readouterr().err
    assert "Read-only file system" in error and error.count("\n") == 1


def start(recipe: Recipe, out: Path) -> subprocess.Popen:
    command = [sys.executable, "-m", "datagen", "build", recipe.path, "-o", str(out), "-j", "2"]
    root = Path(__file__).parent.parent
    return subprocess.Popen(command, cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def children(pid: int) -> list[int]:
    """The worker processes of a driver (and Python's own helper)."""
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(word) for word in listed.read_text().split()] if listed.exists() else []


def kill_and_resume(tmp_path: Path, recipe: Recipe, moments: int, seed: int) -> None:
    """Kill the driver or a worker again and again on the way to one data set."""
    build(recipe, tmp_path / "whole", SERIAL)
    out, rng = tmp_path / "out", random.Random(seed)
    for _ in range(moments):
        process = start(recipe, out)
        time.sleep(rng.uniform(0.4, 2.5))
        workers = children(process.pid)
        if workers and rng.random() < 0.5:
            with contextlib.suppress(ProcessLookupError):
                os.kill(rng.choice(workers), signal.SIGKILL)
            time.sleep(rng.uniform(0, 0.3))
        process.kill()
        process.wait()
    assert start(recipe, out).wait() == 0
    assert contents(out) == contents(tmp_path / "whole")
    assert not list(out.rglob(".*part*"))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_a_build_killed_at_random_moments_ends_up_the_same(tmp_path):
    kill_and_resume(tmp_path, tiny(tmp_path, count=8), moments=2, seed=1)


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_a_build_killed_at_fifty_moments_ends_up_the_same(tmp_path):
    kill_and_resume(tmp_path, tiny(tmp_path, count=60), moments=50, seed=2)


def test_timings_are_kept_apart_from_what_is_reproducible(recipe, tmp_path):
    build(recipe, tmp_path / "out", SERIAL)
    lines = (tmp_path / "out" / "timings.jsonl").read_text().splitlines()
    assert sorted(json.loads(line)["scene"] for line in lines) == ["p00", "p01", "p02", "p03"]
