"""Results folders and weights of strangers: right, or one line; shown as text; nothing outside."""

from __future__ import annotations

import copy
import csv
import fcntl
import json
import random
import re
import shutil

import pytest

from benchmarks.cli import main
from benchmarks.front import run
from benchmarks.harness.rows import ROWS, RunError, open_for_append, read_evaluations
from benchmarks.harness.run_info import RUN, load_run, tries
from benchmarks.methods.models import ModelError, build
from benchmarks.methods.models.trained.checkpoints import WEIGHTS, load, load_row, save
from benchmarks.methods.models.trained.record import CheckpointError, parse_record
from benchmarks.report import escape
from benchmarks.report.write import write_report
from luts.tool.errors import UserError

DEEP: list = []
for _ in range(2000):
    DEEP = [DEEP]
VALUES = [None, True, -1, 7, 1.5, "", "x", "../../x", "/etc/passwd", "a\x1b[31m", "\u202ex", [], {},
          {"a": 1}, [1], "x" * 100_000]  # fmt: skip
RAW = ['{"a":1', "[]", "", "nul", "[" * 100_000, '{"dataset": 1e999}', "\ufeff{}", '"\\ud800"']


@pytest.fixture(scope="module")
def finished(tiny_data, tmp_path_factory):
    out = tmp_path_factory.mktemp("strangers") / "run"
    run(tiny_data, ["gamma", "zero_dce"], out, metrics=["psnr", "ev_bias"], limit=2)
    return out


def places(table, path=()):
    """Every place in parsed JSON, as the keys that lead there."""
    items = table.items() if isinstance(table, dict) else enumerate(table)
    for key, value in items:
        yield (*path, key)
        if isinstance(value, dict | list):
            yield from places(value, (*path, key))


def changed(table, place, value, *, drop=False):
    table = copy.deepcopy(table)
    inner = table
    for key in place[:-1]:
        inner = inner[key]
    if drop:
        del inner[place[-1]]
    else:
        inner[place[-1]] = value
    return table


def mutations(table, rng, count):
    """Changed copies: a place dropped, of another kind, out of range, nested too deep."""
    every = list(places(table))
    for place in every:
        yield changed(table, place, None, drop=True)
    for _ in range(count):
        yield changed(table, rng.choice(every), rng.choice([*VALUES, DEEP]))


def dumped(table):
    try:
        return json.dumps(table)
    except RecursionError:  # the reader's turn to meet it
        return "[" * 100_000


def check(read, error_class):
    """Right, or one line."""
    try:
        read()
    except error_class as error:
        assert len(str(error).splitlines()) == 1, error
        assert len(str(error)) < 1000


def test_a_run_that_was_changed_is_read_or_refused_in_one_line(finished, tmp_path):
    rng, table = random.Random(0), json.loads((finished / RUN).read_text())
    shutil.copy(finished / ROWS, tmp_path)
    for text in [*map(dumped, mutations(table, rng, 400)), *RAW]:
        (tmp_path / RUN).write_text(text, errors="surrogatepass")
        check(lambda: list(tries(tmp_path, load_run(tmp_path))), RunError)


def test_rows_that_were_changed_are_read_or_refused_in_one_line(finished, tmp_path):
    rng = random.Random(1)
    line = json.loads((finished / ROWS).read_text().splitlines()[0])
    texts = [*map(dumped, mutations(line, rng, 400)), *RAW, "[" * (1 << 20) + "]"]
    for text in texts:
        (tmp_path / ROWS).write_text(text + "\n", errors="surrogatepass")
        check(lambda: list(read_evaluations(tmp_path)), RunError)


def test_records_that_were_changed_are_read_or_refused_in_one_line(tmp_path):
    rng = random.Random(2)
    table = json.loads((WEIGHTS / "zero_dce.json").read_text())
    table["data"]["groups"] = table["data"]["groups"][:2]
    for text in [*map(dumped, mutations(table, rng, 300)), *RAW]:
        (tmp_path / "r.json").write_text(text, errors="surrogatepass")
        check(lambda: parse_record(tmp_path / "r.json"), CheckpointError)


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (("split",), 3, "split: must be one of train, val, test; got 3"),
        (("dataset", "hash"), None, "dataset.hash: must be a text, got None"),
        (("methods", "gamma", "kind"), "magic", "kind: must be one of check"),
        (("methods", "gamma", "asked"), "many", "asked: must be a whole number, got 'many'"),
        (("methods", "../../x"), {}, "must be a name without '/'"),
        (("surprise",), 1, "unknown key 'surprise'"),
    ],
)
def test_a_refusal_names_file_field_and_what_was_found(
    place, value, message, finished, tmp_path, capsys
):
    shutil.copytree(finished, tmp_path / "run")
    table = json.loads((finished / RUN).read_text())
    (tmp_path / "run" / RUN).write_text(json.dumps(changed(table, place, value)))
    for verb in ("report", "verify"):
        assert main([verb, str(tmp_path / "run")]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert str(tmp_path / "run" / RUN) in line and message in line


NASTY = "=<script>alert(1)</script>|$x_1^{2}$ `*_&~#%\u00e9"


def test_names_are_text_wherever_they_are_shown(finished, tmp_path):
    """A method, a note, a set and a status that are markup in every language."""
    out = shutil.copytree(finished, tmp_path / "run")
    about = json.loads((out / RUN).read_text())
    name = NASTY.replace("/", "")
    about["methods"][name] = about["methods"].pop("gamma")
    about["methods"]["_hidden"] = dict(about["methods"][name])
    about["dataset"]["name"] = NASTY
    (out / RUN).write_text(json.dumps(about))
    rows = [json.loads(line) for line in (out / ROWS).read_text().splitlines()]
    for row in [row for row in rows if row["method"] == "gamma"]:
        row |= {"method": name, "note": NASTY}
        rows.append(row | {"method": "_hidden", "distortion": NASTY})
        rows.append(row | {"sample": f"{row['sample']}x", "status": NASTY, "values": {}})
    (out / ROWS).write_text("".join(json.dumps(row) + "\n" for row in rows))
    write_report(out, by=["distortion"])
    page = (out / "report.html").read_text()
    assert "<script>alert" not in page
    assert page.count("<script>") == 1 and "default-src 'none'; script-src 'sha256-" in page
    markdown = (out / "table.md").read_text()
    assert "<script>" not in markdown and f"| {escape.md(name)} |" in markdown
    columns = {
        line.count("|") - line.count(r"\|") for line in markdown.splitlines() if "ex |" in line
    }
    assert len(columns) <= 1
    tex = (out / "table.tex").read_text()
    assert not re.search(r"(?<!\\)\$x", tex) and r"\$x\_1\textasciicircum{}\{2\}\$" in tex
    for file in ("table.csv", "rows.csv"):
        with (out / file).open(newline="") as stream:
            cells = {cell for line in csv.reader(stream) for cell in line}
        assert f"'{name}" in cells
        assert not any(cell.startswith(("=", "@")) for cell in cells)
    assert "<script>" not in (out / "exposure.svg").read_text()


@pytest.mark.parametrize(
    "name", ["", "a\nb", "\x1b[31m", ".hidden", "a/b", "..", "x" * 300, "a\\b"]
)
def test_names_that_are_no_names_are_refused(name, tiny_data, tmp_path, capsys):
    (tmp_path / "p").mkdir()
    arguments = ["--data", str(tiny_data), "--predictions", str(tmp_path / "p"), "--name", name]
    assert main(["run", *arguments, "--out", str(tmp_path / "o")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "method name: must" in line and "\x1b" not in line


def test_rows_are_never_written_through_a_link(tiny_data, tmp_path, capsys):
    victim = tmp_path / "victim"
    victim.write_text("precious, and without a newline")
    out = tmp_path / "run"
    out.mkdir()
    (out / ROWS).symlink_to(victim)
    arguments = ["--data", str(tiny_data), "--out", str(out), "--methods", "gamma"]
    assert main(["run", *arguments, "--limit", "1", "--jobs", "1"]) == 2
    assert "is a link" in capsys.readouterr().err
    assert victim.read_text() == "precious, and without a newline"


def test_predictions_stay_below_the_run(tiny_data, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "predictions").symlink_to(outside)
    with pytest.raises(UserError, match="predictions: is a link"):
        run(tiny_data, ["gamma"], tmp_path / "run", limit=1, keep_predictions=True)
    assert not list(outside.iterdir())


def test_a_second_run_into_the_same_folder_is_refused_while_the_first_writes(
    tiny_data, tmp_path, capsys
):
    with open_for_append(tmp_path):
        arguments = ["--data", str(tiny_data), "--out", str(tmp_path), "--methods", "gamma"]
        assert main(["run", *arguments, "--limit", "1", "--jobs", "1"]) == 2
        assert "another run writes here; wait for it" in capsys.readouterr().err
    assert main(["run", *arguments, "--limit", "1", "--jobs", "1"]) == 0
    with (tmp_path / ROWS).open("rb") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)  # given back


def test_a_record_cannot_ask_for_code(tmp_path):
    """Settings of a record are data: a host that is a file is not imported."""
    evil = tmp_path / "evil.py"
    evil.write_text(f"open({str(tmp_path / 'pwned')!r}, 'w')\n")
    record = {
        "model": "zero_dce+ranlen",
        "training": {"model_settings": {"host": f"{evil}:Net"}},
        "data": {"name": "x", "hash": "unknown", "split": "train"},
    }
    save(build("zero_dce+ranlen"), record, tmp_path / "zero_dce+ranlen.safetensors")
    with pytest.raises(ModelError, match="host: must be a model of `benchmarks list model`"):
        load("zero_dce+ranlen", tmp_path)
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize("trained", [False, True])
def test_a_results_folder_cannot_ask_for_code(trained, finished, tmp_path):
    """Nor can the settings of a row, whatever the file says of the row besides."""
    out, pwned = shutil.copytree(finished, tmp_path / "run"), tmp_path / "pwned"
    (tmp_path / "evil.py").write_text(
        f"import torch\nopen({str(pwned)!r}, 'w')\nclass Net(torch.nn.Module): pass\n"
    )
    about = json.loads((out / RUN).read_text())
    forged = {"settings": {"host": f"{tmp_path}/evil.py:Net"}, "trained": trained}
    about["methods"]["zero_dce+ranlen"] = about["methods"]["zero_dce"] | forged
    (out / RUN).write_text(json.dumps(about))
    lines = (out / ROWS).read_text().splitlines()
    rows = [row for row in map(json.loads, lines) if row["method"] == "zero_dce"]
    more = [json.dumps(row | {"method": "zero_dce+ranlen"}) for row in rows]
    (out / ROWS).write_text("\n".join([*lines, *more]) + "\n")
    write_report(out)
    with pytest.raises(ModelError, match="host: must be a model"):
        load_row("zero_dce+ranlen", load_run(out).methods["zero_dce+ranlen"].row("zero_dce+ranlen"))
    assert not pwned.exists()


@pytest.mark.parametrize(
    ("model", "settings", "message"),
    [
        ("zero_dce", {"degree": "x"}, "zero_dce: degree is such as .*, got 'x'"),
        ("zero_dce+ranlen", {"hidden": -3}, "zero_dce.ranlen: cannot be made with .*'hidden': -3"),
        ("zero_dce+ranlen", {"host": ["zero_dce"]}, "cannot be made with"),
        ("zero_dce+ranlen", {"host": "nowhere"}, "host: must be a model .*, got 'nowhere'"),
        ("zero_dce+ranlen", {"hidden": True}, "hidden is such as 32, got True"),
    ],
)
def test_settings_of_a_record_that_make_no_model_are_one_line(model, settings, message):
    with pytest.raises(ModelError, match=message) as found:
        build(model, **settings)
    assert len(str(found.value).splitlines()) == 1


def test_a_kept_prediction_does_not_follow_the_folder_of_a_method(tiny_data, tmp_path):
    outside, out = tmp_path / "outside", tmp_path / "run"
    outside.mkdir()
    (out / "predictions").mkdir(parents=True)
    (out / "predictions" / "gamma").symlink_to(outside)
    with pytest.raises(UserError, match=r"leads out of .*predictions through a link"):
        run(tiny_data, ["gamma"], out, limit=1, keep_predictions=True)
    assert not list(outside.iterdir())


def test_an_exposure_that_cannot_be_is_refused_before_it_is_drawn(finished, tmp_path):
    line = json.loads((finished / ROWS).read_text().splitlines()[0])
    for name, value in (("ev", 1e308), ("severity", -1), ("coverage", {"A": 2})):
        (tmp_path / ROWS).write_text(json.dumps(line | {name: value}) + "\n")
        with pytest.raises(RunError, match=rf"rows.jsonl:1: {name}.*: must be"):
            list(read_evaluations(tmp_path))
