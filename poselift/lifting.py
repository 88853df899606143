"""From the tracks of a clip to everybody's motion in one room."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from poselift import large
from poselift.clock import gaps_in
from poselift.detectors.choose import choose
from poselift.detectors.repair import undo_swaps
from poselift.detectors.slips import undo_slips
from poselift.detectors.smooth import smooth_track
from poselift.gaps import seen_frames
from poselift.parts import Lifter
from poselift.progress import Reporter
from poselift.result import ClipMotion
from poselift.scene.given import parse_camera, parse_heights
from poselift.scene.place import in_a_row, place
from poselift.scene.rays import FIELD_OF_VIEW, focal_length
from poselift.scene.room import build
from poselift.scene.stance import runs
from poselift.scene.steps import CameraSteps
from poselift.scene.world import upright
from poselift.sections import WHOLE, Blended, sections
from poselift.settings import Settings
from poselift.types import LIFTED_COLUMNS, Motion, SeenClip, Track, rows_of

#: Standard deviation in seconds of the window that joints are smoothed over before lifting.
SMOOTHING = {"off": 0.0, "light": 0.03, "auto": 0.04, "strong": 0.08}
#: Seconds: whoever is not seen for longer went away, and is nowhere until they are seen again.
_AWAY = 2.0


def lift_clip(
    name: str,
    seen: SeenClip,
    lift: Lifter,
    settings: Settings,
    reporter: Reporter,
    meta: dict[str, Any],
    source: str | None = None,
    steps: CameraSteps | None = None,
    focal: float | None = None,
) -> ClipMotion:
    """Lift the people that the settings choose, stand them upright and place them in the room.

    `focal` is the lens's focal length in pixels, if the file says it.
    """
    tracks = choose(seen.tracks, settings.people, settings.max_people)
    if len(tracks) < len(seen.tracks):
        kept = ", ".join(str(track.id) for track in tracks) or "nobody"
        why = "max_people" if settings.people == "all" else "people"
        reporter.say(f"people: {kept} of {len(seen.tracks)} (`{why}`)")
    # Movement does not go on across a gap or a cut: what is before and after is lifted by itself.
    ends = np.union1d(gaps_in(seen.time), () if steps is None else steps.cuts).astype(int)
    pieces = [_pieces(track, ends, _AWAY * seen.fps) for track in tracks]
    motions = _lifted(pieces, tracks, seen, lift, settings, reporter)
    view = getattr(lift, "field_of_view", None)
    worlds, learned = _worlds(motions, seen, settings, view, steps, focal)
    for track, own, world in zip(tracks, pieces, worlds, strict=True):
        _leave_between(track, own, world)
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


def _lifted(
    pieces: Sequence[list[Track]],
    tracks: Sequence[Track],
    seen: SeenClip,
    lift: Lifter,
    settings: Settings,
    reporter: Reporter,
) -> list[Motion]:
    """The motion of each track from its pieces; long ones in sections, all others together."""
    every = [piece for one in pieces for piece in one]
    seconds = SMOOTHING[settings.smooth]
    cleaned = [clean(piece, seen.fps, seconds) for piece in every]
    done = 0
    with reporter.stage("lift", sum(map(len, cleaned))) as advance:

        def lifted(parts: list[Track]) -> list[Motion]:
            return lift(
                parts, image_size=seen.size, fps=seen.fps,
                progress=lambda now, _: advance(done + now),
            )  # fmt: skip

        short = [piece for piece in cleaned if len(piece) <= WHOLE]
        found = iter(lifted(short) if short else [])
        done = sum(map(len, short))
        motions = []
        for piece in cleaned:
            if len(piece) <= WHOLE:
                motions.append(next(found))
                continue
            motions.append(_lift_long(piece, lifted))
            done += len(piece)
    rest = iter(motions)
    return [
        _join(track, [next(rest) for _ in one]) for track, one in zip(tracks, pieces, strict=True)
    ]


def _pieces(track: Track, ends: np.ndarray, away: float) -> list[Track]:
    """The parts of a track before and after the frames `ends`, as far as anything was seen.

    Who is seen no more when another shot begins, or for more than `away` frames, is not there until
    they are seen again.
    """
    seen = seen_frames(track)
    absences = [first for first, end in runs(~seen) if end < len(track) and end - first > away]
    cuts = np.union1d(ends - int(track.frames[0]), absences).astype(int)
    cuts = cuts[(cuts > 0) & (cuts < len(track))]
    if not len(cuts):
        return [track]
    bounds = [0, *cuts.tolist(), len(track)]
    pieces = []
    for first, end in pairwise(bounds):
        rows = first + np.flatnonzero(seen[first:end])
        if len(rows):
            begin = first if first == 0 else int(rows[0])
            last = end if end == len(track) else int(rows[-1]) + 1
            pieces.append(replace(rows_of(track, slice(begin, last)), extra=None))
    return pieces


def _leave_between(track: Track, pieces: Sequence[Track], world: np.ndarray) -> None:
    """Nobody is in the room between the pieces of their track."""
    for before, after in pairwise(pieces):
        gone, back = (int(f - track.frames[0]) for f in (before.frames[-1] + 1, after.frames[0]))
        world[gone:back] = np.nan


def _lift_long(track: Track, lifted: Callable[[list[Track]], list[Motion]]) -> Motion:
    """A track of any length, lifted in sections that are mixed where they overlap."""
    columns: dict[str, Blended] = {}
    filled = np.ones(len(track), bool)
    motion = None
    for section in sections(len(track)):
        part = rows_of(track, section.rows)
        if not seen_frames(part).any():
            continue
        (motion,) = lifted([part])
        for name in LIFTED_COLUMNS:
            values = getattr(motion, name)
            if values is not None:
                columns.setdefault(name, Blended(len(track))).add(section, values)
        filled[section.own] = motion.filled[section.inside()]
        large.release(track.xy, track.score)
    assert motion is not None  # it was seen somewhere
    results: dict[str, Any] = {name: one.result() for name, one in columns.items()}
    return replace(motion, track=track, filled=filled, **results)


def _join(track: Track, pieces: Sequence[Motion]) -> Motion:
    """One motion of a whole track from those of its pieces; between them the pose is filled."""
    if len(pieces) == 1 and len(pieces[0]) == len(track):
        return pieces[0]
    at = np.concatenate([piece.track.frames for piece in pieces]) - int(track.frames[0])
    known = np.zeros(len(track), bool)
    known[at] = True

    def joined(parts: Sequence[np.ndarray]) -> np.ndarray:
        out = large.zeros((len(track), *parts[0].shape[1:]), parts[0].dtype)
        for piece, part in zip(pieces, parts, strict=True):
            first = int(piece.track.frames[0] - track.frames[0])
            for block in large.blocks(len(part), out, part):
                out[first + block.start : first + block.stop] = part[block]
        return out

    columns = {}
    for name in LIFTED_COLUMNS:
        parts = [getattr(piece, name) for piece in pieces]
        if all(part is not None for part in parts):
            columns[name] = joined(parts)
            large.bridge(columns[name], known)
    filled = np.ones(len(track), bool)
    filled[at] = np.concatenate([piece.filled for piece in pieces])
    xy = joined([piece.track.xy for piece in pieces])
    large.bridge(xy, known)
    score = joined([piece.track.score for piece in pieces])
    whole = Track(track.id, track.frames, xy, score, track.extra)
    return Motion(whole, fps=pieces[0].fps, lifter=pieces[0].lifter, filled=filled, **columns)


def clean(track: Track, fps: float, seconds: float) -> Track:
    """Undo swaps of left and right and slips, and smooth with a window of so many seconds."""
    if len(track) <= WHOLE:
        repaired, _ = undo_slips(undo_swaps(track)[0])
        return smooth_track(repaired, fps, seconds) if seconds else repaired
    xy = large.zeros(track.xy.shape, np.float32)
    score = large.zeros(track.score.shape, np.float32)
    extra = track.extra
    if extra is not None:
        extra = replace(
            extra, xy=large.zeros(extra.xy.shape, np.float32),
            score=large.zeros(extra.score.shape, np.float32),
        )  # fmt: skip
    for section in sections(len(track)):
        part = clean(rows_of(track, section.rows), fps, seconds)
        # Not mixed: a limb may have been given back to its side in one of two sections only.
        own, inside = section.own, section.inside()
        xy[own], score[own] = part.xy[inside], part.score[inside]
        if extra is not None and part.extra is not None:
            extra.xy[own], extra.score[own] = part.extra.xy[inside], part.extra.score[inside]
            large.release(extra.xy, extra.score)
        large.release(track.xy, track.score, xy, score)
    return Track(track.id, track.frames, xy, score, extra)


def _worlds(
    motions: Sequence[Motion],
    seen: SeenClip,
    settings: Settings,
    lifted_view: float | None,
    steps: CameraSteps | None,
    focal: float | None,
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
    given = replace(given, likely_focal=focal)
    heights = parse_heights(settings.stature)
    room = build(motions, seen.size, given, heights, steps, lifted_view or settings.field_of_view)
    learned = {"upright": room.how, **room.as_meta(motions)}
    if settings.place:
        return room.worlds, learned
    del learned["camera"]  # it did not film people who stay on the spot
    return in_a_row(motions, room.camera.at(0).rotation.T), learned
