"""Trainings in stages, such as patches that grow: what holds at each step."""

from __future__ import annotations

from dataclasses import dataclass

from .settings import Stage, Training


@dataclass(frozen=True)
class Moment:
    """What holds at one step. `seen`: images of all processes before it; `rate`: factor on lr."""

    crop: int
    batch: int
    seen: int
    rate: float
    adversarial: bool


def moment(settings: Training, step: int) -> Moment:
    """Look up what holds at step 0, 1, ... of a training."""
    stages = [Stage(**stage) for stage in settings.stages]
    stages = stages or [Stage(1, settings.crop, settings.batch)]
    total, passed, first, seen = sum(stage.share for stage in stages), 0.0, 0, 0
    for stage in stages:
        passed += stage.share
        end = round(settings.steps * passed / total)
        if step < end or stage is stages[-1]:
            break
        seen += (end - first) * stage.batch
        first = end
    progress = (step - first) / max(end - first, 1)
    return Moment(
        crop=stage.crop,
        batch=stage.batch,
        seen=seen + (step - first) * stage.batch,
        rate=0.5 ** min(int(progress * (stage.halvings + 1)), stage.halvings),
        adversarial=settings.adversarial > 0 and stage.critic_from <= progress < 1,
    )
