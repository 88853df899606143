"""ConvFormer (Diaz-Arias & Shin, 2023): attention whose queries, keys, values are convolutions.

Written from the paper; there is no public code, and there are no published weights.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from poselift.errors import PoseliftError
from poselift.lifter.models.base import JOINTS, LifterNet, Shapes
from poselift.lifter.models.layers import (
    DotProduct,
    DropPath,
    Mlp,
    check_settings,
    drop_path_rates,
    exact_linear,
    initialise,
    position,
)


class Aggregation(nn.Module):
    """A weighted sum of convolutions of one input with kernels of several sizes.

    The weights are a softmax, so they sum to one. In training the kernels are summed before the
    convolution: the same function and the same gradients for a fraction of the work.
    """

    def __init__(self, channels: int, kernels: tuple[int, ...]) -> None:
        super().__init__()
        self.largest = max(kernels)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(channels, channels, kernel, padding=kernel // 2) for kernel in kernels
        )
        self.weights = nn.Parameter(torch.zeros(len(kernels)))

    def forward(self, x: Tensor) -> Tensor:
        """(B, channels, L) to the same."""
        if self.training:
            kernel, bias = self.merged()
            return F.conv1d(x, kernel, bias, padding=kernel.shape[-1] // 2)
        shares = self.weights.softmax(0).unbind(0)
        outputs = [share * conv(x) for share, conv in zip(shares, self.convolutions, strict=True)]
        return torch.stack(outputs).sum(0)

    def merged(self) -> tuple[Tensor, Tensor]:
        """(channels, channels, largest kernel), (channels): the sum as one convolution."""
        kernels, biases = [], []
        for share, conv in zip(self.weights.softmax(0).unbind(0), self.convolutions, strict=True):
            assert isinstance(conv, nn.Conv1d)
            assert conv.bias is not None
            side = (self.largest - conv.kernel_size[0]) // 2
            kernels.append(share * F.pad(conv.weight, (side, side)))
            biases.append(share * conv.bias)
        return torch.stack(kernels).sum(0), torch.stack(biases).sum(0)


class Projections(nn.Module):
    """Queries, keys and values: three aggregations of the same input."""

    def __init__(self, channels: int, kernels: tuple[int, ...]) -> None:
        super().__init__()
        self.query = Aggregation(channels, kernels)
        self.key = Aggregation(channels, kernels)
        self.value = Aggregation(channels, kernels)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(B, channels, L) to three of the same."""
        if self.training:
            kernel, bias = self.merged()
            out = F.conv1d(x, kernel, bias, padding=kernel.shape[-1] // 2)
            query, key, value = out.chunk(3, dim=1)
            return query, key, value
        return self.query(x), self.key(x), self.value(x)

    def merged(self) -> tuple[Tensor, Tensor]:
        """(3 channels, channels, kernel), (3 channels): all as one convolution."""
        parts = [part.merged() for part in (self.query, self.key, self.value)]
        kernels, biases = zip(*parts, strict=True)
        return torch.cat(kernels), torch.cat(biases)

    def folded(self) -> MergedProjections:
        """The same for inference."""
        kernel, bias = self.merged()
        return MergedProjections(kernel.detach(), bias.detach())


class MergedProjections(nn.Module):
    """Queries, keys and values from one convolution."""

    def __init__(self, kernel: Tensor, bias: Tensor) -> None:
        super().__init__()
        self.kernel = nn.Parameter(kernel, requires_grad=False)
        self.bias = nn.Parameter(bias, requires_grad=False)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(B, channels, L) to three of the same."""
        out = F.conv1d(x, self.kernel, self.bias, padding=self.kernel.shape[-1] // 2)
        query, key, value = out.chunk(3, dim=1)
        return query, key, value


class ConvBlock(nn.Module):
    """Attention over N tokens of D features, its projections convolved along one or the other.

    Spatial blocks convolve along the tokens (the joints), with the features as channels. Temporal
    blocks convolve along the features, with the tokens (the frames) as channels, so that the whole
    sequence is fused before attention.
    """

    def __init__(
        self,
        tokens: int,
        width: int,
        heads: int,
        kernels: tuple[int, ...],
        dropout: float,
        drop_path: float,
        along_tokens: bool,
    ) -> None:
        super().__init__()
        channels = width if along_tokens else tokens
        self.heads, self.along_tokens = heads, along_tokens
        self.norm1 = nn.LayerNorm(width)
        self.projections: nn.Module = Projections(channels, kernels)
        self.mix = DotProduct()
        self.project = nn.Linear(channels, channels)
        self.dropout = nn.Dropout(dropout)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = Mlp(width, 2 * width)
        self.drop_path = DropPath(drop_path)

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, D) to the same."""
        x = x + self.drop_path(self._attend(self.norm1(x)))
        return x + self.drop_path(self.mlp(self.norm2(x)))

    def _attend(self, x: Tensor) -> Tensor:
        into = x.transpose(1, 2) if self.along_tokens else x
        qkv = self.projections(into)
        if self.along_tokens:
            qkv = tuple(part.transpose(1, 2) for part in qkv)
        query, key, value = (
            part.unflatten(2, (self.heads, -1)).transpose(1, 2) for part in qkv
        )  # (B, heads, N, D / heads)
        mixed = self.mix(query, key, value).transpose(1, 2).flatten(2)
        if self.along_tokens:
            return self.dropout(self.project(mixed))
        project = self.project
        return self.dropout(project.weight @ mixed + project.bias[:, None])


class ConvFormer(LifterNet):
    """The pose of the middle frame, from convolved attention over joints, then over frames.

    Args:
        frames: T, the window.
        width: d, features of a joint.
        spatial_blocks: blocks over the joints of a frame.
        temporal_blocks: blocks over the frames.
        heads: attention heads.
        kernels: the sizes of the aggregated convolutions, odd.
        dropout: after the aggregation, in training only.
        drop_path: stochastic depth of the last block, in training only.
    """

    name: ClassVar[str] = "convformer"
    output: ClassVar = "centre"
    hidden_settings: ClassVar = ("heads",)
    attention_over: ClassVar = (("spatial_blocks.*", "joints"), ("temporal_blocks.*", "frames"))

    def __init__(
        self,
        frames: int,
        width: int = 32,
        spatial_blocks: int = 2,
        temporal_blocks: int = 2,
        heads: int = 8,
        kernels: Iterable[int] = (7, 7, 7),
        dropout: float = 0.2,
        drop_path: float = 0.2,
    ) -> None:
        super().__init__()
        whole = {
            "frames": frames, "width": width, "spatial_blocks": spatial_blocks,
            "temporal_blocks": temporal_blocks, "heads": heads,
        }  # fmt: skip
        check_settings(self.name, whole, width, heads)
        sizes = tuple(kernels)
        if not sizes or any(not isinstance(k, int) or k < 1 or k % 2 == 0 for k in sizes):
            raise PoseliftError(
                f"{self.name}: kernels must be odd sizes, got {sizes!r}.",
                "The paper's are (7, 7, 7).",
            )
        self.settings = {
            **whole, "kernels": sizes, "dropout": dropout, "drop_path": drop_path
        }  # fmt: skip
        self.frames, self.channels = frames, 2
        wide = JOINTS * width

        def stack(depth: int, tokens: int, features: int, along_tokens: bool) -> nn.ModuleList:
            return nn.ModuleList(
                ConvBlock(tokens, features, heads, sizes, dropout, rate, along_tokens)
                for rate in drop_path_rates(drop_path, depth)
            )

        self.joint_embedding = nn.Linear(2, width)
        self.joint_position = position(1, JOINTS, width)
        self.spatial_blocks = stack(spatial_blocks, JOINTS, width, True)
        self.spatial_norm = nn.LayerNorm(width)
        self.frame_position = position(1, frames, wide)
        self.temporal_blocks = stack(temporal_blocks, frames, wide, False)
        self.temporal_norm = nn.LayerNorm(wide)
        self.head_norm = nn.LayerNorm(wide)
        self.head = nn.Linear(wide, JOINTS * 3)
        self.frame_mean = nn.Conv1d(frames, 1, 1)
        self.apply(initialise)

    def encode(self, x: Tensor) -> Tensor:
        """(N, 17, 2) to (N, 17 d): the blocks over the joints of one frame."""
        tokens = exact_linear(self.joint_embedding, x).to(self.joint_position.dtype)
        tokens = tokens + self.joint_position
        for block in self.spatial_blocks:
            tokens = block(tokens)
        return self.spatial_norm(tokens).flatten(1)

    def lift(self, encoded: Tensor, x: Tensor) -> Tensor:
        """(B, T, 17 d), (B, T, 17, 2) to (B, 1, 17, 3)."""
        tokens = encoded + self.frame_position
        for block in self.temporal_blocks:
            tokens = block(tokens)
        tokens = self.head_norm(self.temporal_norm(tokens)).to(x.dtype)
        # The mean over time first: both maps are linear, and this order is T times cheaper.
        weight = self.frame_mean.weight.to(x.dtype)[:, :, 0]  # (1, T)
        mean = weight @ tokens
        pose = F.linear(mean, self.head.weight.to(x.dtype))
        pose = pose + self.head.bias.to(x.dtype) * weight.sum()
        if self.frame_mean.bias is not None:
            pose = pose + self.frame_mean.bias.to(x.dtype)
        return pose.reshape(-1, 1, JOINTS, 3)

    def fold(self) -> None:
        """Make each block's kernels one."""
        for block in (*self.spatial_blocks, *self.temporal_blocks):
            assert isinstance(block, ConvBlock)
            if isinstance(block.projections, Projections):
                block.projections = block.projections.folded()

    @classmethod
    def guess_settings(cls, shapes: Shapes) -> Mapping[str, Any] | None:
        """Which settings a file of these shapes is for; there are no published ones."""
        frames, joints = shapes.get("frame_position"), shapes.get("joint_position")
        if not (frames and joints) or "temporal_blocks.0.project.weight" not in shapes:
            return None
        sizes = re.compile(r"^spatial_blocks\.0\.projections\.query\.convolutions\.\d+\.weight$")
        depths = {
            key: len({name.split(".")[1] for name in shapes if name.startswith(key + ".")})
            for key in ("spatial_blocks", "temporal_blocks")
        }
        kernels = tuple(shape[-1] for name, shape in shapes.items() if sizes.match(name))
        return {"frames": frames[1], "width": joints[2], **depths, "kernels": kernels}
