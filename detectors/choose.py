"""Choosing the people to lift: all, the main person, by number, or by a point in the picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from poselift import large
from poselift.detectors.similarity import keypoint_boxes, person_size
from poselift.errors import PoseliftError
from poselift.types import Track
from poselift.who import read_who

#: At most this many people at a time are lifted unless more are asked for.
LIMIT = 10
#: At most this many people of a whole clip, one after the other; fewer where there would be more
#: than so many people times frames, as data files hold a row for each. The limit always fits.
_ONE_AFTER_THE_OTHER = 99
_ROWS = 3_000_000


def weight_of(track: Track) -> float:
    """A track's share of the clip: frames seen times mean size, in pixels."""
    total = 0.0
    for block in large.blocks(len(track), track.xy, track.score):
        xy, score = track.xy[block], track.score[block]
        seen = (score > 0).any(axis=1)
        total += float(person_size(xy[seen], score[seen]).sum()) if seen.any() else 0.0
    return total


def choose_all(tracks: Sequence[Track], limit: int = LIMIT) -> list[Track]:
    """Everybody, or of more than `limit` at a time those who take most of the clip; by number."""
    frames = max((int(track.frames[-1]) + 1 for track in tracks), default=1)
    in_all = max(limit, min(_ONE_AFTER_THE_OTHER, _ROWS // frames))
    there = np.zeros(frames, np.int32)  # how many of those kept, at each frame
    kept: list[Track] = []
    for track in sorted(tracks, key=weight_of, reverse=True):
        meanwhile = there[int(track.frames[0]) : int(track.frames[-1]) + 1]
        if len(kept) < in_all and meanwhile.max() < limit:
            meanwhile += 1
            kept.append(track)
    return sorted(kept, key=lambda track: track.id)


def choose_main(tracks: Sequence[Track]) -> list[Track]:
    """The person with the most frames times size; empty if there are no tracks."""
    return [max(tracks, key=weight_of)] if tracks else []


def choose_id(tracks: Sequence[Track], number: int) -> list[Track]:
    """The person with this number."""
    found = [track for track in tracks if track.id == number]
    if not found:
        known = ", ".join(str(track.id) for track in tracks) or "none"
        raise PoseliftError(f"There is no person {number}.", f"People of this clip: {known}.")
    return found


def choose_at(tracks: Sequence[Track], x: float, y: float, frame: int) -> list[Track]:
    """The person at a point of a frame: whose box holds it, and of those whose joints are nearest.

    Args:
        tracks: among whom to choose.
        x: pixels from the left.
        y: pixels from the top.
        frame: the frame's number.
    """
    best, nearest = None, np.inf
    for track in tracks:
        row = frame - int(track.frames[0])
        if not 0 <= row < len(track) or not (track.score[row] > 0).any():
            continue
        xy, score = track.xy[row : row + 1], track.score[row : row + 1]
        x0, y0, x1, y1 = keypoint_boxes(xy, score)[0]
        margin = 0.1 * float(person_size(xy, score)[0])
        if x0 - margin <= x <= x1 + margin and y0 - margin <= y <= y1 + margin:
            seen = score[0] > 0
            far = np.linalg.norm(xy[0][seen] - (x, y), axis=1).min()
            if far < nearest:
                best, nearest = track, far
    if best is None:
        raise PoseliftError(
            f"Nobody is at {x:g}, {y:g} in frame {frame}.", "Choose another point or frame."
        )
    return [best]


def choose(tracks: Sequence[Track], who: str = "all", limit: int = LIMIT) -> list[Track]:
    """Choose as the command line says: `all`, `main`, a number, or `X,Y@FRAME`.

    >>> choose([], "main")
    []
    """
    meant = read_who(who)
    if meant == "all":
        return choose_all(tracks, limit)
    if meant == "main":
        return choose_main(tracks)
    if isinstance(meant, int):
        return choose_id(tracks, meant)
    return choose_at(tracks, *meant)
