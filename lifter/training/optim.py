"""Muon for the matrices inside the network, AdamW for the rest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from poselift.lifter.models.half import half_is_faster


def orthogonal(matrix: Tensor, steps: int = 5) -> Tensor:
    """The nearest (roughly) orthogonal matrix, by Newton-Schulz iterations.

    In bfloat16 where that is fast: what is lost is less than the iterations leave.
    """
    tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if tall else matrix
    x = (x / x.norm().clamp_min(1e-7)).to(half_precision(x.device) or x.dtype)
    for _ in range(steps):
        square = x @ x.T
        x = 3.4445 * x + (-4.7750 * square + 2.0315 * square @ square) @ x
    return (x.T if tall else x).to(matrix.dtype)


def half_precision(device: torch.device) -> torch.dtype | None:
    """bfloat16 where the processor multiplies matrices faster in it; None elsewhere."""
    if device.type == "cuda":
        return torch.bfloat16
    return torch.bfloat16 if device.type == "cpu" and half_is_faster() else None


class Muon(torch.optim.Optimizer):
    """Momentum whose update is made orthogonal, so that every direction of a matrix learns.

    The update's size matches AdamW's, so that both share a learning rate.
    """

    def __init__(
        self, params: Iterable[Tensor], lr: float, momentum: float = 0.95, decay: float = 0.01
    ) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "decay": decay})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """One update from the gradients."""
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                state = self.state[weight]
                past = state.setdefault("past", torch.zeros_like(weight))
                past.lerp_(weight.grad, 1 - group["momentum"])
                ahead = torch.lerp(weight.grad, past, group["momentum"])
                update = orthogonal(ahead.flatten(1))
                size = 0.2 * max(update.shape) ** 0.5
                weight.mul_(1 - group["lr"] * group["decay"])
                weight.sub_(update.view_as(weight), alpha=group["lr"] * size)


def optimizers(net: nn.Module, lr: float, decay: float, muon: bool) -> list[torch.optim.Optimizer]:
    """The optimizers of a network's parameters; matrices and kernels of its layers go to Muon."""
    stacks = {name for name, part in net.named_children() if isinstance(part, nn.ModuleList)}
    inside: list[Tensor] = []
    rest: list[Tensor] = []
    for name, weight in net.named_parameters():
        is_matrix = weight.ndim >= 2 and min(weight.flatten(1).shape) >= 16
        in_layer = name.partition(".")[0] in stacks
        (inside if muon and in_layer and is_matrix else rest).append(weight)
    out: list[torch.optim.Optimizer] = [
        torch.optim.AdamW(rest, lr=lr, weight_decay=decay, betas=(0.9, 0.99))
    ]
    if inside:
        out.append(Muon(inside, lr, decay=decay))
    return out


def set_rate(optimizers: Sequence[torch.optim.Optimizer], lr: float) -> None:
    """The same learning rate for all."""
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = lr
