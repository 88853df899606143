"""The first pass over a clip: from its frames to tracks, resumable and kept for the next run."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import dropwhile
from pathlib import Path
from typing import Any

import numpy as np

from poselift.background import boxes_of
from poselift.detectors.company import MARGIN
from poselift.detectors.engines import engine_name
from poselift.detectors.protocols import Keypointer
from poselift.detectors.registry import load_keypointer
from poselift.detectors.see import See, Seen
from poselift.detectors.similarity import feet_in
from poselift.detectors.tracks import TrackBuilder
from poselift.device import resolve_device
from poselift.errors import PoseliftError
from poselift.fingerprint import fingerprint
from poselift.media import Source, prefetch
from poselift.media.prefetch import depth, trailing
from poselift.parts import Parts
from poselift.progress import Reporter
from poselift.scene.motion import BackgroundMotion
from poselift.seen_frames import SeenFrame
from poselift.store import TrackStore
from poselift.types import BACKGROUND, Frame, SeenClip

_State = dict[str, np.ndarray]
#: Of how people are seen and what is remembered between frames: raise it when either changes, so
#: that tracks and half-done runs of before are not taken for ones of now.
_EDITION = 4
_BEHIND = "background."  # before the names of what its state holds


def see_clip(
    source: Source, parts: Parts, reporter: Reporter, keep_in: Path | None = None
) -> SeenClip:
    """Process every frame of `source`, or reuse the tracks of an earlier run with these settings.

    An interrupted run is resumed, with exactly the result of an uninterrupted one. `keep_in` is
    the folder of the cache; None caches nothing.
    """
    matters = what_matters(parts) if keep_in is not None else None
    key = fingerprint(source.path, matters) if matters is not None else None
    if keep_in is None or key is None:
        return _Looking(source, parts, reporter, None).clip()
    with closing(TrackStore(keep_in, key)) as store:
        return _Looking(source, parts, reporter, store).clip()


def new_see(parts: Parts) -> See:
    """What sees people with these parts, and has seen nobody yet."""
    return See(
        parts.detector,
        parts.keypointer,
        every=parts.settings.detect_every,
        most=parts.settings.max_people + MARGIN,
    )


def see_stretch(source: Source, see: See, reporter: Reporter) -> Iterator[SeenFrame]:
    """The people of every frame of a source that is opened on a part of a clip."""
    behind = BackgroundMotion(source.size)
    with reporter.stage("see", source.frame_count_estimate) as advance:
        for seen in see.frames(prefetch(source.frames(), depth(source.size))):
            yield _without_picture(seen, behind)
            advance(seen.frame.index + 1)


def what_matters(parts: Parts) -> dict[str, Any] | None:
    """All that affects the 2D tracks: settings, parts (`auto` as what it stands for), the device.

    None if a part is an object without a `cache_key`.
    """
    if parts.seen_with is None:
        return None
    chosen = parts.settings.as_dict()
    return {
        "edition": _EDITION,
        "parts": parts.seen_with,
        "device": str(resolve_device(parts.settings.device)),
        "engine": engine_name(parts.settings.device),
        **{name: chosen[name] for name in ("every", "max_people", "start", "end", "fps")},
    }


class _Looking:
    """One clip being processed."""

    def __init__(
        self, source: Source, parts: Parts, reporter: Reporter, store: TrackStore | None
    ) -> None:
        self._source, self._parts, self._reporter = source, parts, reporter
        self._store = store
        self._builder = TrackBuilder()
        self._times = array("d")
        self._background = array("d")  # `BACKGROUND` numbers a frame

    def clip(self) -> SeenClip:
        kept = self._store.read() if self._store is not None else None
        for frame in kept.frames if kept is not None else ():
            self._take(frame)
        if kept is not None and kept.size is not None:
            self._reporter.say(
                "2D tracks: reused from an earlier run (`cache=False` computes them again)",
                cached=True,
            )
            return self._seen(kept.size)
        self._look(kept.state if kept is not None else {})
        if not self._times:
            raise PoseliftError(
                f"{self._source.path} has no frames to show.",
                "Check the clip in a player, and its `start` and `end`.",
            )
        if self._store is not None:
            self._store.finish(self._source.size)
        return self._seen(self._source.size)

    def _seen(self, size: tuple[int, int]) -> SeenClip:
        time, background = np.array(self._times), np.array(self._background).reshape(-1, BACKGROUND)
        return SeenClip(time, size, self._builder.tracks(), background)

    def _look(self, state: _State) -> None:
        """Process the remaining frames, from the `state` after the others."""
        parts = self._parts
        see = See(
            parts.detector,
            _keypointer(self._source, parts),
            every=parts.settings.detect_every,
            most=parts.settings.max_people + MARGIN,
        )
        behind = BackgroundMotion(self._source.size)
        resumed = len(self._times)
        if resumed:
            see.restore(state)
            behind.restore(
                {k.removeprefix(_BEHIND): v for k, v in state.items() if k.startswith(_BEHIND)}
            )
            self._reporter.say(
                f"resuming: {resumed} frames were processed by an earlier run", resumed=resumed
            )
        # Decoded again from the start: a frame that is sought need not have the same pixels.
        ahead = prefetch(self._source.frames(), depth(self._source.size))
        frames = dropwhile(lambda frame: frame.index < resumed, ahead)

        def follow(seen: tuple[Seen, _State]) -> tuple[SeenFrame, _State]:
            frame = _without_picture(seen[0], behind)
            if self._store is None:
                return frame, {}
            return frame, {**seen[1], **{_BEHIND + k: v for k, v in behind.state().items()}}

        try:
            with self._reporter.stage("see", self._source.frame_count_estimate) as advance:
                for frame, state in trailing(self._seen_frames(see, frames), follow):
                    self._take(frame)
                    if self._store is not None:
                        self._store.add(frame, state)
                    advance(len(self._times))
        except BaseException:
            if self._store is not None:
                self._store.flush()
            raise

    def _seen_frames(self, see: See, frames: Iterable[Frame]) -> Iterator[tuple[Seen, _State]]:
        """What is seen in every frame; and where it is kept, all that the next one depends on."""
        for seen in see.frames(frames):
            yield seen, see.state() if self._store is not None else {}

    def _take(self, frame: SeenFrame) -> None:
        self._builder.add(frame.index, frame.ids, frame.joints, frame.feet)
        self._times.append(frame.time)
        self._background.extend(frame.background)


def _without_picture(seen: Seen, behind: BackgroundMotion) -> SeenFrame:
    assert seen.people.ids is not None
    return SeenFrame(
        seen.frame.index,
        seen.frame.time,
        seen.people.ids,
        seen.joints,
        feet_in(seen.keypoints),
        behind.add(seen.frame.image, boxes_of(seen.joints)),
    )


def _keypointer(source: Source, parts: Parts) -> Keypointer:
    settings = parts.settings
    if not settings.pose.startswith("precomputed:") or not settings.start:
        return parts.keypointer
    # Files of joints count from the clip's first frame, frames from the first after --start.
    return load_keypointer(settings.pose, settings.device, first_frame=source.frames_before_start())
