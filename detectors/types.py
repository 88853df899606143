"""What flows from pictures to tracks: `Frame`, `People`, `Keypoints`, and the parts' protocols."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from lifter.skeleton import Skeleton


@dataclass(frozen=True)
class Frame:
    """One picture of a clip.

    Attributes:
        index: its number in what was read, from 0.
        time: seconds, from the container's own timestamps.
        image: (H, W, 3) BGR uint8, upright: display rotation is already applied.
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


class PersonDetector(Protocol):
    """Finds people: BGR uint8 images in, one `People` an image out."""

    def __call__(self, images: Sequence[np.ndarray]) -> list[People]:
        """Find the people of each image."""
        ...


class Keypointer(Protocol):
    """Reads joints: images and the people in them in, one `Keypoints` an image out."""

    skeleton: Skeleton

    def __call__(self, images: Sequence[np.ndarray], people: Sequence[People]) -> list[Keypoints]:
        """Read the joints of each image's people."""
        ...


@runtime_checkable
class PoseFinder(Protocol):
    """Finds people and reads their joints in one go, from whole frames.

    Something that is given as a keypointer and is this too needs no detector: `detectors.see.See`
    asks it alone, for every frame, in order.
    """

    skeleton: Skeleton

    def find(self, frames: Sequence[Frame]) -> list[tuple[People, Keypoints]]:
        """Find the people of each frame and their joints."""
        ...
