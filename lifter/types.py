"""What goes into a lifter and what comes out: `Track` (2D through time) and `Motion` (3D)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from weights.errors import PoseliftError


@dataclass(frozen=True)
class Track:
    """One person through time, in H36M-17.

    There is a row for every frame from the track's first to its last: a frame in which the person
    was not seen has score 0, it is never left out.

    Attributes:
        id: the person's number, constant through the clip.
        frames: (T,) int, the frame numbers in the clip, consecutive.
        xy: (T, 17, 2) float32 pixels, x right, y down.
        score: (T, 17) float32 in 0..1; 0 where nothing was seen.

    >>> track = Track(1, np.arange(3), np.zeros((3, 17, 2)), np.ones((3, 17)))
    >>> len(track), track.xy.dtype.name
    (3, 'float32')
    """

    id: int
    frames: np.ndarray
    xy: np.ndarray
    score: np.ndarray

    def __post_init__(self) -> None:
        object.__setattr__(self, "frames", np.asarray(self.frames))
        object.__setattr__(self, "xy", np.ascontiguousarray(self.xy, np.float32))
        object.__setattr__(self, "score", np.ascontiguousarray(self.score, np.float32))
        length = self.frames.shape[0] if self.frames.ndim == 1 else -1
        expected = (length,), (length, 17, 2), (length, 17)
        got = self.frames.shape, self.xy.shape, self.score.shape
        if got != expected:
            raise PoseliftError(
                "A track's arrays do not fit each other: expected frames, xy, score of shapes "
                f"(T,), (T, 17, 2), (T, 17), got {got[0]}, {got[1]}, {got[2]}.",
                "Joints are in H36M-17 order; `lifter.skeleton.to_h36m` converts other skeletons.",
            )

    def __len__(self) -> int:
        return len(self.frames)


@dataclass(frozen=True)
class Motion:
    """A lifted track.

    Attributes:
        track: what was lifted.
        pose3d: (T, 17, 3) float32 metres, relative to the pelvis, in camera space (x right,
            y down, z away from the camera).
        fps: frames a second, for velocities; times themselves belong to the clip.
        lifter: the name of what lifted it.
        filled: (T,) bool, True where the person was not seen and the pose was interpolated.
    """

    track: Track
    pose3d: np.ndarray
    fps: float
    lifter: str
    filled: np.ndarray

    def __len__(self) -> int:
        return len(self.pose3d)
