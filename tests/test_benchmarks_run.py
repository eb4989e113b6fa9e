"""The harness: right rows, kept whatever happens, never mixed with others."""

from __future__ import annotations

import json
import math
import os
import shutil
import signal
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest

from benchmarks import methods
from benchmarks.cli import main
from benchmarks.front import run
from benchmarks.harness.groups import schedule
from benchmarks.harness.long_table import load_rows
from benchmarks.harness.ranks import Rank, rank_from
from benchmarks.harness.rows import ROWS, RunError, read_evaluations
from benchmarks.harness.runners import infer
from benchmarks.harness.tasks import Pairs, Plan, list_tasks
from benchmarks.harness.verify import verify
from benchmarks.methods import MethodError, find_methods
from benchmarks.methods import method as method_module
from benchmarks.methods.method import Method
from benchmarks.methods.models.trained.checkpoints import load
from benchmarks.metrics import METRICS, MetricError
from datagen.dataset.read import load_pair, open_dataset
from datagen.engines.worker import EngineError
from datagen.images.files import write_image
from luts.colour.transfer import decode_srgb, encode_srgb
from luts.tool.errors import UserError

NAMES = ["he_rgb", "gamma"]


def values(out):
    """All stored numbers, without what may differ between runs."""
    return {
        r.pair: {k: None if math.isnan(v) else v for k, v in r.values.items()}
        for r in read_evaluations(out)
    }


@pytest.fixture(scope="module")
def finished(tiny_data, tmp_path_factory):
    out = tmp_path_factory.mktemp("run")
    summary = run(tiny_data, NAMES, out)
    return out, summary


def test_every_method_is_scored_on_every_test_pair(finished, tiny_data):
    out, summary = finished
    pairs = len(open_dataset(tiny_data).select(split="test"))
    assert (summary.asked, summary.reused, summary.failed) == (pairs * 4, 0, 0)
    table = load_rows(out)
    assert table.groupby("method")["sample"].nunique().to_dict() == dict.fromkeys(
        ["input", "reference", *NAMES], pairs
    )


def test_the_reference_is_perfect_and_the_input_never_touches_c(finished):
    table = load_rows(finished[0])
    psnr = table[table["metric"] == "psnr"].set_index(["method", "region"])["value"]
    assert (psnr["reference"].dropna() == math.inf).all()
    assert (psnr["input", "C"].dropna() == math.inf).all()
    colour = table[(table["metric"] == "delta_e_2000") & (table["method"] == "reference")]
    assert (colour["value"].dropna() == 0).all()


def test_psnr_of_region_a_is_what_the_files_say(finished, tiny_data):
    """Recomputed from the PNG files with nothing but the definition."""
    dataset = open_dataset(tiny_data)
    table = load_rows(finished[0])
    chosen = table[(table["method"] == "input") & (table["metric"] == "psnr")]
    chosen = chosen[chosen["region"] == "A"]
    rows = {row.id: row for row in dataset.rows}
    for sample, expert, value in chosen[["sample", "expert", "value"]].itertuples(index=False):
        pair = load_pair(dataset, rows[sample], expert)
        inside = pair.regions == 2
        error = (pair.degraded.astype(float) - pair.reference)[inside]
        assert value == pytest.approx(-10 * math.log10((error**2).mean()), abs=0.01)


def test_a_second_run_computes_nothing_and_changes_nothing(finished, tiny_data):
    out, first = finished
    before = (out / ROWS).read_bytes()
    again = run(tiny_data, NAMES, out)
    assert (again.asked, again.reused) == (first.asked, first.asked)
    assert (out / ROWS).read_bytes() == before


def test_two_processes_and_one_give_the_same_numbers(finished, tiny_data, tmp_path):
    run(tiny_data, NAMES, tmp_path, jobs=2)
    assert values(tmp_path) == values(finished[0])


@pytest.mark.parametrize("kept", [0, 1, 100, 5000])
def test_a_run_cut_anywhere_is_finished_with_the_same_rows(finished, tiny_data, tmp_path, kept):
    out = tmp_path / "cut"
    shutil.copytree(finished[0], out)
    whole = (out / ROWS).read_bytes()
    (out / ROWS).write_bytes(whole[:kept])
    run(tiny_data, NAMES, out)
    assert values(out) == values(finished[0])


@pytest.mark.slow
def test_killed_at_random_moments_and_resumed_the_rows_are_those_of_one_run(
    finished, tiny_data, tmp_path, rng
):
    """Thirty deaths spread over the time that a run takes here; a folder that is full is left."""

    def start(out):
        words = [sys.executable, *command(tiny_data, out, "--jobs", "2")]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return subprocess.Popen(words, **quiet, start_new_session=True)

    began = time.perf_counter()
    assert start(tmp_path / "whole").wait() == 0
    seconds = time.perf_counter() - began
    folders, cut_short = [tmp_path / "0"], 0
    for wait in rng.uniform(0.2, 1.0, 30) * seconds:
        child = start(folders[-1])
        time.sleep(wait)
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        made = len(values(folders[-1]))
        cut_short += 0 < made < len(values(finished[0]))
        if made == len(values(finished[0])):
            folders.append(tmp_path / str(len(folders)))
    assert cut_short
    for folder in folders:
        run(tiny_data, NAMES, folder)
        assert values(folder) == values(finished[0])


def bad_method(encoded: np.ndarray) -> np.ndarray:
    """Fail in a different way for dark, middling and bright pictures."""
    mean = encoded.mean()
    if mean < 0.3:
        raise ArithmeticError("too dark for me")
    return encoded * np.float32(np.nan) if mean < 0.55 else encoded[:-1]


def test_a_method_that_fails_costs_only_its_own_rows(tiny_data, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(
        methods.METHODS, "bad", Method("test_benchmarks_run:bad_method", "classical", "fails")
    )
    monkeypatch.setattr(method_module.Method, "load", _load_here(method_module.Method.load))
    monkeypatch.setattr("benchmarks.harness.predict.code_hash", lambda module: "x")
    arguments = ["--data", str(tiny_data), "--out", str(tmp_path), "--jobs", "1"]
    assert main(["run", *arguments, "--methods", "bad", "gamma"]) == 1
    assert "0 reused" in capsys.readouterr().err
    table = load_rows(tmp_path)
    bad = table[table["method"] == "bad"]
    known = "ArithmeticError: too dark|BadEstimateError: returned values that are not finite"
    known += r"|BadEstimateError: returned \("
    assert bad["status"].str.contains(known, regex=True).all()
    assert (table.loc[table["method"] == "gamma", "status"] == "ok").all()
    assert main(["report", str(tmp_path)]) == 0
    assert "bad: " in capsys.readouterr().out


def _load_here(original):
    return lambda self: bad_method if "bad_method" in self.target else original(self)


def test_rows_of_another_data_set_are_refused(finished, tiny_data, tmp_path):
    out = tmp_path / "run"
    shutil.copytree(finished[0], out)
    about = json.loads((out / "run.json").read_text())
    about["dataset"]["hash"] = "0" * 64
    (out / "run.json").write_text(json.dumps(about))
    with pytest.raises(RunError, match=r"holds rows of data set demo \(0{12}\), not of demo"):
        run(tiny_data, NAMES, out)


def test_a_changed_picture_is_never_scored(tiny_data, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(tiny_data, data)
    row = open_dataset(data).select(split="test")[0]
    picture = data / row.input
    picture.write_bytes(picture.read_bytes()[:-1] + b"\0")
    assert run(data, ["gamma"], tmp_path / "out").failed == 3
    status = {r.sample: r.status for r in read_evaluations(tmp_path / "out")}
    assert "missing or changed since it was built" in status.pop(row.id)
    assert set(status.values()) == {"ok"}


def test_partial_runs_are_marked_in_the_report(tiny_data, tmp_path, capsys):
    arguments = ["--data", str(tiny_data), "--out", str(tmp_path), "--methods", "gamma"]
    assert main(["run", *arguments, "--limit", "2", "--jobs", "1"]) == 0
    assert main(["report", str(tmp_path)]) == 0
    assert "Partial run: --limit 2" in capsys.readouterr().out


def test_pictures_made_elsewhere_are_scored_like_our_own(tiny_data, tmp_path, capsys, finished):
    """The exact picture of the gamma row, saved as 16-bit PNG by "another program"."""
    dataset = open_dataset(tiny_data)
    for row in dataset.select(split="test"):
        pair = load_pair(dataset, row)
        encoded = find_methods(["gamma"])["gamma"].load()(pair.degraded)
        write_image(tmp_path / "theirs" / f"{row.id}.png", np.uint16(np.round(encoded * 65535)))
    out = tmp_path / "out"
    arguments = ["--data", str(tiny_data), "--predictions", str(tmp_path / "theirs")]
    assert main(["run", *arguments, "--name", "theirs", "--out", str(out)]) == 0
    assert main(["report", str(out)]) == 0
    assert "| theirs | external |" in capsys.readouterr().out
    ours = {k[1]: v for k, v in values(finished[0]).items() if k[0] == "gamma"}
    for (name, sample, _), numbers in values(out).items():
        if name == "theirs":
            key = next(k for k in numbers if k.startswith("psnr@") and k.endswith("[A]"))
            assert numbers[key] == pytest.approx(ours[sample][key], abs=0.01)


def test_a_missing_prediction_is_a_failed_row_and_exit_code_one(tiny_data, tmp_path, capsys):
    row, *others = open_dataset(tiny_data).select(split="test")
    picture = load_pair(open_dataset(tiny_data), row).degraded
    write_image(tmp_path / "some" / f"{row.id}.png", np.uint8(np.round(picture * 255)))
    arguments = ["--data", str(tiny_data), "--predictions", str(tmp_path / "some")]
    assert main(["run", *arguments, "--jobs", "1", "--out", str(tmp_path / "out")]) == 1
    assert "mine: failed: MethodError" in capsys.readouterr().err
    status = {r.sample: r.status for r in read_evaluations(tmp_path / "out") if r.method == "mine"}
    assert status.pop(row.id) == "ok"
    assert len(status) == len(others) and all("no such picture" in s for s in status.values())


@pytest.mark.parametrize("name", ["x.png", "scene_out.png", "x.gif"])
def test_a_folder_of_other_names_is_refused_before_anything_is_scored(
    name, tiny_data, tmp_path, capsys
):
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / name).write_bytes(b"")
    arguments = ["--data", str(tiny_data), "--predictions", str(tmp_path / "theirs")]
    assert main(["run", *arguments, "--out", str(tmp_path / "out")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"there is {name}" in line and "--pattern" in line
    assert not (tmp_path / "out" / ROWS).exists()


def test_two_pictures_of_one_sample_are_not_guessed(tiny_data, tmp_path, capsys):
    row = open_dataset(tiny_data).select(split="test")[0]
    for name in (f"{row.id}.png", f"{row.id.replace('/', '_')}.jpg"):
        (tmp_path / "theirs" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "theirs" / name).write_bytes(b"")
    arguments = ["--data", str(tiny_data), "--predictions", str(tmp_path / "theirs")]
    assert main(["run", *arguments, "--out", str(tmp_path / "out")]) == 2
    assert f"may both be {row.id}; take one away" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("{id}.tif", ""),
        ("{flat}.png", ""),
        ("{flat}.JPG", ""),
        ("{id}.npy", ""),
        ("{flat}_out.webp", "{flat}_out.webp"),
    ],
)
def test_pictures_of_other_formats_and_names_are_found(name, pattern, tiny_data, tmp_path):
    dataset = open_dataset(tiny_data)
    row = dataset.select(split="test")[0]
    picture = load_pair(dataset, row).degraded
    path = tmp_path / "theirs" / name.format(id=row.id, flat=row.id.replace("/", "_"))
    path.parent.mkdir(parents=True)
    codes = np.uint8(np.round(picture * 255))
    if path.suffix == ".npy":
        np.save(path, picture)
    elif path.suffix == ".webp":
        cv2.imwrite(str(path), codes[..., ::-1], [cv2.IMWRITE_WEBP_QUALITY, 101])
    else:
        write_image(path, codes)
    given = {"elsewhere": {"mine": tmp_path / "theirs"}, "pattern": pattern, "limit": 1}
    assert run(tiny_data, [], tmp_path / "out", metrics=["psnr"], **given).failed == 0
    found = {r.method: r.values for r in read_evaluations(tmp_path / "out")}
    psnr = next(v for k, v in found["mine"].items() if k.endswith("[all]"))
    ours = next(v for k, v in found["input"].items() if k.endswith("[all]"))
    assert psnr == pytest.approx(ours, abs=1 if path.suffix == ".JPG" else 1e-4)


def test_a_data_set_that_is_elsewhere_is_told(finished, tmp_path):
    moved = tmp_path / "moved"
    shutil.copytree(finished[0], moved)
    about = json.loads((moved / "run.json").read_text())
    about["dataset"]["folder"] = "out/gone"
    (moved / "run.json").write_text(json.dumps(about))
    with pytest.raises(RunError, match="its data set is not at out/gone; call this from where it"):
        verify(moved)


def test_stored_rows_come_out_again(finished, tmp_path):
    checked, found = verify(finished[0], count=6)
    assert (checked, found) == (6, [])
    forged = tmp_path / "forged"
    shutil.copytree(finished[0], forged)
    lines = [json.loads(line) for line in (forged / ROWS).read_text().splitlines()]
    for line in lines:
        line["values"] = {
            k: (v + 1 if isinstance(v, float) else v) for k, v in line["values"].items()
        }
    (forged / ROWS).write_text("".join(json.dumps(line) + "\n" for line in lines))
    _, found = verify(forged, count=2)
    assert found


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["clahe_lap"], "no method called 'clahe_lap'; nearest: clahe_lab"),
        (["zzz"], "no method called 'zzz'; see `benchmarks list`"),
    ],
)
def test_an_unknown_method_names_the_nearest(names, message):
    with pytest.raises(MethodError, match=message):
        find_methods(names)


def test_a_folder_that_is_no_data_set_is_one_line(tmp_path, capsys):
    assert main(["run", "--data", str(tmp_path), "--out", str(tmp_path / "o")]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_the_curve_used_for_blending_is_its_own_inverse_on_the_files(tiny_data):
    """What is stored as 8-bit codes survives the trip through linear light that B needs."""
    codes = np.arange(256) / 255
    np.testing.assert_array_equal(np.round(encode_srgb(decode_srgb(codes)) * 255), np.arange(256))


DEADLY = """
import os, signal

def deadly(encoded):
    if encoded.mean() < 0.45:
        os.kill(os.getpid(), signal.SIGKILL)
    return encoded
"""


def test_a_worker_that_dies_costs_only_the_evaluations_it_died_of(
    finished, tiny_data, tmp_path, monkeypatch
):
    (tmp_path / "deadly_method.py").write_text(DEADLY)  # as native code can be
    monkeypatch.syspath_prepend(tmp_path)
    deadly = Method("deadly_method:deadly", "classical", "kills its process on dark pictures")
    monkeypatch.setitem(methods.METHODS, "deadly", deadly)
    summary = run(tiny_data, ["deadly", *NAMES], tmp_path, jobs=2)
    table = load_rows(tmp_path).drop_duplicates(["method", "sample", "expert"])
    died = table[table["status"] != "ok"]
    assert set(died["method"]) == {"deadly"}
    assert set(died["status"]) == {"crashed: the worker process was ended by SIGKILL"}
    assert 0 < summary.failed == len(died) < (table["method"] == "deadly").sum()
    theirs = {key: value for key, value in values(tmp_path).items() if key[0] != "deadly"}
    assert theirs == values(finished[0])


def test_a_worker_without_a_model_never_imports_torch(tiny_data):
    script = (
        "import sys; from benchmarks.front import run; from pathlib import Path;"
        "run(Path(sys.argv[1]), ['he_rgb'], Path(sys.argv[2]), limit=1);"
        "assert 'torch' not in sys.modules"
    )
    out = tiny_data.parent / "no_torch"
    subprocess.run([sys.executable, "-c", script, tiny_data, out], check=True)


def test_metrics_asked_for_are_the_ones_measured(tiny_data, tmp_path):
    run(tiny_data, ["gamma"], tmp_path, limit=1, metrics=["flip", "default", "psnr"])
    default = {metric.name for metric in METRICS.values() if metric.by_default}
    assert set(load_rows(tmp_path)["metric"]) == default | {"flip"}
    run(tiny_data, ["gamma"], tmp_path, limit=1, metrics=["psnr", "ssim"])
    assert set(load_rows(tmp_path)["metric"]) == {"psnr", "ssim"}
    assert verify(tmp_path) == (3, [])


def test_every_metric_can_be_asked_for(tiny_data, tmp_path):
    run(tiny_data, ["gamma"], tmp_path, limit=1, metrics=["all"])
    table = load_rows(tmp_path)
    assert set(table["status"]) == {"ok"}
    assert set(table["metric"]) == set(METRICS) - {"niqe", "pi", "lpips"}


def test_an_unknown_metric_names_the_nearest(tiny_data, tmp_path):
    with pytest.raises(MetricError, match="no metric 'psmr'; did you mean psnr"):
        run(tiny_data, ["gamma"], tmp_path, metrics=["psmr"])


def test_kept_predictions_are_what_other_metrics_are_computed_from(
    tiny_data, tmp_path, monkeypatch
):
    settings = {"limit": 2, "keep_predictions": True}
    run(tiny_data, NAMES, tmp_path, metrics=["psnr", "ssim"], **settings)
    expected = values(tmp_path)
    assert verify(tmp_path)[1] == []
    monkeypatch.setattr("benchmarks.harness.evaluate.make_runner", no_inference)
    assert run(tiny_data, NAMES, tmp_path, metrics=["psnr"], **settings).failed == 0
    for record in read_evaluations(tmp_path):
        stored = expected[record.pair]
        for name, value in record.values.items():
            assert value == stored[name] or math.isnan(value)


def test_a_damaged_prediction_is_made_again(tiny_data, tmp_path):
    settings = {"limit": 1, "keep_predictions": True}
    run(tiny_data, ["gamma"], tmp_path, metrics=["psnr"], **settings)
    expected = values(tmp_path)
    (tmp_path / ROWS).unlink()
    for path in (tmp_path / "predictions").rglob("*.png"):
        path.write_bytes(path.read_bytes()[:-200])
    assert run(tiny_data, ["gamma"], tmp_path, metrics=["psnr"], **settings).failed == 0
    assert values(tmp_path) == expected


def no_inference(*arguments):
    raise AssertionError("asked for inference")


@pytest.mark.parametrize("count", [2, 3])
def test_ranks_together_make_the_rows_of_a_single_process(finished, tiny_data, tmp_path, count):
    summaries = [run(tiny_data, NAMES, tmp_path, rank=Rank(i, count)) for i in range(count)]
    assert len(list(tmp_path.glob("rows.*.jsonl"))) == count
    assert values(tmp_path) == values(finished[0])
    assert sum(s.asked for s in summaries) == finished[1].asked
    alone = run(tiny_data, NAMES, tmp_path)
    assert alone.reused == alone.asked
    assert load_rows(tmp_path).shape == load_rows(finished[0]).shape


def command(data, out, *options):
    start = ["run", "--data", str(data), "--out", str(out), "--methods", *NAMES]
    return ["-m", "benchmarks", *start, "--device", "cpu", *options]


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 2, 3])
def test_ranks_of_torchrun_make_the_rows_of_a_single_process(finished, tiny_data, tmp_path, count):
    launch = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(count)]
    options = command(tiny_data, tmp_path, "--jobs", "1")
    subprocess.run([sys.executable, *launch, *options], check=True, stdout=subprocess.DEVNULL)
    assert len(list(tmp_path.glob("rows*.jsonl"))) == count
    assert values(tmp_path) == values(finished[0])


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["ray", "dask"])
def test_a_cluster_makes_the_rows_of_a_single_process(finished, tiny_data, tmp_path, engine):
    pytest.importorskip({"ray": "ray", "dask": "distributed"}[engine])
    options = command(tiny_data, tmp_path, "--engine", engine, "--jobs", "2")
    subprocess.run([sys.executable, *options], check=True, stdout=subprocess.DEVNULL)
    assert values(tmp_path) == values(finished[0])


def test_an_engine_for_cpus_is_not_given_a_gpu(tiny_data, tmp_path):
    with pytest.raises(EngineError, match="--engine ray works on CPUs; use torchrun"):
        run(tiny_data, NAMES, tmp_path, engine="ray", device="cuda")


@pytest.mark.parametrize(
    "environment",
    [{"RANK": "0"}, {"RANK": "x", "WORLD_SIZE": "2"}, {"RANK": "2", "WORLD_SIZE": "2"}],
)
def test_ranks_that_make_no_sense_are_refused(environment):
    with pytest.raises(UserError, match=r"RANK"):
        rank_from(environment)


def test_the_last_tasks_are_sliced_and_none_is_lost(tiny_data):
    names = ["he_rgb", "gamma", "he_value", "clahe_lab", "clahe_rgb"]
    chosen = {name: Method("", "classical", "") for name in names}
    rows = open_dataset(tiny_data).select(split="test")
    plan = Plan({name: name for name in names}, {name: name for name in names})
    pairs = Pairs()
    for row in rows:
        pairs.note(row)
    tasks = list_tasks(pairs, chosen, plan)
    groups = schedule(tasks, jobs=2)
    pixels = [task.size[0] * task.size[1] for (task,) in groups]
    assert pixels == sorted(pixels, reverse=True)
    assert max(len(task.names) for (task,) in groups[-16:]) == 2
    given = [task.key(name) for (task,) in groups for name in task.names]
    assert sorted(given) == sorted(task.key(name) for task in tasks for name in task.names)


@pytest.mark.parametrize("name", ["highlight_shadow_curve", "zero_dce+blend"])
def test_models_give_the_same_rows_in_batches(tiny_data, tmp_path, name):
    """Convolutions of a batch may add in another order, so the last digits may differ."""
    run(tiny_data, [name], tmp_path / "one", metrics=["psnr"])
    run(tiny_data, [name], tmp_path / "four", metrics=["psnr"], batch=4)
    one, four = values(tmp_path / "one"), values(tmp_path / "four")
    assert one.keys() == four.keys()
    for key, numbers in one.items():
        for metric, value in numbers.items():
            assert four[key][metric] == (value if value is None else pytest.approx(value, abs=1e-4))


def test_a_batch_of_pairs_gives_the_estimates_of_single_ones(tiny_data):
    dataset = open_dataset(tiny_data)
    rows = [row for row in dataset.select() if row.height < row.width][:3]
    pairs = [load_pair(dataset, row) for row in rows]
    module, _ = load("zero_dce")
    for pair, estimate in zip(pairs, infer(module, pairs), strict=True):
        np.testing.assert_allclose(estimate, infer(module, [pair])[0], atol=1e-6)


def test_a_failed_row_that_later_worked_is_counted_once(tiny_data, tmp_path, finished):
    shutil.copytree(finished[0], tmp_path / "run")
    out = tmp_path / "run"
    lines = (out / ROWS).read_text().splitlines(keepends=True)
    failed = json.dumps(json.loads(lines[0]) | {"status": "ValueError: no", "values": {}}) + "\n"
    (out / ROWS).write_text(failed + failed + "".join(lines))
    assert load_rows(out).equals(load_rows(finished[0]))
