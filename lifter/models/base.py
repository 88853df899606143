"""What every lifting network is: the contract between a model's file and the window engine."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn

from weights.errors import PoseliftError

JOINTS = 17


class LifterNet(nn.Module, ABC):
    """A network that turns a window of 2D poses into 3D.

    `forward` is `lift(encode(x), x)`. The two halves are public so that the window engine encodes
    each frame of a clip once, however many windows it is in: `encode` is what depends on one
    frame alone, `lift` is the rest.

    Attributes:
        name: what `models.create` calls it.
        output: "centre" (the pose of the middle frame only) or "all".
        frames: T, the window's length.
        channels: 2 (x, y) or 3 (x, y, score).
        settings: everything `models.create(name, **settings)` needs to make it again.
    """

    name: ClassVar[str]
    output: ClassVar[Literal["centre", "all"]]

    frames: int
    channels: int
    settings: dict[str, Any]

    @property
    def encoded_frames(self) -> slice:
        """The frames of a window whose encodings `lift` reads."""
        return slice(0, self.frames)

    @abstractmethod
    def encode(self, x: Tensor) -> Tensor:
        """(N, 17, C) to (N, E): what can be computed from one frame alone."""

    @abstractmethod
    def lift(self, encoded: Tensor, x: Tensor) -> Tensor:
        """(B, len(encoded_frames), E), (B, T, 17, C) to (B, 1 or T, 17, 3)."""

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, 17, C) to (B, 1 or T, 17, 3)."""
        self.check_input(x)
        kept = x[:, self.encoded_frames]
        batch, length = kept.shape[:2]
        encoded = self.encode(kept.reshape(batch * length, JOINTS, self.channels))
        return self.lift(encoded.reshape(batch, length, -1), x)

    def check_input(self, x: Tensor) -> None:
        """Refuse input of another shape with a message that says expected and got."""
        expected = (self.frames, JOINTS, self.channels)
        if not torch.compiler.is_compiling() and (x.ndim != 4 or tuple(x.shape[1:]) != expected):
            raise PoseliftError(
                f"{self.name} expects (B, {self.frames}, {JOINTS}, {self.channels}), "
                f"got {tuple(x.shape)}.",
                "Use lifter.load(...) for clips of any length; it cuts the windows.",
            )
