"""run.json: what a results folder holds, read strictly, and joined with what was there before.

A folder is one table: of one data set and split, with the rows of every run into it. A run adds
methods, and replaces those whose code, settings, weights or metrics have changed; it takes none
away.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from datagen.dataset.rows import Split
from luts.tool.files import write_text
from luts.tool.json_file import read_json
from luts.tool.strict import rest, to_table

from ..methods import EXTERNAL, METHODS, Method, remember
from ..methods.models.trained.record import TrainedOn
from ..metrics import METRICS, REGIONS, Metric, MetricError
from .rows import Evaluation, Name, RunError, Text, evaluations_by

RUN = "run.json"
MOST_BYTES = 1 << 28  # of an old one, which listed every key


@dataclass(frozen=True)
class DataInfo:
    """The data set: its pixels' hash, and where it was."""

    name: Text
    hash: Text
    folder: Text = ""
    shared_luts: bool = False  # its recipe lets splits share LUTs


@dataclass(frozen=True)
class MethodInfo:
    """One method of a run: what it was, by what its rows were made, what is measured.

    made : beginning of its rows' keys
    asked : evaluations asked for; limit : of samples, None for all of the split
    weights : file of a model's weights, "" for the shipped ones
    """

    kind: Literal["check", "classical", "oracle", "stored", "model", "external"] = "external"
    target: Text = ""
    summary: Text = ""
    paper: Text = ""
    parameters: int = 0
    trained: bool = False
    region_aware: bool = False
    blend_of: Text = ""
    weights: Text = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    code: Text = ""
    checkpoint: Text | None = None
    made: Text = ""
    metrics: tuple[Text, ...] = ()
    kept: bool = False
    asked: int = 0
    limit: int | None = None
    device: Text = ""
    training: TrainedOn | None = None

    def row(self, name: str) -> Method:
        """The method as it was scored.

        A file may come from a stranger: what a row runs is looked up by its name, never by this
        `target`. One from outside cannot be run again from here (see `find_methods`).
        """
        known = METHODS.get(name) or METHODS.get(name.partition("@")[0])
        return Method(
            known.target if known and known.kind == self.kind else "",
            self.kind,
            self.summary,
            self.paper,
            self.parameters,
            self.trained,
            self.region_aware,
            self.blend_of,
            weights=self.weights,
            settings=self.settings,
        )


@dataclass(frozen=True)
class MetricInfo:
    """A metric from outside, as tables need it when its file is not at hand."""

    label: Text
    unit: Text = ""
    higher_is_better: bool = False
    regions: tuple[Text, ...] = REGIONS
    digits: int = 3
    signed: bool = False

    @classmethod
    def of(cls, metric: Metric) -> MetricInfo:
        """What is kept of a metric."""
        better, regions = metric.higher_is_better, metric.regions
        return cls(metric.label, metric.unit, better, regions, metric.digits, metric.signed)

    def metric(self, name: str) -> Metric:
        """A metric for tables: it cannot be computed."""
        return Metric(
            name,
            self.label,
            "",
            self.unit,
            self.higher_is_better,
            _gone,
            self.label,
            "",
            "",
            "",
            regions=self.regions,
            digits=self.digits,
            signed=self.signed,
            by_default=False,
        )


def _gone(*_: Any) -> float:
    raise MetricError("the file of this metric is not here")


@dataclass(frozen=True)
class Environment:
    """The machine of the last run; see `benchmarks.environment.describe`."""

    device: Text = ""
    device_name: Text | None = ""
    versions: Mapping[str, Text | None] = field(default_factory=dict)
    facts: Mapping[str, Any] = rest()


@dataclass(frozen=True)
class RunInfo:
    """Everything about a results folder but its rows. `untrained`: models not scored, and why."""

    dataset: DataInfo
    split: Split
    methods: Mapping[Name, MethodInfo]
    environment: Environment = field(default_factory=Environment)
    untrained: Mapping[Text, Text] = field(default_factory=dict)
    metrics: Mapping[Name, MetricInfo] = field(default_factory=dict)  # from outside
    keys: tuple[Text, ...] = ()  # of old runs: those of the rows that hold

    def rows(self, given: Container[str] = ()) -> dict[str, Method]:
        """The methods as they were scored, but those that were given again."""
        return {name: made.row(name) for name, made in self.methods.items() if name not in given}

    @property
    def asked(self) -> int:
        """Evaluations asked for."""
        return len(self.keys) or sum(method.asked for method in self.methods.values())


def load_run(run: Path) -> RunInfo:
    """Read run.json.

    Raises
    ------
    RunError
        No run here, or a file that is none: which field, what was found, what is allowed.
    """
    path = Path(run) / RUN
    try:
        info = read_json(
            RunInfo,
            path,
            what="a run",
            most_bytes=MOST_BYTES,
            error=RunError,
            of_today=_of_today,
        )
    except FileNotFoundError:
        raise RunError(f"{run}: no {RUN} here; make one with `benchmarks run`") from None
    except (IsADirectoryError, NotADirectoryError):
        raise RunError(f"{path}: not a file; give the folder that `benchmarks run` wrote") from None
    remember({name: method.row(name) for name, method in info.methods.items()})
    for name, known in info.metrics.items():
        METRICS.setdefault(name, known.metric(name))
    return info


def write_run(run: Path, info: RunInfo) -> None:
    """Write run.json whole or not at all."""
    table = to_table(info) | {"methods": {n: to_table(m) for n, m in info.methods.items()}}
    write_text(Path(run) / RUN, json.dumps(table, indent=1))


def joined(before: RunInfo | None, now: RunInfo, run: Path) -> RunInfo:
    """What the folder holds after a run: the methods of before stay.

    Raises RunError when the rows there are of another data set or split.
    """
    if before is None:
        return now
    one, two = before.dataset, now.dataset
    if one.hash != two.hash:
        raise RunError(
            f"{run}: holds rows of data set {one.name} ({one.hash[:12]}), not of "
            f"{two.name} ({two.hash[:12]}); give another --out"
        )
    if before.split != now.split:
        raise RunError(
            f"{run}: holds rows of split {before.split}, not of {now.split}; give another --out"
        )
    methods = dict(before.methods)
    for name, method in now.methods.items():
        known = methods.get(name)
        if known and known.made == method.made and known.asked > method.asked:
            method = replace(method, asked=known.asked, limit=known.limit)
        methods[name] = method
    untrained = {**before.untrained, **now.untrained}
    untrained = {name: why for name, why in untrained.items() if name not in methods}
    metrics = {**before.metrics, **now.metrics}
    return replace(now, methods=methods, untrained=untrained, metrics=metrics, keys=())


def tries(run: Path, info: RunInfo) -> Iterator[Evaluation]:
    """The evaluations that tables of the run choose from; see `rows.evaluations_by`."""
    if info.keys:
        return evaluations_by(run, _by_method(info))
    made = {name: (method.made,) for name, method in info.methods.items() if method.made}
    return evaluations_by(run, made)


def _by_method(info: RunInfo) -> dict[str, tuple[str, ...]]:
    return dict.fromkeys(info.methods, info.keys)


def _of_today(table: Any) -> Any:
    """A run.json of before 0.2 in today's form: metrics, weights and keys were those of all."""
    if not isinstance(table, dict) or "keys" not in table:
        return table
    table = dict(table)
    shared = {
        "metrics": table.pop("metrics", []),
        "kept": table.pop("keep_predictions", False),
        "limit": table.pop("limit", None),
        "device": table.pop("device", ""),
    }
    folder, training = table.pop("weights", None), table.pop("training", {})
    table.pop("degree", None)
    methods = table.get("methods")
    if not isinstance(methods, dict) or not all(isinstance(m, dict) for m in methods.values()):
        return table
    table["methods"] = {
        name: _method_of_today(name, facts, shared, folder, training)
        for name, facts in methods.items()
    }
    return table


def _method_of_today(
    name: str, facts: dict[str, Any], shared: dict[str, Any], folder: Any, training: Any
) -> dict[str, Any]:
    row = METHODS.get(name, EXTERNAL)
    known = {
        field: getattr(row, field)
        for field in ("kind", "target", "summary", "paper", "parameters", "trained")
    }
    known |= {"region_aware": row.region_aware, "blend_of": row.blend_of}
    facts = {key: facts[key] for key in ("code", "settings", "checkpoint") if key in facts}
    if isinstance(folder, str) and row.kind == "model":
        facts["weights"] = str(Path(folder) / f"{row.blend_of or name}.safetensors")
    trained = training.get(name) if isinstance(training, dict) else None
    return known | shared | facts | {"training": trained}
