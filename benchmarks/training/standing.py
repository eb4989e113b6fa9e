"""How far the rows of a queue are: what the folders of their rounds say."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..methods.models.trained.record import parse_record
from .state import LAST_PART, SCORED, SCORES, read_rows

LEAST_GAIN = 0.15  # dB
BUDGETS = {False: 3.5, True: 7.0}  # of the queue's minutes, for light and for heavy rows
HEAVY = ("retinexformer", "dped", "dpe", "msec", "unet", "adaint", "star_dce")


@dataclass(frozen=True)
class Standing:
    """How far a row is: finished rounds, the curve of all of them, and what it gained lately."""

    row: str
    rounds: int
    seconds: float
    best: Path | None
    score: float
    gain: float | None
    settled: bool


def standing(out: Path, row: str, minutes: float) -> Standing:
    """What the folders of a row say."""
    curve: list[tuple[float, float]] = []
    best, score, rounds, seconds = None, float("-inf"), 0, 0.0
    for number in range(1, 1000):
        folder = out / row / f"round{number}"
        lines = _scores(folder)
        if not lines:
            break
        curve += [(seconds + line["seconds"], line["score"]) for line in lines]
        top = max(line["score"] for line in lines)
        if top > score:
            best, score = folder / "best.safetensors", top
        seconds += lines[-1]["seconds"]
        if lines[-1]["progress"] < 1:
            break
        rounds = number
    gain = _late_gain(curve, seconds)
    spent = seconds >= 60 * minutes * BUDGETS[_is_heavy(row)]
    settled = rounds > 0 and (spent or (gain is not None and gain < LEAST_GAIN))
    return Standing(row, rounds, seconds, best, score, gain, settled)


def curves(out: Path, rows: Sequence[str]) -> dict[str, list[tuple[float, float]]]:
    """Seconds since its first round began, and mean PSNR, of every validation of the rows begun."""
    found: dict[str, list[tuple[float, float]]] = {}
    for row in rows:
        seconds, curve = 0.0, []
        for number in itertools.count(1):
            lines = _scores(out / row / f"round{number}", (*SCORED, "psnr"))
            if not lines:
                break
            curve += [(seconds + line["seconds"], line["psnr"]) for line in lines]
            seconds += lines[-1]["seconds"]
        if curve:
            found[row] = curve
    return found


def begun_with(out: Path, row: str) -> tuple[str, float]:
    """What the first round of a row began with.

    12 digits of the weights' SHA-256, "" if they were drawn, and the minutes that the row itself
    had been trained before.
    """
    path = out / row / "round1" / "best.json"
    if not path.is_file():
        return "", 0.0
    record = parse_record(path)
    own = Path(str(record.training.facts.get("start", ""))).stem == row
    before = float(record.facts.get("seconds_before", 0.0)) if own else 0.0
    return str(record.facts.get("started_from", ""))[:12], before / 60


def left(out: Path, rows: Sequence[str], minutes: float) -> str:
    """What is still to do, in words."""
    open_rows = [one for one in (standing(out, row, minutes) for row in rows) if not one.settled]
    fresh = sum(one.rounds == 0 for one in open_rows)
    return f"{len(open_rows)} of {len(rows)} rows left, {fresh} of them without a round"


def _late_gain(curve: Sequence[tuple[float, float]], seconds: float) -> float | None:
    """What the best score gained over the last quarter of the time, dB."""
    before = [score for at, score in curve if at <= LAST_PART * seconds + 1]
    return max(score for _, score in curve) - max(before) if before else None


def _is_heavy(row: str) -> bool:
    return row.startswith(HEAVY)


def _scores(folder: Path, names: Sequence[str] = SCORED) -> list[dict[str, float]]:
    path = folder / SCORES
    return read_rows(path, names) if path.is_file() else []
