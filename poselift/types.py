"""The data that flows from stage to stage, from `Frame` and `People` to `Track` and `Motion`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from poselift.clock import rate_of
from poselift.errors import PoseliftError
from poselift.skeleton import Skeleton


@dataclass(frozen=True)
class Frame:
    """One picture of a clip.

    Attributes:
        index: its number in what was read, from 0.
        time: seconds, from the container's own timestamps.
        image: (H, W, 3) BGR uint8, with the display rotation already applied.
    """

    index: int
    time: float
    image: np.ndarray


@dataclass(frozen=True)
class People:
    """The people found in one picture.

    Attributes:
        boxes: (N, 4) float32, x0 y0 x1 y1 in pixels.
        scores: (N,) float32 in 0..1.
        ids: (N,) int, None before tracking.
    """

    boxes: np.ndarray
    scores: np.ndarray
    ids: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.boxes)

    @classmethod
    def none(cls) -> People:
        """Nobody.

        >>> len(People.none())
        0
        """
        return cls(np.zeros((0, 4), np.float32), np.zeros(0, np.float32))


@dataclass(frozen=True)
class Keypoints:
    """The joints of the people of one picture, in the order of its `People`.

    Attributes:
        xy: (N, K, 2) float32 pixels.
        score: (N, K) float32 in 0..1.
        skeleton: names the K joints.
    """

    xy: np.ndarray
    score: np.ndarray
    skeleton: Skeleton

    def __len__(self) -> int:
        return len(self.xy)

    @classmethod
    def none(cls, skeleton: Skeleton) -> Keypoints:
        """The joints of nobody."""
        count = len(skeleton)
        return cls(np.zeros((0, count, 2), np.float32), np.zeros((0, count), np.float32), skeleton)


@dataclass(frozen=True)
class Extra:
    """Joints that a keypointer reads besides the 17: heels and toes.

    Attributes:
        names: of the E joints.
        xy: (T, E, 2) float32 pixels.
        score: (T, E) float32 in 0..1; 0 where nothing was seen.
    """

    names: tuple[str, ...]
    xy: np.ndarray
    score: np.ndarray


@dataclass(frozen=True)
class Track:
    """One person through time, in H36M-17.

    There is a row for every frame from the track's first to its last: a frame in which the person
    was not seen has score 0; it is never left out.

    Attributes:
        id: the person's number, constant through the clip.
        frames: (T,) int, the frame numbers in the clip, consecutive.
        xy: (T, 17, 2) float32 pixels, x right, y down.
        score: (T, 17) float32 in 0..1; 0 where nothing was seen.
        extra: heels and toes in the same frames, of keypointers that read them.

    >>> track = Track(1, np.arange(3), np.zeros((3, 17, 2)), np.ones((3, 17)))
    >>> len(track), track.xy.dtype.name
    (3, 'float32')
    """

    id: int
    frames: np.ndarray
    xy: np.ndarray
    score: np.ndarray
    extra: Extra | None = None

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
                "Joints are in H36M-17 order; `poselift.skeleton.to_h36m` converts others.",
            )

    def __len__(self) -> int:
        return len(self.frames)


def rows_of(track: Track, rows: slice) -> Track:
    """Some frames of a track, by their rows in it.

    >>> track = Track(1, np.arange(5, 9), np.zeros((4, 17, 2)), np.ones((4, 17)))
    >>> rows_of(track, slice(1, 3)).frames.tolist()
    [6, 7]
    """
    extra = track.extra
    if extra is not None:
        extra = Extra(extra.names, extra.xy[rows], extra.score[rows])
    return Track(track.id, track.frames[rows], track.xy[rows], track.score[rows], extra)


@dataclass(frozen=True)
class SeenClip:
    """The people of a clip in 2D.

    Attributes:
        time: (T,) float64 seconds of every frame.
        size: (width, height) of the picture as displayed.
        tracks: the people, in H36M-17; their `frames` index into `time`.
        background: (T, 8) how the background moved, as `scene.motion.BackgroundMotion` gives it;
            None where there were no pictures to look at.
    """

    time: np.ndarray
    size: tuple[int, int]
    tracks: list[Track]
    background: np.ndarray | None = None

    @property
    def fps(self) -> float:
        """The rate, gaps left out; 30 for a single picture.

        >>> SeenClip(np.arange(5) / 25, (4, 4), []).fps
        25.0
        """
        return rate_of(self.time) or 30.0


@dataclass(frozen=True)
class Motion:
    """A lifted track.

    Attributes:
        track: what was lifted.
        pose3d: (T, 17, 3) float32 metres, relative to the pelvis, in camera space (x right,
            y down, z away from the camera).
        fps: frames per second, for velocities; times themselves belong to the clip.
        lifter: the name of what lifted it.
        filled: (T,) bool, True where the person was not seen and the pose was interpolated.
        up: (T, 3) unit vectors against gravity, in the same camera space as the pose; None where
            the lifter does not estimate it.
        up_certainty: (T,) 0..1, how sure that is: the mean length of the resultant of directions
            as uncertain as it (0.99 is about 8 degrees off, 0.9 about 26).
        planted: (T, 2) 0..1, the probability that the right and left foot are planted.
        spread: (T, 17), the expected error of each joint in metres.
        closeness: (T, 2) 1 / metres from the camera to the pelvis of a body as large as the pose,
            by how strong perspective looks, and its standard deviation.
        velocity: (T, 4) metres a second at which a body as large as the pose goes, by how it moves:
            x, y, z in the pose's camera space, and the expected error.
    """

    track: Track
    pose3d: np.ndarray
    fps: float
    lifter: str
    filled: np.ndarray
    up: np.ndarray | None = None
    up_certainty: np.ndarray | None = None
    planted: np.ndarray | None = None
    spread: np.ndarray | None = None
    closeness: np.ndarray | None = None
    velocity: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.pose3d)


#: Numbers a frame that say how the background moved, as `scene.motion.BackgroundMotion` gives them.
BACKGROUND = 8

#: What a `Motion` says of each frame by the lifter's word, some of it perhaps None.
LIFTED_COLUMNS = ("pose3d", "up", "up_certainty", "planted", "spread", "closeness", "velocity")
