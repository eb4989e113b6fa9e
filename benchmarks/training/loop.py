"""One training loop for every model.

Run it in one process, or under torchrun with any number: a single process is a world of one.

    benchmarks train zero_dce --data out/train --out out/zero_dce
    torchrun --nproc-per-node 2 -m benchmarks train zero_dce --data out/train --out out/zero_dce
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.distributed import destroy_process_group, init_process_group
from torch.nn.parallel import DistributedDataParallel
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader

from datagen.dataset.read import open_dataset

from ..environment import pick_device
from ..methods.models import MODELS, build
from ..methods.models.checkpoints import Record
from .adversarial import Adversary
from .batches import Batch, Batches
from .losses import LOSSES
from .losses.regions import region_loss
from .settings import Training, TrainingError
from .stages import moment
from .state import Run, not_finite
from .validate import validate, validation_rows

Progress = Callable[[int, float], None]
OPTIMISERS = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW, "sgd": torch.optim.SGD}
SGD_MOMENTUM = 0.9
LAYOUT = {"memory_format": torch.channels_last}  # steps take 10 to 50 % less time on a CPU


def train(
    settings: Training,
    data: Path,
    out: Path,
    *,
    device: str = "auto",
    resume: bool = False,
    workers: int = 0,
    progress: Progress = lambda steps, loss: None,
) -> Record:
    """Train a model and leave its weights in `out`.

    Parameters
    ----------
    settings : see Training
    data : folder of a built data set with train and val splits
    out : receives best.safetensors and last.safetensors, each with its record, state.pt to resume
        from, losses.jsonl and losses.png
    device : "auto", "cpu", "cuda", "cuda:1", ...
    resume : go on from state.pt; on a CPU the losses are those of an uninterrupted run
    workers : processes that decode images ahead; 0 decodes in this one
    progress : called with (steps done, loss) after every step

    Returns
    -------
    The record of the best weights.

    Raises TrainingError when the loss is not finite; the batch is kept in `out`.
    """
    rank, world = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
    device = _join(pick_device(device), world)
    dataset = open_dataset(data)
    batches = Batches(dataset, settings, rank=rank, world=world)
    validation_rows(dataset, settings)  # what is missing there is better said now than in hours

    torch.manual_seed(settings.seed)
    model = build(settings.model, **settings.model_settings).to(device, **LAYOUT)
    average = _average(model, settings.ema)
    optimiser = make_optimiser(model, settings)
    adversary = Adversary(settings, device) if settings.adversarial else None
    parts = {"model": model, "average": average, "optimiser": optimiser, "adversary": adversary}
    run = Run(settings, dataset, out, parts)
    start = run.restore(device) if resume else 0
    network = DistributedDataParallel(model) if world > 1 else model

    # The loader seeds its workers from a generator; giving it one leaves the global one alone.
    loader = DataLoader(
        batches,
        batch_size=None,
        sampler=range(start, settings.steps),
        num_workers=workers,
        generator=torch.Generator(),
    )
    for step, batch in enumerate(loader, start=start):
        batch = {name: x.to(device, non_blocking=True, **LAYOUT) for name, x in batch.items()}
        model.train()
        judge = partial(adversary.term, step=step) if moment(settings, step).adversarial else None
        terms = loss_terms(network, batch, settings, judge)
        loss = sum(terms.values())
        if not torch.isfinite(loss):
            raise not_finite(out, step, terms, batch)
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(settings, step)
        optimiser.zero_grad()
        loss.backward()
        if settings.clip:
            nn.utils.clip_grad_norm_(model.parameters(), settings.clip)
        optimiser.step()
        if judge:
            adversary.learn(batch["reference"], step)
        if average is not None:
            average.update_parameters(model)
        run.note(step, terms)
        progress(step + 1, loss.item())
        if rank == 0 and run.is_due(step):
            judged = model if average is None else average.module
            run.keep(judged, step, validate(judged, dataset, settings, device))
    if world > 1:
        destroy_process_group()
    return run.best


def make_optimiser(model: nn.Module, settings: Training) -> torch.optim.Optimizer:
    """The optimiser of a run, over the parameters that are trained."""
    extra = {"momentum": SGD_MOMENTUM} if settings.optimiser == "sgd" else {}
    return OPTIMISERS[settings.optimiser](
        [p for p in model.parameters() if p.requires_grad],
        lr=settings.lr,
        weight_decay=settings.weight_decay,
        **extra,
    )


def learning_rate(settings: Training, step: int) -> float:
    """Learning rate of step 0, 1, ...: constant, or half a cosine from lr to 0 over all steps.

    The halvings of the stages come on top.
    """
    lr = settings.lr * moment(settings, step).rate
    if settings.schedule == "constant":
        return lr
    return lr * (1 + math.cos(math.pi * step / settings.steps)) / 2


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
    own_loss = getattr(MODELS[settings.model].load(), "OWN_LOSS", False)
    halved = settings.mixed_precision and degraded.is_cuda
    with torch.autocast(degraded.device.type, torch.bfloat16, enabled=halved):
        output = network(degraded, regions, **({"reference": reference} if own_loss else {}))
    if own_loss:
        terms = output.terms
    elif MODELS[settings.model].region_aware:
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
    return AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(decay), use_buffers=True)


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
