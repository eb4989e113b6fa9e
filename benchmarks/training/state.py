"""What a training run leaves on disk: losses, weights, and the state to resume from."""

from __future__ import annotations

import dataclasses
import datetime
import json
import math
import shlex
import sys
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from datagen.dataset.read import DataSet
from luts.tool.files import whole_file, write_text

from ..environment import describe
from ..methods.models.checkpoints import Record, save
from .batches import Batch
from .plot import plot_losses
from .settings import Training, TrainingError

STATE = "state.pt"


class Run:
    """The memory of one run. `parts`: what goes on, by name: model, optimiser, average or None."""

    def __init__(
        self, settings: Training, dataset: DataSet, out: Path, parts: dict[str, Any]
    ) -> None:
        self.settings, self.dataset, self.out, self.parts = settings, dataset, out, parts
        self.losses: list[dict[str, float]] = []
        self.scores: list[dict[str, float]] = []
        self.best: Record = {}
        # Asked at the start: later the checkout may hold other code than is running.
        self.made_by = describe(str(next(parts["model"].parameters()).device))

    def note(self, step: int, terms: dict[str, Tensor]) -> None:
        """Remember the loss terms of a step."""
        values = {name: term.item() for name, term in terms.items()}
        self.losses.append({"step": step + 1, "loss": sum(values.values()), **values})

    def is_due(self, step: int) -> bool:
        """Whether weights are validated and kept after this step."""
        done = step + 1
        return done % self.settings.validate_every == 0 or done == self.settings.steps

    def keep(self, judged: nn.Module, step: int, scores: dict[str, float]) -> None:
        """Write losses, weights and state; best are the weights with the best score so far."""
        self.scores.append({"step": step + 1, **scores})
        record = self._record(step, scores)
        record = save(judged, record, self.out / "last.safetensors")
        if scores["score"] > self.best.get("validation", {}).get("score", -math.inf):
            self.best = save(judged, record, self.out / "best.safetensors")
        lines = [json.dumps(row) + "\n" for row in self.losses]
        write_text(self.out / "losses.jsonl", "".join(lines))
        plot_losses(self.losses, self.scores, self.out / "losses.png")
        state = {
            "settings": json.dumps(dataclasses.asdict(self.settings)),
            "data": self.dataset.hash,
            "step": step + 1,
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
        state = torch.load(path, map_location=device, weights_only=True)
        now = json.loads(json.dumps(dataclasses.asdict(self.settings)))
        then = json.loads(state["settings"])
        # Stopping later is the one thing a resumed run may change, if nothing depends on the end.
        if self.settings.schedule == "constant" and not self.settings.stages:
            then["steps"] = now["steps"]
        changed = [f"{key} was {then[key]!r}" for key in now if then[key] != now[key]]
        if state["data"] != self.dataset.hash:
            changed.append("data set")
        if changed:
            raise TrainingError(f"{path}: from a run with other settings: {', '.join(changed)}")
        for name, part in self.parts.items():
            if part is not None:
                part.load_state_dict(state[name])
        self.losses, self.scores = state["losses"], state["scores"]
        self.best = json.loads(state["best"])
        return state["step"]

    def _record(self, step: int, scores: dict[str, float]) -> Record:
        rows = self.dataset.select(split="train")
        return {
            "model": self.settings.model,
            "parameters": sum(p.numel() for p in self.parts["model"].parameters()),
            "training": dataclasses.asdict(self.settings),
            "data": {
                "name": self.dataset.name,
                "hash": self.dataset.hash,
                "split": "train",
                "groups": sorted({row.group for row in rows}),
                "licences": sorted({row.licence for row in rows}),
            },
            "step": step + 1,
            "validation": scores,
            "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
            "command": shlex.join(["benchmarks", *sys.argv[1:]]),
            "commit": self.made_by["commit"],
            "device": self.made_by["device_name"],
            "versions": self.made_by["versions"],
        }


def not_finite(out: Path, step: int, terms: dict[str, Tensor], batch: Batch) -> TrainingError:
    """Keep the batch that made the loss infinite or NaN; return the error that names the terms."""
    path = out / f"bad_batch_{step}.safetensors"
    with whole_file(path) as scratch:
        save_file({name: plane.cpu().contiguous() for name, plane in batch.items()}, scratch)
    bad = [name for name, term in terms.items() if not torch.isfinite(term)]
    return TrainingError(f"step {step}: {', '.join(bad)} is not finite; the batch is in {path}")
