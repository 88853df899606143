"""The layers that several lifters share."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from poselift.errors import PoseliftError


class DropPath(nn.Module):
    """Stochastic depth: in training, drop a sample's whole branch with probability `rate`."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        """(B, ...) to the same."""
        if not self.training or self.rate == 0:
            return x
        kept = torch.rand((len(x),) + (1,) * (x.ndim - 1), device=x.device) >= self.rate
        return x * kept.to(x.dtype) / (1 - self.rate)


class DotProduct(nn.Module):
    """softmax(query key^T / sqrt(D)) value: where every attention here mixes its tokens.

    A module without weights, so that `poselift.lifter.attention` can see what goes through it.
    """

    def forward(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """(B, heads, N, D) three times to the same."""
        if query.device.type == "cpu" and torch.is_autocast_enabled("cpu"):
            # PyTorch's fused attention for CPUs is slower in bfloat16 than its steps one by one.
            return self.shares(query, key).to(value.dtype) @ value
        return F.scaled_dot_product_attention(query, key, value)

    @staticmethod
    def shares(query: Tensor, key: Tensor) -> Tensor:
        """(B, heads, N, D) twice to (B, heads, N, N): what `forward` multiplies the values by."""
        return (query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1])).softmax(dim=-1)


class Attention(nn.Module):
    """Multi-head self-attention with one linear map for queries, keys and values."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.mix = DotProduct()
        self.project = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, D) to (B, N, D), over the N."""
        qkv = self.qkv(x).unflatten(2, (3, self.heads, -1))
        query, key, value = qkv.permute(2, 0, 3, 1, 4).unbind(0)  # (B, heads, N, D / heads)
        mixed = self.mix(query, key, value)
        return self.project(mixed.transpose(1, 2).flatten(2))


class Mlp(nn.Module):
    """Two linear maps with an exact GELU between them, along the last axis."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, hidden)
        self.fc2 = nn.Linear(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        """(..., D) to (..., D)."""
        return self.fc2(F.gelu(self.fc1(x)))


class Block(nn.Module):
    """The usual transformer block: attention, then an MLP, each on a norm and with a shortcut."""

    def __init__(
        self, width: int, heads: int, mlp_ratio: float, drop_path: float, norm_eps: float
    ) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=norm_eps)
        self.attention = Attention(width, heads)
        self.norm2 = nn.LayerNorm(width, eps=norm_eps)
        self.mlp = Mlp(width, int(width * mlp_ratio))
        self.drop_path = DropPath(drop_path)

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, D) to (B, N, D)."""
        x = x + self.drop_path(self.attention(self.norm1(x)))
        return x + self.drop_path(self.mlp(self.norm2(x)))


def exact_linear(layer: nn.Linear, x: Tensor) -> Tensor:
    """`layer(x)` in the type of `x`, whatever the type of the weights.

    For the first and the last layer of a network in half precision: bfloat16 has 8 bits, so that
    coordinates of a metre would be rounded to 4 mm.
    """
    if layer.weight.dtype == x.dtype and not torch.is_autocast_enabled(x.device.type):
        return layer(x)
    bias = None if layer.bias is None else layer.bias.to(x.dtype)
    with without_autocast(x):
        return F.linear(x, layer.weight.to(x.dtype), bias)


def without_autocast(x: Tensor) -> Any:
    """A context in which autocast leaves operations alone; nothing at all where it is off."""
    if torch.is_autocast_enabled(x.device.type):
        return torch.autocast(x.device.type, enabled=False)
    return nullcontext()


def drop_path_rates(last: float, depth: int) -> list[float]:
    """Stochastic depth that grows linearly from 0 in the first block to `last` in the last."""
    return [last * i / max(depth - 1, 1) for i in range(depth)]


def initialise(module: nn.Module) -> None:
    """Fill linear maps with a narrow normal, as all four papers' code does; for `Module.apply`."""
    if isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def position(*shape: int) -> nn.Parameter:
    """A learned position embedding."""
    return nn.Parameter(nn.init.trunc_normal_(torch.empty(*shape), std=0.02))


def check_settings(model: str, whole: Mapping[str, Any], width: int, heads: int) -> None:
    """Refuse settings no network can have: the `whole` must be positive, heads divide width."""
    for key, value in whole.items():
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise PoseliftError(
                f"{model}: {key} must be a positive whole number, got {value!r}.",
                "docs/published.md lists the published settings.",
            )
    if width % heads:
        raise PoseliftError(
            f"{model}: {heads} heads do not divide a width of {width}.",
            "Choose heads so that width / heads is whole.",
        )
