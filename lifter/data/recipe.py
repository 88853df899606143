"""How windows are made: the chances and noise of training, and what validation is seen by."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from poselift.errors import PoseliftError
from poselift.lifter.data.camera import USUAL, Cameras, CameraSource
from poselift.lifter.data.faults import Faults
from poselift.lifter.data.noise import KeypointNoise
from poselift.lifter.normalise import Normalisation

Detection = Literal["true", "detected"]
#: Human3.6M's joints, or those of the capture's own skeleton.
Joints = Literal["human36m", "captured"]
#: The keypointer that validation is seen by.
JUDGED_NOISE = KeypointNoise(
    cut=0.0,
    faults=Faults(legs_swapped=0.04, arms_swapped=0, jumps=0, frozen=0, gaps=0.15, unseen=0),
)
NO_NOISE = KeypointNoise(cut=0.0, faults=Faults(0, 0, 0, 0, 0, 0))


@dataclass(frozen=True)
class Recipe:
    """How windows are made.

    Attributes:
        frames: length of a window.
        lengths: of the windows of a batch, one by chance; shorter ones are more in number, so that
            every batch has as many frames. Empty: always `frames`.
        live: chance that the windows of a batch are those of streams, which see the frames of
            `live_ages`.
        live_ages: how many frames ago each frame of a stream's window is, the oldest first.
        ages: the same of these windows; empty where they have `frames` neighbouring frames.
        fps: (slowest, fastest) rate at which the motion is read; drawn log-uniformly.
        still: chance of a hardly moving person.
        mixed: chance that arms, and that trunk and head, come from other clips.
        composed: chance of a pose made by angles: sitting, on the floor, exercise, balance.
        hands: chance of hands at the face, on a desk, the hips and so on.
        hands_composed: the same for composed poses.
        lying: chance that the whole body is turned over.
        true: chance of points without any keypointer error.
        joints: chance that trunk and head points are the true joints and not made from a face.
        scoreless: chance of points without scores: all that is seen has the same one.
        border: whether the picture's border cuts people off.
        left_behind: chance that joints that are never seen lie where they were seen before the
            window, and not amid the others.
        cut_future, cut_past: chance that frames at an end repeat the last or first known one.
        noise: the keypointer's errors.
        cameras: where people are filmed from.
        normalisation: of the points; "ray" or "crop".
        known_lens: chance that the true field of view is known when rays are taken, and not
            assumed as the run time does.
    """

    frames: int = 27
    lengths: tuple[int, ...] = ()
    live: float = 0.0
    live_ages: tuple[int, ...] = ()
    ages: tuple[int, ...] = ()
    fps: tuple[float, float] = (18.0, 50.0)
    still: float = 0.06
    mixed: float = 0.3
    composed: float = 0.18
    hands: float = 0.1
    hands_composed: float = 0.6
    lying: float = 0.05
    true: float = 0.12
    joints: float = 0.15
    scoreless: float = 0.5
    border: bool = True
    left_behind: float = 0.3
    cut_future: float = 0.3
    cut_past: float = 0.1
    noise: KeypointNoise = field(default_factory=KeypointNoise)
    cameras: CameraSource = field(default_factory=Cameras)
    normalisation: Normalisation = "ray"
    known_lens: float = 0.5

    def __post_init__(self) -> None:
        if not all(0 < length <= self.frames for length in self.lengths):
            raise PoseliftError(
                f"The recipe's `lengths` are {str(list(self.lengths))[:80]}.",
                f"Give lengths of windows, each from 1 to the network's {self.frames} frames.",
            )
        if self.live and not self.live_ages:
            raise PoseliftError(
                f"The recipe's `live` is {self.live:g}, but the network has no windows of streams.",
                "Give the network its `live_ages`, or leave `live` out.",
            )


def of_streams(recipe: Recipe, ages: tuple[int, ...]) -> Recipe:
    """The same for streams' windows of these ages, after whose last frame nothing is known."""
    return replace(recipe, frames=ages[0] + 1, ages=ages, cut_future=0.0, lengths=())


def as_judged(frames: int, detection: Detection, normalisation: Normalisation = "ray") -> Recipe:
    """Nothing made up but the camera, and the keypointer's errors where they are asked for."""
    return Recipe(
        frames, true=float(detection == "true"), joints=0, scoreless=0, border=False,
        left_behind=0, cut_future=0, cut_past=0, cameras=USUAL,
        normalisation=normalisation, known_lens=1.0,
        noise=NO_NOISE if detection == "true" else JUDGED_NOISE,
    )  # fmt: skip
