"""What every lifting network is: the contract between a model's file and the window engine."""

from __future__ import annotations

import copy
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar

import torch
from torch import Tensor, nn

from poselift.errors import PoseliftError

if TYPE_CHECKING:
    from poselift.lifter.normalise import Normalisation

JOINTS = 17

#: What the tokens of an attention are; frequencies come before the encoded frames.
Tokens = Literal["joints", "frames", "frequencies and frames"]

#: The shapes of a published file's tensors, by their published names.
Shapes = Mapping[str, tuple[int, ...]]

Net = TypeVar("Net", bound="Published")


class Published:
    """A module whose weights were published under other names than its own.

    Attributes:
        published_renames: (pattern, replacement) pairs which, applied one after the other, turn
            our name of a tensor into the published one.
        published_unused: what published files hold and the network never uses.
        published_apart: beginnings of our names that are published in a file of their own.
    """

    published_renames: ClassVar[tuple[tuple[str, str], ...]] = ()
    published_unused: ClassVar[str] = r"(?!)"
    published_apart: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def published_name(cls, ours: str) -> str:
        """What the authors' code calls the tensor that we call `ours`."""
        for pattern, replacement in cls.published_renames:
            ours = re.sub(pattern, replacement, ours)
        return ours


class LifterNet(nn.Module, Published, ABC):
    """A network that turns a window of 2D poses into 3D.

    `forward` is `lift(encode(x), x)`. The two halves are public so that the window engine encodes
    each frame of a clip once, however many windows it is in: `encode` is what depends on one
    frame alone, `lift` is the rest.

    In half precision (`net.bfloat16()`) give `x` in float32 all the same: the first and the last
    layer compute in the type of `x`, and the pose comes back in it. Coordinates in bfloat16 would
    be rounded to whole pixels before anything is computed.

    Attributes:
        name: what `models.create` calls it.
        output: "centre" (the pose of the middle frame only) or "all".
        frames: T, the window's length.
        channels: 2 (x, y) or 3 (x, y, score).
        normalisation: of the windows that it was trained on, where the file says it.
        settings: everything `models.create(name, **settings)` needs to make it again.
        hidden_settings: settings that no tensor's shape shows.
        heads: whether `lift_packed` says more than the pose.
        half_layers: parts whose matrices may be multiplied in bfloat16, see `models.half`.
        attention_over: (pattern of block names, tokens) pairs: what its attentions look from and
            at; empty for networks without attention.
    """

    name: ClassVar[str]
    output: ClassVar[Literal["centre", "all"]]
    hidden_settings: ClassVar[tuple[str, ...]] = ()
    heads: ClassVar[bool] = False
    half_layers: ClassVar[tuple[str, ...]] = ()
    attention_over: ClassVar[tuple[tuple[str, Tokens], ...]] = ()

    normalisation: Normalisation | None = None
    frames: int
    channels: int
    settings: dict[str, Any]

    @property
    def shortest(self) -> int:
        """The length of the shortest windows of neighbouring frames that it was trained on."""
        return self.frames

    @property
    def live_ages(self) -> tuple[int, ...]:
        """How many frames ago each frame of a stream's window is: from the oldest to the newest, 0.

        They need not be neighbours: what is long ago tells as much if fewer frames show it, and a
        stream lifts a whole window for every frame.
        """
        return tuple(range(self.frames - 1, -1, -1))

    @property
    def encoded_frames(self) -> slice:
        """The frames of a window whose encodings `lift` reads."""
        return slice(None)

    @abstractmethod
    def encode(self, x: Tensor) -> Tensor:
        """(N, 17, C) to (N, E): what can be computed from one frame alone."""

    @abstractmethod
    def lift(self, encoded: Tensor, x: Tensor) -> Tensor:
        """(B, len(encoded_frames), E), (B, T, 17, C) to (B, 1 or T, 17, 3)."""

    def lift_packed(self, encoded: Tensor, x: Tensor) -> Tensor:
        """As `lift`, packed: (B, 1 or T, 51), with heads 73 or 79 numbers; see `models.packed`."""
        return self.lift(encoded, x).flatten(-2)

    @classmethod
    @abstractmethod
    def guess_settings(cls, shapes: Shapes) -> Mapping[str, Any] | None:
        """The settings that a published file of these shapes is for; None for another model's."""

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, 17, C) to (B, 1 or T, 17, 3)."""
        return self.lift(self._encoded(x), x)

    def packed(self, x: Tensor) -> Tensor:
        """As `forward`, with what the heads say: (B, T, 17, C) to (B, 1 or T, 51, 73 or 79)."""
        return self.lift_packed(self._encoded(x), x)

    def lift_live(self, encoded: Tensor, x: Tensor) -> Tensor:
        """As `lift_packed`, of streams' windows, whose frames are those of `live_ages`."""
        return self.lift_packed(encoded, x)

    def live(self, x: Tensor) -> Tensor:
        """As `packed`, of streams' windows (B, len(live_ages), 17, C)."""
        return self.lift_live(self._encoded(x, live=True), x)

    def live_at(self, x: Tensor, position: int) -> Tensor:
        """As `live`, of one pose only: (B, 1, 51, 73 or 79).

        A network may override it to leave out what the other poses alone need.
        """
        return self.live(x)[:, position : position + 1]

    def _encoded(self, x: Tensor, live: bool = False) -> Tensor:
        """(B, T, 17, C) to (B, K, E)."""
        self.check_input(x, live)
        kept = x[:, self.encoded_frames]
        return self.encode(kept.flatten(0, 1)).unflatten(0, (-1, kept.shape[1]))

    def check_input(self, x: Tensor, live: bool = False) -> None:
        """Refuse input of another shape with a message that says expected and got."""
        if torch.compiler.is_compiling():
            return
        frames = len(self.live_ages) if live else self.frames
        fits = x.ndim == 4 and tuple(x.shape[2:]) == (JOINTS, self.channels)
        fits = fits and (x.shape[1] == frames if live else self.takes(x.shape[1]))
        if not (fits and x.is_floating_point()):
            raise PoseliftError(
                f"{self.name} expects floats of shape (B, {frames}, {JOINTS}, "
                f"{self.channels}), got {x.dtype} of shape {tuple(x.shape)}.",
                "Use lifter.load(...) for clips of any length; it cuts the windows.",
            )

    def takes(self, frames: int) -> bool:
        """Whether windows of so many neighbouring frames can be lifted."""
        return self.shortest <= frames <= self.frames

    def fold(self) -> None:
        """Replace, in place, what can be computed once for all windows; for `freeze`."""


LifterNetT = TypeVar("LifterNetT", bound=LifterNet)


def freeze(net: LifterNetT) -> LifterNetT:
    """A copy of `net` for inference only: same numbers to 1e-5, fewer operations.

    What depends on weights alone is computed once (ConvFormer's three kernels become one, FTCM's
    frequency filter one matrix), and matrices lie in memory as they are read. The copy can be
    neither trained, saved nor loaded into.
    """
    frozen = copy.deepcopy(net).eval().requires_grad_(False)
    frozen.fold()
    for part in frozen.modules():
        if isinstance(part, nn.Linear):
            # Stored as it is multiplied: a quarter to a third faster for the rows of one window.
            part.weight.data = part.weight.data.t().contiguous().t()
    return frozen


def count_layers(shapes: Shapes, pattern: re.Pattern[str]) -> int:
    """How many different first groups of `pattern` there are among the names."""
    return len({match.group(1) for match in map(pattern.search, shapes) if match})
