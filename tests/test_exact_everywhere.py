"""Every stage gives the same bytes whatever the processor can do, by switching parts of it off."""

from __future__ import annotations

import json
import os
import re
import shutil
import site
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DEMO = "2758a90a841d"  # the hash of the demo set, on any machine; README.md states it too

OPENCV = {"OPENCV_CPU_DISABLE": "AVX512-SKX,AVX2,FMA3,AVX,FP16"}
NUMPY = {"NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL AVX512_SPR"}
LIBM = {"GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA,-AVX,-FMA4,-AVX512F,-XSAVEC"}
BLAS = {"OPENBLAS_CORETYPE": "Nehalem"}
THREADS = {"OMP_NUM_THREADS": "4", "OPENBLAS_NUM_THREADS": "4"}
MACHINES = {"opencv": OPENCV, "numpy": NUMPY, "libm": LIBM, "blas": BLAS, "threads": THREADS}


def probe(folder: Path, settings: dict[str, str], *, under: tuple[str, ...] = ()) -> dict[str, str]:
    """Hashes of every stage, worked out in a fresh process with the settings."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **settings}
    if under:  # no virtual environment in an emulator: it would start the real interpreter
        environment["PYTHONPATH"] += os.pathsep + site.getsitepackages()[0]
    python = os.path.realpath(sys.executable) if under else sys.executable
    command = [*under, python, "-W", "ignore", "-m", "tests.exact_probe", str(folder)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def as_it_is(tmp_path_factory) -> dict[str, str]:
    return probe(tmp_path_factory.mktemp("plain"), {"OMP_NUM_THREADS": "1"})


def other_stages(one: dict[str, str], two: dict[str, str]) -> list[str]:
    assert one.keys() == two.keys() and len(one) > 100
    return [name for name in one if one[name] != two[name]]


def test_a_machine_without_any_of_it_makes_the_same_bytes(as_it_is, tmp_path):
    settings = OPENCV | NUMPY | LIBM | BLAS | THREADS
    assert other_stages(as_it_is, probe(tmp_path, settings)) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", MACHINES)
def test_each_part_switched_off_makes_the_same_bytes(name, as_it_is, tmp_path):
    assert other_stages(as_it_is, probe(tmp_path, MACHINES[name])) == []


@pytest.mark.slow
def test_an_emulated_older_processor_makes_the_same_bytes(as_it_is, tmp_path):
    emulator = shutil.which("qemu-x86_64")
    if emulator is None:
        pytest.skip("needs qemu-x86_64 (Debian: qemu-user)")
    found = probe(tmp_path, {"OMP_NUM_THREADS": "1"}, under=(emulator, "-cpu", "Nehalem"))
    assert other_stages(as_it_is, found) == []


@pytest.mark.slow
def test_the_demo_has_the_hash_in_the_readme(tmp_path):
    from datagen.build.driver import Resources, build
    from datagen.dataset.workspace import read_dataset
    from datagen.recipe.load import load_recipe

    build(load_recipe("demo"), tmp_path / "demo", Resources("local", 2))
    assert read_dataset(tmp_path / "demo").hash[:12] == DEMO
    stated = re.search(r"Data set demo \(([0-9a-f]{12})\)", (ROOT / "README.md").read_text())
    assert stated is not None and stated[1] == DEMO
