"""Trainings in stages, such as pictures that grow: what holds at each step."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from .settings import Size, Stage, Training


@dataclass(frozen=True)
class Moment:
    """What holds at one step.

    progress : share of the run that lies behind
    crop, size, batch : of its pictures
    seen : images of all processes before it
    rate : factor on the learning rate
    """

    step: int
    progress: float
    crop: int
    size: Size
    batch: int
    seen: int
    rate: float
    adversarial: bool


def moment(settings: Training, step: int) -> Moment:
    """Look up what holds at step 0, 1, ... of a training of so many steps."""
    stages = settings.parts
    total, passed, first, seen = sum(stage.share for stage in stages), 0.0, 0, 0
    for stage in stages:
        passed += stage.share
        end = round(settings.steps * passed / total)
        if step < end or stage is stages[-1]:
            break
        seen += (end - first) * stage.batch
        first = end
    within = (step - first) / max(end - first, 1)
    seen += (step - first) * stage.batch
    return _moment(settings, stage, step, step / settings.steps, within, seen)


def moment_at(settings: Training, step: int, progress: float, seen: int) -> Moment:
    """The same for a training that ends by the clock."""
    stages = settings.parts
    total, start = sum(stage.share for stage in stages), 0.0
    for stage in stages:
        share = stage.share / total
        if progress < start + share or stage is stages[-1]:
            break
        start += share
    return _moment(settings, stage, step, progress, (progress - start) / share, seen)


def _moment(
    settings: Training, stage: Stage, step: int, progress: float, within: float, seen: int
) -> Moment:
    return Moment(
        step=step,
        progress=progress,
        crop=stage.crop,
        size=stage.size,
        batch=stage.batch,
        seen=seen,
        rate=stage.rate * 0.5 ** min(int(within * (stage.halvings + 1)), stage.halvings),
        adversarial=settings.adversarial > 0 and stage.critic_from <= within < 1,
    )


class Pace:
    """Where a run stands. Iterating gives the moments of all steps that are still to come.

    steps, seen, seconds : done, pictures seen and time taken so far, over all sessions of the run

    A run in minutes asks the clock before every step, so what its steps are depends on the machine;
    the record says how many there were. `clock` gives seconds: of processor time, which a loaded
    machine does not use up.
    """

    def __init__(self, settings: Training, clock: Callable[[], float] = time.process_time) -> None:
        self.settings, self.clock = settings, clock
        self.steps, self.seen = 0, 0
        self._before, self._started = 0.0, clock()
        self._parts = 0  # of `validations`, passed when last asked

    @property
    def seconds(self) -> float:
        """Taken so far, over all sessions of the run."""
        return self._before + self.clock() - self._started

    def __iter__(self) -> Iterator[Moment]:
        step, seen = self.steps, self.seen
        while (now := self._next(step, seen)) is not None:
            yield now
            step, seen = step + 1, now.seen + now.batch

    def done(self, now: Moment) -> None:
        """Count a step."""
        self.steps, self.seen = now.step + 1, now.seen + now.batch

    def is_due(self, now: Moment) -> bool:
        """Whether weights are validated and kept after this step. Asked once a step."""
        settings, done = self.settings, now.step + 1
        if not settings.minutes and done == settings.steps:
            return True
        if not settings.validations:
            return done % settings.validate_every == 0
        parts = int(self.progress(done) * settings.validations)
        passed, self._parts = self._parts, parts
        return parts > passed

    def progress(self, step: int) -> float:
        """Share of the run that lies before a step, 1 at the end."""
        if self.settings.minutes:
            return self.seconds / (60 * self.settings.minutes)
        return step / self.settings.steps

    def _next(self, step: int, seen: int) -> Moment | None:
        progress = self.progress(step)
        if progress >= 1:
            return None
        if self.settings.minutes:
            return moment_at(self.settings, step, progress, seen)
        return moment(self.settings, step)

    def state_dict(self) -> dict[str, float]:
        """What `load_state_dict` goes on from."""
        return {"steps": self.steps, "seen": self.seen, "seconds": self.seconds}

    def load_state_dict(self, state: dict[str, float]) -> None:
        """Go on from a state that was kept."""
        self.steps, self.seen = int(state["steps"]), int(state["seen"])
        self._before, self._started = state["seconds"], self.clock()
        self._parts = int(self.progress(self.steps) * self.settings.validations)
