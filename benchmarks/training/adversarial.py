"""The other player of an adversarial training: a critic that learns to tell results from photos.

M. Afifi et al., "Learning Multi-Scale Photo Exposure Correction", CVPR 2021. Its released code
rounds a result to 8 bits before the critic sees it, so that the model can learn nothing from it;
here the gradient gets through.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, distributed
from torch.nn import functional as F  # noqa: N812

from luts.tool.seeding import sample_rng

from ..methods.models.parts.msec_critic import Critic
from .settings import Training


class Adversary:
    """The critic of a run and its optimiser. Its state is kept with the run's."""

    def __init__(self, settings: Training, device: str) -> None:
        self.settings = settings
        self.critic = Critic().to(device)
        self.optimiser = torch.optim.Adam(self.critic.parameters(), lr=settings.critic_lr)
        self.judged = torch.empty(0)

    def term(self, images: Tensor, step: int) -> Tensor:
        """What the model is charged when its results, (N, 3, H, W), look like results."""
        self.judged = images.detach()
        self.critic.requires_grad_(False)  # its own turn comes in `learn`
        flipped, _ = self._flipped(images, images, step)
        return self.settings.adversarial * F.softplus(-self.critic(flipped)).mean()

    def learn(self, references: Tensor, step: int) -> float:
        """One step of the critic on the results last judged and the photos; return its loss."""
        self.critic.requires_grad_(True)
        results, photos = map(self.critic, self._flipped(self.judged, references, step))
        loss = F.softplus(results).mean() + F.softplus(-photos).mean()
        self.optimiser.zero_grad()
        loss.backward()
        if distributed.is_initialized():
            for parameter in self.critic.parameters():
                if parameter.grad is not None:
                    distributed.all_reduce(parameter.grad)
                    parameter.grad /= distributed.get_world_size()
        self.optimiser.step()
        return loss.item()

    def _flipped(self, results: Tensor, photos: Tensor, step: int) -> list[Tensor]:
        """Both mirrored or not, independently: the critic shall not compare them by place."""
        mirrored = sample_rng(self.settings.seed, f"critic/{step}").random(2) < 0.5
        pairs = zip((results, photos), mirrored, strict=True)
        return [images.flip(3) if flip else images for images, flip in pairs]

    def state_dict(self) -> dict[str, Any]:
        """What `load_state_dict` goes on from."""
        return {"critic": self.critic.state_dict(), "optimiser": self.optimiser.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a state that was kept."""
        self.critic.load_state_dict(state["critic"])
        self.optimiser.load_state_dict(state["optimiser"])
