"""Several processes of one run, as torchrun starts them; one process otherwise."""

from __future__ import annotations

import os

import torch
import torch.distributed as dist
from torch import Tensor, nn


class Processes:
    """The processes that train together: gradients are averaged, everything else is the same.

    Each makes its own share of the batch from its own seed and takes the same step.
    """

    def __init__(self) -> None:
        self.rank = int(os.environ.get("RANK", 0))
        self.count = int(os.environ.get("WORLD_SIZE", 1))
        self.local_rank = int(os.environ.get("LOCAL_RANK", 0))
        if self.count > 1 and not dist.is_initialized():
            dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")

    @property
    def first(self) -> bool:
        """Whether this process is the one that writes."""
        return self.rank == 0

    def average_gradients(self, net: nn.Module) -> None:
        """Replace every gradient by the mean over the processes."""
        if self.count == 1:
            return
        gradients = [p.grad for p in net.parameters() if p.grad is not None]
        flat = torch.cat([g.flatten() for g in gradients])
        dist.all_reduce(flat)
        flat /= self.count
        for gradient, part in zip(
            gradients, flat.split([g.numel() for g in gradients]), strict=True
        ):
            gradient.copy_(part.view_as(gradient))

    def agree(self, value: float) -> float:
        """The first process's value, in all of them."""
        if self.count == 1:
            return value
        device = "cuda" if dist.get_backend() == "nccl" else "cpu"
        shared = torch.tensor([value], dtype=torch.float64, device=device)
        dist.broadcast(shared, 0)
        return float(shared)

    def gather(self, value: Tensor) -> list[Tensor]:
        """Everybody's value, in the order of their ranks."""
        if self.count == 1:
            return [value]
        out: list[Tensor | None] = [None] * self.count
        dist.all_gather_object(out, value)
        return [one for one in out if one is not None]

    def close(self) -> None:
        """Leave the group."""
        if self.count > 1:
            dist.destroy_process_group()
