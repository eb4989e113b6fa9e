"""What a training run leaves on disk: losses, weights, and the state to resume from."""

from __future__ import annotations

import dataclasses
import datetime
import json
import math
import pickle
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from luts.tool.files import locked, read_plain, sha256_file, whole_file, write_text
from luts.tool.gate import inside, plain_text
from luts.tool.readers import plain_json
from luts.tool.strict import convert
from luts.tool.words import shown

from ..environment import describe
from ..methods.models.trained.checkpoints import Record, save
from ..methods.models.trained.record import parse_record
from .batches import Batch
from .material import Material
from .plot import plot_losses
from .settings import Training, TrainingError
from .stages import Pace

STATE, SCORES = "state.pt", "scores.jsonl"
SCORED = ("seconds", "progress", "score")  # what a standing is told by
LAST_PART = 0.75  # of a run: what it gained after that says whether it should have gone on


class Run:
    """The memory of one run. `parts`: what goes on, by name: model, optimiser, average or None."""

    def __init__(
        self,
        settings: Training,
        material: Material,
        out: Path,
        parts: dict[str, Any],
        pace: Pace | None = None,
    ) -> None:
        self.settings, self.material, self.out = settings, material, out
        self.pace = pace or Pace(settings)
        self.parts = {**parts, "pace": self.pace}
        self.losses: list[dict[str, float]] = []
        self.scores: list[dict[str, float]] = []
        self.best: Record = {}
        self._started_from = ""
        # Asked at the start: later the checkout may hold other code than is running.
        self.made_by = describe(str(next(parts["model"].parameters()).device))

    def refuse_overwriting(self) -> None:
        """Refuse a folder that holds an earlier training."""
        if (self.out / STATE).exists() or (self.out / "best.safetensors").exists():
            raise TrainingError(
                f"{self.out}: holds an earlier training; go on with --resume, replace it with"
                " --overwrite, or choose another folder"
            )

    def note(self, step: int, terms: dict[str, Tensor]) -> None:
        """Remember the loss terms of a step."""
        values = {name: term.item() for name, term in terms.items()}
        self.losses.append({"step": step + 1, "loss": sum(values.values()), **values})

    def keep(self, judged: nn.Module, scores: dict[str, float]) -> None:
        """Write losses, weights and state; best are the weights with the best score so far."""
        at = {
            "step": self.pace.steps,
            "pictures": self.pace.seen,
            "seconds": round(self.pace.seconds, 1),
            "progress": round(min(self.pace.progress(self.pace.steps), 1.0), 4),
        }
        self.scores.append({**at, **scores})
        record = self._record(scores)
        record = save(judged, record, self.out / "last.safetensors")
        if scores["score"] > self.best.get("validation", {}).get("score", -math.inf):
            self.best = save(judged, record, self.out / "best.safetensors")
        lines = [json.dumps(row) + "\n" for row in self.losses]
        write_text(self.out / "losses.jsonl", "".join(lines))
        lines = [json.dumps(row) + "\n" for row in self.scores]
        write_text(self.out / SCORES, "".join(lines))
        plot_losses(self.losses, self.scores, self.out / "losses.png")
        state = {
            "settings": json.dumps(dataclasses.asdict(self.settings)),
            "data": self.material.identity,
            "step": self.pace.steps,
            "losses": self.losses,
            "scores": self.scores,
            "best": json.dumps(self.best),
            **{name: part.state_dict() for name, part in self.parts.items() if part is not None},
        }
        with whole_file(self.out / STATE) as scratch:
            torch.save(state, scratch)

    def restore(self, device: str) -> int:
        """Go back to the state last kept; return the steps done.

        Raises TrainingError when there is none, or when it is another run's.
        """
        path = self.out / STATE
        if not path.is_file():
            raise TrainingError(f"{path}: nothing to resume from")
        state = _read_state(path, device)
        now = json.loads(json.dumps(dataclasses.asdict(self.settings)))
        then = now | state["settings"]
        # Stopping later is the one thing a resumed run may change, if nothing depends on the end.
        if self.settings.schedule == "constant" and not self.settings.stages:
            then["steps"] = now["steps"]
        changed = [f"{key} was {then[key]!r}" for key in now if then[key] != now[key]]
        if state["data"] != self.material.identity:
            changed.append("data")
        if changed:
            raise TrainingError(f"{path}: from a run with other settings: {', '.join(changed)}")
        try:
            for name, part in self.parts.items():
                if part is not None:
                    part.load_state_dict(state[name])
        except (LookupError, TypeError, ValueError, RuntimeError, AttributeError) as error:
            raise _damaged(path, error) from None
        self.losses, self.scores = state["losses"], state["scores"]
        self.best = state["best"]
        return state["step"]

    def gain(self) -> float | None:
        """What the score gained after three quarters of the run, dB; None before there are two."""
        before = [row["score"] for row in self.scores if row["progress"] <= LAST_PART]
        return max(row["score"] for row in self.scores) - max(before) if before else None

    def _how(self) -> dict[str, Any]:
        """The settings as a record tells them: what a run started from by its hash."""
        settings = dataclasses.asdict(self.settings)
        if not self.settings.start:
            return {"training": settings}
        if not self._started_from:
            self._started_from = sha256_file(Path(self.settings.start))
        settings["start"] = Path(self.settings.start).name
        return {
            "training": settings,
            "started_from": self._started_from,
            "seconds_before": _seconds_in(Path(self.settings.start)),
        }

    def _record(self, scores: dict[str, float]) -> Record:
        gain = self.gain()
        return {
            "model": self.settings.model,
            "parameters": sum(p.numel() for p in self.parts["model"].parameters()),
            **self._how(),
            "data": self.material.facts(),
            "pictures": self.pace.seen,
            "seconds": round(self.pace.seconds, 1),
            "gain_last_quarter": None if gain is None else round(gain, 3),
            "step": self.pace.steps,
            "validation": scores,
            "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
            "command": shlex.join(["benchmarks", *map(_without_folders, sys.argv[1:])]),
            "commit": self.made_by["commit"],
            "device": self.made_by["device_name"],
            "versions": self.made_by["versions"],
        }


def _seconds_in(weights: Path) -> float:
    """Seconds of training in weights, all of their own beginnings included; 0 where unknown."""
    path = weights.with_suffix(".json")
    facts = parse_record(path).facts if path.is_file() else {}
    return round(facts.get("seconds", 0.0) + facts.get("seconds_before", 0.0), 1)


def _without_folders(word: str) -> str:
    """A word of a command without the folders of this machine: they are nobody's business."""
    return Path(word).name if Path(word).is_absolute() else word


def settings_of(out: Path) -> Training:
    """The settings of the run that `out` holds the state of; raises TrainingError."""
    known = _read_state(out / STATE, "cpu")["settings"]
    lists = {name: tuple(value) for name, value in known.items() if isinstance(value, list)}
    try:
        return Training(**known | lists)
    except (TypeError, ValueError) as error:
        raise _damaged(out / STATE, error) from None


@contextmanager
def at_work(out: Path, root: Path | None = None) -> Iterator[None]:
    """Keep other trainings out of a folder while one works there.

    root : the folder asked for, which `out` lies in

    Raises TrainingError when another one is at work, LinkError when a link leads out of the root.
    """
    if root is not None:
        inside(root, str(out.relative_to(root)))
    with ExitStack() as stack:
        try:
            stack.enter_context(locked(out / ".lock"))
        except BlockingIOError:
            words = "another training is at work here; wait for it"
            raise TrainingError(f"{out}: {words}") from None
        yield


def _read_state(path: Path, device: str) -> dict[str, Any]:
    """What `Run.keep` wrote, its JSON parsed: a file may be damaged, or a stranger's."""
    try:
        state = torch.load(path, map_location=device, weights_only=True)
        parsed = {name: plain_json(json.loads(state[name])) for name in ("settings", "best")}
        convert(parsed["settings"], Mapping[str, Any], "settings:")
        convert(parsed["best"], Mapping[str, Any], "best:")
        if state["scores"]:
            checked_rows(parsed["best"]["validation"], ("score",))
            parsed["best"]["gain_last_quarter"]
        checked_rows(state["losses"], ("step", "loss"))
        checked_rows(state["scores"], ("step", *SCORED))
        convert(state["step"], int, "step:")
        state["data"]
    except (*_NO_STATE, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise _damaged(path, error) from None
    return {**state, **parsed}


def checked_rows(rows: Any, names: Sequence[str]) -> list[dict[str, float]]:
    """Rows of numbers, NaN where a region is empty, that all have these; else ValueError."""
    for row in rows if isinstance(rows, list) else [rows]:
        numbers = isinstance(row, dict) and all(type(v) in (int, float) for v in row.values())
        if not numbers or not row.keys() >= {*names}:
            raise ValueError(f"must be rows of numbers with {', '.join(names)}, got {shown(row)}")
    return rows


def read_rows(path: Path, names: Sequence[str]) -> list[dict[str, float]]:
    """Rows of numbers, a line of JSON each; TrainingError for a file that does not hold them."""
    try:
        lines = read_plain(path).decode("utf-8").splitlines()
        return checked_rows([json.loads(line) for line in lines], names)
    except (ValueError, RecursionError) as error:
        reason = str(error).partition("\n")[0]
        raise TrainingError(f"{path}: not the numbers of a training: {reason}") from None


_NO_STATE = (RuntimeError, EOFError, ValueError, pickle.UnpicklingError)


def _damaged(path: Path, error: Exception) -> TrainingError:
    reason = plain_text(str(error).partition("\n")[0][:100])
    if isinstance(error, KeyError):
        reason = f"it has no {reason}"
    return TrainingError(
        f"{path}: damaged, nothing can be resumed from it ({reason}); the weights beside it"
        " can still be used: --set start=.../last.safetensors"
    )


def not_finite(out: Path, step: int, terms: dict[str, Tensor], batch: Batch) -> TrainingError:
    """Keep the batch that made the loss infinite or NaN; return the error that names the terms."""
    path = out / f"bad_batch_{step}.safetensors"
    with whole_file(path) as scratch:
        save_file({name: plane.cpu().contiguous() for name, plane in batch.items()}, scratch)
    bad = [name for name, term in terms.items() if not torch.isfinite(term)]
    return TrainingError(f"step {step}: {', '.join(bad)} is not finite; the batch is in {path}")
