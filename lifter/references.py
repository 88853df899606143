"""Plain lifters to compare with: what a transformer must beat to be worth its price.

All take `crop` windows with scores and give every frame or the middle one, as `LifterNet`s do.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from poselift.errors import PoseliftError
from poselift.lifter import models
from poselift.lifter.models.base import JOINTS, LifterNet, Shapes

if TYPE_CHECKING:
    from poselift.lifter.training.loop import WindowSource


class _Reference(LifterNet):
    """What the references share: plain frames as encoding, no published files."""

    def encode(self, x: Tensor) -> Tensor:
        """(N, 17, C) flat."""
        return x.flatten(1)

    @classmethod
    def guess_settings(cls, shapes: Shapes) -> Mapping[str, Any] | None:
        """Nobody publishes these."""
        return None

    def _pose(self, flat: Tensor) -> Tensor:
        pose = flat.unflatten(-1, (JOINTS, 3))
        return pose - pose[..., :1, :]


class LinearLifter(_Reference):
    """One linear map from the whole window to all its poses."""

    name = "linear"
    output = "all"

    def __init__(self, frames: int = 27, channels: int = 3) -> None:
        super().__init__()
        self.frames, self.channels = frames, channels
        self.settings = {"frames": frames, "channels": channels}
        self.map = nn.Linear(frames * JOINTS * channels, frames * JOINTS * 3)

    def lift(self, encoded: Tensor, x: Tensor) -> Tensor:
        """(B, T, 17 C) to (B, T, 17, 3)."""
        return self._pose(self.map(encoded.flatten(1)).unflatten(-1, (self.frames, -1)))


@torch.no_grad()
def fit_linear(
    source: WindowSource, count: int, frames: int = 27, at_once: int = 1000
) -> LinearLifter:
    """The linear map with the least squared error over `count` windows of a source."""
    net = LinearLifter(frames)
    size = net.map.in_features + 1
    square, product = torch.zeros(size, size), torch.zeros(size, net.map.out_features)
    for _ in range(count // at_once):
        windows = source.windows(at_once)
        flat = torch.cat([windows.x.flatten(1), torch.ones(at_once, 1)], dim=1)
        square += flat.T @ flat
        product += flat.T @ windows.y.flatten(1)
    square += 1e-4 * count * torch.eye(size)  # neighbours in time are nearly the same column
    solved = torch.linalg.solve(square.double(), product.double()).float()
    net.map.weight.copy_(solved[:-1].T)
    net.map.bias.copy_(solved[-1])
    return net.eval()


class MartinezLifter(_Reference):
    """The residual multi-layer perceptron of Martinez et al. 2017, one frame at a time."""

    name = "martinez"
    output = "all"

    def __init__(
        self, frames: int = 27, width: int = 1024, blocks: int = 2, channels: int = 3
    ) -> None:
        super().__init__()
        self.frames, self.channels = frames, channels
        self.settings = {"frames": frames, "width": width, "blocks": blocks, "channels": channels}
        self.first = self._layer(JOINTS * channels, width)
        self.residual = nn.ModuleList(
            nn.Sequential(self._layer(width, width), self._layer(width, width))
            for _ in range(blocks)
        )
        self.last = nn.Linear(width, JOINTS * 3)

    @staticmethod
    def _layer(inside: int, outside: int) -> nn.Module:
        return nn.Sequential(
            nn.Linear(inside, outside), nn.BatchNorm1d(outside), nn.ReLU(), nn.Dropout(0.25)
        )

    def lift(self, encoded: Tensor, x: Tensor) -> Tensor:
        """(B, T, 17 C) to (B, T, 17, 3)."""
        hidden = self.first(encoded.flatten(0, 1))
        for block in self.residual:
            hidden = hidden + block(hidden)
        return self._pose(self.last(hidden).unflatten(0, encoded.shape[:2]))


class TemporalConvolutions(_Reference):
    """Dilated convolutions over time in the manner of VideoPose3D (Pavllo et al. 2019)."""

    name = "tcn"
    output = "centre"

    def __init__(self, frames: int = 27, width: int = 1024, channels: int = 3) -> None:
        super().__init__()
        levels = round(torch.tensor(float(frames)).log().div(torch.tensor(3.0).log()).item())
        if 3**levels != frames:
            raise PoseliftError(f"tcn takes 3, 9, 27, 81 or 243 frames, got {frames}.", "Use 27.")
        self.frames, self.channels = frames, channels
        self.settings = {"frames": frames, "width": width, "channels": channels}
        self.expand = self._layer(JOINTS * channels, width, 3)
        # Only the middle pose is made, so strides do the work of dilations.
        self.wide = nn.ModuleList(self._layer(width, width, 3) for _ in range(levels - 1))
        self.deep = nn.ModuleList(self._layer(width, width, 1) for _ in range(levels - 1))
        self.shrink = nn.Conv1d(width, JOINTS * 3, 1)

    @staticmethod
    def _layer(inside: int, outside: int, size: int) -> nn.Module:
        return nn.Sequential(
            nn.Conv1d(inside, outside, size, stride=size, bias=False),
            nn.BatchNorm1d(outside),
            nn.ReLU(),
            nn.Dropout(0.25),
        )

    def lift(self, encoded: Tensor, x: Tensor) -> Tensor:
        """(B, T, 17 C) to (B, 1, 17, 3)."""
        hidden = self.expand(encoded.transpose(1, 2))
        for wide, deep in zip(self.wide, self.deep, strict=True):
            kept = hidden[..., 1::3]  # each group's middle frame
            hidden = kept + deep(wide(hidden))
        return self._pose(self.shrink(hidden).transpose(1, 2))


REFERENCES: dict[str, type[LifterNet]] = {
    net.name: net for net in (LinearLifter, MartinezLifter, TemporalConvolutions)
}


def create(name: str, **settings: Any) -> LifterNet:
    """A reference, or any of `poselift.lifter.models`."""
    return REFERENCES[name](**settings) if name in REFERENCES else models.create(name, **settings)


def load(path: Path | str) -> LifterNet:
    """The network of a file that `models.save` wrote, reference or not."""
    from safetensors.torch import load_file

    header = models.read_header(path)
    net = create(header.model, **header.settings)
    net.load_state_dict({key: value.float() if value.is_floating_point() else value
                         for key, value in load_file(path).items()})  # fmt: skip
    net.normalisation = header.extra.get("normalisation")  # type: ignore[assignment]
    return net.eval()
