"""Tables of trainings: what they were given, what they reached on val beside rules."""

from __future__ import annotations

import math

from benchmarks.methods.models import MODELS
from benchmarks.methods.models.trained.checkpoints import WEIGHTS
from benchmarks.methods.models.trained.record import TrainingRecord, parse_record
from benchmarks.report.formats import plain_markdown
from datagen.recipe.load import RecipeError, load_recipe
from datagen.references import DEFAULT

from .results_tables import read

# Measures of validation and how tables call them.
VALIDATED = {"under": "under", "shot": "as shot", "over": "over", "plain": "no LUT", "lut": "LUT"}
UNKNOWN = "not recorded"
SPENT = ("seconds", "seconds_before")
LUT_HOSTS = ("image_adaptive_lut", "adaint", "clut")


def records() -> dict[str, TrainingRecord]:
    """The records of all shipped weights, in the order of the tables."""
    files = {name: WEIGHTS / f"{name}.json" for name, row in MODELS.items() if row.trained}
    return {name: parse_record(path) for name, path in files.items() if path.is_file()}


def trained() -> str:
    """What every shipped row was trained for and on."""
    lines = [
        [
            "row",
            "parameters",
            "reference",
            "minutes of a core",
            "pictures",
            "last quarter (dB)",
            "trained on",
        ]
    ]
    for name, record in records().items():
        seconds = sum(float(record.facts.get(k, 0)) for k in SPENT)
        pictures = record.facts.get("pictures")
        lines.append(
            [
                name,
                f"{record.parameters:,}",
                _reference(record),
                f"{seconds / 60:.1f}" if seconds else UNKNOWN,
                f"{pictures:,}" if pictures else UNKNOWN,
                _gain(record),
                f"{record.data.name} ({record.data.hash[:12]})",
            ]
        )
    return plain_markdown(lines)


def _gain(record: TrainingRecord) -> str:
    gain = record.facts.get("gain_last_quarter")
    return UNKNOWN if gain is None else f"{gain:+.2f}"


def _reference(record: TrainingRecord) -> str:
    """The reference that weights learned towards: their record says it, or the recipe streamed."""
    if known := record.data.facts.get("reference"):
        return str(known)
    kind, _, recipe = record.data.name.partition(",")[0].partition(" ")
    if kind != "stream":
        return UNKNOWN
    try:
        return (load_recipe(recipe).source.references or (DEFAULT,))[0]
    except RecipeError:
        return UNKNOWN


def best_rules(measure: str) -> dict[str, tuple[str, float]]:
    """Where rows are judged -> the best rule there and its dB on the pictures of validation."""
    found: dict[str, tuple[str, float]] = {}
    for line in read("rules.csv"):
        one = (line["rule"], float(line[measure]))
        if line["rule"] != "input" and one[1] > found.get(line["where"], ("", -math.inf))[1]:
            found[line["where"]] = one
    return found


def rules() -> str:
    """The rules on val that lead at anything, and doing nothing."""
    measures = ("psnr", *VALIDATED)
    leaders = {(w, name) for m in measures for w, (name, _) in best_rules(m).items()}
    lines = [["rule", "judged", "all", *VALIDATED.values()]]
    lines += [
        [line["rule"], line["where"], *(line[m] for m in measures)]
        for line in read("rules.csv")
        if (line["where"], line["rule"]) in leaders or line["rule"] == "input"
    ]
    return plain_markdown(lines)


def validated() -> str:
    """Every row on val beside the best rule of each stratum."""
    lines = [["row", "all (dB)", *VALIDATED.values(), "above the best rule", "last quarter (dB)"]]
    best = {measure: best_rules(measure) for measure in ("psnr", *VALIDATED)}
    for name, record in records().items():
        where = "in A" if MODELS[name].region_aware else "everywhere"
        known = {m: record.validation[m] for m in best if m in record.validation}
        levels = {m: best[m][where][1] for m in known if where in best[m]}
        if "psnr" not in known or not levels:
            continue
        gains = {m: known[m] - level for m, level in levels.items()}
        cells = [f"{known[m]:.2f} ({gains[m]:+.2f})" if m in known else "–" for m in best]
        below = [VALIDATED.get(m, "all") for m, gain in gains.items() if gain <= 0]
        lines.append([name, *cells, f"no: {', '.join(below)}" if below else "yes", _gain(record)])
    return plain_markdown(lines)


def luts() -> str:
    """Rows that predict LUTs: minutes, those of their host included, and the mean PSNR on val."""
    lines = [["row", "minutes", "mean PSNR (dB)"]]
    for name, record in records().items():
        if name.partition("+")[0] in LUT_HOSTS and "psnr" in record.validation:
            minutes = sum(float(record.facts.get(k, 0)) for k in SPENT) / 60
            lines.append([name, f"{minutes:.0f}", f"{record.validation['psnr']:.1f}"])
    return plain_markdown(lines)


TABLES = {
    "results-luts": luts,
    "results-trained": trained,
    "results-rules": rules,
    "results-validated": validated,
}
