"""What a reader of the tables must know: what was scored, how to read it, what is missing."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

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


def introduction(about: dict[str, Any], rows: pd.DataFrame) -> str:
    """Say what was scored, on what, by which code."""
    data, machine = about["dataset"], about["environment"]
    versions = ", ".join(f"{k} {v}" for k, v in machine["versions"].items() if v)
    partial = f" Partial run: --limit {about['limit']}." if about["limit"] else ""
    return (
        f"Data set {data['name']} ({data['hash'][:12]}), split {about['split']}: "
        f"{rows['sample'].nunique()} pairs of {rows['scene'].nunique()} scenes.{partial} "
        f"Device {machine['device']} ({machine['device_name']}); {versions}."
    )


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
