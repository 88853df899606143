"""A motion into files of any format, drawn ones as well."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from poselift.errors import PoseliftError
from poselift.files import file_name, make_folder, refuse_sources
from poselift.progress import Reporter, Silent
from poselift.result import ClipMotion
from poselift.settings import FORMATS, Settings

if TYPE_CHECKING:
    from poselift.media import Source

#: The formats that are drawn, and those that carry the clip; the others are data.
PICTURES = ("mp4", "gif")
PAGES = ("html",)


def save(
    motion: ClipMotion,
    folder: str | Path,
    formats: str | Sequence[str] = ("npz",),
    *,
    source: str | Path | None = None,
    reporter: Reporter | None = None,
    **drawing: Any,
) -> list[Path]:
    """What `ClipMotion.save` does."""
    wanted = [formats] if isinstance(formats, str) else list(formats)
    unknown = [name for name in wanted if name not in FORMATS]
    if unknown:
        raise PoseliftError(f"No format is called {', '.join(unknown)}.", f"{', '.join(FORMATS)}.")
    settings = Settings().changed(**drawing)
    if motion.name != file_name(motion.name):
        raise PoseliftError(
            f"{motion.name!r} cannot be a file name.", "Give the motion another name."
        )
    folder = Path(folder)
    read = [path for path in (source, motion.source) if path is not None]
    refuse_sources([folder / f"{motion.name}.{kind}" for kind in wanted], read)
    make_folder(folder)
    pictures = [name for name in wanted if name in PICTURES]
    written: list[Path] = []
    if pictures:
        from poselift.rendering import render_clip

        with _clip(motion, source, settings) as clip:
            written += render_clip(clip, motion, folder, pictures, settings, reporter or Silent())
    if "html" in wanted:
        written += _save_page(motion, folder, source, settings, reporter or Silent())
    data = [name for name in wanted if name not in (*PICTURES, *PAGES)]
    if data:
        from poselift.export import write

        written += write(motion, folder, data)
    return written


def _clip(
    motion: ClipMotion, source: str | Path | None, settings: Settings
) -> AbstractContextManager[Source | None]:
    """The clip that the motion was seen in, read as it was then; None where nothing of it shows."""
    if settings.layout == "3d":
        return nullcontext(None)
    path = source if source is not None else motion.source
    if path is None:
        raise PoseliftError(
            f"The motion {motion.name!r} does not know the clip that it comes from.",
            "Give source=PATH, or layout='3d' to draw only the room.",
        )
    return open_clip(motion, path)


def open_clip(motion: ClipMotion, path: str | Path) -> Source:
    """The clip at `path` as it was read when the motion was seen in it."""
    from poselift.media import open_source

    options = motion.meta.get("options", {})
    return open_source(
        path, options.get("start"), options.get("end"), float(options.get("fps", motion.fps))
    )


def _save_page(
    motion: ClipMotion,
    folder: Path,
    source: str | Path | None,
    settings: Settings,
    reporter: Reporter,
) -> list[Path]:
    """The page, in 3D only where the motion knows no clip."""
    from poselift.clip_page import write_clip_page

    path = source if source is not None else motion.source
    opened = nullcontext(None) if path is None else open_clip(motion, path)
    with opened as clip:
        target = folder / f"{motion.name}.html"
        return write_clip_page([(motion, clip)], target, settings, reporter)
