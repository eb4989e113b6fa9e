"""What wins where: the best of every kind, tests between them, and sentences that are counted."""

from __future__ import annotations

from collections.abc import Iterable

from benchmarks.methods import lookup
from benchmarks.metrics import METRICS
from benchmarks.report.formats import Table, cell_text

from .champions import ORACLE, REGIONAL, champions
from .results_tables import PSNR, bold, facts, grid, read, short, strata

DELTA_E = REGIONAL[1]
LEVEL = 0.05
CEILINGS = (ORACLE, "oracle_three_curves", "oracle_lut17")
GOAL = {PSNR: 2.0, DELTA_E: 1.0}  # dB, CIEDE2000


def wins() -> str:
    """Stratum by stratum, the best of every kind: PSNR / ΔE00 in A."""
    kinds = {"best rule": "rule", "best trained": "trained", "own entry": "own"}
    lines = [["", "pairs", "nothing", *kinds, *(f"*{name}*" for name in CEILINGS)]]
    for stratum, table in strata().items():
        best = champions(table, PSNR)
        named = [best.get(kind, "") for kind in kinds.values()]
        pairs, places = facts()["parts"][stratum]
        lines.append(
            [
                short(stratum),
                f"{pairs} of {places} places",
                _both(table, "input"),
                *(f"`{name}` {_both(table, name)}" if name else "–" for name in named),
                *(_both(table, name) for name in CEILINGS),
            ]
        )
    return grid(lines)


def _both(table: Table, name: str) -> str:
    if name not in table:
        return "–"
    return " / ".join(cell_text(table[name][column], column[0]) for column in REGIONAL)


def tests() -> str:
    """Differences between the best of kinds, with intervals and p values."""
    lines = [["", "metric in A", "row", "against", "difference", "95 % interval", "p"]]
    for line in read("tests.csv"):
        difference, low, high, p = (float(line[k]) for k in ("difference", "low", "high", "p"))
        lines.append(
            [
                short(line["stratum"]),
                METRICS[line["metric"]].label,
                f"`{line['one']}`",
                f"`{line['two']}`",
                bold(f"{difference:+.2f}", p < LEVEL),
                f"{low:+.2f} to {high:+.2f}",
                "< 0.001" if p < 0.001 else f"{p:.3f}",
            ]
        )
    return grid(lines)


def says() -> str:
    """Sentences that hold because they are counted."""
    found = [_ahead(*words) for words in WORDS]
    return "".join(f"* {text}\n" for text in (*found, _above_rules(), _goal()) if text)


# Of our own entry: against whom, and which champion that is.
WORDS = (
    ("the best rule", "rule"),
    ("the best other trained row", "trained"),
    ("one gain fitted on the answer", ORACLE),
)


def _duels(against: str) -> Iterable[tuple[dict[str, str], float]]:
    """Tests of our own entry against one kind, with how far it is ahead: positive is better."""
    for line in read("tests.csv"):
        best = champions(strata()[line["stratum"]], (line["metric"], line["region"]))
        if (line["one"], line["two"]) == (best.get("own"), best.get(against)):
            sign = 1 if METRICS[line["metric"]].higher_is_better else -1
            yield line, sign * float(line["difference"])


def _ahead(who: str, kind: str) -> str:
    found = [(line, ahead) for line, ahead in _duels(kind) if line["metric"] == "psnr"]
    if not found:
        return ""
    sure = sum(float(line["p"]) < LEVEL and ahead > 0 for line, ahead in found)
    line, least = min(found, key=lambda one: one[1])
    most = max(ahead for _, ahead in found)
    return (
        f"**Our own entry and {who}**: {least:+.1f} to {most:+.1f} dB in A, least "
        f"{short(line['stratum'])} against `{line['two']}`; ahead beyond chance in {sure} of "
        f"{len(found)} strata."
    )


def _above_rules() -> str:
    """How many trained rows beat the best rule over all pairs."""
    table = strata().get("all", {})
    rule = champions(table, PSNR).get("rule") if table else None
    if rule is None:
        return ""
    level = table[rule][PSNR].mean
    rows = [name for name in table if lookup(name).kind == "model" and lookup(name).trained]
    above = [name for name in rows if table[name][PSNR].mean > level]
    return (
        f"**Trained rows above the best rule** (`{rule}`, {level:.1f} dB in A over all pairs): "
        f"{len(above)} of {len(rows)}."
    )


def _goal() -> str:
    """Whether our own entry is as far ahead as it was meant to be."""
    found = [(line, ahead) for kind in ("rule", "trained") for line, ahead in _duels(kind)]
    wanted = [(line, ahead, GOAL[line["metric"], line["region"]]) for line, ahead in found]
    wanted += [
        (line, ahead, 0.0)
        for line, ahead in _duels(ORACLE)
        if (line["stratum"], line["metric"]) == ("all", "psnr")
    ]
    if not wanted:
        return ""
    missed = [
        f"{short(line['stratum'])}, {METRICS[line['metric']].label} {ahead:+.1f} of `{line['two']}`"
        for line, ahead, least in wanted
        if ahead < least
    ]
    return (
        f"**The goal of our own entry** (in every stratum {GOAL[PSNR]:g} dB and {GOAL[DELTA_E]:g} "
        "ΔE00 ahead of every rule and trained row; over all above one gain fitted on the answer): "
        + (f"missed in {len(missed)}: {'; '.join(missed)}." if missed else "reached.")
    )


TABLES = {"wins": wins, "wins-tests": tests, "wins-says": says}
