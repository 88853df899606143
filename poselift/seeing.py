"""The first pass over a clip: from its frames to tracks, resumable and kept for the next run."""

from __future__ import annotations

from itertools import dropwhile
from pathlib import Path
from typing import Any

import numpy as np

from poselift import cache
from poselift.cache import SeenClip
from poselift.detectors.protocols import Keypointer
from poselift.detectors.registry import load_keypointer
from poselift.detectors.see import See
from poselift.detectors.track import Tracker
from poselift.detectors.tracks import TrackBuilder
from poselift.errors import PoseliftError
from poselift.journal import Entry, Journal
from poselift.media import Source, prefetch
from poselift.parts import Parts
from poselift.progress import Reporter
from poselift.skeleton import H36M17


def see_clip(
    source: Source, parts: Parts, reporter: Reporter, keep_in: Path | None = None
) -> SeenClip:
    """Look at every frame of `source`, or take what an earlier run with the same settings saw.

    `keep_in` is the folder for what is kept; None keeps nothing.
    """
    matters = what_matters(parts) if keep_in is not None else None
    key = cache.key_of(source.path, matters) if matters is not None else None
    if keep_in is None or key is None:
        return _look(source, parts, reporter, None, "")
    kept_at = keep_in / "tracks.npz"
    kept = cache.load(kept_at, key)
    if kept is not None:
        reporter.say("2D tracks: taken from an earlier run (--no-cache looks again)", cached=True)
        return kept
    clip = _look(source, parts, reporter, keep_in / "journal", key)
    cache.save(kept_at, key, clip)
    return clip


def what_matters(parts: Parts) -> dict[str, Any] | None:
    """The settings that change what is seen, with `auto` as what it stands for here and now.

    None where a part is an object about which nobody knows what it gives.
    """
    chosen = parts.settings.as_dict()
    if parts.seen_with is None:
        return None
    return {
        "parts": parts.seen_with,
        **{name: chosen[name] for name in ("every", "start", "end", "fps")},
    }


def _look(
    source: Source, parts: Parts, reporter: Reporter, folder: Path | None, key: str
) -> SeenClip:
    tracker = Tracker()
    see = See(
        parts.detector,
        _keypointer(source, parts),
        tracker,
        every=parts.settings.detect_every,
    )
    journal = Journal(folder, key, H36M17)
    builder = TrackBuilder()
    times: list[float] = []
    for entry in journal.replay():
        builder.add(entry.index, tracker.update(entry.keypoints), entry.keypoints)
        times.append(entry.time)
    resumed = len(times)
    if resumed:
        reporter.say(f"resuming: {resumed} frames were seen by an earlier run", resumed=resumed)
    frames = prefetch(source.frames())
    try:
        with reporter.stage("see", source.frame_count_estimate) as advance:
            for seen in see.frames(dropwhile(lambda frame: frame.index < resumed, frames)):
                assert seen.people.ids is not None
                builder.add(seen.frame.index, seen.people.ids, seen.joints)
                times.append(seen.frame.time)
                journal.add(Entry(seen.frame.index, seen.frame.time, seen.people, seen.joints))
                advance(len(times))
    except BaseException:
        journal.flush()
        raise
    if not times:
        raise PoseliftError(
            f"{source.path} has no frames to show.",
            "Check the clip in a player, and --start and --end.",
        )
    journal.remove()
    return SeenClip(np.array(times), source.size, builder.tracks())


def _keypointer(source: Source, parts: Parts) -> Keypointer:
    """The keypointer, ready for a clip that has nothing to do with the last one."""
    settings = parts.settings
    if settings.pose.startswith("precomputed:") and settings.start:
        # Files of joints count from the clip's first frame, what is read from --start.
        return load_keypointer(
            settings.pose, settings.device, first_frame=round(settings.start * source.fps)
        )
    if hasattr(parts.keypointer, "forget"):
        parts.keypointer.forget()
    return parts.keypointer
