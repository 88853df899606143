"""The whole way of a clip: see, lift, draw, write. The only file that knows all the stages."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from poselift import weights
from poselift.files import atomic_path, make_folder
from poselift.progress import Reporter, Silent
from poselift.result import ClipMotion
from poselift.settings import Settings, to_toml

if TYPE_CHECKING:
    from poselift.cache import SeenClip
    from poselift.lifter.clip import ClipLifter
    from poselift.media import Source

PICTURES = ("mp4", "gif")


class Pipeline:
    """Turns clips into motion, and motion into files.

    >>> motion = Pipeline(lifter="sct").run("clip.mp4")  # doctest: +SKIP
    >>> motion.pose3d.shape  # doctest: +SKIP
    (2, 230, 17, 3)

    Args:
        settings: a `Settings`; None takes the defaults.
        reporter: hears how it goes; None is silence.
        options: single settings by name, over `settings`.
    """

    def __init__(
        self, settings: Settings | None = None, *, reporter: Reporter | None = None, **options: Any
    ) -> None:
        self.settings = (settings or Settings()).changed(**options)
        self.reporter: Reporter = reporter or Silent()
        self._lifter: ClipLifter | None = None
        self._told = False

    @property
    def lifter(self) -> ClipLifter:
        """The lifter, loaded when it is first needed and kept for the next clip."""
        if self._lifter is None:
            from poselift import lifter

            chosen = self.settings
            self._lifter = lifter.load(
                chosen.lifter,
                checkpoint=chosen.weights,
                device=chosen.device,
                mirror=chosen.mirror,
            )
        return self._lifter

    def run(self, source: str | Path) -> ClipMotion:
        """The motion of one clip. Nothing is written."""
        with self._open(source) as clip:
            return self._motion(clip, None, {})

    def process(self, source: str | Path) -> list[Path]:
        """The motion of one clip, drawn and written as the settings say; what was written."""
        seconds: dict[str, float] = {}
        with self._open(source) as clip:
            folder = Path(self.settings.out) / clip.name
            make_folder(folder)
            motion = self._motion(clip, folder, seconds)
            written = self._pictures(clip, motion, folder, seconds)
            with _timed(seconds, "write"):
                written += self._data(motion, folder)
        self.reporter.written(written, seconds, len(motion.time))
        return written

    def _open(self, source: str | Path) -> Source:
        from poselift.media import open_source

        chosen = self.settings
        return open_source(source, chosen.start, chosen.end, chosen.fps)

    def _motion(self, clip: Source, folder: Path | None, seconds: dict[str, float]) -> ClipMotion:
        from poselift.lifting import lift_clip
        from poselift.seeing import see_clip

        # Loaded first: wrong weights should be told at once, not after minutes of looking.
        self._tell_parts()
        keep_in = folder / ".cache" if folder is not None and self.settings.cache else None
        with _timed(seconds, "see"):
            seen = see_clip(clip, self.settings, self.reporter, keep_in)
        if not seen.tracks:
            self.reporter.say("nobody was found in this clip; the result shows it as it is")
        with _timed(seconds, "lift"):
            return lift_clip(
                clip.name, seen, self.lifter, self.settings, self.reporter, self._meta(clip, seen)
            )

    def _tell_parts(self) -> None:
        """One line on which parts were chosen and why, once a run."""
        lifter = self.lifter
        if self._told:
            return
        from poselift.detectors import choose_detector, choose_keypointer
        from poselift.detectors.registry import KEYPOINTERS
        from poselift.device import resolve_device

        pose, why_pose = choose_keypointer(self.settings.pose)
        if KEYPOINTERS[pose.partition(":")[0]].finds_people:
            detector, why_detector = "none", "the pose part finds people itself"
        else:
            detector, why_detector = choose_detector(self.settings.detector)
        why_lifter = "the best whose weights are on this machine"
        if self.settings.weights or self.settings.lifter != "auto":
            why_lifter = "as asked"
        device = str(resolve_device(self.settings.device))
        self.reporter.say(
            f"parts: detector {detector} ({why_detector}), pose {pose} ({why_pose}), "
            f"lifter {lifter.name} ({why_lifter}), on {device}",
            detector=detector,
            pose=pose,
            lifter=lifter.name,
            device=device,
        )
        self._told = True

    def _meta(self, clip: Source, seen: SeenClip) -> dict[str, Any]:
        from importlib.metadata import PackageNotFoundError, version

        try:
            ours = version("poselift")
        except PackageNotFoundError:
            ours = "not installed"
        entry = weights.ENTRIES.get(self.lifter.name)
        return {
            "poselift": ours,
            "source": Path(clip.path).name,
            "lifter": self.lifter.name,
            "lifter_sha256": entry.sha256 if entry is not None else "",
            "options": self.settings.as_dict(),
            "placed_with_field_of_view": self.settings.field_of_view if self.settings.place else 0,
        }

    def _pictures(
        self, clip: Source, motion: ClipMotion, folder: Path, seconds: dict[str, float]
    ) -> list[Path]:
        wanted = [kind for kind in self.settings.save if kind in PICTURES]
        if not wanted:
            return []
        from poselift.rendering import render_clip

        with _timed(seconds, "draw"):
            return render_clip(clip, motion, folder, wanted, self.settings, self.reporter)

    def _data(self, motion: ClipMotion, folder: Path) -> list[Path]:
        from poselift import export

        formats = [kind for kind in self.settings.save if kind not in PICTURES]
        written = list(export.write(motion, folder, formats)) if formats else []
        if self.settings.report:
            from poselift.export.report import write_report

            written += write_report(motion, folder)
        settings_path = folder / f"{motion.name}.toml"
        found = {"lifter": motion.lifter, "people": len(motion.ids), "frames": len(motion.time)}
        with atomic_path(settings_path) as part:
            part.write_text(to_toml(self.settings, found), encoding="utf-8")
        return [*written, settings_path]


@contextlib.contextmanager
def _timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    begun = time.perf_counter()
    try:
        yield
    finally:
        seconds[name] = seconds.get(name, 0.0) + time.perf_counter() - begun
