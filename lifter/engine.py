"""The window engine: every clip of a call through one network, each frame encoded once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from torch import Tensor

from poselift.lifter import normalise, windows
from poselift.lifter.models import packed
from poselift.skeleton import H36M17

if TYPE_CHECKING:
    from poselift.lifter.models.base import LifterNet

Progress = Callable[[int, int], None]
Answer = Literal["camera", "ray"]

#: Degrees along the picture's longer side that are assumed where none is given.
FIELD_OF_VIEW = 55.0
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
        # a quarter of longer ones is as many frames for a third less work.
        overlap = self.overlap if self.overlap is not None else (0.5 if length < 50 else 0.25)
        return max(1, round(length * (1 - overlap)))


class WindowEngine:
    """Runs windows of whole clips through a network.

    `normalisation` decides whether a frame's encoding can be shared: on the screen a frame looks
    the same to all its windows and is encoded once; a crop depends on the window.

    With `answer` "ray" the network answers in the frame of the ray that each window's person is
    seen along; the engine turns that back to camera axes, window by window.
    """

    def __init__(
        self,
        net: LifterNet,
        normalisation: normalise.Normalisation,
        settings: WindowSettings,
        answer: Answer = "camera",
        field_of_view: float = FIELD_OF_VIEW,
    ) -> None:
        self.net = net
        self.normalisation = normalisation
        self.settings = settings
        self.answer = answer
        self.field_of_view = field_of_view
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
        """Clips (T, 17, 2), (T, 17) of any lengths above 0 to (T, 51, 73 or 79) in camera axes.

        That is the pose and what the network's heads say, as `models.packed` tells.
        """
        total, done = sum(map(len, xy)), 0
        out: list[np.ndarray] = [np.zeros(0)] * len(xy)
        for length, numbers in self._by_window([len(clip) for clip in xy]).items():
            counts = [len(xy[i]) for i in numbers]
            source = self._source(
                np.concatenate([xy[i] for i in numbers]),
                np.concatenate([score[i] for i in numbers]),
                image_size,
            )
            told = None if progress is None else _going_on(progress, done, total)
            lifted = self._run(self._plan(counts, length), source, told)
            lifted[:, :3] = 0  # the pelvis is the origin; networks are only nearly sure of it
            for i, one in zip(numbers, np.split(lifted, np.cumsum(counts)[:-1]), strict=True):
                out[i] = one
            done += sum(counts)
        return out

    def _by_window(self, lengths: Sequence[int]) -> dict[int, list[int]]:
        """The numbers of the clips by the length of their windows.

        A clip that is shorter than a window gets one of its own length, if the network takes it.
        """
        out: dict[int, list[int]] = {}
        for number, count in enumerate(lengths):
            short = self.blends and count < self.net.frames
            length = max(count, self.net.shortest) if short else self.net.frames
            out.setdefault(length, []).append(number)
        return out

    def look(
        self, xy: np.ndarray, score: np.ndarray, image_size: tuple[int, int]
    ) -> tuple[Tensor, Tensor | None]:
        """Windows (B, T, 17, 2), (B, T, 17), each by itself, as (B, T, 17, C) for the network.

        Also the axes (B, 3, 3) of the viewing rays that it answers along, if it does.
        """
        axes = None
        if self.normalisation == "ray" or self.answer == "ray":
            plane = normalise.on_plane(xy, image_size, self.field_of_view)
        if self.normalisation == "ray":
            points, axes = normalise.ray(plane, score)
        else:
            points = normalise.crop(xy, score)
            if self.answer == "ray":
                axes = normalise.ray_axes(normalise.crop_box(plane, score)[0])
        x = torch.from_numpy(normalise.network_input(points, score, self.net.channels))
        return x.to(self.device, self.dtype), None if axes is None else torch.from_numpy(axes)

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
        return _OwnFrames(self, xy, score, image_size)

    @property
    def blends(self) -> bool:
        """Whether all poses of a window are used, not only its middle one."""
        return self.net.output == "all" and self.settings.join == "blend"

    def _plan(self, lengths: Sequence[int], length: int) -> windows.WindowPlan:
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
        centres: list[np.ndarray] = []
        for part in plan.batches(self.batch_size()):
            lifted = source.lift(plan, part)
            if blend:
                blend.add(part, lifted.numpy())
            else:
                centres.append(lifted[:, self.centre(lifted.shape[1])].numpy())
            if progress:
                done = total if part.stop == len(plan) else int(plan.first[part.stop - 1])
                progress(min(max(done, 0) + (blend is None), total), total)
        return blend.result() if blend else np.concatenate(centres)

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

    def average(self, lifted: Tensor, axes: Tensor | None = None) -> Tensor:
        """(2B, T, N) packed to (B, T, N) in camera axes, float32 on the CPU: the mean of both.

        `axes` (B, 3, 3) are those of the frames that the network answered in; None for the camera.
        """
        lifted = lifted.float().cpu()
        if self.settings.mirror:
            straight, mirrored = lifted.chunk(2)
            lifted = (straight + packed.mirrored(mirrored)) / 2
        return lifted if axes is None else packed.turned(lifted, axes)


def _going_on(progress: Progress, done: int, total: int) -> Progress:
    """The progress of a part, told as that of the whole."""
    return lambda now, _: progress(done + now, total)


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
        x = engine.with_mirror(self.windows(index))
        return engine.average(engine.net.lift_packed(encoded, x))

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

    def __init__(
        self, engine: WindowEngine, xy: np.ndarray, score: np.ndarray, image_size: tuple[int, int]
    ) -> None:
        self._engine = engine
        self._xy, self._score, self._image_size = xy, score, image_size

    def lift(self, plan: windows.WindowPlan, part: slice) -> Tensor:
        engine = self._engine
        x, axes = self._look(plan.frames(part))
        return engine.average(engine.net.packed(engine.with_mirror(x)), axes)

    def windows(self, index: np.ndarray) -> Tensor:
        """(B, T, 17, C) of the frames (B, T)."""
        return self._look(index)[0]

    def _look(self, index: np.ndarray) -> tuple[Tensor, Tensor | None]:
        return self._engine.look(self._xy[index], self._score[index], self._image_size)
