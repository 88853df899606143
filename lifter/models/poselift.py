"""Poselift's own network: a transformer whose tokens are whole frames.

One token per frame instead of one per joint makes it an order of magnitude cheaper than published
lifters. Positions in time enter only as differences (rotary embedding), so the same weights serve
windows of several lengths and frames that are not there yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from poselift.lifter.models.base import JOINTS, LifterNet, Shapes
from poselift.lifter.models.layers import DotProduct


def rotary_tables(frames: int, size: int) -> tuple[Tensor, Tensor]:
    """Cosines and sines (frames, size) of the turns of `size` / 2 pairs of channels."""
    # On the CPU even where the network is made without memory: there arithmetic would import
    # torch's compiler, which takes a second and 60 MB.
    speed = 100.0 ** (-torch.arange(0, size, 2, device="cpu") / size)
    angle = torch.arange(frames, device="cpu")[:, None] * speed[None]
    angle = torch.cat([angle, angle], dim=-1)
    return angle.cos(), angle.sin()


def turn(x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Turn pairs of channels of (..., T, size) by each frame's angles."""
    first, second = x.chunk(2, dim=-1)
    return x * cosine + torch.cat([-second, first], dim=-1) * sine


class Block(nn.Module):
    """Pre-norm attention over frames and a feed-forward layer."""

    def __init__(self, width: int, heads: int, ratio: float, drop: float) -> None:
        super().__init__()
        self.heads, self.drop = heads, drop
        hidden = int(width * ratio)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.mix = DotProduct()
        self.proj = nn.Linear(width, width)
        self.fc1, self.fc2 = nn.Linear(width, hidden), nn.Linear(hidden, width)

    def forward(self, x: Tensor, cosine: Tensor, sine: Tensor, kept: slice = slice(None)) -> Tensor:
        """(B, T, width) to the same for the frames that are `kept`."""
        x = x[:, kept] + self._dropped(self.attend(self.norm1(x), cosine, sine, kept))
        return x + self._dropped(self.fc2(F.gelu(self.fc1(self.norm2(x)))))

    def attend(self, x: Tensor, cosine: Tensor, sine: Tensor, kept: slice = slice(None)) -> Tensor:
        """Attention of the frames that are kept to every frame."""
        qkv = self.qkv(x).unflatten(-1, (3, self.heads, -1))
        qkv = qkv.permute(2, 0, 3, 1, 4)
        query, key = turn(qkv[:2], cosine, sine)  # both at once: half the calls
        mixed = self.mix(query[:, :, kept], key, qkv[2])
        return self.proj(mixed.transpose(1, 2).flatten(2))

    def _dropped(self, x: Tensor) -> Tensor:
        if not self.training or self.drop == 0:
            return x
        keep = torch.rand(x.shape[0], 1, 1, device=x.device) >= self.drop
        return x * keep / (1 - self.drop)


class Poselift(LifterNet):
    """The network; `channels` 3 takes the scores along."""

    name = "poselift"
    output = "all"
    hidden_settings = ("frames", "heads", "drop_path")
    half_layers = ("blocks",)
    attention_over = (("blocks.*", "frames"),)

    cosine: Tensor
    sine: Tensor

    def __init__(
        self,
        frames: int = 27,
        width: int = 256,
        depth: int = 5,
        heads: int = 8,
        mlp_ratio: float = 3.0,
        channels: int = 3,
        drop_path: float = 0.0,
    ) -> None:
        super().__init__()
        self.frames, self.channels = frames, channels
        self.settings = {
            "frames": frames, "width": width, "depth": depth, "heads": heads,
            "mlp_ratio": mlp_ratio, "channels": channels, "drop_path": drop_path,
        }  # fmt: skip
        size = JOINTS * channels
        self.embed1, self.embed2 = nn.Linear(size, width), nn.Linear(width, width)
        drops = [drop_path * i / max(depth - 1, 1) for i in range(depth)]
        self.blocks = nn.ModuleList(Block(width, heads, mlp_ratio, drop) for drop in drops)
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, JOINTS * 3)
        self.skip = nn.Linear(size, JOINTS * 3, bias=False)
        cosine, sine = rotary_tables(frames, width // heads)
        self.register_buffer("cosine", cosine, persistent=False)
        self.register_buffer("sine", sine, persistent=False)
        self._start()

    def _start(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=module.in_features**-0.5)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        for block in self.blocks:
            assert isinstance(block, Block)
            nn.init.zeros_(block.proj.weight)
            nn.init.zeros_(block.fc2.weight)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.skip.weight)

    def encode(self, x: Tensor) -> Tensor:
        """(N, 17, C) to (N, width)."""
        flat = x.flatten(1).to(self.embed1.weight.dtype)
        return self.embed2(F.gelu(self.embed1(flat)))

    def lift(self, encoded: Tensor, x: Tensor) -> Tensor:
        """(B, T, width), (B, T, 17, C) to (B, T, 17, 3), relative to the pelvis."""
        return self._pose(self.hidden(encoded), x)

    def live_at(self, x: Tensor, position: int) -> Tensor:
        """The last block and the head for one frame only."""
        kept = slice(position, position + 1)
        return self._pose(self.hidden(self._encoded(x), kept), x[:, kept]).flatten(-2)

    def hidden(self, encoded: Tensor, kept: slice = slice(None)) -> Tensor:
        """(B, T, width) after all blocks, for the frames that are kept."""
        hidden = encoded
        cosine, sine = self.cosine.to(hidden.dtype), self.sine.to(hidden.dtype)
        for block in self.blocks[:-1]:
            hidden = block(hidden, cosine, sine)
        return self.norm(self.blocks[-1](hidden, cosine, sine, kept))

    def _pose(self, hidden: Tensor, x: Tensor) -> Tensor:
        weight = self.head.weight.dtype
        pose = self.head(hidden) + self.skip(x.flatten(2).to(weight))
        pose = pose.to(x.dtype).unflatten(-1, (JOINTS, 3))
        return pose - pose[..., :1, :]

    @classmethod
    def guess_settings(cls, shapes: Shapes) -> Mapping[str, Any] | None:
        """Width and channels show in the shapes; heads and frames do not."""
        if "embed1.weight" not in shapes or "skip.weight" not in shapes:
            return None
        width, size = shapes["embed1.weight"]
        return {"width": width, "channels": size // JOINTS}
