"""benchmarks.methods.notes: what a method says reaches whoever listens, and the row."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.front import run
from benchmarks.harness.long_table import load_rows
from benchmarks.methods import METHODS
from benchmarks.methods.classical import gamma
from benchmarks.methods.notes import listening, note


def test_notes_reach_the_innermost_listener_and_nobody_else():
    note("to nobody")
    with listening() as outer:
        note("first", 2)
        with listening() as inner:
            note("second")
        note("third", 2)
    assert outer == {2: "first; third"}
    assert inner == {0: "second"}


def test_a_note_reaches_the_rows_of_its_picture(tiny_data, tmp_path, monkeypatch):
    def noting(encoded):
        if encoded.mean() < 0.3:
            note("dark")
        return encoded

    monkeypatch.setattr(gamma, "noting", noting, raising=False)
    method = replace(METHODS["auto_gamma"], target="benchmarks.methods.classical.gamma:noting")
    monkeypatch.setitem(METHODS, "noting", method)
    run(tiny_data, ["noting"], tmp_path, metrics=["psnr"], split="train")
    rows = load_rows(tmp_path)
    assert set(rows[rows.method == "noting"].note) == {"dark", ""}
    assert set(rows[rows.method != "noting"].note) == {""}
    assert set(rows.status) == {"ok"}
