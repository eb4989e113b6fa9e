"""Functions, networks and metrics of others in the table, and what they may not do to it."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from benchmarks.cli import main
from benchmarks.front import run
from benchmarks.harness.rows import read_evaluations
from benchmarks.methods import MethodError, find_methods
from benchmarks.metrics import METRICS, MetricError, find_metrics
from benchmarks.report.write import write_report
from luts.tool.isolation import isolated

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "docs" / "examples" / "my_model.py"

BAD = """
import os, random, sys
import cv2
import numpy as np
import torch

def halve(encoded):
    encoded *= 0.5
    return encoded

def all_of_it(encoded, regions):
    encoded[:], regions[:] = 0, 0
    random.seed(1); np.random.seed(1); torch.manual_seed(1)
    np.seterr(all="ignore"); torch.set_default_dtype(torch.float64); torch.set_grad_enabled(False)
    cv2.setNumThreads(3); torch.set_num_threads(1); os.chdir("/")
    return encoded

def noise(encoded):
    return (encoded + np.random.normal(0, 0.1, encoded.shape)).clip(0, 1)

def codes(encoded):
    return (encoded * 255).round().astype("uint8")

def to_255(encoded):
    return encoded * 255

def a_little_over(encoded):
    return encoded * 1.2 + 0.1

def leave(encoded):
    sys.exit(3)

def signed(encoded):
    return encoded * 0.4 - 0.8

def codes_16(encoded):
    return (encoded * 65535).round().astype("uint16")

def to_65535(encoded):
    return encoded * 65535

def planes(encoded):
    return encoded.transpose(2, 0, 1)

def grey(encoded):
    return encoded.mean(2)

def with_alpha(encoded):
    return np.dstack([encoded, encoded[..., 0]])

def a_batch(encoded):
    return encoded[None]

def nothing_at_all(encoded):
    encoded.sum()

def rows_of_it(encoded):
    return (row for row in encoded)

def with_more(encoded):
    return encoded, {"gain": 1}

def complex_ones(encoded):
    return encoded.astype("complex64")

def double(encoded):
    return encoded.astype("float64")

def halves(encoded):
    return encoded.astype("float16")

def bfloat(encoded):
    return torch.from_numpy(encoded).bfloat16()

def with_gradients(encoded):
    return torch.from_numpy(encoded).requires_grad_() * 1

def a_view(encoded):
    return encoded[:, ::-1][:, ::-1]

def a_list(encoded):
    return encoded.tolist()

class Several(torch.nn.Module):
    def forward(self, images):
        return images * 0.5, images

class OneOfSeveral(torch.nn.Module):
    def forward(self, images):
        return images.mean(), images

class Grey(torch.nn.Module):
    def forward(self, images):
        return images.mean(1, keepdim=True)

class InPlace(torch.nn.Module):
    def forward(self, images, regions):
        regions.zero_()
        return images.mul_(0.5)

net = InPlace()
nothing = 7
"""


@pytest.fixture(scope="module")
def bad(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("outside") / "bad.py"
    path.write_text(BAD)
    return path


def psnr(out):
    """(method, sample) -> PSNR of region A."""
    return {
        (row.method, row.sample): value
        for row in read_evaluations(out)
        for name, value in row.values.items()
        if name.startswith("psnr@") and name.endswith("[A]")
    }


@pytest.mark.parametrize("scorer", ["numpy", "torch"])
def test_a_method_touches_only_its_own_row(scorer, bad, tiny_data, tmp_path):
    plain = ["auto_gamma", "oracle_gain", "highlight_shadow_curve"]
    settings = {"metrics": ["psnr"], "scorer": scorer, "limit": 2}
    run(tiny_data, plain, tmp_path / "plain", **settings)
    spoilers = [f"{bad}:halve", f"{bad}:all_of_it", f"{bad}:net"]
    before = random.getstate(), torch.get_default_dtype(), torch.is_grad_enabled(), Path.cwd()
    for order in (spoilers + plain, plain + spoilers):
        out = tmp_path / f"{order[0] == plain[0]}"
        assert run(tiny_data, order, out, **settings).failed == 0
        found, expected = psnr(out), psnr(tmp_path / "plain")
        assert {key: found[key] for key in expected} == expected
    after = random.getstate(), torch.get_default_dtype(), torch.is_grad_enabled(), Path.cwd()
    assert after == before


def test_a_random_method_gives_the_same_row_in_any_company(bad, tiny_data, tmp_path):
    settings = {"metrics": ["psnr"], "limit": 2}
    run(tiny_data, [f"{bad}:noise"], tmp_path / "alone", **settings)
    run(tiny_data, ["auto_gamma", f"{bad}:halve", f"{bad}:noise"], tmp_path / "more", **settings)
    alone = psnr(tmp_path / "alone")
    assert {k: v for k, v in psnr(tmp_path / "more").items() if k in alone} == alone


LEFT = {  # what a method does to everybody: how it is seen
    "os.chdir('/')": "os.getcwd()",
    "os.environ['OMP_NUM_THREADS'] = '77'; os.environ['EVIL'] = '1'": "dict(os.environ)",
    "os.umask(0o077)": "(os.umask(m := os.umask(0o22)), m)[1]",
    "sys.path.insert(0, '/nowhere')": "sys.path[:]",
    "sys.stdout = sys.stderr = io.StringIO()": "(id(sys.stdout), id(sys.stderr))",
    "sys.setrecursionlimit(5000)": "sys.getrecursionlimit()",
    "gc.disable()": "gc.isenabled()",
    "warnings.simplefilter('ignore')": "warnings.filters[:]",
    "signal.signal(signal.SIGINT, signal.SIG_IGN)": "signal.getsignal(signal.SIGINT)",
    "signal.signal(signal.SIGALRM, print); signal.setitimer(signal.ITIMER_REAL, 600)": (
        "(signal.getsignal(signal.SIGALRM), signal.getitimer(signal.ITIMER_REAL)[0])"
    ),
    "locale.setlocale(locale.LC_ALL, 'C')": "locale.setlocale(locale.LC_ALL)",
    "random.seed(3)": "random.getstate()",
    "np.random.seed(3)": "str(np.random.get_state())",
    "np.seterr(all='ignore')": "np.geterr()",
    "np.set_printoptions(precision=2)": "np.get_printoptions()",
    "cv2.setNumThreads(3)": "cv2.getNumThreads()",
    "cv2.setUseOptimized(False)": "cv2.useOptimized()",
    "torch.manual_seed(3)": "torch.get_rng_state().tolist()",
    "torch.set_default_dtype(torch.float64)": "torch.get_default_dtype()",
    "torch.set_default_device('meta')": "torch.get_default_device()",
    "torch.set_grad_enabled(False)": "torch.is_grad_enabled()",
    "torch.use_deterministic_algorithms(True, warn_only=True)": (
        "torch.are_deterministic_algorithms_enabled(),"
        " torch.is_deterministic_algorithms_warn_only_enabled()"
    ),
    "torch.autograd.set_detect_anomaly(True)": "torch.is_anomaly_enabled()",
    "torch.set_float32_matmul_precision('medium')": "torch.get_float32_matmul_precision()",
    "torch.backends.cudnn.benchmark = True": "torch.backends.cudnn.benchmark",
    "torch.backends.mkldnn.enabled = False": "torch.backends.mkldnn.enabled",
    "torch.set_flush_denormal(True)": "(torch.tensor([1e-310], dtype=torch.float64) * 1).item()",
}
LIBRARIES = (
    "import gc, io, locale, os, random, signal, sys, warnings\nimport cv2, numpy as np, torch\n"
)


@pytest.mark.parametrize("act", LEFT)
def test_global_state_is_put_back_whatever_happens(act):
    known: dict[str, object] = {}
    exec(LIBRARIES, known)
    before = eval(LEFT[act], known)
    with pytest.raises(ZeroDivisionError), isolated("a", "b"):
        exec(act, known)
        raise ZeroDivisionError
    assert eval(LEFT[act], known) == before


def test_what_a_file_does_when_it_is_imported_is_put_back_too(tmp_path):
    lines = [act for act in LEFT if "stdout" not in act]
    file = tmp_path / "loud.py"
    file.write_text(LIBRARIES + "\n".join(lines) + "\ndef f(e):\n    return e\n")
    known: dict[str, object] = {}
    exec(LIBRARIES, known)
    looks = [look for look in LEFT.values() if "path" not in look and "stdout" not in look]
    before = [eval(look, known) for look in looks]
    find_methods([f"{file}:f"])
    assert [eval(look, known) for look in looks] == before


def test_two_folders_may_both_have_a_module_of_one_name(tiny_data, tmp_path):
    """Authors' repositories all have a `utils`; some are imported late, some from a sub-folder."""
    code = {
        "m.py": "import sys\nsys.path.insert(0, {deep!r})\n"
        "from utils import V\nfrom deep_one import W\n"
        "def early(e):\n    return e * V\n"
        "def late(e):\n    import helper\n    return e * helper.V\n"
        "def deep(e):\n    import deep_two\n    return e * W * deep_two.V\n",
        "utils.py": "V = {v}\n",
        "helper.py": "V = {v}\n",
        "deep/deep_one.py": "W = {v}\n",
        "deep/deep_two.py": "V = 1.0\n",
    }
    for name, value in (("a", 0.5), ("b", 0.25)):
        for file, text in code.items():
            path = tmp_path / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.format(v=value, deep=str(tmp_path / name / "deep")))
    functions = ("early", "late", "deep")
    specs = [f"{n}_{f}={tmp_path / n / 'm.py'}:{f}" for n in "ab" for f in functions]
    settings = {"metrics": ["psnr"], "limit": 1}
    assert run(tiny_data, specs, tmp_path / "out", **settings).failed == 0
    found = {method: value for (method, _), value in psnr(tmp_path / "out").items()}
    assert found["a_early"] == found["a_late"] == found["a_deep"]
    assert found["b_early"] == found["b_late"] == found["b_deep"] != found["a_early"]
    assert "utils" not in sys.modules


WRONG = {
    "codes": "returned uint8 values; allowed are floating-point numbers from 0 to 1; divide",
    "to_255": "allowed are 0 to 1; divide by 255",
    "leave": "SystemExit: the method tried to end the program (3)",
    "signed": "; allowed are 0 to 1; add 1 and divide by 2",
    "codes_16": "returned uint16 values; allowed are floating-point numbers from 0 to 1; div",
    "to_65535": "allowed are 0 to 1; divide by their largest code",
    "planes": ", 3); give its axes in that order",
    "grey": ", 3); give three channels",
    "with_alpha": ", 3); give three channels",
    "a_batch": ", 3); give one picture, no batch",
    "nothing_at_all": "returned a NoneType; give a floating-point array (H, W, 3)",
    "rows_of_it": "returned a generator; give a floating-point array (H, W, 3)",
    "with_more": "returned a tuple; give an array (H, W, 3)",
    "complex_ones": "returned complex64 values; give a floating-point array (H, W, 3)",
    "Several": "returned 2 results, 2 of them of the shape of the pictures; return the",
    "Grey": "returned (1, 1, ",
}


def test_what_cannot_be_a_picture_says_what_to_do(bad, tiny_data, tmp_path):
    specs = [f"{bad}:{name}" for name in WRONG]
    summary = run(tiny_data, specs, tmp_path, metrics=["psnr"], limit=1)
    assert summary.failed == len(WRONG)
    for name, status in WRONG.items():
        assert status in summary.reasons[name], name


ENDED = """
import os, signal, time


def asked_to_end(picture):
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(1)
    return picture
"""


def test_a_run_that_is_asked_to_end_while_a_method_works_ends(tiny_data, tmp_path):
    (tmp_path / "ended.py").write_text(ENDED)
    words = ["run", "--data", str(tiny_data), "--out", str(tmp_path / "out"), "--jobs", "1"]
    words += ["--methods", f"{tmp_path / 'ended.py'}:asked_to_end"]
    done = subprocess.run([sys.executable, "-m", "benchmarks", *words], capture_output=True)
    assert done.returncode == 128 + signal.SIGTERM, done.stderr
    assert b"Traceback" not in done.stderr
    assert (tmp_path / "out" / "rows.jsonl").read_text() == ""  # no method failed


KINDS = ["double", "halves", "bfloat", "with_gradients", "a_view", "a_list", "OneOfSeveral"]


def test_any_floating_point_picture_is_scored(bad, tiny_data, tmp_path):
    summary = run(
        tiny_data, [f"{bad}:{kind}" for kind in KINDS], tmp_path, metrics=["psnr"], limit=1
    )
    assert summary.reasons == {}
    found = {method: value for (method, _), value in psnr(tmp_path).items()}
    for kind in KINDS:
        assert found[kind] == pytest.approx(found["input"], abs=0.1), kind


def test_small_excursions_stay_clipped(bad, tiny_data, tmp_path):
    settings = {"metrics": ["psnr"], "limit": 1}
    assert run(tiny_data, [f"{bad}:a_little_over"], tmp_path, **settings).failed == 0


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("no.py:f", "no.py: FileNotFoundError: no such file"),
        ("{bad}:gone", "has no 'gone'"),
        ("{bad}:nothing", "is a int; give a function or a network"),
        ("no.such.module:f", "ModuleNotFoundError"),
        ("a/b={bad}:halve", "method name: must be a name without '/'"),
        ("auto_gamma={bad}:halve", "there is a method 'auto_gamma'; say mine="),
    ],
)
def test_what_is_not_there_is_one_line(spec, message, bad):
    with pytest.raises(MethodError, match=message.replace("(", r"\(")):
        find_methods([spec.format(bad=bad)])


def test_a_metric_of_ones_own_is_a_column(tiny_data, tmp_path):
    spec = f"{EXAMPLE}:chroma_error"
    run(tiny_data, ["auto_gamma"], tmp_path, metrics=["psnr", spec], limit=2)
    METRICS.pop("chroma_error")
    text = write_report(tmp_path).text
    assert "chroma_error A ↓" in text
    about = json.loads((tmp_path / "run.json").read_text())
    assert about["metrics"]["chroma_error"]["label"] == "chroma_error"
    with pytest.raises(MetricError, match="has no 'gone'"):
        find_metrics([f"{EXAMPLE}:gone"])


def test_a_folder_of_a_stranger_runs_no_code(bad, tiny_data, tmp_path, capsys):
    """What a results folder says of a method is shown, and never imported."""
    run(tiny_data, [f"{bad}:halve"], tmp_path / "run", metrics=["psnr"], limit=1)
    evil = tmp_path / "evil.py"
    evil.write_text(f"open({str(tmp_path / 'pwned')!r}, 'w')\ndef halve(x): return x\n")
    path = tmp_path / "run" / "run.json"
    path.write_text(path.read_text().replace(str(bad), str(evil)))
    assert main(["report", str(tmp_path / "run")]) == 0
    assert main(["verify", str(tmp_path / "run")]) == 0
    assert "| halve |" in capsys.readouterr().out
    assert not (tmp_path / "pwned").exists()
    assert main(["verify", str(tmp_path / "run"), "--methods", f"{bad}:halve"]) == 0
    assert "3 evaluations recomputed, 0 values differ" in capsys.readouterr().out


def test_rows_of_earlier_runs_stay_in_the_table(tiny_data, tmp_path):
    settings = {"metrics": ["psnr"], "limit": 2}
    run(tiny_data, ["gamma", "he_rgb"], tmp_path / "a", **settings)
    run(tiny_data, ["auto_gamma"], tmp_path / "a", metrics=["psnr"], limit=1)
    run(tiny_data, [f"{EXAMPLE}:brighten"], tmp_path / "b", **settings)
    table = write_report([tmp_path / "a", tmp_path / "b"], out=tmp_path / "joined").text
    for name in ("gamma", "he_rgb", "auto_gamma", "brighten"):
        assert f"| {name} |" in table
    assert "Scored in part" in table or "Partial run" in table
    assert (tmp_path / "joined" / "report.html").is_file()


@pytest.mark.slow
def test_the_page_about_your_own_model_runs_on_an_installed_wheel(tmp_path):
    """Its commands, outside the repository, with nothing of the repository on the path."""
    build = [sys.executable, "-m", "pip", "-q", "--no-input"]
    quiet = {"check": True, "stdout": subprocess.DEVNULL}
    source = tmp_path / "source"
    for name in ("benchmarks", "datagen", "luts"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    wheel = ["wheel", "--no-deps", "--no-build-isolation", "-w", str(tmp_path), str(source)]
    subprocess.run([*build, *wheel], **quiet)
    (file,) = tmp_path.glob("*.whl")
    subprocess.run(
        [*build, "install", "--no-deps", "--target", str(tmp_path / "site"), file], **quiet
    )
    place = tmp_path / "elsewhere"
    place.mkdir()
    shutil.copy(EXAMPLE, place)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}

    def call(*words):
        start = [sys.executable, "-c", "import sys; from importlib import import_module as m; "
                 "sys.exit(m(sys.argv[1] + '.cli').main(sys.argv[2:]))"]  # fmt: skip
        subprocess.run([*start, *words], check=True, cwd=place, env=environment)

    small = ["--set", "render.long_edge=64", "--set", "source.limit=7"]
    call("datagen", "build", "demo", "-o", "out/demo", *small)
    halves = ["--set", "split.train=0.5", "--set", "split.val=0.25", "--set", "split.test=0.25"]
    call("datagen", "build", "demo", "-o", "out/train", *small, *halves)
    shutil.copy(next((place / "out/demo/scenes").rglob("*.png")), place / "photo.png")
    page = (ROOT / "docs" / "your_own_model.md").read_text()
    block = page.split("```sh\n")[1].split("```")[0]
    for line in block.splitlines():
        line = line.replace("--steps 500", "--steps 4 --set batch=2 --set crop=32")
        line = line.replace("photo.jpg", "photo.png")
        call(*line.split())
    assert "| Net |" in (place / "out/mine/table.md").read_text()
    assert (place / "fixed.jpg").is_file()


def test_a_blended_row_is_its_host_in_a_and_the_input_in_c(tiny_data, tmp_path):
    """Classical, from outside, and a model: the host is called without the region map."""
    names = ["he_rgb", "he_rgb+blend", f"{EXAMPLE}:brighten", f"{EXAMPLE}:brighten+blend"]
    names += ["zero_dce", "zero_dce+blend"]
    assert run(tiny_data, names, tmp_path, metrics=["psnr", "unchanged"], limit=2).failed == 0
    found = psnr(tmp_path)
    for (name, sample), value in found.items():
        if name.endswith("+blend"):
            assert value == pytest.approx(found[name.removesuffix("+blend"), sample], abs=1e-4)
