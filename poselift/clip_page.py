"""The page of a clip: its frames copied into a video that browsers play, and the page around it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from poselift.export.html import EMBED_MOST, PageClip, PageResult, write_page
from poselift.files import Unfinished, refuse_sources
from poselift.media import Source, VideoWriter, prefetch
from poselift.progress import Reporter
from poselift.result import ClipMotion
from poselift.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence


def write_clip_page(
    results: Sequence[tuple[ClipMotion, Source | None]],
    path: Path,
    settings: Settings,
    reporter: Reporter,
) -> list[Path]:
    """Write the page `path` of one motion or of two; what was written.

    A motion without a source is shown in 3D only. The clips are in the page, or, where they are
    too large for a browser to open, beside it as `<page>_clip.mp4`.
    """
    refuse_sources([path, _beside(path, 0), _beside(path, 1)], [s.path for _, s in results if s])
    kept: list[Path] = []
    drafts: list[Unfinished] = []
    shown = []
    try:
        for number, (motion, source) in enumerate(results):
            if source is None:
                shown.append(PageResult(motion))
                continue
            # Under another name until it is known to stay: an earlier run's may be there.
            draft = Unfinished(_beside(path, number))
            drafts.append(draft)
            _copy_clip(source, motion, draft.path, settings, reporter)
            clip, embedded = draft.path, draft.path.stat().st_size <= EMBED_MOST
            if not embedded:
                draft.keep()
                clip = draft.target
                kept.append(clip)
                reporter.say(
                    f"too large to embed in the page: keep {clip.name} next to {path.name}"
                )
            sound = settings.audio and source.has_audio
            shown.append(PageResult(motion, PageClip(clip, embedded, sound)))
        return [write_page(shown, path), *kept]
    finally:
        for draft in drafts:
            draft.drop()


def _beside(path: Path, number: int) -> Path:
    """Where the clip of a page's first or second result goes if it is not in the page."""
    return path.with_name(f"{path.stem}_clip{('', '_b')[number]}.mp4")


def _copy_clip(
    source: Source, motion: ClipMotion, path: Path, settings: Settings, reporter: Reporter
) -> None:
    """The frames of the motion, upright, at most `height` high, the first at 0 s."""
    from poselift.drawing.layout import fit_image

    width, height = motion.size
    scale = min(1.0, settings.height / max(height, 1))
    size = max(round(width * scale), 16), max(round(height * scale), 16)
    sound = source.path if settings.audio and source.has_audio else None
    total = len(motion.time)
    with (
        reporter.stage("page", total) as advance,
        VideoWriter(path, size, motion.fps, audio_from=sound, quality="good") as writer,
    ):
        for frame in prefetch(source.frames()):
            if frame.index >= total:
                break
            writer.write(fit_image(frame.image, size), frame.time)
            advance(frame.index + 1)
