"""From the tracks of a clip to everybody's motion in one room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from poselift.clock import gaps_in
from poselift.detectors.choose import choose
from poselift.detectors.repair import undo_swaps
from poselift.detectors.smooth import smooth_track
from poselift.gaps import at_times, seen_frames
from poselift.parts import Lifter
from poselift.progress import Reporter
from poselift.result import ClipMotion
from poselift.scene.estimate import FIELD_OF_VIEW
from poselift.scene.given import parse_camera, parse_heights
from poselift.scene.motion import CameraSteps
from poselift.scene.place import in_a_row, place
from poselift.scene.rays import focal_length
from poselift.scene.room import build
from poselift.scene.world import upright
from poselift.settings import Settings
from poselift.types import Motion, SeenClip, Track

#: Standard deviation in seconds of the window that joints are smoothed over before lifting.
SMOOTHING = {"off": 0.0, "light": 0.03, "auto": 0.04, "strong": 0.08}


def lift_clip(
    name: str,
    seen: SeenClip,
    lift: Lifter,
    settings: Settings,
    reporter: Reporter,
    meta: dict[str, Any],
    source: str | None = None,
    steps: CameraSteps | None = None,
) -> ClipMotion:
    """Lift the people that the settings choose, stand them upright and place them in the room."""
    tracks = choose(seen.tracks, settings.people, settings.max_people)
    if len(tracks) < len(seen.tracks):
        kept = ", ".join(str(track.id) for track in tracks) or "nobody"
        reporter.say(f"people: {kept} of {len(seen.tracks)} (`people`)")
    # Movement does not go on across a gap: what is before and after it is lifted by itself.
    pieces = [_pieces(track, seen.time) for track in tracks]
    cleaned = [_clean(piece, seen, settings) for one in pieces for piece in one]
    with reporter.stage("lift", sum(map(len, cleaned))) as advance:
        motions = (
            lift(
                cleaned,
                image_size=seen.size,
                fps=seen.fps,
                progress=lambda done, total: advance(done),
            )
            if cleaned
            else []
        )
    found = iter(motions)
    motions = [
        _join(track, [next(found) for _ in one]) for track, one in zip(tracks, pieces, strict=True)
    ]
    worlds, learned = _worlds(motions, seen, settings, getattr(lift, "field_of_view", None), steps)
    if motions:
        reporter.say(f"room: {learned['upright']}")
    return ClipMotion.gather(
        name,
        motions,
        worlds,
        seen.time,
        fps=seen.fps,
        size=seen.size,
        placed=settings.place,
        meta={**meta, **learned},
        source=source,
    )


def _pieces(track: Track, time: np.ndarray) -> list[Track]:
    """The parts of a track between the gaps of the clip's clock, where anything was seen."""
    cuts = gaps_in(time) - int(track.frames[0])
    cuts = cuts[(cuts > 0) & (cuts < len(track))]
    if not len(cuts):
        return [track]
    arrays = (np.split(a, cuts) for a in (track.frames, track.xy, track.score))
    pieces = [Track(track.id, *parts) for parts in zip(*arrays, strict=True)]
    return [piece for piece in pieces if seen_frames(piece).any()]


def _join(track: Track, pieces: Sequence[Motion]) -> Motion:
    """One motion of a whole track from those of its pieces; between them the pose is filled."""
    if len(pieces) == 1 and len(pieces[0]) == len(track):
        return pieces[0]
    at = np.concatenate([piece.track.frames for piece in pieces]) - int(track.frames[0])
    rows = np.arange(len(track))
    columns = {}
    for name in ("pose3d", "up", "up_certainty", "planted", "spread"):
        parts = [getattr(piece, name) for piece in pieces]
        known = all(part is not None for part in parts)
        columns[name] = at_times(np.concatenate(parts), at, rows) if known else None
    filled = np.ones(len(track), bool)
    filled[at] = np.concatenate([piece.filled for piece in pieces])
    xy = at_times(np.concatenate([piece.track.xy for piece in pieces]), at, rows)
    score = np.zeros_like(track.score)
    score[at] = np.concatenate([piece.track.score for piece in pieces])
    whole = Track(track.id, track.frames, xy, score, track.extra)
    pose3d = np.asarray(columns.pop("pose3d"), np.float32)
    return Motion(whole, pose3d, pieces[0].fps, pieces[0].lifter, filled, **columns)


def _clean(track: Track, seen: SeenClip, settings: Settings) -> Track:
    """Undo swaps of left and right, and smooth as far as is asked for."""
    repaired, _ = undo_swaps(track)
    seconds = SMOOTHING[settings.smooth]
    return smooth_track(repaired, seen.fps, seconds) if seconds else repaired


def _worlds(
    motions: Sequence[Motion],
    seen: SeenClip,
    settings: Settings,
    lifted_view: float | None,
    steps: CameraSteps | None,
) -> tuple[list[np.ndarray], dict[str, Any]]:
    """(T, 17, 3) world poses of each motion, and what was found out about the room."""
    if settings.up == "h36m":
        standing = upright([motion.pose3d for motion in motions], "h36m")
        if settings.place:
            worlds = place(motions, standing.rotation, seen.size, settings.field_of_view)
        else:
            worlds = in_a_row(motions, standing.rotation)
        return worlds, {"upright": standing.how}
    given = parse_camera(settings.camera, seen.size)
    if settings.up == "level":
        given = replace(given, tilt=0.0, roll=0.0)
    if given.focal is None and settings.field_of_view != FIELD_OF_VIEW:
        given = replace(given, focal=focal_length(seen.size, settings.field_of_view))
    heights = parse_heights(settings.stature)
    room = build(motions, seen.size, given, heights, steps, lifted_view or settings.field_of_view)
    learned = {"upright": room.how, **room.as_meta(motions)}
    if settings.place:
        return room.worlds, learned
    del learned["camera"]  # it did not film people who stay on the spot
    return in_a_row(motions, room.camera.at(0).rotation.T), learned
