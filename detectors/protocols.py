"""What a person detector or keypointer of your own must be able to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

import numpy as np

from poselift.skeleton import Skeleton
from poselift.types import Frame, Keypoints, People


class PersonDetector(Protocol):
    """Finds people: BGR uint8 images in, one `People` per image out."""

    def __call__(self, images: Sequence[np.ndarray]) -> list[People]:
        """Find the people of each image."""
        ...


class Keypointer(Protocol):
    """Reads joints: images and the people in them in, one `Keypoints` an image out.

    One that carries state from image to image also has `forget()`, called before each clip.
    """

    skeleton: Skeleton

    def __call__(self, images: Sequence[np.ndarray], people: Sequence[People]) -> list[Keypoints]:
        """Read the joints of each image's people."""
        ...


@runtime_checkable
class PoseFinder(Protocol):
    """Finds people and reads their joints in one go, from whole frames.

    A keypointer that also implements this needs no detector: `See` calls only it, for every
    frame, in order.
    """

    skeleton: Skeleton

    def find(self, frames: Sequence[Frame]) -> list[tuple[People, Keypoints]]:
        """Find the people of each frame and their joints."""
        ...


@runtime_checkable
class Stateful(Protocol):
    """A part whose results depend on earlier frames.

    An interrupted run can resume exactly only if every such part can save its state.
    """

    def state(self) -> dict[str, np.ndarray]:
        """Everything remembered from frame to frame, as arrays that later calls leave alone."""
        ...

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Continue from what `state` returned."""
        ...

    def forget(self) -> None:
        """Start over: the next frame is unrelated to the last."""
        ...
