"""The second pass over a clip: every frame drawn, and written as MP4 and GIF."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from poselift.drawing.layout import MOST_DRAWN, ClipPainter
from poselift.errors import PoseliftError
from poselift.files import refuse_sources
from poselift.media import GifWriter, Source, VideoWriter, prefetch
from poselift.media.picture_writer import PictureWriter
from poselift.media.prefetch import depth
from poselift.progress import Reporter
from poselift.result import ClipMotion
from poselift.settings import Settings


def render_clip(
    source: Source | None,
    motion: ClipMotion,
    folder: Path,
    kinds: list[str],
    settings: Settings,
    reporter: Reporter,
) -> list[Path]:
    """Draw the clip and write it as each of `kinds` ("mp4", "gif"); what was written.

    Reading, drawing and encoding overlap in three threads. Ctrl-C closes the files, so that what
    was drawn until then can be played. Without a source only the layout "3d" can be drawn.
    """
    if source is not None and source.live:
        raise PoseliftError(
            f"{source.path} is a live stream and cannot be read twice.",
            "Use `poselift live` with this address, and `record` to keep what is shown.",
        )
    paths = [folder / f"{motion.name}.{kind}" for kind in kinds]
    refuse_sources(paths, [source.path] if source is not None else [])
    painter = ClipPainter(motion, settings.layout, settings.view, settings.height)
    crowd = int(motion.present.sum(axis=0).max(initial=0))
    if crowd > MOST_DRAWN:
        reporter.say(f"of up to {crowd} people in a frame the {MOST_DRAWN} largest are drawn")
    done = 0
    try:
        with ExitStack() as stack, reporter.stage("draw", len(motion.time)) as advance:
            writers: list[PictureWriter[Any]] = []
            for path in paths:
                writers.append(_writer(path, painter, motion, source, settings))
                stack.enter_context(writers[-1])
            painted = _painted(source, motion, painter, writers)
            for time, pictures in prefetch(painted, depth(painter.size)):
                for writer, picture in zip(writers, pictures, strict=True):
                    writer.write(picture, time)
                done += 1
                advance(done)
    except KeyboardInterrupt:
        for path in paths:
            reporter.say(f"interrupted: {path} holds the first {done} frames")
        raise
    return paths


def _writer(
    path: Path,
    painter: ClipPainter,
    motion: ClipMotion,
    source: Source | None,
    settings: Settings,
) -> PictureWriter[Any]:
    if path.suffix == ".gif":
        return GifWriter(path)
    sound = source.path if settings.audio and source and source.has_audio else None
    return VideoWriter(
        path,
        painter.size,
        motion.fps,
        audio_from=sound,
        quality=settings.quality,  # type: ignore[arg-type]
    )


def _painted(
    source: Source | None,
    motion: ClipMotion,
    painter: ClipPainter,
    writers: Sequence[PictureWriter[Any]],
) -> Iterator[tuple[float, list[Any]]]:
    """Every frame's time, and its picture for each of the writers."""
    for time, image, row in _shown(source, motion):
        picture = painter.paint(image, row)
        yield time, [writer.prepared(picture) for writer in writers]


def _shown(source: Source | None, motion: ClipMotion) -> Iterator[tuple[float, np.ndarray, int]]:
    """Times, the clip's pictures, and their rows in the motion."""
    if source is None:
        nothing = np.zeros((1, 1, 3), np.uint8)
        for row, time in enumerate(motion.time):
            yield float(time), nothing, row
        return
    for frame in prefetch(source.frames(), depth(source.size)):
        yield frame.time, frame.image, frame.index
