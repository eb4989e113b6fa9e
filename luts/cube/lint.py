"""What other programs make of a `.cube` file: right, wrong in silence, or refused.

Programs that are installed are run (programs.py). For the others the answer is predicted, and
marked so, from the file's traits (traits.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..lut import Lut, Lut3D, LutFormatError, axis_order, stages
from ..units import doubts
from .file import MAX_LINE, read_bytes
from .grammar import Note, parse_cube
from .programs import agrees, ask
from .traits import PROGRAMS, TRAITS, traits

READS, UNKNOWN, WRONG, REFUSES = "reads", "not known", "reads it wrong", "refuses"
_CODES = {"o": READS, "?": UNKNOWN, "w": WRONG, "x": REFUSES}


@dataclass(frozen=True)
class Verdict:
    """What one program does with a file, and because of which traits."""

    program: str
    outcome: str
    reasons: tuple[str, ...]
    measured: bool = False  # the program was run; else predicted from the file's traits


@dataclass(frozen=True, eq=False)
class Lint:
    """Everything there is to say about a file."""

    lut: Lut | None
    error: str  # why we refuse it; "" when we read it
    notes: tuple[Note, ...]
    outside: float  # share of the table's numbers outside [0, 1]
    verdicts: tuple[Verdict, ...]


def lint(path: Path | str) -> Lint:
    """Judge a `.cube` file; a damaged one is judged too.

    Raises
    ------
    OSError : cannot be opened
    LutFormatError : a look, which is no `.cube` file yet
    """
    if Path(path).suffix.lower() == ".toml":
        raise LutFormatError(f"{path}: a look; lint the .cube that `luts bake` makes of it")
    data = read_bytes(path)
    lut: Lut | None = None
    notes: list[Note] = []
    error = ""
    try:
        lut, notes = parse_cube(data, str(path))
    except LutFormatError as refusal:
        error = str(refusal)
    found = traits(data)
    outside = 0.0
    if lut is not None:
        values = np.concatenate([stage.table.ravel() for stage in stages(lut)])
        outside = float(((values < 0) | (values > 1)).mean())
    notes += _beyond_the_specification(data)
    if lut is not None:
        notes += [Note(0, text) for text in _about_the_table(lut)]
    predicted = (_verdict(place, found) for place in range(len(PROGRAMS)))
    verdicts = tuple(_run(verdict, Path(path), lut, data.count(b"\n")) for verdict in predicted)
    return Lint(lut, error, tuple(notes), outside, verdicts)


def _run(predicted: Verdict, path: Path, lut: Lut | None, rows: int) -> Verdict:
    """Replace a prediction by what the program does, where it can be run."""
    answer = ask(predicted.program, path, rows)
    if answer is None:
        return predicted
    if answer.values is None:
        reasons = predicted.reasons if predicted.outcome == REFUSES else (answer.reason,)
        return Verdict(predicted.program, REFUSES, reasons, measured=True)
    right = lut is not None and agrees(predicted.program, answer, lut)
    if right:
        return Verdict(predicted.program, READS, (), measured=True)
    accepts = "accepts in silence what cannot be read rightly"
    reasons = predicted.reasons if predicted.outcome == WRONG else ()
    if not reasons:
        reasons = ("gives other colours",) if lut is not None else (accepts,)
    return Verdict(predicted.program, WRONG, reasons, measured=True)


def _about_the_table(lut: Lut) -> list[str]:
    """What the table itself gives away: other units, rows in another order."""
    found = [doubt.text for doubt in doubts(lut)]
    last = stages(lut)[-1]
    if isinstance(last, Lut3D) and axis_order(last.table * 255) == (2, 1, 0):
        found.append(
            "red changes along blue's axis: rows with blue fastest? "
            "`luts convert --blue-fastest` reads them so"
        )
    return found


def _verdict(place: int, found: set[str]) -> Verdict:
    """The worst outcome that any trait of the file causes."""
    rank = "o?wx"
    worst = max((TRAITS[trait][1][place] for trait in found), key=rank.index, default="o")
    because = [text for trait, (text, codes) in TRAITS.items() if trait in found]
    codes = [codes[place] for trait, (_, codes) in TRAITS.items() if trait in found]
    reasons = [text for text, code in zip(because, codes, strict=True) if code == worst != "o"]
    return Verdict(PROGRAMS[place], _CODES[worst], tuple(reasons))


def _beyond_the_specification(data: bytes) -> list[Note]:
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n"))
    lengths = np.diff(ends, prepend=-1, append=len(data)) - 1
    if lengths.max(initial=0) <= MAX_LINE:
        return []
    lines = data.splitlines()
    long = next((number for number, line in enumerate(lines, 1) if len(line) > MAX_LINE), 0)
    return [Note(long, f"longer than the {MAX_LINE} bytes of the specification")] if long else []
