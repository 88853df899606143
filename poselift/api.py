"""The four functions of the Python interface: `run`, `lift`, `load`, `register`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from poselift.errors import PoseliftError
from poselift.parts import Lifter, Parts
from poselift.progress import Reporter, Silent
from poselift.result import ClipMotion
from poselift.settings import Settings
from poselift.skeleton import Skeleton, add_skeleton

if TYPE_CHECKING:
    from poselift.detectors import Keypointer, PersonDetector

KINDS = ("detector", "keypointer", "lifter", "skeleton")


def run(
    source: str | Path,
    *,
    settings: Settings | None = None,
    reporter: Reporter | None = None,
    detector: PersonDetector | str | None = None,
    keypointer: Keypointer | str | None = None,
    lifter: Lifter | str | None = None,
    **options: Any,
) -> ClipMotion:
    """The motion of everybody in a video, a folder of pictures or an address.

    The 2D tracks are kept in `<out>/<clip>/.cache`, as by the command: a second call with another
    lifter skips detection. Nothing else is written; `ClipMotion.save` writes files.

    Args:
        source: the clip.
        settings: a `Settings`; None takes the defaults.
        reporter: receives progress and messages; None reports nothing.
        detector: a name, or a callable that takes images and returns `People`.
        keypointer: a name, or a callable that takes images and people and returns `Keypoints`.
        lifter: a name, or a callable that takes tracks and returns motions.
        options: single settings by name, such as `people="main"` or `start=12.0`.

    >>> motion = run("clip.mp4", people="main")  # doctest: +SKIP
    >>> motion.pose3d.shape  # doctest: +SKIP
    (1, 230, 17, 3)
    """
    from poselift.pipeline import Pipeline

    return Pipeline(
        settings,
        reporter=reporter,
        detector=detector,
        keypointer=keypointer,
        lifter=lifter,
        **options,
    ).run(source)


def lift(
    xy: np.ndarray,
    score: np.ndarray | None = None,
    *,
    image_size: tuple[int, int],
    fps: float = 30.0,
    joints: str | Skeleton = "coco17",
    ids: Sequence[int] | None = None,
    name: str = "motion",
    settings: Settings | None = None,
    reporter: Reporter | None = None,
    lifter: Lifter | str | None = None,
    **options: Any,
) -> ClipMotion:
    """The motion of 2D joints of your own, cleaned, lifted, upright and placed as the settings say.

    Args:
        xy: (T, K, 2) pixels of one person or (P, T, K, 2) of several; a third channel is taken as
            the score. A point that is NaN was not seen.
        score: (T, K) or (P, T, K) in 0..1; None means 1 for every point that is present.
        image_size: (width, height) of the picture in pixels.
        fps: frames per second.
        joints: the skeleton of the K joints, or its name: h36m17, coco17, blazepose33, or one that
            was registered.
        ids: the people's numbers; None counts from 1.
        name: used for the names of files made from it.
        settings: as for `run`.
        reporter: as for `run`.
        lifter: as for `run`.
        options: as for `run`.

    >>> motion = lift(np.ones((30, 17, 2)), image_size=(640, 480), smooth="off")
    >>> motion.pose3d.shape
    (1, 30, 17, 3)
    """
    from poselift.lifting import lift_clip
    from poselift.pipeline import made_by
    from poselift.poses2d import tracks_from_arrays
    from poselift.types import SeenClip

    parts = Parts((settings or Settings()).changed(**options), lifter=lifter)
    tracks = tracks_from_arrays(xy, score, joints, ids)
    frames = np.shape(xy)[-3]
    width, height = image_size
    seen = SeenClip(np.arange(frames) / fps, (int(width), int(height)), tracks)
    return lift_clip(name, seen, parts.lifter, parts.settings, reporter or Silent(), made_by(parts))


def load(path: str | Path) -> ClipMotion:
    """The motion in an .npz file written by `ClipMotion.save` or by the command."""
    from poselift.npz import read_npz

    return read_npz(path)


def register(
    kind: str,
    name: str,
    part: Any,
    *,
    to_h36m: Callable[..., Any] | Mapping[str, Sequence[str]] | None = None,
    note: str = "",
    finds_people: bool = False,
) -> None:
    """Register a part or a skeleton under a name that settings and the command line accept.

    The command line knows the names of installed packages that register theirs from a function
    which they list under the entry point group `poselift.parts`.

    Args:
        kind: "detector", "keypointer", "lifter" or "skeleton".
        name: the new name; one that is already taken is rejected.
        part: what makes the part, called with `device=...` (and with `file=...` where somebody asks
            for NAME:FILE); for a skeleton the `Skeleton`.
        to_h36m: of a skeleton: a function from (..., K, 2) points and (..., K) scores to those of
            H36M-17, or for each joint of H36M-17 the names of the joints that it is the mean of.
        note: one line for the list of parts.
        finds_people: of a keypointer: that it needs no detector, having `find(frames)`.
    """
    if kind not in KINDS:
        raise PoseliftError(f"There is no kind of part called {kind!r}.", f"{', '.join(KINDS)}.")
    if kind == "skeleton":
        if to_h36m is None:
            raise PoseliftError(
                f"The skeleton {name!r} comes without a conversion to H36M-17.",
                "Give to_h36m: a function, or a dictionary of joint names.",
            )
        if part.name != name:
            raise PoseliftError(
                f"The skeleton {part.name!r} cannot be called {name!r}.", "Give it its own name."
            )
        add_skeleton(part, to_h36m)
        return
    if not callable(part):
        raise PoseliftError(
            f"The {kind} {name!r} cannot be created: a {type(part).__name__} is not callable.",
            "Give a class or a function that creates it: lambda device: my_part.",
        )
    if kind == "lifter":
        from poselift.lifter.loading import add_lifter

        add_lifter(name, part, note)
        return
    from poselift.detectors.registry import add_part

    add_part(kind, name, part, note, finds_people)
