"""A long video in parts: where it is cut, what is seen of a part, and how parts are joined.

Only seeing, which takes nearly all of the time, is done part by part. A part begins a while before
its cut, so that people are followed and boxes have settled when it counts. Everything after that
(lifting, smoothing, the room) sees one whole clip, so there is no seam in it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import closing
from itertools import islice, takewhile
from pathlib import Path

import numpy as np

from poselift.batch import objects
from poselift.batch.units import Stretch
from poselift.detectors.similarity import pose_similarity
from poselift.detectors.tracks import TrackBuilder
from poselift.errors import PoseliftError
from poselift.media.opening import open_source
from poselift.media.source import VIDEO_ENDINGS, ending, is_address
from poselift.parts import Parts
from poselift.progress import Reporter
from poselift.seeing import see_stretch
from poselift.settings import Settings
from poselift.store import SeenFrame, TrackStore
from poselift.types import SeenClip

#: How long a part follows people before its cut, in seconds: longer than the tracker waits for
#: somebody who is hidden (45 frames), from 5 frames a second on.
OVERLAP = 10.0
_SHORTEST = 0.25  # a last part of less than so much of the others goes to the one before
_SLACK = 1e-4  # of times; that of `VideoSource`
_ALIKE = 0.3  # least mean similarity of one person seen by two parts
_FADE = 1.0  # seconds before the cut over which what was seen counts for a third
_NAME = "part"


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
            if cut - zero > (cuts[-1] if cuts else start) + _SLACK:
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
) -> tuple[Path, int]:
    """See a part of a video into a file in `folder`; its path, and how many frames counted."""
    with (
        open_source(path, stretch.start or None, stretch.end) as source,
        closing(TrackStore(folder, _NAME)) as store,
    ):
        count = 0
        for frame in see_stretch(source, parts, reporter):
            store.add(frame, {})
            count += frame.time >= stretch.cut - _SLACK
        store.finish(source.size)
    made = folder / f"{_NAME}.2d"
    if not count or not made.exists():
        raise PoseliftError(
            f"Part {stretch.number} of {stretch.count} of {path} could not be kept.",
            "See the warnings in its record.",
        )
    return made, count


def join(folders: Sequence[Path], cuts: Sequence[float]) -> SeenClip:
    """The people of a whole clip from what was seen of its parts, each person with one number.

    Args:
        folders: one per part, in order, as `see_part` filled them.
        cuts: where each part begins to count.
    """
    builder = TrackBuilder()
    times: list[float] = []
    background: list[np.ndarray] = []
    before: deque[SeenFrame] = deque()  # the last seconds of the part before
    last = 0
    size: tuple[int, int] | None = None
    for folder, cut in zip(folders, cuts, strict=True):
        with closing(TrackStore(folder, _NAME)) as store:
            kept = store.read()
            if kept.size is None:
                raise PoseliftError(
                    f"A part in {folder} cannot be read.", "Remove it, and run the batch again."
                )
            size = kept.size
            early = list(takewhile(lambda one, cut=cut: one.time < cut - _SLACK, kept.frames))  # type: ignore[misc]
            numbers = same_people(before, early, cut)
            for frame in islice(kept.frames, len(early) if times else 0, None):
                ids = frame.ids.copy()
                for row, number in enumerate(frame.ids.tolist()):
                    if number >= 0 and number not in numbers:
                        last += 1
                        numbers[number] = last
                    ids[row] = numbers.get(number, -1)
                builder.add(len(times), ids, frame.joints, frame.feet)
                times.append(frame.time)
                background.append(frame.background)
                before.append(SeenFrame(frame.index, frame.time, ids, frame.joints))
                while before[0].time < frame.time - OVERLAP:
                    before.popleft()
    assert size is not None
    return SeenClip(np.array(times), size, builder.tracks(), np.array(background).reshape(-1, 6))


def same_people(
    before: Iterable[SeenFrame], after: Iterable[SeenFrame], cut: float
) -> dict[int, int]:
    """Which number of the part after a cut is which of the part before, by what both saw."""
    from scipy.optimize import linear_sum_assignment

    known = {round(frame.time, 6): frame for frame in before if frame.time >= cut - OVERLAP}
    pairs = [(known.get(round(one.time, 6)), one) for one in after if one.time < cut - _SLACK]
    total: dict[tuple[int, int], float] = {}
    weight: dict[tuple[int, int], float] = {}
    for old, new in pairs:
        if old is None:
            continue
        alike = pose_similarity(
            old.joints.xy, old.joints.score, new.joints.xy, new.joints.score, 2.0
        )
        counts = float(np.exp((new.time - cut) / _FADE))
        for i, j in np.argwhere((old.ids >= 0)[:, None] & (new.ids >= 0)[None]):
            pair = int(old.ids[i]), int(new.ids[j])
            total[pair] = total.get(pair, 0.0) + counts * float(alike[i, j])
            weight[pair] = weight.get(pair, 0.0) + counts
    olds = sorted({old for old, _ in total})
    news = sorted({new for _, new in total})
    table = np.array([[total.get((old, new), 0.0) for new in news] for old in olds])
    table = table.reshape(len(olds), len(news))
    found = {}
    for i, j in zip(*linear_sum_assignment(table, maximize=True), strict=True):
        pair = olds[i], news[j]
        if pair in total and total[pair] >= _ALIKE * weight[pair]:
            found[pair[1]] = pair[0]
    return found
