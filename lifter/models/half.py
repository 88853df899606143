"""Matrices multiplied in bfloat16 on processors that do so twice as fast, everything else not.

A network that is in bfloat16 throughout trembles: its poses are rounded to millimetres. With sums,
norms and the last layers in float32 they move by less than a millimetre, and scores stay the same.
"""

from __future__ import annotations

import functools
import time

import torch
from torch import Tensor, nn
from torch.nn import functional


class HalfLinear(nn.Module):
    """A linear layer whose products are bfloat16 and whose answer has the input's type."""

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        self.weight: Tensor
        self.bias: Tensor | None
        bias = None if layer.bias is None else layer.bias.detach().to(torch.bfloat16)
        self.register_buffer("weight", layer.weight.detach().to(torch.bfloat16), persistent=False)
        self.register_buffer("bias", bias, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """(..., in) to (..., out)."""
        return functional.linear(x.to(torch.bfloat16), self.weight, self.bias).to(x.dtype)


def halve(part: nn.Module) -> None:
    """Make every linear layer inside a half one."""
    for name, child in part.named_children():
        if isinstance(child, nn.Linear):
            setattr(part, name, HalfLinear(child))
        else:
            halve(child)


@functools.cache
def half_is_faster() -> bool:
    """Whether this processor multiplies matrices faster in bfloat16.

    Tried once, in some milliseconds: some processors have the instructions and take twice as long
    with them.
    """
    # oneDNN takes bfloat16 on any AVX-512, but only with these instructions may it be worth it.
    if not (torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()):
        return False
    # Twice as fast or twice as slow: a busy machine does not change the answer.
    return _seconds_to_multiply(torch.bfloat16) < 0.8 * _seconds_to_multiply(torch.float32)


def _seconds_to_multiply(dtype: torch.dtype) -> float:
    """The shortest of a few products of a network's size."""
    tokens, weight = torch.ones(512, 192, dtype=dtype), torch.ones(192, 576, dtype=dtype)
    taken = []
    for _ in range(8):  # the first make the kernel
        began = time.perf_counter()
        tokens @ weight
        taken.append(time.perf_counter() - began)
    return min(taken)
