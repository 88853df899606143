"""What a person detector and a keypointer must be able to do, to be used in place of ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

import numpy as np

from poselift.skeleton import Skeleton
from poselift.types import Frame, Keypoints, People


class PersonDetector(Protocol):
    """Finds people: BGR uint8 images in, one `People` an image out."""

    def __call__(self, images: Sequence[np.ndarray]) -> list[People]:
        """Find the people of each image."""
        ...


class Keypointer(Protocol):
    """Reads joints: images and the people in them in, one `Keypoints` an image out.

    One that remembers something of the last picture also has `forget()`, called before each clip.
    """

    skeleton: Skeleton

    def __call__(self, images: Sequence[np.ndarray], people: Sequence[People]) -> list[Keypoints]:
        """Read the joints of each image's people."""
        ...


@runtime_checkable
class PoseFinder(Protocol):
    """Finds people and reads their joints in one go, from whole frames.

    Something that is given as a keypointer and is this too needs no detector: `See` asks it alone,
    for every frame, in order.
    """

    skeleton: Skeleton

    def find(self, frames: Sequence[Frame]) -> list[tuple[People, Keypoints]]:
        """Find the people of each frame and their joints."""
        ...


@runtime_checkable
class Stateful(Protocol):
    """A part whose answer depends on the frames before.

    An interrupted run resumes exactly only if every such part can say what it remembers.
    """

    def state(self) -> dict[str, np.ndarray]:
        """Everything remembered from frame to frame, as arrays that later calls leave alone."""
        ...

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Continue from what `state` returned."""
        ...

    def forget(self) -> None:
        """Start over: the next frame has nothing to do with the last."""
        ...
