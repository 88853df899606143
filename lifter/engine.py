"""The window engine: every clip of a call through one network, each frame encoded once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from torch import Tensor

from poselift.lifter import normalise, windows
from poselift.skeleton import H36M17

if TYPE_CHECKING:
    from poselift.lifter.models.base import LifterNet

Progress = Callable[[int, int], None]

#: More frames than this are not encoded at once: it bounds the memory of a first batch.
_ENCODE_AT_ONCE = 512


@dataclass(frozen=True)
class WindowSettings:
    """How windows are cut and put together.

    Attributes:
        mirror: lift the mirrored person too, in the same batch, and take the mean.
        join: for networks that give every frame: "blend" overlapping windows, or take the
            "centre" of a window about each frame (T times the work; what a stream does).
        overlap: share of a window that the next one covers too; None chooses by the length.
        time_step: windows take every n-th frame, so that they see n times as long.
        batch: windows at a time; None chooses by network and device.
    """

    mirror: bool = True
    join: Literal["blend", "centre"] = "blend"
    overlap: float | None = None
    time_step: int = 1
    batch: int | None = None

    def stride(self, length: int) -> int:
        """Frames from one window to the next, for windows of `length`."""
        # The blend needs room, the ends of a window are its worst part: a half for short windows;
        # a quarter of a long one is as many frames for a third less work.
        overlap = self.overlap if self.overlap is not None else (0.5 if length < 128 else 0.25)
        return max(1, round(length * (1 - overlap)))


class WindowEngine:
    """Runs windows of whole clips through a network.

    `normalisation` decides whether a frame's encoding can be shared: on the screen a frame looks
    the same to all its windows and is encoded once; a crop depends on the window.
    """

    def __init__(
        self,
        net: LifterNet,
        normalisation: normalise.Normalisation,
        settings: WindowSettings,
    ) -> None:
        self.net = net
        self.normalisation = normalisation
        self.settings = settings
        parameter = next(net.parameters(), torch.zeros(0))
        self.device, self.dtype = parameter.device, parameter.dtype

    @torch.inference_mode()
    def lift(
        self,
        xy: Sequence[np.ndarray],
        score: Sequence[np.ndarray],
        image_size: tuple[int, int],
        progress: Progress | None = None,
    ) -> list[np.ndarray]:
        """Clips (T, 17, 2), (T, 17) of any lengths above 0 to (T, 17, 3) as the network says it."""
        lengths = [len(clip) for clip in xy]
        if not lengths:
            return []
        source = self._source(np.concatenate(xy), np.concatenate(score), image_size)
        poses = self._run(self._plan(lengths), source, progress)
        poses[:, 0] = 0  # the pelvis is the origin; networks are only nearly sure of it
        return np.split(poses, np.cumsum(lengths)[:-1])

    def window(
        self, xy: np.ndarray, score: np.ndarray, image_size: tuple[int, int], frame: int
    ) -> Tensor:
        """(1, T, 17, C): what the network sees about one frame of a clip (T, 17, 2), (T, 17)."""
        plan = windows.one_a_frame([len(xy)], self.net.frames, self.step)
        index = plan.frames(slice(frame, frame + 1))
        return self._source(xy, score, image_size).windows(index)

    @property
    def step(self) -> int:
        """Frames of the clip from one frame of a window to the next."""
        return 1 if self.blends else self.settings.time_step

    def _source(
        self, xy: np.ndarray, score: np.ndarray, image_size: tuple[int, int]
    ) -> _SharedFrames | _OwnFrames:
        if self.normalisation == "screen":
            points = normalise.screen(xy, image_size)
            return _SharedFrames(self, normalise.network_input(points, score, self.net.channels))
        return _OwnFrames(self, xy, score)

    @property
    def blends(self) -> bool:
        """Whether all poses of a window are used, not only its middle one."""
        return self.net.output == "all" and self.settings.join == "blend"

    def _plan(self, lengths: Sequence[int]) -> windows.WindowPlan:
        length = self.net.frames
        if self.blends:
            return windows.overlapping(lengths, length, self.settings.stride(length))
        return windows.one_a_frame(lengths, length, self.step)

    def _run(
        self,
        plan: windows.WindowPlan,
        source: _SharedFrames | _OwnFrames,
        progress: Progress | None,
    ) -> np.ndarray:
        total = int(plan.high[-1])
        blend = windows.Blend(plan) if self.blends else None
        centres = np.empty((0 if blend else total, 17, 3), np.float32)
        for part in plan.batches(self.batch_size()):
            poses = self.average(source.lift(plan, part))
            if blend:
                blend.add(part, poses.numpy())
            else:
                centres[part] = poses[:, self.centre(poses.shape[1])].numpy()
            if progress:
                done = total if part.stop == len(plan) else int(plan.first[part.stop - 1])
                progress(min(max(done, 0) + (blend is None), total), total)
        return blend.result() if blend else centres

    def batch_size(self) -> int:
        """Windows at a time."""
        if self.settings.batch is not None:
            return max(1, self.settings.batch)
        large = 8 if self.device.type == "cuda" else 1
        if self.net.output == "all":
            return large * max(1, 256 // self.net.frames)
        # Measured: up to 32 windows are the faster the more, if what they hold of each frame still
        # fits the processor's cache; beyond that fewer are a little faster, and smaller.
        read = len(range(self.net.frames)[self.net.encoded_frames])
        return large * min(32, max(4, 1024 // read))

    def centre(self, poses: int) -> int:
        """Position of the middle pose among those that the network gives for a window."""
        return (poses - 1) // 2

    def with_mirror(self, x: Tensor) -> Tensor:
        """(B, ..., 17, C) to (2B, ...) with the mirrored input behind, if mirroring is on."""
        return torch.cat([x, mirror(x)]) if self.settings.mirror else x

    def average(self, poses: Tensor) -> Tensor:
        """(2B, ..., 17, 3) to (B, ..., 17, 3) float32 on the CPU: the mean with the mirrored."""
        poses = poses.float()
        if self.settings.mirror:
            straight, mirrored = poses.chunk(2)
            poses = (straight + mirror(mirrored)) / 2
        return poses.cpu()


def mirror(x: Tensor) -> Tensor:
    """Negate x and swap left and right: (..., 17, C)."""
    swapped = x[..., list(H36M17.mirror), :]
    return torch.cat([-swapped[..., :1], swapped[..., 1:]], dim=-1)


class _SharedFrames:
    """Frames that look the same to every window: encoded once, kept while windows need them."""

    def __init__(self, engine: WindowEngine, x: np.ndarray) -> None:
        self._engine = engine
        self._x = torch.from_numpy(x).to(engine.device, engine.dtype)
        self._start = 0  # the first frame whose encoding is kept
        self._kept: Tensor | None = None  # (1 or 2, K, E)

    def lift(self, plan: windows.WindowPlan, part: slice) -> Tensor:
        engine = self._engine
        index = plan.frames(part)
        encoded = self._encodings(index[:, engine.net.encoded_frames])
        return engine.net.lift(encoded, engine.with_mirror(self.windows(index)))

    def windows(self, index: np.ndarray) -> Tensor:
        """(B, T, 17, C) of the frames (B, T)."""
        return self._x[torch.from_numpy(index).to(self._x.device)]

    def _encodings(self, index: np.ndarray) -> Tensor:
        """(B or 2B, K, E) for the frames (B, K)."""
        start, stop = int(index.min()), int(index.max()) + 1
        kept = self._keep(start, stop)
        rows = torch.from_numpy(index - start).to(kept.device)
        return kept[:, rows].flatten(0, 1)

    def _keep(self, start: int, stop: int) -> Tensor:
        """Encode what is new of the frames start..stop, forget what came before."""
        parts = []
        if self._kept is not None and start < self._start + self._kept.shape[1]:
            parts = [self._kept[:, start - self._start :]]
        encoded = start + sum(part.shape[1] for part in parts)
        for first in range(encoded, stop, _ENCODE_AT_ONCE):
            parts.append(self._encode(self._x[first : min(first + _ENCODE_AT_ONCE, stop)]))
        self._kept, self._start = torch.cat(parts, dim=1), start
        return self._kept[:, : stop - start]

    def _encode(self, x: Tensor) -> Tensor:
        both = self._engine.with_mirror(x)
        return self._engine.net.encode(both).unflatten(0, (-1, len(x)))


class _OwnFrames:
    """Frames that each window sees in its own crop."""

    def __init__(self, engine: WindowEngine, xy: np.ndarray, score: np.ndarray) -> None:
        self._engine = engine
        self._xy, self._score = xy, score

    def lift(self, plan: windows.WindowPlan, part: slice) -> Tensor:
        engine = self._engine
        return engine.net(engine.with_mirror(self.windows(plan.frames(part))))

    def windows(self, index: np.ndarray) -> Tensor:
        """(B, T, 17, C) of the frames (B, T)."""
        engine = self._engine
        xy, score = self._xy[index], self._score[index]
        x = normalise.network_input(normalise.crop(xy, score), score, engine.net.channels)
        return torch.from_numpy(x).to(engine.device, engine.dtype)
