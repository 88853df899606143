"""From the tracks of a clip to everybody's motion in one room."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from poselift.detectors.choose import choose
from poselift.detectors.repair import undo_swaps
from poselift.detectors.smooth import smooth_track
from poselift.parts import Lifter
from poselift.progress import Reporter
from poselift.result import ClipMotion
from poselift.scene.place import in_a_row, place
from poselift.scene.world import Up, Upright, upright
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
) -> ClipMotion:
    """Lift the people that the settings choose, stand them upright and place them in the room."""
    tracks = choose(seen.tracks, settings.people, settings.max_people)
    if len(tracks) < len(seen.tracks):
        kept = ", ".join(str(track.id) for track in tracks) or "nobody"
        reporter.say(f"people: {kept} of {len(seen.tracks)} (`people`)")
    cleaned = [_clean(track, seen, settings) for track in tracks]
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
    worlds, standing = _worlds(motions, seen, settings)
    if motions:
        reporter.say(f"upright: {standing.how}")
    return ClipMotion.gather(
        name,
        motions,
        worlds,
        seen.time,
        fps=seen.fps,
        size=seen.size,
        placed=settings.place,
        meta={**meta, "upright": standing.how},
        source=source,
    )


def _clean(track: Track, seen: SeenClip, settings: Settings) -> Track:
    """Undo swaps of left and right, and smooth as far as is asked for."""
    repaired, _ = undo_swaps(track)
    seconds = SMOOTHING[settings.smooth]
    return smooth_track(repaired, seen.fps, seconds) if seconds else repaired


def _worlds(
    motions: Sequence[Motion], seen: SeenClip, settings: Settings
) -> tuple[list[np.ndarray], Upright]:
    """(T, 17, 3) world poses of each motion, and how the clip was turned upright."""
    standing = upright([motion.pose3d for motion in motions], cast("Up", settings.up))
    if settings.place:
        worlds = place(motions, standing.rotation, seen.size, settings.field_of_view)
    else:
        worlds = in_a_row(motions, standing.rotation)
    return worlds, standing
