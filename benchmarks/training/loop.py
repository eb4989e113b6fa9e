"""One training loop for every model.

Run it in one process, or under torchrun with any number: a single process is a world of one.

    benchmarks train zero_dce --data out/train --out out/zero_dce
    torchrun --nproc-per-node 2 -m benchmarks train zero_dce --data out/train --out out/zero_dce
"""

from __future__ import annotations

import math
import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.distributed import all_reduce, destroy_process_group, init_process_group
from torch.nn.parallel import DistributedDataParallel
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader

from datagen.dataset.read import open_dataset

from ..environment import pick_device
from ..methods.models import build, model_row
from ..methods.models.parts.layers import total
from ..methods.models.trained.checkpoints import Record
from .adversarial import Adversary
from .batches import Batch
from .losses import LOSSES
from .losses.regions import region_loss
from .material import Material, Stored
from .settings import Training, TrainingError
from .stages import Moment, Pace, moment
from .start import start_from
from .state import Run, not_finite
from .validate import validate

Progress = Callable[[int, float], None]
Weights = tuple[Tensor, ...] | list[Tensor]
OPTIMISERS = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW, "sgd": torch.optim.SGD}
SGD_MOMENTUM = 0.9
LAYOUT = torch.channels_last  # steps take 10 to 50 % less time on a CPU


def train(
    settings: Training,
    data: Path | Material,
    out: Path,
    *,
    device: str = "auto",
    resume: bool = False,
    overwrite: bool = False,
    workers: int = 0,
    progress: Progress = lambda steps, loss: None,
    clock: Callable[[], float] = time.process_time,
) -> Record:
    """Train a model and leave its weights in `out`.

    Parameters
    ----------
    settings : see Training
    data : folder of a built data set with train and val splits, or a stream
    out : receives best.safetensors and last.safetensors, each with its record, state.pt to resume
        from, losses.jsonl, scores.jsonl and losses.png
    device : "auto", "cpu", "cuda", "cuda:1", ...
    resume : go on from state.pt; on a CPU the losses are those of an uninterrupted run
    overwrite : replace an earlier training in `out`
    workers : processes that decode or make images ahead; 0 does it in this one
    progress : called with (steps done, loss) after every step
    clock : seconds, for budgets in minutes

    Returns
    -------
    The record of the best weights.

    Raises TrainingError when the loss is not finite; the batch is kept in `out`.
    """
    rank, world = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
    if settings.minutes and world > 1:
        raise TrainingError("minutes: several processes cannot agree on a clock; give steps")
    device = _join(pick_device(device), world)
    material = Stored(open_dataset(data)) if isinstance(data, Path) else data
    batches = material.batches(settings, rank=rank, world=world)
    next(iter(material.validation(settings)))  # what is missing there is better said now

    torch.manual_seed(settings.seed)
    model = build(settings.model, **settings.model_settings).to(device)
    model.to(memory_format=LAYOUT)  # type: ignore[call-overload]  # torch's stub leaves it out
    if settings.start and not resume:
        start_from(model, Path(settings.start), _on(device, batches[0]))
    model = _with_shared_statistics(model, device, world)
    average = _average(model, settings.ema)
    optimiser = make_optimiser(model, settings)
    adversary = Adversary(settings, device) if settings.adversarial else None
    parts = {"model": model, "average": average, "optimiser": optimiser, "adversary": adversary}
    pace = Pace(settings, clock)
    run = Run(settings, material, out, parts, pace)
    if resume:
        run.restore(device)
    elif not overwrite:
        run.refuse_overwriting()
    network = DistributedDataParallel(model) if world > 1 else model

    def validated() -> dict[str, float]:
        judged = model if average is None else average.module
        return validate(judged, material.validation(settings), settings, device)

    # The loader seeds its workers from a generator; giving it one leaves the global one alone.
    moments: deque[Moment] = deque()
    loader = DataLoader(
        batches,
        batch_size=None,
        sampler=_noted(pace, moments),
        num_workers=workers,
        generator=torch.Generator(),
    )
    now = None
    for batch in loader:
        now = moments.popleft()
        batch = _on(device, batch)
        model.train()
        judge = partial(adversary.term, step=now.step) if adversary and now.adversarial else None
        terms = loss_terms(network, batch, settings, judge)
        loss = total(terms.values())
        if not torch.isfinite(loss):
            raise not_finite(out, now.step, terms, batch)
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(settings, now)
        optimiser.zero_grad()
        loss.backward()
        if settings.clip:
            nn.utils.clip_grad_norm_(model.parameters(), settings.clip)
        optimiser.step()
        if adversary and judge:
            adversary.learn(batch["reference"], now.step)
        if average is not None:
            average.update_parameters(model)
        run.note(now.step, _mean_over_processes(terms, world))
        pace.done(now)
        progress(now.step + 1, loss.item())
        if rank == 0 and pace.is_due(now):
            run.keep(average.module if average else model, validated())
    # The clock may run out right after a validation, too: the last line says that the run is over.
    if rank == 0 and now and run.scores[-1:] and not _is_last(run.scores[-1], pace):
        run.keep(average.module if average else model, validated())
    if world > 1:
        destroy_process_group()
    return run.best


def _is_last(scores: dict[str, float], pace: Pace) -> bool:
    return scores["step"] == pace.steps and scores["progress"] >= 1


def _on(device: str, batch: Batch) -> Batch:
    return {
        name: x.to(device, non_blocking=True, memory_format=LAYOUT) for name, x in batch.items()
    }


def _noted(moments: Iterable[Moment], notes: deque[Moment]) -> Iterator[Moment]:
    """Pass moments on, and note them in the order in which their batches will come."""
    for now in moments:
        notes.append(now)
        yield now


def _mean_over_processes(terms: dict[str, Tensor], world: int) -> dict[str, Tensor]:
    """The terms of the whole batch: every process has an equal part of it."""
    if world == 1:
        return terms
    values = torch.stack([term.detach().float() for term in terms.values()])
    all_reduce(values)
    return dict(zip(terms, values / world, strict=True))


def _with_shared_statistics(model: nn.Module, device: str, world: int) -> nn.Module:
    """Batch norm over the batches of all processes; TrainingError where torch has none."""
    norms = [m for m in model.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    if world == 1 or not norms:
        return model
    if not device.startswith("cuda"):
        raise TrainingError(
            "this model normalises over the batch, which several processes share on a GPU only;"
            " train it in one process"
        )
    return nn.SyncBatchNorm.convert_sync_batchnorm(model)


def make_optimiser(model: nn.Module, settings: Training) -> torch.optim.Optimizer:
    """The optimiser of a run, over the parameters that are trained."""
    extra = {"momentum": SGD_MOMENTUM} if settings.optimiser == "sgd" else {}
    return OPTIMISERS[settings.optimiser](
        [p for p in model.parameters() if p.requires_grad],
        lr=settings.lr,
        weight_decay=settings.weight_decay,
        **extra,
    )


def learning_rate(settings: Training, now: Moment | int) -> float:
    """Learning rate of a step: constant, or half a cosine from lr to 0 over the run.

    It rises evenly over the warm-up; the factors of the stages come on top.
    """
    now = moment(settings, now) if isinstance(now, int) else now
    lr = settings.lr * now.rate
    if now.progress < settings.warmup:
        # Never 0: the first step would be for nothing.
        lr *= max(now.progress / settings.warmup, 1e-2)
    if settings.schedule == "constant":
        return lr
    return lr * (1 + math.cos(math.pi * now.progress)) / 2


def loss_terms(
    network: nn.Module,
    batch: Batch,
    settings: Training,
    judge: Callable[[Tensor], Tensor] | None = None,
) -> dict[str, Tensor]:
    """The weighted loss terms of a batch: over the whole image, or by region for local models.

    A model class that sets OWN_LOSS computes its own from `forward(..., reference=reference)`.
    `judge` makes an adversarial term of the results.
    """
    degraded, reference, regions = batch["degraded"], batch["reference"], batch["regions"]
    own_loss = getattr(model_row(settings.model).load(), "OWN_LOSS", False)
    halved = settings.mixed_precision if degraded.is_cuda else settings.bfloat16_on_cpu
    with torch.autocast(degraded.device.type, torch.bfloat16, enabled=halved):
        output = network(degraded, regions, **({"reference": reference} if own_loss else {}))
    if own_loss:
        terms = output.terms
    elif model_row(settings.model).region_aware:
        weights = dict(zip("ABC", settings.region_weights, strict=True))
        host_loss = LOSSES[settings.loss]
        terms = region_loss(host_loss, output.float(), degraded, reference, regions, weights)
    else:
        terms = LOSSES[settings.loss](output.float(), degraded, reference)
    return terms | {"adversarial": judge(output.image.float())} if judge else terms


def _average(model: nn.Module, decay: float) -> AveragedModel | None:
    """The exponential moving average of a model's weights and buffers."""
    if not decay:
        return None
    average = AveragedModel(model, use_buffers=True)

    def warmed(averages: Weights, now: Weights, count: Tensor | int) -> None:
        # At first the mean of all steps so far: the weights that were drawn shall not linger.
        share = min(decay, (1 + float(count)) / (10 + float(count)))
        pairs = list(zip(averages, now, strict=True))
        means = [(old, new) for old, new in pairs if old.is_floating_point()]
        for old, new in pairs:
            if not old.is_floating_point():  # counts and digests have no mean
                old.copy_(new)
        if means:
            get_ema_multi_avg_fn(share)([old for old, _ in means], [new for _, new in means], count)

    average.multi_avg_fn = warmed
    return average


def _join(device: str, world: int) -> str:
    """Join the other processes of torchrun; return the device of this one."""
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).partition("\n")[0]
        raise TrainingError(f"device {device!r} cannot be used: {reason}") from None
    if world == 1:
        return device
    if device == "cuda":
        device = f"cuda:{os.environ['LOCAL_RANK']}"
        torch.cuda.set_device(device)
    init_process_group("nccl" if device.startswith("cuda") else "gloo")
    return device
