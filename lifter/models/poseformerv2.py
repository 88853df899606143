"""PoseFormerV2 (Zhao et al., CVPR 2023): a few frames and a few frequencies of a long window."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from poselift.errors import PoseliftError
from poselift.lifter.models.base import JOINTS, LifterNet, Shapes, count_layers
from poselift.lifter.models.layers import (
    Attention,
    Block,
    DropPath,
    Mlp,
    check_settings,
    drop_path_rates,
    exact_linear,
    initialise,
    position,
    without_autocast,
)
from poselift.lifter.models.spectral import FixedMatrix, dct_matrix, inverse_dct_matrix

_EPS = 1e-6


class MixedBlock(nn.Module):
    """Attention over all tokens, then a plain MLP on the first half and a spectral one on the rest.

    The halves are of the token count, whatever the tokens are: that is how it was published.
    """

    def __init__(
        self, tokens: int, width: int, heads: int, mlp_ratio: float, drop_path: float
    ) -> None:
        super().__init__()
        self.plain_tokens = tokens // 2
        self.norm1 = nn.LayerNorm(width, eps=_EPS)
        self.attention = Attention(width, heads)
        self.norm2 = nn.LayerNorm(width, eps=_EPS)
        self.mlp = Mlp(width, int(width * mlp_ratio))
        self.norm3 = nn.LayerNorm(width, eps=_EPS)
        self.spectral_mlp = Mlp(width, int(width * mlp_ratio))
        self.to_spectrum = FixedMatrix(dct_matrix(tokens - self.plain_tokens))
        self.from_spectrum = FixedMatrix(inverse_dct_matrix(tokens - self.plain_tokens))
        self.drop_path = DropPath(drop_path)

    def forward(self, x: Tensor) -> Tensor:
        """(B, tokens, D) to the same."""
        x = x + self.drop_path(self.attention(self.norm1(x)))
        first, second = x[:, : self.plain_tokens], x[:, self.plain_tokens :]
        first = first + self.drop_path(self.mlp(self.norm2(first)))
        changed = self.spectral_mlp(self.to_spectrum(self.norm3(second)))
        second = second + self.drop_path(self.from_spectrum(changed))
        return torch.cat([first, second], dim=1)


class PoseFormerV2(LifterNet):
    """The pose of the middle frame, from `frames_kept` frames around it and low frequencies.

    Args:
        frames: T, the window.
        frames_kept: F, the frames about the middle that are encoded one by one.
        coefficients_kept: C, the cosine coefficients kept of all T frames.
        width: e, features of a joint; a frame has 17 e.
        depth: blocks over joints, and again over time.
        heads: attention heads.
        mlp_ratio: hidden width of the MLPs over their width.
        drop_path: stochastic depth of the last block, in training only.
    """

    name: ClassVar[str] = "poseformerv2"
    output: ClassVar = "centre"
    hidden_settings: ClassVar = ("heads",)
    attention_over: ClassVar = (
        ("spatial_blocks.*", "joints"),
        ("blocks.*", "frequencies and frames"),
    )
    published_renames: ClassVar = (
        (r"^joint_embedding\.", "Joint_embedding."),
        (r"^frequency_embedding\.", "Freq_embedding."),
        (r"^joint_position$", "Spatial_pos_embed"),
        (r"^frame_position$", "Temporal_pos_embed"),
        (r"^frequency_position$", "Temporal_pos_embed_"),
        (r"^spatial_blocks\.", "Spatial_blocks."),
        (r"^spatial_norm\.", "Spatial_norm."),
        (r"^temporal_norm\.", "Temporal_norm."),
        (r"^frequency_mean\.", "weighted_mean."),
        (r"^frame_mean\.", "weighted_mean_."),
        (r"^head\.", "head.1."),
        (r"^head_norm\.", "head.0."),
        (r"^(blocks\.\d+)\.mlp\.", r"\1.mlp1."),
        (r"^(blocks\.\d+)\.spectral_mlp\.", r"\1.mlp2."),
        (r"\.attention\.project\.", ".attn.proj."),
        (r"\.attention\.", ".attn."),
    )

    def __init__(
        self,
        frames: int,
        frames_kept: int,
        coefficients_kept: int,
        width: int = 32,
        depth: int = 4,
        heads: int = 8,
        mlp_ratio: float = 2,
        drop_path: float = 0.2,
    ) -> None:
        super().__init__()
        whole = {
            "frames": frames, "frames_kept": frames_kept, "coefficients_kept": coefficients_kept,
            "width": width, "depth": depth, "heads": heads,
        }  # fmt: skip
        check_settings(self.name, whole, width, heads)
        first = (frames - 1) // 2 - frames_kept // 2
        if first < 0 or first + frames_kept > frames or coefficients_kept > frames:
            raise PoseliftError(
                f"{self.name}: {frames_kept} kept frames and {coefficients_kept} coefficients "
                f"do not fit a window of {frames} frames.",
                "Published are (frames, frames_kept, coefficients_kept) = (27, 1, 3), (27, 3, 3), "
                "(81, 1, 3), (81, 3, 3), (81, 9, 9) and (243, 27, 27).",
            )
        self.settings = {**whole, "mlp_ratio": mlp_ratio, "drop_path": drop_path}
        self.frames, self.channels = frames, 2
        self._first, self._kept, self._coefficients = first, frames_kept, coefficients_kept
        wide, rates = JOINTS * width, drop_path_rates(drop_path, depth)
        self.joint_embedding = nn.Linear(2, width)
        self.joint_position = position(1, JOINTS, width)
        self.spatial_blocks = nn.ModuleList(
            Block(width, heads, mlp_ratio, rate, _EPS) for rate in rates
        )
        self.spatial_norm = nn.LayerNorm(width, eps=_EPS)
        self.to_frequencies = FixedMatrix(dct_matrix(frames, coefficients_kept))
        self.frequency_embedding = nn.Linear(JOINTS * 2, wide)
        self.frame_position = position(1, frames_kept, wide)
        self.frequency_position = position(1, coefficients_kept, wide)
        self.blocks = nn.ModuleList(
            MixedBlock(frames_kept + coefficients_kept, wide, heads, mlp_ratio, rate)
            for rate in rates
        )
        self.temporal_norm = nn.LayerNorm(wide, eps=_EPS)
        self.frequency_mean = nn.Conv1d(coefficients_kept, 1, 1)
        self.frame_mean = nn.Conv1d(frames_kept, 1, 1)
        self.head_norm = nn.LayerNorm(2 * wide)
        self.head = nn.Linear(2 * wide, JOINTS * 3)
        self.apply(initialise)

    @property
    def encoded_frames(self) -> slice:
        """The kept frames, around the middle one."""
        return slice(self._first, self._first + self._kept)

    def encode(self, x: Tensor) -> Tensor:
        """(N, 17, 2) to (N, 17 e): the blocks over the joints of one frame."""
        tokens = exact_linear(self.joint_embedding, x).to(self.joint_position.dtype)
        tokens = tokens + self.joint_position
        for block in self.spatial_blocks:
            tokens = block(tokens)
        return self.spatial_norm(tokens).flatten(1)

    def lift(self, encoded: Tensor, x: Tensor) -> Tensor:
        """(B, F, 17 e), (B, T, 17, 2) to (B, 1, 17, 3)."""
        with without_autocast(x):
            spectrum = self.to_frequencies(x.flatten(2))
        frequencies = exact_linear(self.frequency_embedding, spectrum).to(encoded.dtype)
        tokens = torch.cat(
            [frequencies + self.frequency_position, encoded + self.frame_position], dim=1
        )
        for block in self.blocks:
            tokens = block(tokens)
        tokens = self.temporal_norm(tokens)
        means = torch.cat(
            [
                self.frequency_mean(tokens[:, : self._coefficients]),
                self.frame_mean(tokens[:, self._coefficients :]),
            ],
            dim=-1,
        )
        pose = exact_linear(self.head, self.head_norm(means).to(x.dtype))
        return pose.reshape(-1, 1, JOINTS, 3)

    @classmethod
    def guess_settings(cls, shapes: Shapes) -> Mapping[str, Any] | None:
        """Which settings a published file of these shapes is for; the window shows nowhere."""
        frames = shapes.get("Temporal_pos_embed")
        frequencies = shapes.get("Temporal_pos_embed_")
        joints = shapes.get("Spatial_pos_embed")
        if not (frames and frequencies and joints):
            return None
        kept = frames[1], frequencies[1]
        windows = {(1, 3): "27 or 81", (3, 3): "27 or 81", (9, 9): "81", (27, 27): "243"}
        return {
            "frames": windows.get(kept, "not in the file"),
            "frames_kept": kept[0],
            "coefficients_kept": kept[1],
            "width": joints[2],
            "depth": count_layers(shapes, re.compile(r"^blocks\.(\d+)\.")),
        }
