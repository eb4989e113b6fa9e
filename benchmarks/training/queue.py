"""Every row that learns, one after another, in rounds, until it stops improving.

    OUT/unet/round1, round2, ...      a training each; a round starts from the row's best weights

Nothing but these folders is remembered, so a queue that was killed goes on where it stopped. All
rows have their first round before any has its second. A row is settled when its best score gained
less than `LEAST_GAIN` over the last quarter of all its time, or when its budget is spent.

The first round starts from the installed weights, if they were trained on these very scenes; for a
local version otherwise from what its host has learned so far; else from weights that are drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from luts.tool.words import shown

from ..methods.models import MODELS
from ..methods.models.trained.checkpoints import WEIGHTS
from ..methods.models.trained.record import TrainingRecord, parse_record
from .loop import train
from .material import Material
from .plot import plot_curves
from .settings import Training, TrainingError, streamed_settings_for
from .standing import Standing, curves, left, standing
from .state import STATE, at_work, settings_of

ROUNDS = (1.0, 1.0, 1.5, 2.0)  # of the queue's minutes; later rounds are as long as the last
LATER_SHARES = (0.1, 0.9)  # of the stages in later rounds

# Most wanted first; whatever else learns follows in the order of the table.
ORDER = (
    "unet",
    "image_adaptive_lut",
    "deep_upe",
    "hdr_cnn_small",
    "image_adaptive_lut+concat",
    "zero_dce",
    "zero_dce_pp",
    "dpe_small",
    "adaint",
    "msec_small",
    "star_dce",
    "retinexformer_small",
    "dped_small",
    "retinexnet_small",
    "vae_recolour",
    "image_adaptive_lut+ranlen_blend",
    "star_dce+concat",
    "star_dce+ranlen",
    "deep_upe+concat",
    "deep_upe+ranlen",
)
# Their arithmetic gains nothing from 16 bits on a processor, or does not allow it.
FLOAT32 = ("hdr_cnn", "light_grid", "highlight_shadow")


def rows_to_train(only: Sequence[str] = (), *, slow: bool = False) -> list[str]:
    """The rows in the order of the queue. Those marked slow need to be named, or `slow`.

    Raises TrainingError for a name that does not learn.
    """
    trained = [name for name, method in MODELS.items() if method.trained]
    for name in only:
        if name not in trained:
            raise TrainingError(f"{name}: no row that learns; `benchmarks list` shows them")
    if only:
        return list(dict.fromkeys(only))
    usual = [name for name in trained if slow or not MODELS[name].slow]
    return list(dict.fromkeys([*ORDER, *usual]))


def run_queue(
    material: Material,
    out: Path,
    rows: Sequence[str],
    *,
    minutes: float,
    device: str = "cpu",
    anew: bool = False,
    finished: Callable[[Standing, TrainingRecord], None] = lambda standing, record: None,
    say: Callable[[str], None] = print,
    **changes: Any,
) -> list[Standing]:
    """Train rows until all are settled.

    Parameters
    ----------
    minutes : of the first round of every row
    anew : begin with weights that are drawn, whatever is installed or known of hosts
    finished : called after every round with the row's standing and the record of its best weights
    say : told what begins, what failed and what is left
    changes : settings for all rows

    Returns
    -------
    The standing of every row.
    """
    failed: dict[str, str] = {}
    for row, number in _jobs(out, rows, minutes, failed):
        try:
            with at_work(out / row / f"round{number}", out):
                _train_round(
                    material,
                    out,
                    row,
                    number,
                    minutes=minutes,
                    device=device,
                    changes=changes | ({} if anew else _beginning(out, row, number, material)),
                    say=say,
                )
        except (TrainingError, RuntimeError, ValueError) as error:
            failed[row] = str(error).partition("\n")[0]
            say(f"{row}: failed: {failed[row]}")
            continue
        now = standing(out, row, minutes)
        done = f"{row}: {now.score:.2f} dB after {now.seconds / 60:.1f} minutes"
        say(f"{done}; {left(out, rows, minutes)}")
        plot_curves(curves(out, rows), out / "curves.png")
        if now.best is not None:
            finished(now, parse_record(now.best.with_suffix(".json")))
    return [standing(out, row, minutes) for row in rows]


def _train_round(
    material: Material,
    out: Path,
    row: str,
    number: int,
    *,
    minutes: float,
    device: str,
    changes: dict[str, Any],
    say: Callable[[str], None],
) -> None:
    """Train a round of a row, or go on with it as it began, whatever is asked for by now."""
    folder = out / row / f"round{number}"
    resume = (folder / STATE).exists()
    if resume:
        settings = settings_of(folder)
        if settings.model != row:
            raise TrainingError(f"{folder / STATE}: of another row, {shown(settings.model)}")
    else:
        settings = round_settings(standing(out, row, minutes), number, minutes, device, changes)
    begun = f", from {Path(settings.start).name}" if settings.start else ""
    say(f"{row}: round {number}, {settings.minutes:g} minutes{begun}{', resumed' * resume}")
    train(settings, material, folder, device=device, resume=resume, overwrite=not resume)


def round_settings(
    before: Standing, number: int, minutes: float, device: str, changes: dict[str, Any]
) -> Training:
    """The settings of a row's round: later ones start from its best, at half the rate each."""
    host = before.row.partition("+")[0]
    usual = streamed_settings_for(before.row)
    settings: dict[str, Any] = {
        "minutes": minutes * ROUNDS[min(number, len(ROUNDS)) - 1],
        "bfloat16_on_cpu": device == "cpu" and not host.startswith(FLOAT32),
    }
    if number > 1 and before.best is not None:
        settings |= {
            "start": str(before.best),
            "lr": usual.lr * 0.5 ** (number - 1),
            "seed": number - 1,
            "stages": _later(usual),
        }
    return streamed_settings_for(before.row, **settings | changes)


def is_better(standing: Standing, material: Material) -> bool:
    """Whether a row's best weights score above the installed ones, if those can be compared."""
    path = installed_on(material, standing.row)
    if path is None:
        return True
    known = parse_record(path.with_suffix(".json")).validation
    return standing.score > known.get("score", float("-inf"))


def _beginning(out: Path, row: str, number: int, material: Material) -> dict[str, Any]:
    """Settings of a first round that goes on from what others learned."""
    host, local, _ = row.partition("+")
    if number > 1:
        return {}
    usual = streamed_settings_for(row)
    if own := installed_on(material, row):
        found = {"start": str(own), "lr": usual.lr / 2}
    elif local and (best := standing(out, host, 1.0).best or installed_on(material, host)):
        found = {"start": str(best)}
    else:
        return {}
    return found | {"stages": _later(usual)}


def installed_on(material: Material, row: str) -> Path | None:
    """Installed weights that learned from the scenes of this material, or None."""
    path = WEIGHTS / f"{row}.safetensors"
    if not path.with_suffix(".json").is_file():
        return None
    data, facts = parse_record(path.with_suffix(".json")).data, material.facts()
    same = data.name.partition(",")[0] == facts["name"].partition(",")[0]
    return path if same and data.groups == tuple(facts["groups"]) else None


def _later(usual: Training) -> tuple[dict[str, float], ...]:
    """The stages of a training whose weights know small pictures already."""
    return tuple(
        stage | {"share": share} for stage, share in zip(usual.stages, LATER_SHARES, strict=True)
    )


def _jobs(
    out: Path, rows: Sequence[str], minutes: float, failed: dict[str, str]
) -> Iterator[tuple[str, int]]:
    """The next round to train, and again, until every row is settled or failed."""
    while True:
        now = {row: standing(out, row, minutes) for row in rows if row not in failed}
        open_rows = [row for row, one in now.items() if not one.settled]
        if not open_rows:
            return
        # `min` takes the first of equals: the order of the rows.
        row = min(open_rows, key=lambda name: now[name].rounds)
        yield row, now[row].rounds + 1
