"""Real video with independent truth: pose2sim's clip of one person in four calibrated views.

The keypointer's 2D of all four views is triangulated, the cameras refined by bundle adjustment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks import views
from poselift.detectors.see import find_tracks
from poselift.errors import PoseliftError
from poselift.media import open_source
from poselift.types import Track

#: A frame whose joints are seen by some view further from where the others see them, in pixels in
#: the median, has no truth.
_TRUSTED_PIXELS = 15


@dataclass(frozen=True)
class Person:
    """Whom one view shows: their track, the picture's (width, height) and the frame rate."""

    track: Track
    size: tuple[int, int]
    fps: float


@dataclass(frozen=True)
class RealViews:
    """The clip and what is known of it.

    Attributes:
        videos: a file a view.
        cameras: after bundle adjustment; world space is the calibration's, z up.
        people: the person as each view's keypointer sees them.
        world: (T, 12, 3) metres, the joints `views.SEEN`.
        good: (T,) bool, the frames whose truth is trusted.
        pixels_off: medians a view of how far the 2D is from the truth, before and after adjustment.
    """

    videos: list[Path]
    cameras: list[views.View]
    people: list[Person]
    world: np.ndarray
    good: np.ndarray
    pixels_off: tuple[list[float], list[float]]

    def up(self, view: int) -> np.ndarray:
        """(3,) unit vector against gravity in a camera's space."""
        return self.cameras[view].rotation[:, 2]

    def truth(self, view: int) -> np.ndarray:
        """(T, 13, 3) the joints in a camera's axes, the middle of the hips first."""
        return views.with_pelvis(self.world) @ self.cameras[view].rotation.T

    def trusted(self, frames: np.ndarray) -> np.ndarray:
        """(N,) bool, which of these frames have a truth."""
        return (frames < len(self.world)) & self.good[np.minimum(frames, len(self.world) - 1)]


def find_demo(folder: Path) -> Path:
    """The folder with `videos` and `calibration` in or under `folder`."""
    for place in (folder, folder / "Demo_SinglePerson", folder / "Pose2Sim/Demo_SinglePerson"):
        if (place / "videos").is_dir() and (place / "calibration").is_dir():
            return place
    raise PoseliftError(
        f"{folder} has no Demo_SinglePerson with videos and calibration.",
        "pip install --no-deps pose2sim; give the folder it is installed in.",
    )


def read_views(folder: Path, keypointer: str = "auto") -> RealViews:
    """The clip, with the truth of this keypointer."""
    demo = find_demo(folder)
    videos = sorted((demo / "videos").glob("*.mp4"))
    calibrated = views.read_qualisys(next((demo / "calibration").glob("*.qca.txt")))
    people = [main_person(video, keypointer) for video in videos]
    frames = min(int(one.track.frames[-1]) + 1 for one in people)
    points, score = observed(calibrated, [one.track for one in people], frames)
    before = views.robust_triangulation(calibrated, points, score)[1]
    cameras = views.refine(calibrated, points[:, ::4], score[:, ::4])
    world, errors = views.robust_triangulation(cameras, points, score)
    good = np.median(errors, axis=(0, 2)) < _TRUSTED_PIXELS
    off = tuple([float(np.median(one)) for one in each] for each in (before, errors))
    return RealViews(videos, cameras, people, world, good, (off[0], off[1]))


def main_person(video: Path, keypointer: str) -> Person:
    """The person with most of the picture."""
    with open_source(str(video)) as source:
        tracks = find_tracks(source.frames(), keypointer=keypointer)
        size, fps = source.size, source.fps
    if not tracks:
        raise PoseliftError(f"Nobody was found in {video.name}.", "Is it the right file?")
    largest = max(tracks, key=lambda t: float(t.score.sum() * np.ptp(t.xy[..., 1])))
    return Person(largest, size, fps)


def observed(
    cameras: Sequence[views.View], tracks: Sequence[Track], frames: int
) -> tuple[np.ndarray, np.ndarray]:
    """(V, T, 12, 2) undistorted pixels and (V, T, 12) scores of `views.SEEN`."""
    points, scores = [], []
    for camera, track in zip(cameras, tracks, strict=True):
        xy, score = np.zeros((frames, 12, 2)), np.zeros((frames, 12))
        inside = track.frames < frames
        xy[track.frames[inside]] = track.xy[inside][:, list(views.SEEN)]
        score[track.frames[inside]] = track.score[inside][:, list(views.SEEN)]
        points.append(camera.undistort(xy))
        scores.append(score)
    return np.stack(points), np.stack(scores)
