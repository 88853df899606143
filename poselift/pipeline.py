"""The whole pipeline: 2D, lifting, drawing, writing. The only file that knows all stages."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from poselift import weights
from poselift.config import to_toml
from poselift.files import atomic_path, printable
from poselift.folders import (
    claim_folder,
    files_named_in,
    folder_of,
    refuse_results_over_sources,
)
from poselift.leftovers import files_of_earlier_runs, remove_stale
from poselift.parts import Lifter, Parts
from poselift.progress import Reporter, Silent
from poselift.result import ClipMotion
from poselift.saving import PAGES, PICTURES
from poselift.settings import Settings
from poselift.version import installed_version

if TYPE_CHECKING:
    from poselift.detectors import Keypointer, PersonDetector
    from poselift.media import Source
    from poselift.types import SeenClip


@dataclass(frozen=True)
class Processed:
    """What became of one clip.

    Attributes:
        files: that were written.
        seconds: that each stage took.
        people: how many there are in the result.
        frames: of the clip.
    """

    files: list[Path]
    seconds: dict[str, float]
    people: int
    frames: int


class Pipeline:
    """Turns clips into motion, and motion into files.

    >>> motion = Pipeline(lifter="sct").run("clip.mp4")  # doctest: +SKIP
    >>> motion.pose3d.shape  # doctest: +SKIP
    (2, 230, 17, 3)

    Args:
        settings: a `Settings`; None takes the defaults.
        reporter: receives progress and messages; None reports nothing.
        detector: a name as in the settings, or an object of one's own.
        keypointer: likewise.
        lifter: likewise.
        options: single settings by name, over `settings`.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        reporter: Reporter | None = None,
        detector: PersonDetector | str | None = None,
        keypointer: Keypointer | str | None = None,
        lifter: Lifter | str | None = None,
        **options: Any,
    ) -> None:
        chosen = (settings or Settings()).changed(**options)
        self.parts = Parts(chosen, detector=detector, keypointer=keypointer, lifter=lifter)
        self.settings = self.parts.settings
        self.reporter: Reporter = reporter or Silent()
        self._told = False
        self._read: list[str] = []

    def check(self, sources: Sequence[str | Path]) -> None:
        """A `PoseliftError` if the results of any of these clips would replace one of them.

        Each clip is checked again when its turn comes, against all of them.
        """
        self._read += [str(source) for source in sources]
        for source in self._read:
            self._refuse_over_sources(folder_of(self.settings.out, source), source)

    def run(self, source: str | Path) -> ClipMotion:
        """The motion of one clip. Nothing is written except the cached 2D tracks."""
        with self._open(source) as clip:
            return self._motion(clip, folder_of(self.settings.out, clip.path), {})

    def process(self, source: str | Path) -> list[Path]:
        """Draw and write the motion of one clip as the settings say; returns what was written."""
        self._refuse_over_sources(folder_of(self.settings.out, str(source)), str(source))
        with self._open(source) as clip:
            return self._process(clip, self._folder(clip)).files

    def process_into(
        self, source: str | Path, folder: str | Path, seen: SeenClip | None = None
    ) -> Processed:
        """Like `process`, with the files in `folder`, whose name is theirs as well.

        `seen` are the people of the clip in 2D where they are known already.
        """
        self._refuse_over_sources(Path(folder), str(source))
        with self._open(source) as clip:
            return self._process(clip, Path(folder), seen)

    def _process(self, clip: Source, folder: Path, seen: SeenClip | None = None) -> Processed:
        seconds: dict[str, float] = {}
        motion = self._motion(clip, folder, seconds, seen)
        written = self._pictures(clip, motion, folder, seconds)
        written += self._page(clip, motion, folder, seconds)
        with _timed(seconds, "write"):
            written += self._data(motion, folder, written)
        self.reporter.written(written, seconds, len(motion.time))
        return Processed(written, seconds, len(motion.ids), len(motion.time))

    def _open(self, source: str | Path) -> Source:
        from poselift.media import open_source

        chosen = self.settings
        return open_source(source, chosen.start, chosen.end, chosen.fps)

    def _folder(self, clip: Source) -> Path:
        folder = claim_folder(self.settings.out, clip.path)
        if folder.name != clip.name:
            self.reporter.say(
                f"results go to {folder}: {clip.name} holds those of another clip of that name",
                folder=str(folder),
            )
        return folder

    def _refuse_over_sources(self, folder: Path, source: str) -> None:
        read = [source, *self._read, *files_named_in(self.settings)]
        refuse_results_over_sources(folder, self.settings, read)

    def _motion(
        self,
        clip: Source,
        folder: Path,
        seconds: dict[str, float],
        seen: SeenClip | None = None,
    ) -> ClipMotion:
        from poselift.background import steps_of
        from poselift.lifting import lift_clip
        from poselift.seeing import see_clip

        # Loaded first: wrong weights should be reported at once, not after minutes of detection.
        lifter = self.parts.lifter
        self._tell_parts()
        keep_in = folder / ".cache" if self.settings.cache else None
        with _timed(seconds, "see"):
            if seen is None:
                seen = see_clip(clip, self.parts, self.reporter, keep_in)
        if not seen.tracks:
            self.reporter.say("nobody was found in this clip; the result shows it as it is")
        meta = {"source": printable(Path(clip.path).name), **made_by(self.parts)}
        steps = steps_of(seen, self.reporter)
        with _timed(seconds, "lift"):
            return lift_clip(
                folder.name, seen, lifter, self.settings, self.reporter, meta, str(clip.path),
                steps, clip.focal,
            )  # fmt: skip

    def _tell_parts(self) -> None:
        """Report in one line which parts were chosen and why, once for all clips."""
        if self._told:
            return
        from poselift.detectors.engines import engine_name
        from poselift.device import resolve_device

        device, engine = (
            str(resolve_device(self.settings.device)),
            engine_name(self.settings.device),
        )
        where = device + (" with OpenVINO" if engine == "openvino" else "")
        self.reporter.say(
            f"{self.parts.explanation}, on {where}",
            **self.parts.names,
            device=device,
            engine=engine,
        )
        self._told = True

    def _pictures(
        self, clip: Source, motion: ClipMotion, folder: Path, seconds: dict[str, float]
    ) -> list[Path]:
        wanted = [kind for kind in self.settings.save if kind in PICTURES]
        if not wanted:
            return []
        from poselift.rendering import render_clip

        with _timed(seconds, "draw"):
            return render_clip(clip, motion, folder, wanted, self.settings, self.reporter)

    def _page(
        self, clip: Source, motion: ClipMotion, folder: Path, seconds: dict[str, float]
    ) -> list[Path]:
        if not self.settings.report and "html" not in self.settings.save:
            return []
        from poselift.clip_page import write_clip_page

        with _timed(seconds, "page"):
            target = folder / f"{motion.name}.html"
            return write_clip_page([(motion, clip)], target, self.settings, self.reporter)

    def _data(self, motion: ClipMotion, folder: Path, drawn: list[Path]) -> list[Path]:
        from poselift import export

        others = (*PICTURES, *PAGES)
        formats = [kind for kind in self.settings.save if kind not in others]
        written = list(export.write(motion, folder, formats)) if formats else []
        if self.settings.report:
            from poselift.export.report import write_report

            written += write_report(motion, folder)
        settings_path = folder / f"{motion.name}.toml"
        stay = remove_stale(files_of_earlier_runs(folder, settings_path), [*drawn, *written])
        found = {
            "lifter": motion.lifter,
            "people": len(motion.ids),
            "frames": len(motion.time),
            "files": sorted({path.name for path in (*stay, *drawn, *written)}),
        }
        with atomic_path(settings_path) as part:
            part.write_text(printable(to_toml(self.settings, found)), encoding="utf-8")
        return [*written, settings_path]


def made_by(parts: Parts) -> dict[str, Any]:
    """What a result says about how it was made: version, weights and options."""
    name, settings = parts.lifter.name, parts.settings
    entry = weights.ENTRIES.get(name)
    return {
        "poselift": installed_version(),
        "lifter": name,
        "lifter_sha256": entry.sha256 if entry is not None else "",
        "options": settings.as_dict(),
        "placed_with_field_of_view": settings.field_of_view if settings.place else 0,
    }


@contextlib.contextmanager
def _timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    begun = time.perf_counter()
    try:
        yield
    finally:
        seconds[name] = seconds.get(name, 0.0) + time.perf_counter() - begun
