"""What a reader of the tables must know: what was scored, how to read it, what is missing."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from ..harness.run_info import RunInfo

READING = (
    "A: correct here, against the reference. B: transition, against the ideal blend. "
    "C: leave alone, against the input. Means over evaluations ± half of the 95 % interval "
    "(bootstrap over scenes). Bold: the best, and what a paired permutation test (Holm, 5 %) "
    "cannot tell from it; nothing is bold where it tells none apart. A signed metric is ranked by "
    "its magnitude. Ceilings see the answer and are not ranked. An untouched region (∞) counts as "
    "100 dB."
)


LEAK = "LEAK"


@dataclass(frozen=True)
class Training:
    """Where the weights of a run come from. `leaks` and `unknown` hold warnings, method by method.

    facts : lines such as "trained on hdri_train (e77372046ab6): zero_dce, star_dce"
    """

    leaks: dict[str, str]
    unknown: list[str]
    facts: list[str]

    @property
    def warnings(self) -> list[str]:
        """Lines to print above the tables."""
        lines = [f"{LEAK}: {name} was trained on {what}" for name, what in self.leaks.items()]
        if self.unknown:
            names = ", ".join(self.unknown)
            lines.append(f"nobody knows what was trained on, maybe these pictures: {names}")
        return lines


def training(info: RunInfo, rows: pd.DataFrame) -> Training:
    """Compare what the models were trained on with what they were scored on.

    Another split of the same data set is no leak: splits share no scene. A record without a list of
    its scenes ("groups") can be checked by its data set alone.
    """
    found, sets = Training({}, [], []), defaultdict(list)
    scored = set(rows["group"].unique())
    records = {name: m.training for name, m in info.methods.items() if m.training}
    for name, data in records.items():
        if not data.known:
            found.unknown.append(name)
            continue
        if info.methods[name].blend_of not in records:  # the blend of a model named anyway
            sets[f"trained on {data.name} ({data.hash[:12]})"].append(name)
        shared = sorted(scored & set(data.groups))
        if (data.hash, data.split) == (info.dataset.hash, info.split):
            found.leaks[name] = "the very pairs it is scored on"
        elif shared:
            found.leaks[name] = f"{len(shared)} of the {len(scored)} scenes ({shared[0]}, ...)"
    found.facts.extend(f"{what}: {', '.join(names)}" for what, names in sets.items())
    return found


def introduction(info: RunInfo, rows: pd.DataFrame) -> str:
    """Say what was scored, on what, by which code."""
    data, machine = info.dataset, info.environment
    versions = ", ".join(
        f"{name} {version}" for name, version in machine.versions.items() if version
    )
    sentences = [
        f"Data set {data.name} ({data.hash[:12]}), split {info.split}: "
        f"{rows['sample'].nunique()} pairs of {_counted(rows['group'].nunique(), 'scene')}.",
        "Its LUTs are shared between the splits: nothing here is an unseen LUT."
        if data.shared_luts
        else "",
        *_partial(info),
        *_degrees(info),
        f"Device {machine.device} ({machine.device_name}); {versions}.",
        "Models were measured on it." if (rows["scorer"] == "torch").any() else "",
    ]
    return " ".join(filter(None, sentences))


def _partial(info: RunInfo) -> list[str]:
    """Which methods were scored on the first samples only."""
    limits = {name: m.limit for name, m in info.methods.items()}
    if None not in limits.values() and len(set(limits.values())) == 1:
        return [f"Partial run: --limit {next(iter(limits.values()))}."]
    partial = [f"{name} (--limit {limit})" for name, limit in limits.items() if limit is not None]
    return [f"Scored in part: {', '.join(partial)}."] if partial else []


def _degrees(info: RunInfo) -> list[str]:
    """Which models go less or further than trained."""
    found = defaultdict(list)
    for name, method in info.methods.items():
        degree = method.settings.get("degree")
        if isinstance(degree, int | float) and degree != 1:
            found[float(degree)].append(name)
    return [f"At degree {degree:g}: {', '.join(names)}." for degree, names in found.items()]


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")


def omissions(info: RunInfo, rows: pd.DataFrame) -> list[str]:
    """List what the tables lack: evaluations not made yet, failed ones, models without weights."""
    evaluations = _evaluations(rows)
    asked = evaluations.groupby("method").size()
    lines = []
    if len(evaluations) < info.asked:
        lines.append(f"unfinished run: {len(evaluations)} of {info.asked} evaluations made")
    failed = evaluations[evaluations["status"] != "ok"]
    kinds = Counter(zip(failed["method"], failed["status"], strict=True))
    for method, reasons in _by_method(kinds).items():
        status, count = reasons[0]
        share = f"{count} of {asked[method]} evaluations failed ({count / asked[method]:.0%})"
        lines.append(f"{method}: {share}: {status}")
        if others := sum(number for _, number in reasons[1:]):
            lines[-1] += f"; {others} more failed in {len(reasons) - 1} other ways"
    if info.untrained:
        names = ", ".join(info.untrained)
        lines.append(f"not scored, no trained weights (`benchmarks train NAME --install`): {names}")
    return lines


def _evaluations(rows: pd.DataFrame) -> pd.DataFrame:
    """The first row of every evaluation.

    Its rows mostly follow each other, so that few are left to look among.
    """
    keys = ["method", "sample", "expert"]
    begins = np.zeros(len(rows), bool)
    for key in keys:
        codes = rows[key].astype("category").cat.codes.to_numpy()
        begins |= np.diff(codes, prepend=codes.dtype.type(-2)) != 0
    return rows[begins].drop_duplicates(keys)


def _by_method(kinds: Counter[tuple[str, str]]) -> dict[str, list[tuple[str, int]]]:
    """Method -> what went wrong and how often, the commonest first."""
    found: dict[str, list[tuple[str, int]]] = {}
    for (method, status), count in kinds.most_common():
        found.setdefault(method, []).append((status, count))
    return found
