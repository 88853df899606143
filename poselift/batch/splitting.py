"""A long video in parts: where it is cut, and what is seen of a part.

Only seeing, which takes nearly all of the time, is done part by part. A part begins a while before
its cut, so that people are followed and boxes have settled when it counts. Everything after that
(lifting, smoothing, the room) sees one whole clip, so there is no seam in it.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import numpy as np

from poselift.batch import objects
from poselift.batch.units import Stretch
from poselift.errors import PoseliftError
from poselift.files import atomic_path
from poselift.media.opening import open_source
from poselift.media.source import VIDEO_ENDINGS, ending, is_address
from poselift.parts import Parts
from poselift.progress import Reporter
from poselift.seeing import new_see, see_stretch
from poselift.settings import Settings
from poselift.store import TrackStore

#: How long a part follows people before its cut, in seconds: longer than the tracker waits for
#: somebody who is hidden (45 frames), from 5 frames a second on.
OVERLAP = 10.0
_SHORTEST = 0.25  # a last part of less than so much of the others goes to the one before
#: Of times; that of `VideoSource`.
SLACK = 1e-4
#: What the store of a part is called, and the file that says when its detector ran.
NAME, BEATS = "part", "beats.npy"
#: The part of the state of `See` that says when the detector runs next.
RHYTHM = "cadence.counts"


def stretches(address: str, seconds: float, settings: Settings) -> list[Stretch]:
    """The parts of a video, at key frames about so many seconds apart; empty where it stays whole.

    Whole stay short videos, pictures, addresses that are no objects, poses from files, and formats
    without a clock or with one that may jump.
    """
    if settings.pose.startswith("precomputed:") or ending(address) not in VIDEO_ENDINGS:
        return []
    if is_address(address):
        return []
    cuts = _cuts(address, seconds, settings.start or 0.0, settings.end)
    if not cuts:
        return []
    begins = [settings.start or 0.0, *cuts]
    ends = [*cuts, settings.end]
    return [
        Stretch(number, len(begins), max(cut - OVERLAP, begins[0]) if number > 1 else cut, cut, end)
        for number, (cut, end) in enumerate(zip(begins, ends, strict=True), 1)
    ]


def _cuts(address: str, seconds: float, start: float, end: float | None) -> list[float]:
    import av

    from poselift.media.video import has_no_clock, is_joined_anyhow

    try:
        file = objects.reader(address) if objects.is_object(address) else address
        container = av.open(file, metadata_errors="replace")
    except (av.error.FFmpegError, OSError, PoseliftError):  # processing it will say what is wrong
        return []
    with container:
        if has_no_clock(container) or is_joined_anyhow(container) or not container.duration:
            return []
        if not container.streams.video:
            return []
        zero, length = (container.start_time or 0) / 1e6, container.duration / 1e6
        last = length if end is None else min(length, end)
        cuts: list[float] = []
        target = start + seconds
        while target < last - _SHORTEST * seconds:
            container.seek(round((target + zero) * 1e6))
            cut = _key_frame(container)
            if cut is None:
                return []
            if cut - zero > (cuts[-1] if cuts else start) + SLACK:
                cuts.append(round(cut - zero, 6))
            target += seconds
    return cuts


def _key_frame(container: object) -> float | None:
    """When the next key frame is shown; None where the format does not say."""
    stream = container.streams.video[0]  # type: ignore[attr-defined]
    for packet in container.demux(stream):  # type: ignore[attr-defined]
        if packet.is_keyframe and packet.size:
            return None if packet.pts is None else float(packet.pts * packet.time_base)
    return None


def see_part(
    path: str, stretch: Stretch, parts: Parts, reporter: Reporter, folder: Path
) -> tuple[list[Path], int]:
    """See a part of a video into files in `folder`; their paths, and how many frames counted."""
    with (
        open_source(path, stretch.start or None, stretch.end) as source,
        closing(TrackStore(folder, NAME)) as store,
    ):
        count, see = 0, new_see(parts)
        rhythm: list[np.ndarray] = []
        for frame in see_stretch(source, see, reporter):
            state = see.state()
            store.add(frame, state)
            rhythm.append(state[RHYTHM])
            count += frame.time >= stretch.cut - SLACK
        store.finish(source.size)
    with atomic_path(folder / BEATS) as unfinished:
        np.save(unfinished, np.array(rhythm).reshape(len(rhythm), -1))
    made = folder / f"{NAME}.2d"
    if not count or not made.exists():
        raise PoseliftError(
            f"Part {stretch.number} of {stretch.count} of {path} could not be kept.",
            "See the warnings in its record.",
        )
    return [made, folder / BEATS], count
