"""The Spectral Compression Transformer with a line pose graph (2025): every frame of a window."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from poselift.errors import PoseliftError
from poselift.lifter.models.base import JOINTS, LifterNet, Shapes, count_layers
from poselift.lifter.models.layers import (
    Attention,
    DropPath,
    Mlp,
    check_settings,
    drop_path_rates,
    exact_linear,
    initialise,
    position,
)
from poselift.lifter.models.spectral import FixedMatrix, compression_matrix, interpolation_matrix
from poselift.skeleton import H36M17


class Half(nn.Module):
    """Attention along one axis and an MLP, with the network's own kind of shortcut.

    The shortcut of the attention is its input after the norm and the compression, not before.
    """

    def __init__(
        self, width: int, heads: int, mlp_ratio: float, drop_path: float, norm_eps: float
    ) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=norm_eps)
        self.attention = Attention(width, heads)
        self.norm2 = nn.LayerNorm(width, eps=norm_eps)
        self.mlp = Mlp(width, int(width * mlp_ratio))
        self.drop_path = DropPath(drop_path)

    def forward(self, x: Tensor, compress: nn.Module | None, over_time: bool) -> Tensor:
        """(B, T, 17, D) to (B, T', 17, D); `compress` takes (B, T, 17 D) to (B, T', 17 D)."""
        shortcut = self.norm1(x)
        if compress is not None:
            shortcut = compress(shortcut.flatten(2)).unflatten(2, (JOINTS, -1))
        axis = 1 if over_time else 2
        x = shortcut + self.drop_path(attend_along(self.attention, shortcut, axis))
        return x + self.drop_path(self.mlp(self.norm2(x)))


def attend_along(attention: Attention, x: Tensor, axis: int) -> Tensor:
    """(B, T, 17, D) to the same, attention over axis 1 or 2 and each of the other by itself."""
    if axis == 2:
        return attention(x.flatten(0, 1)).unflatten(0, (-1, x.shape[1]))
    by_joint = x.transpose(1, 2)  # (B, 17, T, D)
    mixed = attention(by_joint.flatten(0, 1))
    return mixed.unflatten(0, (-1, JOINTS)).transpose(1, 2)


class Branch(nn.Module):
    """A spatial and a temporal half, in either order."""

    def __init__(self, space_first: bool, *half: Any) -> None:
        super().__init__()
        self.space_first = space_first
        self.space = Half(*half)
        self.time = Half(*half)

    def forward(self, x: Tensor, compress: nn.Module | None) -> Tensor:
        """(B, T, 17, D) to (B, T', 17, D)."""
        if self.space_first:
            return self.time(self.space(x, None, False), compress, True)
        return self.space(self.time(x, compress, True), None, False)


class SCT(LifterNet):
    """The poses of all frames, from two streams that drop high frequencies on their way.

    Args:
        frames: T, the window. Shorter windows are taken, too, as the authors' code does.
        width: features of a joint.
        depth: layers of two streams.
        heads: attention heads.
        mlp_ratio: hidden width of the MLPs over their width.
        representation: features before the head; as `width` unless given.
        ratio: how much of the sequence a pruned layer keeps.
        pruned_layers: the layers that compress; all unless given.
        max_frames: length of the learned position in time; as `frames` unless given.
        norm_eps: 1e-6 in the authors' training script, 1e-5 in their demo.
        drop_path: stochastic depth of the last layer, in training only.
    """

    name: ClassVar[str] = "sct"
    output: ClassVar = "all"
    parents: Tensor
    hidden_settings: ClassVar = ("heads", "ratio", "pruned_layers", "norm_eps")
    attention_over: ClassVar = (("*.space", "joints"), ("*.time", "frames"))
    published_renames: ClassVar = (
        (r"^joint_embedding\.", "joints_embed."),
        (r"^joint_position$", "pos_embed"),
        (r"^frame_position$", "temp_embed"),
        (r"^space_time\.", "blocks_st."),
        (r"^time_space\.", "blocks_ts."),
        (r"\.space\.(norm1|norm2|mlp)\.", r".\1_s."),
        (r"\.time\.(norm1|norm2|mlp)\.", r".\1_t."),
        (r"\.space\.attention\.", ".attn_s."),
        (r"\.time\.attention\.", ".attn_t."),
        (r"\.project\.", ".proj."),
        (r"^fusion\.", "ts_attn."),
        (r"^representation\.", "pre_logits.fc."),
    )

    def __init__(
        self,
        frames: int = 243,
        width: int = 512,
        depth: int = 5,
        heads: int = 8,
        mlp_ratio: float = 2,
        representation: int | None = None,
        ratio: float = 0.6,
        pruned_layers: Iterable[int] | None = None,
        max_frames: int | None = None,
        norm_eps: float = 1e-6,
        drop_path: float = 0.0,
    ) -> None:
        super().__init__()
        whole = {
            "frames": frames, "width": width, "depth": depth, "heads": heads,
            "representation": width if representation is None else representation,
            "max_frames": frames if max_frames is None else max_frames,
        }  # fmt: skip
        check_settings(self.name, whole, width, heads)
        pruned = tuple(range(depth)) if pruned_layers is None else tuple(pruned_layers)
        if not 0 < ratio <= 1 or not set(pruned) <= set(range(depth)):
            raise PoseliftError(
                f"{self.name}: ratio must be in (0, 1] and pruned_layers among 0..{depth - 1}, "
                f"got {ratio!r} and {pruned!r}.",
                "Published is ratio=0.6 in layers 0..4 of 5.",
            )
        if whole["max_frames"] < frames:
            raise PoseliftError(
                f"{self.name}: max_frames={max_frames} is less than frames={frames}.",
                "max_frames is the length of the learned position (`maxlen` in the paper's code).",
            )
        self.settings = {
            **whole, "mlp_ratio": mlp_ratio, "ratio": ratio, "pruned_layers": pruned,
            "norm_eps": norm_eps, "drop_path": drop_path,
        }  # fmt: skip
        self.frames, self.channels, self.depth = frames, 3, depth
        self._ratio, self._pruned = ratio, frozenset(pruned)
        self.joint_embedding = nn.Linear(6, width)
        self.joint_position = position(1, JOINTS, width)
        self.frame_position = position(1, whole["max_frames"], 1, width)
        halves = [(width, heads, mlp_ratio, r, norm_eps) for r in drop_path_rates(drop_path, depth)]
        self.space_time = nn.ModuleList(Branch(True, *half) for half in halves)
        self.time_space = nn.ModuleList(Branch(False, *half) for half in halves)
        fusion = [nn.Linear(2 * width, 2) for _ in range(depth)]
        self.fusion = nn.ModuleList(fusion)
        self.norm = nn.LayerNorm(width, eps=norm_eps)
        self.representation = nn.Linear(width, whole["representation"])
        self.head = nn.Linear(whole["representation"], 3)
        self.apply(initialise)
        for layer in fusion:  # both streams count the same at first
            nn.init.zeros_(layer.weight)
            nn.init.constant_(layer.bias, 0.5)
        self.compressions, self.expansions = self._time_maps(frames)
        parents = [max(parent, 0) for parent in H36M17.parents]  # the pelvis is its own
        self.register_buffer("parents", torch.tensor(parents), persistent=False)

    def encode(self, x: Tensor) -> Tensor:
        """(N, 17, 3) to (N, 17 * 6): the joints, and the middles of their bones."""
        middles = (x + x.index_select(1, self.parents)) / 2
        return torch.cat([x, middles], dim=-1).flatten(1)

    def lift(self, encoded: Tensor, x: Tensor) -> Tensor:
        """(B, T, 17 * 6), (B, T, 17, 3) to (B, T, 17, 3)."""
        length = encoded.shape[1]
        compressions, expansions = self.compressions, self.expansions
        if length != self.frames:
            compressions, expansions = self._time_maps(length, encoded.device)
        tokens = exact_linear(self.joint_embedding, encoded.unflatten(2, (JOINTS, 6)))
        tokens = tokens.to(self.joint_position.dtype) + self.joint_position
        tokens = tokens + self.frame_position[:, :length]
        total: Tensor | None = None
        for layer in range(self.depth):
            compress = compressions[str(layer)] if layer in self._pruned else None
            tokens = self._fuse(layer, tokens, compress)
            whole = expansions[layer](tokens.flatten(2))
            total = whole if total is None else total + whole
        assert total is not None
        features = self.norm(total.unflatten(2, (JOINTS, -1)))
        features = torch.tanh(self.representation(features))
        return exact_linear(self.head, features.to(x.dtype))

    def _fuse(self, layer: int, tokens: Tensor, compress: nn.Module | None) -> Tensor:
        one = self.space_time[layer](tokens, compress)
        other = self.time_space[layer](tokens, compress)
        share = self.fusion[layer](torch.cat([one, other], dim=-1)).softmax(dim=-1)
        return one * share[..., :1] + other * share[..., 1:]

    def _time_maps(
        self, frames: int, device: torch.device | None = None
    ) -> tuple[nn.ModuleDict, nn.ModuleList]:
        """The compressions of the pruned layers, and every layer's way back to all the frames."""
        compressions, expansions, length = nn.ModuleDict(), nn.ModuleList(), frames
        for layer in range(self.depth):
            if layer in self._pruned:
                kept = math.ceil(length * self._ratio)
                if kept < length:
                    compressions[str(layer)] = FixedMatrix(compression_matrix(length, kept))
                else:
                    compressions[str(layer)] = nn.Identity()
                length = kept
            same = length == frames
            expansion = nn.Identity() if same else FixedMatrix(interpolation_matrix(length, frames))
            expansions.append(expansion)
        return compressions.to(device), expansions.to(device)

    def check_input(self, x: Tensor, live: bool = False) -> None:
        """As for the others, but a window may be shorter."""
        fits = x.ndim == 4 and x.shape[2:] == (JOINTS, self.channels) and x.is_floating_point()
        if not (fits and 0 < x.shape[1] < self.frames):
            super().check_input(x, live)

    @classmethod
    def guess_settings(cls, shapes: Shapes) -> Mapping[str, Any] | None:
        """Which settings a published file of these shapes is for."""
        frames, joints = shapes.get("temp_embed"), shapes.get("pos_embed")
        hidden = shapes.get("blocks_st.0.mlp_s.fc1.weight")
        representation = shapes.get("pre_logits.fc.weight")
        if not (frames and joints and hidden and representation):
            return None
        return {
            "frames": frames[1],
            "width": joints[2],
            "depth": count_layers(shapes, re.compile(r"^blocks_st\.(\d+)\.")),
            "mlp_ratio": hidden[0] / hidden[1],
            "representation": representation[0],
        }
