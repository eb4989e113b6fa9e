"""Folders of trainings: one at a time, read strictly, and nothing through a link."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from benchmarks.cli import main
from benchmarks.training.kept import KeptPairs
from benchmarks.training.settings import TrainingError
from benchmarks.training.standing import standing
from benchmarks.training.state import at_work, settings_of
from luts.tool.files import locked
from luts.tool.gate import LinkError

DEEP = "[" * 100_000


def training(data: Path, out: Path) -> list[str]:
    small = ["--set", "crop=32", "--set", "batch=2", "--set", "validate_every=2"]
    return ["train", "zero_dce", "--data", str(data), "--out", str(out), "--steps", "4", *small]


def test_a_second_training_is_refused_while_the_first_one_works(tiny_data, tmp_path, capsys):
    with locked(tmp_path / "out" / ".lock"):
        assert main(training(tiny_data, tmp_path / "out")) == 2
    said = capsys.readouterr().err
    assert "another training is at work here; wait for it" in said and said.count("\n") == 1
    assert [path.name for path in (tmp_path / "out").iterdir()] == [".lock"]


@pytest.fixture(scope="module")
def trained(tiny_data, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("trained") / "t"
    assert main(training(tiny_data, out)) == 0
    return out


@pytest.mark.parametrize("value", [None, 7, "x", "[]", "{}", DEEP, [], [{"step": "x"}], {}])
@pytest.mark.parametrize("key", ["settings", "best", "losses", "scores", "step"])
def test_a_state_that_is_none_is_one_line(key, value, trained, tmp_path):
    state = torch.load(trained / "state.pt", weights_only=True)
    state.pop(key)
    torch.save(state if value is None else {**state, key: value}, tmp_path / "state.pt")
    if (key, value) in [("losses", []), ("scores", []), ("step", 7)]:  # such as one may be
        settings_of(tmp_path)
        return
    with pytest.raises(TrainingError, match=r"state\.pt: damaged, nothing can be") as found:
        settings_of(tmp_path)
    assert len(str(found.value).splitlines()) == 1


def test_a_state_of_another_network_is_one_line(trained, tiny_data, tmp_path, capsys):
    state = torch.load(trained / "state.pt", weights_only=True)
    torch.save({**state, "pace": torch.zeros(3)}, tmp_path / "state.pt")
    assert main([*training(tiny_data, tmp_path), "--resume"]) == 2
    assert "state.pt: damaged" in capsys.readouterr().err.splitlines()[-1]


def test_a_state_says_no_more_than_settings(trained, tmp_path):
    assert settings_of(trained).model == "zero_dce"
    state = torch.load(trained / "state.pt", weights_only=True)
    torch.save(
        state | {"settings": '{"model": "zero_dce", "loss": "evil.py:f"}'}, tmp_path / "state.pt"
    )
    with pytest.raises(TrainingError, match=r"nothing can be resumed .*loss must be one of"):
        settings_of(tmp_path)


@pytest.mark.parametrize("text", ["x", DEEP, "[]", '{"score": "x"}', '{"score": 1}', "\x00"])
def test_scores_that_are_none_are_one_line(text, tmp_path, capsys):
    folder = tmp_path / "zero_dce" / "round1"
    folder.mkdir(parents=True)
    (folder / "scores.jsonl").write_text(text + "\n")
    with pytest.raises(TrainingError, match=r"scores\.jsonl: not the numbers of a training"):
        standing(tmp_path, "zero_dce", 1.0)
    assert main(["train-all", "--out", str(tmp_path), "--only", "zero_dce", "--list"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_folder_of_trainings_holds_one_at_a_time_and_no_link(tmp_path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "round1").symlink_to(tmp_path / "outside")
    with (
        pytest.raises(LinkError, match="through a link"),
        at_work(tmp_path / "out" / "round1", tmp_path / "out"),
    ):
        pass
    with (
        at_work(tmp_path / "own"),
        pytest.raises(TrainingError, match="wait for it"),
        at_work(tmp_path / "own"),
    ):
        pass
    assert not list((tmp_path / "outside").iterdir())


def test_kept_pairs_are_never_written_through_a_link(tmp_path):
    (tmp_path / "victim").write_text("precious")
    pairs = KeptPairs(lambda *_: {}, tmp_path / "pairs", "key", 2)
    (tmp_path / "pairs").mkdir()
    (tmp_path / "pairs" / f"{pairs.key[:16]}-8x8.pairs").symlink_to(tmp_path / "victim")
    with pytest.raises(OSError, match="is a link; take it away"):
        pairs.batch([0], (8, 8))
    assert (tmp_path / "victim").read_text() == "precious"
