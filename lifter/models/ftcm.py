"""FTCM (Tang et al., TCSVT 2023): frequency and time mixed by linear maps, no attention."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from poselift.errors import PoseliftError
from poselift.lifter.models.base import JOINTS, LifterNet, Published, Shapes, count_layers
from poselift.lifter.models.layers import check_settings, exact_linear, initialise
from poselift.lifter.models.spectral import FixedMatrix, fourier_bases


class FrequencyFilter(nn.Module):
    """A learned complex matrix between the Fourier spectra of input and output, along time."""

    def __init__(self, frames: int) -> None:
        super().__init__()
        kept, available = (frames + 1) // 2, frames // 2 + 1
        self.spectrum = nn.Parameter(torch.empty(kept, available, 2))
        # Not drawn from a normal law, which on torch's device "meta" would import its compiler.
        nn.init.uniform_(self.spectrum, -0.035, 0.035)
        forward, backward = fourier_bases(frames, kept)
        self.forward_real, self.forward_imaginary = map(FixedMatrix, forward)
        self.backward_real = FixedMatrix(np.ascontiguousarray(backward[0].T))
        self.backward_imaginary = FixedMatrix(np.ascontiguousarray(backward[1].T))

    def matrix(self) -> Tensor:
        """(T, T): transform, learned matrix and inverse transform in one."""
        real, imaginary = self.spectrum.float().unbind(-1)
        into_real, into_imaginary = self.forward_real.matrix, self.forward_imaginary.matrix
        new_real = real @ into_real - imaginary @ into_imaginary
        new_imaginary = real @ into_imaginary + imaginary @ into_real
        return self.backward_real(new_real) + self.backward_imaginary(new_imaginary)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, D) to the same."""
        return self.matrix().to(x.dtype) @ x


class TimeGate(nn.Module):
    """Each frame's channels weighed by what two short convolutions see around it."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(width, width // 2, 3, padding=1, groups=2, bias=False)
        self.conv2 = nn.Conv1d(width // 2, width, 3, padding=1, groups=2, bias=False)
        self.norm1 = nn.LayerNorm(width // 2)
        self.norm2 = nn.LayerNorm(width)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, D) to the same."""
        inner = F.gelu(self.norm1(self.conv1(x.transpose(1, 2)).transpose(1, 2)))
        outer = self.norm2(self.conv2(inner.transpose(1, 2)).transpose(1, 2))
        return x * torch.sigmoid(outer)


class MixerBlock(nn.Module):
    """One half of the channels filtered in frequency, the other gated in time, then mixed."""

    def __init__(self, frames: int, width: int, dropout: float) -> None:
        super().__init__()
        half = width // 2
        self.norm = nn.LayerNorm(width)
        self.fc1 = nn.Linear(width, width)
        self.filter: nn.Module = FrequencyFilter(frames)
        self.gate = TimeGate(half)
        self.mix_half = nn.Linear(half, half)
        self.dropout = nn.Dropout(dropout)
        self.mix_all = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, D) to the same."""
        first, second = F.gelu(self.fc1(self.norm(x))).chunk(2, dim=-1)
        second = F.gelu(self.mix_half(self.gate(second)))
        mixed = self.dropout(torch.cat([self.filter(first), second], dim=-1))
        return x + F.gelu(self.mix_all(mixed))

    def fold(self) -> None:
        """Make the filter one matrix, for inference."""
        if isinstance(self.filter, FrequencyFilter):
            matrix = self.filter.matrix().detach()
            self.filter = FixedMatrix(matrix.cpu().numpy()).to(matrix.device)


class Refine(nn.Module, Published):
    """Moves a lifted pose toward its back-projected 2D input, for cameras that are known.

    Published in files of its own (`refine_*.pth`): `models.load_published(Refine(), path)`.
    """

    name: ClassVar[str] = "ftcm's refine module"
    published_renames: ClassVar = ((r"^fc1\.", "post_refine.0."), (r"^fc2\.", "post_refine.3."))

    def __init__(self, hidden: int = 1024) -> None:
        super().__init__()
        self.settings = {"hidden": hidden}
        self.fc1 = nn.Linear(JOINTS * 6, hidden)
        self.fc2 = nn.Linear(hidden, JOINTS * 2)

    def forward(self, pose: Tensor, projected: Tensor) -> Tensor:
        """(B, 1, 17, 3) twice to (B, 1, 17, 3).

        `projected` is the pose whose x and y come from the 2D input, the camera's intrinsics and
        the true depth of the root.
        """
        both = torch.cat([pose, projected], dim=-1).flatten(1)
        share = torch.sigmoid(self.fc2(F.relu(self.fc1(both)))).reshape(-1, 1, JOINTS, 2)
        flat = share * pose[..., :2] + (1 - share) * projected[..., :2]
        return torch.cat([flat, pose[..., 2:]], dim=-1)

    @classmethod
    def guess_settings(cls, shapes: Shapes) -> Mapping[str, Any] | None:
        """Which settings a published file of these shapes is for."""
        first = shapes.get("post_refine.0.weight")
        return {"hidden": first[0]} if first else None


class FTCM(LifterNet):
    """The pose of the middle frame, from blocks that mix frequency and time.

    Published weights store the first and last layer weight-normalised; here they are plain.

    Args:
        frames: T, the window.
        width: features of a frame.
        blocks: how many mixers.
        refine: whether to carry a `Refine` as `net.refine`, for data with known cameras; it is
            loaded by itself and called by itself.
        dropout: in training only.
    """

    name: ClassVar[str] = "ftcm"
    output: ClassVar = "centre"
    published_renames: ClassVar = (
        (r"^embedding\.", "pose_emb."),
        (r"^head\.", "pose_lift."),
        (r"^blocks\.(\d+)\.norm\.", r"mlpmixer.gmlp.\1.fn.ln1_\1."),
        (r"^blocks\.(\d+)\.fc1\.", r"mlpmixer.gmlp.\1.fn.fc1_\1."),
        (r"^blocks\.(\d+)\.filter\.spectrum$", r"mlpmixer.gmlp.\1.fn.SG\1.gfp.lfilter"),
        (r"^blocks\.(\d+)\.gate\.norm(\d)\.", r"mlpmixer.gmlp.\1.fn.SG\1.ecl.ln\2."),
        (r"^blocks\.(\d+)\.gate\.", r"mlpmixer.gmlp.\1.fn.SG\1.ecl."),
        (r"^blocks\.(\d+)\.mix_half\.", r"mlpmixer.gmlp.\1.fn.fc2_\1.ln_512."),
        (r"^blocks\.(\d+)\.mix_all\.", r"mlpmixer.gmlp.\1.fn.fc2_\1.ln_1024."),
    )
    published_unused: ClassVar = r"^mlpmixer\.gmlp\.\d+\.fn\.fc2_\d+\.ln_(256|128)\.(weight|bias)$"
    published_apart: ClassVar = ("refine.",)

    def __init__(
        self,
        frames: int,
        width: int = 512,
        blocks: int = 6,
        refine: bool = False,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        whole = {"frames": frames, "width": width, "blocks": blocks}
        check_settings(self.name, whole, width, 1)
        if width % 8:
            raise PoseliftError(
                f"{self.name}: width must be a multiple of 8, got {width}.", "Published is 512."
            )
        self.settings = {**whole, "refine": refine, "dropout": dropout}
        self.frames, self.channels = frames, 2
        self.embedding = nn.Linear(JOINTS * 2, width)
        self.blocks = nn.ModuleList(MixerBlock(frames, width, dropout) for _ in range(blocks))
        self.head = nn.Linear(width, JOINTS * 3)
        self.refine = Refine() if refine else None
        self.apply(initialise)

    def encode(self, x: Tensor) -> Tensor:
        """(N, 17, 2) to (N, width)."""
        return F.gelu(exact_linear(self.embedding, x.flatten(1))).to(self.embedding.weight.dtype)

    def lift(self, encoded: Tensor, x: Tensor) -> Tensor:
        """(B, T, width), (B, T, 17, 2) to (B, 1, 17, 3)."""
        features = encoded
        for block in self.blocks:
            features = block(features)
        pose = exact_linear(self.head, features.to(x.dtype).mean(dim=1))
        return pose.reshape(-1, 1, JOINTS, 3)

    def fold(self) -> None:
        """Make each frequency filter the one real matrix that it is."""
        for block in self.blocks:
            assert isinstance(block, MixerBlock)
            block.fold()

    @classmethod
    def guess_settings(cls, shapes: Shapes) -> Mapping[str, Any] | None:
        """Which settings a published file of these shapes is for."""
        learned = shapes.get("mlpmixer.gmlp.0.fn.SG0.gfp.lfilter")
        embedding = shapes.get("pose_emb.weight")
        if not (learned and embedding):
            return None
        # (T + 1) // 2 and T // 2 + 1 are equal for an odd T only.
        return {
            "frames": learned[0] + learned[1] - 1,
            "width": embedding[0],
            "blocks": count_layers(shapes, re.compile(r"^mlpmixer\.gmlp\.(\d+)\.")),
        }
