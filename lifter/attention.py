"""What the attentions of a network look at in one window: a map for each block and head."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from poselift.errors import PoseliftError
from poselift.lifter.models import JOINTS, MODELS
from poselift.lifter.models.layers import DotProduct
from poselift.skeleton import H36M17

if TYPE_CHECKING:
    from poselift.lifter.clip import WindowInput
    from poselift.lifter.models.base import LifterNet, Tokens

#: Where in its block a `DotProduct` lies.
_IN_BLOCK = re.compile(r"(\.attention)?\.[^.]+$")


@dataclass(frozen=True)
class AttentionMap:
    """One block's attention.

    Attributes:
        block: its name in the network.
        over: what its tokens are.
        tokens: (N,) their names; a frame's is its distance from the one that the window is about,
            in frames of the clip.
        middle: the token of that frame; 0 for joints.
        shares: (heads, N, N) float32: what the token of a row takes from that of a column. Rows
            sum to 1.
    """

    block: str
    over: Tokens
    tokens: tuple[str, ...]
    middle: int
    shares: np.ndarray

    def mean(self) -> AttentionMap:
        """The mean of the heads, as one head."""
        return replace(self, shares=self.shares.mean(axis=0, keepdims=True))


@contextmanager
def recorded(net: nn.Module) -> Iterator[dict[str, Tensor]]:
    """While it is open, a pass through `net` leaves each attention's shares by its block's name.

    They are (B, heads, N, N), from the very queries and keys of the pass. B is the block's batch:
    where it looks at the joints of each frame, the frames.
    """
    found: dict[str, Tensor] = {}

    def watch(block: str) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], None]:
        def keep(_: nn.Module, given: tuple[Tensor, ...], out: Tensor) -> None:
            found[block] = DotProduct.shares(given[0], given[1])

        return keep

    hooks = [
        module.register_forward_hook(watch(_IN_BLOCK.sub("", name)))
        for name, module in net.named_modules()
        if isinstance(module, DotProduct)
    ]
    try:
        yield found
    finally:
        for hook in hooks:
            hook.remove()


@torch.inference_mode()
def attention_maps(
    net: LifterNet, window: WindowInput, joint: str | None = None
) -> list[AttentionMap]:
    """Every attention of `net` in a window, in the order of the pass.

    Where a block looks at the joints of each frame by itself, the map is that of the frame that
    the window is about; where it looks at the frames of each joint by itself (SCT), that of
    `joint`, or the mean of the joints.
    """
    if not net.attention_over:
        having = ", ".join(name for name, model in MODELS.items() if model.attention_over)
        raise PoseliftError(f"{net.name} has no attention layers.", f"These have: {having}.")
    if joint is not None and joint not in H36M17.names:
        raise PoseliftError(
            f"No joint is called {joint!r}.", f"There are {', '.join(H36M17.names)}."
        )
    with recorded(net) as found:
        net(window.x)
    read = _Reading(net, window, joint)
    maps = [read.block(block, shares.float().cpu()) for block, shares in found.items()]
    if joint is not None and not read.took_joint:
        raise PoseliftError(
            f"{net.name} does not attend to the frames of single joints.", "Leave out the joint."
        )
    return maps


def select(maps: Sequence[AttentionMap], blocks: Sequence[str]) -> list[AttentionMap]:
    """The maps of the blocks that are called so, lie under that name, or fit that pattern.

    All of them where `blocks` is empty.
    """
    chosen: set[str] = set()
    for wanted in blocks:
        under = {
            one.block
            for one in maps
            if one.block.startswith(f"{wanted}.") or fnmatchcase(one.block, wanted)
        }
        if not under:
            raise PoseliftError(
                f"No block is called {wanted!r}.", f"There are {', '.join(m.block for m in maps)}."
            )
        chosen |= under
    return [one for one in maps if not blocks or one.block in chosen]


class _Reading:
    """Turns what was recorded in one window into maps."""

    def __init__(self, net: LifterNet, window: WindowInput, joint: str | None) -> None:
        self._net, self._window, self._joint = net, window, joint
        self.took_joint = False

    def block(self, block: str, shares: Tensor) -> AttentionMap:
        """(B, heads, N, N) to the map of one block."""
        over = next(
            tokens for pattern, tokens in self._net.attention_over if fnmatchcase(block, pattern)
        )
        if over == "joints":
            one = shares[self._row(len(shares))]
            return AttentionMap(block, over, H36M17.names, 0, one.numpy())
        tokens, middle = self._frames(over, shares.shape[-1])
        return AttentionMap(block, over, tokens, middle, self._one_joint(shares).numpy())

    def _row(self, rows: int) -> int:
        """Which of `rows`, spread evenly over the encoded frames, is nearest to the middle one."""
        encoded = range(self._net.frames)[self._net.encoded_frames]
        place = (self._window.middle - encoded.start + 0.5) / len(encoded)
        return min(int(place * rows), rows - 1)

    def _one_joint(self, shares: Tensor) -> Tensor:
        """(1 or 17, heads, N, N) to (heads, N, N)."""
        if len(shares) != JOINTS or self._joint is None:
            return shares.mean(dim=0)
        self.took_joint = True
        return shares[H36M17.index(self._joint)]

    def _frames(self, over: Tokens, count: int) -> tuple[tuple[str, ...], int]:
        """Names of `count` tokens along time, and which of them is the middle frame's."""
        encoded = range(self._net.frames)[self._net.encoded_frames]
        frequencies = count - len(encoded) if over == "frequencies and frames" else 0
        rows = count - frequencies
        # SCT's compressed sequences have fewer rows than frames, spread over the same time.
        place = encoded.start + (np.arange(rows) + 0.5) * len(encoded) / rows - 0.5
        away = np.rint((place - self._window.middle) * self._window.spacing).astype(int)
        names = [f"f{i}" for i in range(frequencies)] + [f"{i:+d}" if i else "0" for i in away]
        return tuple(names), frequencies + self._row(rows)
