"""Claims about how methods compare, each trained anew over several seeds under equal terms.

    OUT/CLAIM/ARM/seed0, seed1, ...      a training each, or, of arms that only judge, a judgement

All arms of a claim have the same budget, pairs and seeds; local versions begin as their host, whose
weights all of them are given. Killed, it goes on where it stopped.
"""

from __future__ import annotations

import csv
import json
import statistics
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from luts.tool.files import whole_file, write_text
from luts.tool.words import shown

from ..methods.models import build
from ..methods.models.trained.checkpoints import load_weights
from ..methods.models.trained.record import parse_record
from .loop import train
from .material import Material
from .queue import FLOAT32
from .settings import Training, TrainingError, streamed_settings_for
from .state import STATE, at_work, read_rows, settings_of
from .validate import validate

JUDGED = "judged.json"
MEASURES = ("score", "A", "B", "C", "psnr")
CRITIC = 4 / 255  # weight of MSEC's adversarial term, from its card


@dataclass(frozen=True)
class Arm:
    """One side of a claim.

    settings : of Training, beside those that the row is streamed with; three numbers need no long
        budget
    judged_as : settings of the model with which the weights of the arm `weights_of` are judged anew
    against : the side that it is compared with; the first of its claim unless said
    """

    row: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    weights_of: str = ""
    judged_as: Mapping[str, Any] = field(default_factory=dict)
    against: str = ""


def _pair(host: str) -> dict[str, Arm]:
    return {f"{host}+{how}": Arm(f"{host}+{how}") for how in ("concat", "ranlen")}


def _faithful(kind: str) -> dict[str, Arm]:
    row = f"highlight_shadow_{kind}"
    return {
        f"{row} {name}": Arm(row, {"model_settings": {"faithful": faithful}, "minutes": 0.4})
        for name, faithful in (("repaired", False), ("as published", True))
    }


# Where each comes from: Yao et al., 2024, tables 1 to 3; Afifi et al., CVPR 2021; the tutorial and
# the article of the highlight and shadow modules and of recolouring in latents.
CLAIMS: dict[str, dict[str, Arm]] = {
    "ranlen-deep_upe": _pair("deep_upe"),
    "ranlen-star_dce": _pair("star_dce")
    | {
        "star_dce+ranlen, L_B = 0": Arm(
            "star_dce+ranlen",
            {"region_weights": (1.0, 0.0, 1.0)},
            against="star_dce+ranlen",
        ),
        **{
            f"star_dce+{other}": Arm(f"star_dce+{other}", against="star_dce+ranlen")
            for other in ("ranlen_no_band", "three_tails")
        },
    },
    "ranlen-msec_small": _pair("msec_small"),
    "ranlen-dped_small": _pair("dped_small"),
    "ranlen-dpe_small": _pair("dpe_small"),
    "critic": {
        "msec_small": Arm("msec_small"),
        "msec_small, critic": Arm("msec_small", {"adversarial": CRITIC}),
    },
    "highlight-shadow-gain": _faithful("gain"),
    "highlight-shadow-curve": _faithful("curve"),
    "parts": {
        "light_grid": Arm("light_grid", {"minutes": 2.0}),
        **{
            f"light_grid, no {part}": Arm(
                "light_grid", {"minutes": 2.0, "model_settings": {part: False}}
            )
            for part in ("grid", "curves", "matrix", "exposure")
        },
    },
    "latents": {
        "vae_recolour, twice": Arm("vae_recolour"),
        "vae_recolour, once": Arm(
            "vae_recolour", weights_of="vae_recolour, twice", judged_as={"iterations": 1}
        ),
        "vae_recolour, three times": Arm(
            "vae_recolour", weights_of="vae_recolour, twice", judged_as={"iterations": 3}
        ),
    },
}


@dataclass(frozen=True)
class Outcome:
    """One training of one arm, judged on val: measures of `validate`."""

    claim: str
    arm: str
    seed: int
    seconds: float
    measures: Mapping[str, float]


def run_claims(
    material: Material,
    out: Path,
    claims: Mapping[str, Mapping[str, Arm]],
    *,
    seeds: int,
    minutes: float,
    start_of: Callable[[str], Path | None] = lambda row: None,
    changes: Mapping[str, Any] | None = None,
    say: Callable[[str], None] = print,
) -> list[Outcome]:
    """Train what is not trained yet, seed after seed, and judge it.

    Parameters
    ----------
    start_of : weights that a row begins with, None for those that are drawn
    changes : settings of all trainings
    """
    for seed in range(seeds):
        for claim, arms in claims.items():
            for name, arm in arms.items():
                folder = out / claim / name / f"seed{seed}"
                if (folder / JUDGED).exists():
                    continue
                with at_work(folder, out):
                    say(f"{claim}: {name}, seed {seed}")
                    usual: dict[str, Any] = {
                        "seed": seed,
                        "minutes": minutes,
                        "validations": 2,
                        "bfloat16_on_cpu": not arm.row.startswith(FLOAT32),
                    }
                    if start := start_of(arm.row):
                        usual["start"] = str(start)
                    settings = streamed_settings_for(
                        arm.row, **usual | dict(changes or {}) | dict(arm.settings)
                    )
                    source = out / claim / arm.weights_of / f"seed{seed}"
                    _judge(arm, settings, material, folder, source)
    return list(outcomes(out, claims))


def _judge(arm: Arm, settings: Training, material: Material, folder: Path, source: Path) -> None:
    """Train an arm, or take the weights of another one, and leave judged.json."""
    if arm.weights_of:
        known = parse_record(source / "best.json")
        model = build(arm.row, **dict(known.training.model_settings) | dict(arm.judged_as))
        load_weights(model, source / "best.safetensors")
        folder.mkdir(parents=True, exist_ok=True)
        measures = validate(model, material.validation(settings), settings, "cpu")
        seconds = known.facts.get("seconds", 0.0)
    else:
        resume = (folder / STATE).exists()
        if resume:
            settings = settings_of(folder)
            if settings.model != arm.row:
                raise TrainingError(f"{folder / STATE}: of another row, {shown(settings.model)}")
        record = train(
            settings, material, folder, device="cpu", resume=resume, overwrite=not resume
        )
        measures, seconds = record["validation"], record["seconds"]
    found = {"seconds": seconds, **measures}
    write_text(folder / JUDGED, json.dumps(found) + "\n")


def outcomes(out: Path, claims: Mapping[str, Mapping[str, Arm]]) -> Iterator[Outcome]:
    """Everything that has been judged so far."""
    for claim, arms in claims.items():
        for arm in arms:
            for path in sorted((out / claim / arm).glob(f"seed*/{JUDGED}")):
                seed = path.parent.name.removeprefix("seed")
                if not seed.isdecimal():  # a copy that somebody keeps beside them
                    continue
                for found in read_rows(path, ("seconds",))[-1:]:
                    measures = {name: found[name] for name in MEASURES if name in found}
                    yield Outcome(claim, arm, int(seed), found["seconds"], measures)


def write_outcomes(found: list[Outcome], path: Path) -> None:
    """A line a training: claim, arm, seed, seconds and measures in dB."""
    with whole_file(path) as scratch, scratch.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["claim", "arm", "seed", "seconds", *MEASURES])
        for one in found:
            numbers = [f"{one.measures[m]:.3f}" if m in one.measures else "" for m in MEASURES]
            writer.writerow([one.claim, one.arm, one.seed, f"{one.seconds:.0f}", *numbers])


def read_outcomes(path: Path) -> list[Outcome]:
    """What `write_outcomes` wrote."""
    with path.open(newline="", encoding="utf-8") as stream:
        return [
            Outcome(
                line["claim"],
                line["arm"],
                int(line["seed"]),
                float(line["seconds"]),
                {name: float(line[name]) for name in MEASURES if line[name]},
            )
            for line in csv.DictReader(stream)
        ]


def mean_and_spread(values: list[float]) -> tuple[float, float]:
    """Mean and sample standard deviation; a spread of NaN for one value.

    Raises statistics.StatisticsError for none.
    """
    spread = statistics.stdev(values) if len(values) > 1 else float("nan")
    return statistics.fmean(values), spread
