"""`Stream`: a lifter frame by frame, for live use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from poselift import gaps
from poselift.device import torch_threads
from poselift.errors import PoseliftError
from poselift.lifter import body, normalise
from poselift.lifter.checks import check_picture
from poselift.lifter.models.packed import Said, said

if TYPE_CHECKING:
    from poselift.lifter.clip import ClipLifter

_SCALE_SETTLES = 90  # poses after which the size of the body is known well enough


class Stream:
    """One person's joints in, one frame at a time; the pose of the frame `lookahead` ago out.

    Every window costs the same, and memory is that of one window. Its frames are those that the
    network says in `live_ages`; the older they are, the farther they may be apart. Frames that are
    yet to come are padded with the newest frame, those before the first with the first.

    A centre network's pose is that of the window about the frame; with `lookahead` at
    `max_lookahead`, half a window, that is the window of offline lifting, and the poses are the
    same. A network that gives every frame gets the newest T frames, so all of them are real,
    and the pose is that of the frame `lookahead` before their end; at `max_lookahead` it is the
    middle one, as offline lifting with `join="centre"` if its windows have one length.

    Frames that are wholly or partly missing (score 0) are filled from their neighbours in the
    window, or held. With the `crop` normalisation the box is that of the joints in this window,
    as in training: it moves only when an outermost joint comes or leaves, past frames in it move
    with it, and since nothing is carried over no error can build up.

    Args:
        lifter: from `lifter.load`.
        image_size: (width, height) of the camera's picture.
        lookahead: frames of delay, 0 to `max_lookahead`; more is steadier.
        fps: the camera's rate; a network trained at 30 gets every second frame of 60.
        field_of_view: of the camera, degrees along the picture's longer side; None takes what the
            lifter assumes.

    Attributes:
        said: the network's additional outputs for the latest pose: `up` (3,), `up_certainty`,
            `planted` (2,), `spread` (17,) and perhaps `closeness` (2,) and `velocity` (4,), as in
            `poselift.types.Motion`. None for networks without them, and if there was no pose.

    >>> from poselift.lifter import models
    >>> from poselift.lifter.clip import ClipLifter
    >>> net = models.create("ftcm", frames=9, width=64, blocks=1)
    >>> stream = Stream(ClipLifter.from_net(net), image_size=(640, 480), lookahead=1)
    >>> stream.push(np.ones((17, 2)), np.ones(17)) is None
    True
    >>> stream.push(np.ones((17, 2)), np.ones(17)).shape, len(stream.flush())
    ((17, 3), 1)
    """

    def __init__(
        self,
        lifter: ClipLifter,
        *,
        image_size: tuple[int, int],
        lookahead: int = 0,
        fps: float | None = None,
        field_of_view: float | None = None,
    ) -> None:
        check_picture(image_size, fps or 1.0)
        self._lifter = lifter
        self._net = lifter.net
        self._engine = lifter.engine(field_of_view)
        self._image_size = image_size
        self._rate = (lifter.training.fps or fps or 30.0) / lifter.settings.time_step
        self._step = lifter.settings.time_step * _frames_a_step(fps, lifter.training.fps)
        ages = lifter.net.live_ages
        self.max_lookahead = _longest_lookahead(ages) * self._step
        if not 0 <= lookahead <= self.max_lookahead:
            raise PoseliftError(
                f"The lookahead of {lifter.name} must be 0 to {self.max_lookahead} frames, "
                f"got {lookahead}.",
                "Half a window is all that its poses depend on.",
            )
        self.lookahead = lookahead
        if self._net.output == "centre":
            self._position = (len(ages) - 1) // 2
        else:
            self._position = len(ages) - 1 - lookahead // self._step
        # Where the frames of a window are, from the one that is asked for.
        self._offsets = (ages[self._position] - np.array(ages)) * self._step
        self._capacity = lookahead - int(self._offsets[0]) + 1
        self.reset()

    def reset(self) -> None:
        """Forget everything, as if nothing had been pushed."""
        self._xy = np.zeros((0, 17, 2), np.float32)
        self._score = np.zeros((0, 17), np.float32)
        self._pushed = 0
        self.said: Said | None = None
        self._encoded: Tensor | None = None  # (1 or 2, capacity, E): of the rows of `_encoded_from`
        self._encoded_from = np.full((self._capacity, 17, self._net.channels), np.nan, np.float32)
        self._sizes: list[float] = []

    def push(self, xy: np.ndarray, score: np.ndarray) -> np.ndarray | None:
        """Take (17, 2) pixels and (17,) scores; score 0 where nothing was seen.

        Returns (17, 3) metres in camera space for the frame `lookahead` ago; None as long as there
        is no such frame, or nothing at all was seen in the whole window.
        """
        xy, score = np.asarray(xy, np.float32), np.asarray(score, np.float32)
        if xy.shape != (17, 2) or score.shape != (17,):
            raise PoseliftError(
                f"A stream takes one frame: expected (17, 2) and (17,), got {xy.shape} and "
                f"{score.shape}.",
                "Joints are in H36M-17 order; `poselift.skeleton.to_h36m` converts others.",
            )
        seen = (score > 0) & np.isfinite(score) & np.isfinite(xy).all(axis=-1)
        self._append(np.where(seen[:, None], xy, 0), np.where(seen, score, 0))
        return self._pose(len(self._xy) - 1 - self.lookahead)

    def miss(self) -> None:
        """A frame in which nothing was seen and whose pose nobody needs: the next ones know of it.

        It costs next to nothing, while `push` lifts.
        """
        self._append(np.zeros((17, 2), np.float32), np.zeros(17, np.float32))

    def flush(self) -> list[np.ndarray | None]:
        """The poses of the last `lookahead` frames, when no more will come."""
        waiting = min(self.lookahead, self._pushed)
        poses = []
        for left in range(waiting, 0, -1):
            poses.append(self._pose(len(self._xy) - left))
        self.reset()
        return poses

    def _append(self, xy: np.ndarray, score: np.ndarray) -> None:
        full = len(self._xy) == self._capacity
        self._xy = np.concatenate([self._xy[int(full) :], xy[None]])
        self._score = np.concatenate([self._score[int(full) :], score[None]])
        self._pushed += 1
        if full:
            # Rows move with their frames, so that what was encoded stays encoded.
            self._encoded_from = np.roll(self._encoded_from, -1, axis=0)
            if self._encoded is not None:
                self._encoded = self._encoded.roll(-1, dims=1)

    @torch.inference_mode()
    def _pose(self, target: int) -> np.ndarray | None:
        self.said = None
        if target < 0 or not (self._score > 0).any():
            return None
        # One window is too little work to share: threads would mostly wait for each other, and
        # on a busy machine for their turn, ten times as long as one thread takes for all of it.
        with torch_threads(1):
            return self._lift(target)

    def _lift(self, target: int) -> np.ndarray:
        xy, score = gaps.fill(self._xy, self._score)
        index = np.clip(target + self._offsets, 0, len(xy) - 1)
        position = 0 if self._net.output == "centre" else self._position
        axes = None
        if self._lifter.training.normalisation == "screen":
            lifted = self._lift_shared(xy, score, index)[:, position : position + 1]
        else:
            x, axes = self._engine.look(xy[index][None], score[index][None], self._image_size)
            lifted = self._net.live_at(self._engine.with_mirror(x), position)
        one = self._engine.average(lifted, axes)[0].numpy()
        heads = said(one, self._rate)
        self.said = None if heads is None else heads.at(0)
        pose = one[0, :51].reshape(17, 3)
        pose[0] = 0
        return pose * self._scale(pose)

    def _lift_shared(self, xy: np.ndarray, score: np.ndarray, index: np.ndarray) -> Tensor:
        """Encode what is new or was filled anew, and lift the window."""
        points = normalise.screen(xy, self._image_size)
        x = normalise.network_input(points, score, self._net.channels)
        count = len(x)
        changed = np.flatnonzero((x != self._encoded_from[:count]).any(axis=(1, 2)))
        if len(changed):
            both = self._engine.with_mirror(self._tensor(x[changed]))
            new = self._net.encode(both).unflatten(0, (-1, len(changed)))
            if self._encoded is None:
                self._encoded = new.new_zeros(new.shape[0], self._capacity, new.shape[-1])
            self._encoded[:, changed] = new
            self._encoded_from[changed] = x[changed]
        assert self._encoded is not None  # the first frame is always new
        kept = self._encoded[:, index[self._net.encoded_frames]]
        return self._net.lift_live(kept, self._engine.with_mirror(self._tensor(x[index][None])))

    def _tensor(self, x: np.ndarray) -> Tensor:
        return torch.from_numpy(x).to(self._engine.device, self._engine.dtype)

    def _scale(self, pose: np.ndarray) -> np.float32:
        """Metres per unit: settles with the first poses and then stays."""
        if self._lifter.training.units == "metres":
            return np.float32(1)
        if len(self._sizes) < _SCALE_SETTLES:
            self._sizes.append(body.metres_a_unit(pose[None]))
        return np.float32(np.median(self._sizes))


def _longest_lookahead(ages: Sequence[int]) -> int:
    """Half a window, as far as its frames are neighbours."""
    neighbours = next((i for i, age in enumerate(reversed(ages)) if age != i), len(ages))
    return min((ages[0] + 1) // 2, neighbours - 1)


def _frames_a_step(fps: float | None, rate: float | None) -> int:
    return max(1, round(fps / rate)) if fps and rate else 1
