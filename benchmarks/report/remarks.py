"""What a reader of the tables must know: what was scored, how to read it, what is missing."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..methods import lookup

if TYPE_CHECKING:
    import pandas as pd

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


def training(about: dict[str, Any], rows: pd.DataFrame) -> Training:
    """Compare what the models were trained on with what they were scored on.

    Another split of the same data set is no leak: splits share no scene. A record without a list of
    its scenes ("groups") can be checked by its data set alone.
    """
    found, sets = Training({}, [], []), defaultdict(list)
    scored, data_set, records = set(rows["scene"]), about["dataset"], about.get("training", {})
    for name, data in records.items():
        if data is None:
            continue
        if data["hash"] in ("", "unknown"):
            found.unknown.append(name)
            continue
        if lookup(name).blend_of not in records:  # the blend of a model named anyway
            sets[f"trained on {data['name']} ({data['hash'][:12]})"].append(name)
        shared = sorted(scored & set(data.get("groups", ())))
        if (data["hash"], data["split"]) == (data_set["hash"], about["split"]):
            found.leaks[name] = "the very pairs it is scored on"
        elif shared:
            found.leaks[name] = f"{len(shared)} of the {len(scored)} scenes ({shared[0]}, ...)"
    found.facts.extend(f"{what}: {', '.join(names)}" for what, names in sets.items())
    return found


def introduction(about: dict[str, Any], rows: pd.DataFrame) -> str:
    """Say what was scored, on what, by which code."""
    data, machine = about["dataset"], about["environment"]
    versions = ", ".join(f"{k} {v}" for k, v in machine["versions"].items() if v)
    degree, weights = about.get("degree"), about.get("weights")
    sentences = [
        f"Data set {data['name']} ({data['hash'][:12]}), split {about['split']}: "
        f"{rows['sample'].nunique()} pairs of {_counted(rows['scene'].nunique(), 'scene')}.",
        f"Partial run: --limit {about['limit']}." if about["limit"] else "",
        f"Models at degree {degree:g}." if degree is not None else "",
        f"Weights of {weights}." if weights else "",
        f"Device {machine['device']} ({machine['device_name']}); {versions}.",
        "Models were measured on it." if (rows["scorer"] == "torch").any() else "",
    ]
    return " ".join(filter(None, sentences))


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")


def omissions(about: dict[str, Any], rows: pd.DataFrame) -> list[str]:
    """List what the tables lack: evaluations not made yet, failed ones, models without weights."""
    evaluations = rows.drop_duplicates(["method", "sample", "expert"])
    asked = evaluations.groupby("method").size()
    lines = []
    if len(evaluations) < len(about["keys"]):
        lines.append(f"unfinished run: {len(evaluations)} of {len(about['keys'])} evaluations made")
    failed = evaluations[evaluations["status"] != "ok"]
    kinds = Counter(zip(failed["method"], failed["status"], strict=True))
    for (method, status), count in kinds.items():
        share = f"{count} of {asked[method]} evaluations failed ({count / asked[method]:.0%})"
        lines.append(f"{method}: {share}: {status}")
    if about["untrained"]:
        names = ", ".join(about["untrained"])
        lines.append(f"not scored, no trained weights (`benchmarks train NAME --install`): {names}")
    return lines
