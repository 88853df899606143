"""Poselift's second network: frames as tokens as in the first, and heads beside the pose.

It also says where up is, which feet stand still and how far off each joint may be; and it knows
which joints were not seen, instead of taking the places that were made up for them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from poselift.errors import PoseliftError
from poselift.lifter.models.base import JOINTS, LifterNet, Shapes
from poselift.lifter.models.layers import check_settings
from poselift.lifter.models.packed import Heads, pack
from poselift.lifter.models.poselift import Block, Poselift, rotary_tables

#: A joint with a lower score counts as not seen, and its place as made up.
UNSEEN_BELOW = 0.05
#: What a joint is expected to be off before anything was learnt, metres.
_SPREAD_AT_REST = 0.05
#: 1 / metres to the camera and its standard deviation, likewise; and metres a frame. These are the
#: units in which they are learnt: in plain ones every step of training would be far too long.
_CLOSENESS_UNIT, _CLOSENESS_SPREAD, _VELOCITY_UNIT = 0.1, 0.15, 0.02
_CLOSENESS_AT_REST = 0.3
_HEADS = (3, 2, JOINTS)


class Poselift2(LifterNet):
    """The network; it takes the scores along, of which it needs to know only what was not seen."""

    name = "poselift2"
    output = "all"
    heads = True
    hidden_settings = ("frames", "attention_heads", "drop_path", "shortest", "live_ages")
    half_layers = ("blocks",)
    attention_over = (("blocks.*", "frames"),)

    cosine: Tensor
    sine: Tensor
    live_cosine: Tensor
    live_sine: Tensor
    units: Tensor

    def __init__(
        self,
        frames: int = 27,
        width: int = 192,
        depth: int = 6,
        attention_heads: int = 6,
        mlp_ratio: float = 3.0,
        drop_path: float = 0.0,
        shortest: int | None = None,
        live_ages: Sequence[int] | None = None,
        room: bool = False,
    ) -> None:
        super().__init__()
        check_settings(self.name, {"frames": frames, "depth": depth}, width, attention_heads)
        self.frames, self.channels = frames, 3
        self._shortest = min(shortest or frames, frames)
        self._live_ages = super().live_ages if live_ages is None else checked_ages(live_ages)
        self.settings = {
            "frames": frames, "width": width, "depth": depth, "attention_heads": attention_heads,
            "mlp_ratio": mlp_ratio, "drop_path": drop_path,
            "shortest": self._shortest, "live_ages": live_ages and list(live_ages),
            "room": room,
        }  # fmt: skip
        size = JOINTS * 4  # x, y, score, unseen
        self.embed1, self.embed2 = nn.Linear(size, width), nn.Linear(width, width)
        drops = [drop_path * i / max(depth - 1, 1) for i in range(depth)]
        self.blocks = nn.ModuleList(
            Block(width, attention_heads, mlp_ratio, drop) for drop in drops
        )
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, JOINTS * 3)
        self.skip = nn.Linear(size, JOINTS * 3, bias=False)
        self._heads = (*_HEADS, 2, 4) if room else _HEADS
        self.beside = nn.Linear(width, sum(self._heads))
        units = torch.ones(sum(self._heads), device="cpu")
        if room:
            units[-6], units[-4:-1] = _CLOSENESS_UNIT, _VELOCITY_UNIT
        self.register_buffer("units", units, persistent=False)
        longest = max(frames, self._live_ages[0] + 1)
        cosine, sine = rotary_tables(longest, width // attention_heads)
        self.register_buffer("cosine", cosine, persistent=False)
        self.register_buffer("sine", sine, persistent=False)
        place = self._live_ages[0] - torch.tensor(self._live_ages, device="cpu")
        self.register_buffer("live_cosine", cosine[place], persistent=False)
        self.register_buffer("live_sine", sine[place], persistent=False)
        self._start()

    @property
    def shortest(self) -> int:
        """The shortest clip's window: frames only know how far apart they are."""
        return self._shortest

    @property
    def live_ages(self) -> tuple[int, ...]:
        """Of a stream's window."""
        return self._live_ages

    def _start(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=module.in_features**-0.5)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        for block in self.blocks:
            _silence(block)
        for last in (self.head, self.skip, self.beside):
            nn.init.zeros_(last.weight)
        with torch.no_grad():
            self.beside.bias[1] = -1.0  # up is upwards in the picture unless something says not
            self.beside.bias[5 : 5 + JOINTS] = math.log(_SPREAD_AT_REST)
            if len(self._heads) > len(_HEADS):
                self.beside.bias[-6] = _CLOSENESS_AT_REST / _CLOSENESS_UNIT
                self.beside.bias[-5] = math.log(_CLOSENESS_SPREAD)
                self.beside.bias[-1] = math.log(_VELOCITY_UNIT)

    @staticmethod
    def _flat(x: Tensor) -> Tensor:
        """(..., 17, 3) to (..., 68): joints that were not seen have no place, but a mark."""
        unseen = (x[..., 2:] < UNSEEN_BELOW).to(x.dtype)
        return torch.cat([x * (1 - unseen), unseen], dim=-1).flatten(-2)

    def encode(self, x: Tensor) -> Tensor:
        """(N, 17, 3) to (N, width)."""
        flat = self._flat(x).to(self.embed1.weight.dtype)
        return self.embed2(F.gelu(self.embed1(flat)))

    def lift(self, encoded: Tensor, x: Tensor) -> Tensor:
        """(B, T, width), (B, T, 17, 3) to (B, T, 17, 3), relative to the pelvis."""
        return self._pose(self.hidden(encoded), x)

    def lift_packed(self, encoded: Tensor, x: Tensor) -> Tensor:
        """(B, T, width), (B, T, 17, 3) to (B, T, 73 or 79)."""
        return self._packed(self.hidden(encoded), x)

    def lift_live(self, encoded: Tensor, x: Tensor) -> Tensor:
        """As `lift_packed`, of streams' windows."""
        return self._packed(self.hidden(encoded, live=True), x)

    def live_at(self, x: Tensor, position: int) -> Tensor:
        """The last block and the heads for one frame only."""
        kept = slice(position, position + 1)
        return self._packed(self.hidden(self._encoded(x, live=True), kept, live=True), x[:, kept])

    def hidden(self, encoded: Tensor, kept: slice = slice(None), live: bool = False) -> Tensor:
        """(B, T, width) after all blocks, for the frames that are kept."""
        hidden = encoded
        frames = encoded.shape[1]
        cosine = self.live_cosine if live else self.cosine[:frames]
        sine = self.live_sine if live else self.sine[:frames]
        cosine, sine = cosine.to(hidden.dtype), sine.to(hidden.dtype)
        for block in self.blocks[:-1]:
            hidden = block(hidden, cosine, sine)
        return self.norm(self.blocks[-1](hidden, cosine, sine, kept))

    def _packed(self, hidden: Tensor, x: Tensor) -> Tensor:
        heads = self.beside(hidden).to(x.dtype) * self.units.to(x.dtype)
        return pack(self._pose(hidden, x), Heads(*heads.split(self._heads, dim=-1)))

    def _pose(self, hidden: Tensor, x: Tensor) -> Tensor:
        flat = self._flat(x).to(self.head.weight.dtype)
        pose = (self.head(hidden) + self.skip(flat)).to(x.dtype).unflatten(-1, (JOINTS, 3))
        return pose - pose[..., :1, :]

    @torch.no_grad()
    def begin_from(self, other: LifterNet) -> None:
        """Take over what a smaller network of this kind, or a `poselift`, has learnt.

        New blocks are put between the old ones and do nothing at first, so that training goes on
        from where the other network was.
        """
        if not isinstance(other, (Poselift, Poselift2)) or other.channels != 3:
            raise PoseliftError(
                f"A {self.name} cannot begin from a {other.name} with {other.channels} channels.",
                "Give the weights of a poselift2, or of a poselift that takes scores.",
            )
        if other.settings["width"] != self.settings["width"] or len(other.blocks) > len(
            self.blocks
        ):
            raise PoseliftError(
                f"A {self.name} of width {self.settings['width']} and depth {len(self.blocks)} "
                f"cannot begin from one of {other.settings['width']} and {len(other.blocks)}.",
                "The widths must be the same, and the depth at least as large.",
            )
        for name, part in other.named_children():
            if name != "blocks":
                _copy(getattr(self, name), part)
        for block in self.blocks:
            _silence(block)
        ratio = len(self.blocks) / len(other.blocks)
        for place, block in enumerate(other.blocks):
            self.blocks[round((place + 1) * ratio) - 1].load_state_dict(block.state_dict())

    @classmethod
    def guess_settings(cls, shapes: Shapes) -> Mapping[str, Any] | None:
        """No published file is for it: ours say their settings themselves."""
        return None


def checked_ages(ages: Sequence[int]) -> tuple[int, ...]:
    """The ages of the frames of a stream's window."""
    falls = all(older > newer for older, newer in pairwise(ages))
    if not ages or not falls or ages[-1] != 0:
        raise PoseliftError(
            f"`live_ages` is {str(list(ages))[:80]}.",
            "Give how many frames ago each is, falling from the oldest to 0.",
        )
    return tuple(ages)


def _silence(block: nn.Module) -> None:
    """Let a block pass on what it gets, until it learns."""
    assert isinstance(block, Block)
    nn.init.zeros_(block.proj.weight)
    nn.init.zeros_(block.proj.bias)
    nn.init.zeros_(block.fc2.weight)
    nn.init.zeros_(block.fc2.bias)


def _copy(new: nn.Module, old: nn.Module) -> None:
    """Copy a layer.

    One that takes a mark for unseen joints too gets none of it from the old; one that says more
    than the old, or less, takes over what both say.
    """
    state = dict(old.state_dict())
    begun = new.state_dict()
    weight = state.get("weight")
    if isinstance(new, nn.Linear) and weight is not None and weight.shape[1] != new.in_features:
        grown = torch.zeros_like(new.weight).unflatten(1, (JOINTS, 4))
        grown[..., :3] = weight.unflatten(1, (JOINTS, 3))
        state["weight"] = grown.flatten(1)
    for name, value in state.items():
        shared = value[: len(begun[name])]
        state[name] = torch.cat([shared, begun[name][len(shared) :]])
    new.load_state_dict(state)
