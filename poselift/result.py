"""The result of a run: everybody's motion through one clip."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from poselift import large
from poselift.types import Extra, Motion, Track

if TYPE_CHECKING:
    from poselift.progress import Reporter


@dataclass(frozen=True)
class ClipMotion:
    """P people over the T frames of one clip, as returned by `run`, `lift` and `load`.

    Attributes:
        name: the clip's name, from which file names are made.
        time: (T,) float64 seconds, from the container's timestamps.
        fps: the mean rate of the frames.
        size: (width, height) of the picture as displayed, in pixels.
        ids: (P,) int, each person's number.
        pose3d: (P, T, 17, 3) float32 world metres, z up, right-handed, the floor at z = 0;
            NaN in frames in which the person is absent.
        pose2d: (P, T, 17, 2) float32 pixels; NaN where pose3d is.
        score: (P, T, 17) float32 in 0..1; 0 where a joint was not seen.
        filled: (P, T) bool, True where the person was not seen and was interpolated.
        placed: True if people stand and move where the picture suggests; False if every pelvis
            stays above its own fixed spot.
        lifter: the name of the lifter.
        meta: how this was made: versions, weights and their SHA-256, options.
        extra: heels and toes in the picture, (P, T, E, 2) and (P, T, E), NaN where pose3d is; None
            where the keypointer reads none.
        source: the path or address of the clip, None where there is none; not written to files.
        spread: (P, T, 17) float32 metres, how far off each joint may be; None where the lifter does
            not estimate it; not written to files.
    """

    name: str
    time: np.ndarray
    fps: float
    size: tuple[int, int]
    ids: np.ndarray
    pose3d: np.ndarray
    pose2d: np.ndarray
    score: np.ndarray
    filled: np.ndarray
    placed: bool
    lifter: str
    meta: Mapping[str, Any] = field(default_factory=dict)
    source: str | None = None
    extra: Extra | None = None
    spread: np.ndarray | None = None

    @property
    def present(self) -> np.ndarray:
        """(P, T) bool: where each person is present, seen or filled."""
        out = np.zeros(self.pose3d.shape[:2], bool)
        for block in large.blocks(len(self.time), self.pose3d):
            out[:, block] = np.isfinite(self.pose3d[:, block, 0, 0])
        return out

    @classmethod
    def gather(
        cls,
        name: str,
        motions: Sequence[Motion],
        poses: Sequence[np.ndarray],
        time: np.ndarray,
        *,
        fps: float,
        size: tuple[int, int],
        placed: bool,
        meta: Mapping[str, Any],
        source: str | None = None,
    ) -> ClipMotion:
        """Everybody on one axis of frames: `poses` are those of `motions`, (T, 17, 3) each."""
        people, frames = len(motions), len(time)
        tracks = [motion.track for motion in motions]
        spreads = [motion.spread for motion in motions]
        filled = np.zeros((people, frames), bool)
        for row, (motion, pose) in enumerate(zip(motions, poses, strict=True)):
            for block in large.blocks(len(pose), pose):
                there = np.isfinite(pose[block, 0, 0])
                filled[row, motion.track.frames[block]] = motion.filled[block] & there
        return cls(
            name=name,
            time=time,
            fps=fps,
            size=size,
            ids=np.array([motion.track.id for motion in motions], int),
            pose3d=_gathered(tracks, poses, (people, frames, 17, 3), np.nan),
            pose2d=_gathered(tracks, [t.xy for t in tracks], (people, frames, 17, 2), np.nan),
            score=_gathered(tracks, [t.score for t in tracks], (people, frames, 17), 0),
            filled=filled,
            placed=placed,
            lifter=motions[0].lifter if motions else "",
            meta=meta,
            source=source,
            extra=_gathered_extra(motions, frames),
            spread=None
            if all(spread is None for spread in spreads)
            else _gathered(tracks, spreads, (people, frames, 17), np.nan),
        )

    def save(
        self,
        folder: str | Path,
        formats: str | Sequence[str] = ("npz",),
        *,
        source: str | Path | None = None,
        reporter: Reporter | None = None,
        **drawing: Any,
    ) -> list[Path]:
        """Write `<folder>/<name>.<format>` for each of `formats`; returns what was written.

        Args:
            folder: created if it does not exist.
            formats: npz, json, csv, bvh, trc, glb, c3d, mp4, gif, html.
            source: the clip whose frames MP4, GIF and HTML show, if the motion does not know it (it
                was loaded, or lifted from arrays); HTML and `layout="3d"` need none.
            reporter: receives the progress of drawing; None reports nothing.
            drawing: settings of the picture: `view`, `layout`, `height`, `quality`, `audio`.
        """
        # Saving knows drawing and every format, which all build on this class.
        from poselift.saving import save

        return save(self, folder, formats, source=source, reporter=reporter, **drawing)


def _gathered_extra(motions: Sequence[Motion], frames: int) -> Extra | None:
    """Everybody's extra joints on one axis of frames; all are of one keypointer."""
    found = [motion.track.extra for motion in motions]
    names = next((extra.names for extra in found if extra is not None), None)
    if names is None:
        return None
    tracks = [motion.track for motion in motions]
    shape = (len(motions), frames, len(names))
    points = [None if extra is None else extra.xy for extra in found]
    scores = [None if extra is None else extra.score for extra in found]
    xy = _gathered(tracks, points, (*shape, 2), np.nan)
    return Extra(names, xy, _gathered(tracks, scores, shape, 0))


def _gathered(
    tracks: Sequence[Track],
    parts: Sequence[np.ndarray | None],
    shape: tuple[int, ...],
    absent: float,
) -> np.ndarray:
    """What is told of each track's frames, None for nothing, on one axis of frames (P, T, ...)."""
    out = large.zeros(shape, np.float32)
    for row, (track, part) in enumerate(zip(tracks, parts, strict=True)):
        first, count = int(track.frames[0]) if len(track) else 0, 0 if part is None else len(track)
        for block in large.blocks(shape[1], out, part):
            out[row, block] = absent
            begin, end = max(block.start, first), min(block.stop, first + count)
            if part is not None and begin < end:
                out[row, begin:end] = part[begin - first : end - first]
    return out
