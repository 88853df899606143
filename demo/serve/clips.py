"""Clips that were dropped on the page: one after the other through the pipeline."""

from __future__ import annotations

import contextlib
import logging
import queue
import secrets
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from poselift.errors import PoseliftError
from poselift.pipeline import Pipeline
from poselift.progress import Advance, Silent
from poselift.settings import Settings

#: Endings that a clip may keep; what it is called is only shown, never made a path.
ENDINGS = {".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v", ".mpg", ".mpeg", ".ts", ".gif"}


@dataclass
class Clip:
    """One clip and how far it is.

    Attributes:
        key: its name in addresses and of its folder: random.
        shown: what the user calls it.
        state: waiting, working, done or failed.
        stage: what is being done.
        share: 0..1 of that stage.
        message: what went wrong.
        files: the names of its results.
    """

    key: str
    shown: str
    state: str = "waiting"
    stage: str = ""
    share: float = 0.0
    message: str = ""
    files: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return dict(vars(self))


class Clips:
    """The clips of this server and the thread that works on them."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self.folder = folder
        self._settings = settings
        self._clips: dict[str, Clip] = {}
        self._waiting: queue.Queue[tuple[Clip, Path] | None] = queue.Queue()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._work, name="clips", daemon=True)
        self._thread.start()

    def __len__(self) -> int:
        return len(self._clips)

    def all(self) -> list[dict[str, Any]]:
        """All clips, the newest first."""
        return [clip.as_dict() for clip in reversed(self._clips.values())]

    def new_file(self, shown: str) -> tuple[str, Path]:
        """A key, and where to write the clip that is to be called `shown` on the page."""
        key = secrets.token_hex(8)
        ending = Path(shown.replace("\\", "/")).suffix.lower()
        if ending not in ENDINGS:
            raise PoseliftError(
                "This is not a video by its name.", f"Known endings: {', '.join(sorted(ENDINGS))}."
            )
        folder = self.folder / key
        folder.mkdir(parents=True)
        return key, folder / f"clip{ending}"

    def add(self, key: str, shown: str, path: Path) -> None:
        """Put a clip that is there into the queue."""
        clip = Clip(key, shown[:200])
        self._clips[key] = clip
        self._waiting.put((clip, path))

    def drop(self, path: Path) -> None:
        """Forget a clip that did not come whole."""
        shutil.rmtree(path.parent, ignore_errors=True)

    def result(self, key: str, name: str) -> Path | None:
        """A file of a clip's results; None where it has no such file."""
        clip = self._clips.get(key)
        return self.folder / key / name if clip is not None and name in clip.files else None

    def stop(self) -> None:
        """End after what is being written now."""
        self._stopped.set()
        self._waiting.put(None)
        self._thread.join(timeout=10)

    def _work(self) -> None:
        while (item := self._waiting.get()) is not None and not self._stopped.is_set():
            clip, path = item
            clip.state = "working"
            try:
                clip.files = self._process(clip, path)
                clip.state = "done"
            except PoseliftError as error:
                # Where its folder lies is not the browser's business.
                text = f"{error.message} {error.hint}".replace(str(path), clip.shown)
                clip.state, clip.message = "failed", text.replace(str(self.folder), "")
            except _StoppedError:
                clip.state, clip.message = "failed", "The server was stopped."
            except Exception:
                logging.getLogger(__name__).exception("the clip %s failed", clip.key)
                clip.state, clip.message = "failed", "This did not work; the server's log says why."

    def _process(self, clip: Clip, path: Path) -> list[str]:
        reporter = _Progress(clip, self._stopped)
        settings = self._settings.changed(out=str(path.parent), cache=False)
        motion = Pipeline(settings, reporter=reporter).run(path)
        # The page says what its user called the clip, but no file is called so.
        motion = replace(motion, name="clip", meta={**motion.meta, "source": clip.shown})
        formats = ["html", "npz", "csv", "bvh", "glb"]
        written = motion.save(path.parent / "results", formats, source=path, reporter=reporter)
        for one in written:
            one.replace(path.parent / one.name)
        return [one.name for one in written]


class _StoppedError(Exception):
    pass


class _Progress(Silent):
    """Tells a clip how far it is, and ends the work when the server stops."""

    def __init__(self, clip: Clip, stopped: threading.Event) -> None:
        self._clip, self._stopped = clip, stopped

    @contextlib.contextmanager
    def stage(self, name: str, total: int | None) -> Iterator[Advance]:
        """Show the stage."""
        self._clip.stage, self._clip.share = name, 0.0

        def advance(done: int) -> None:
            if self._stopped.is_set():
                raise _StoppedError
            self._clip.share = min(done / total, 1.0) if total else 0.0

        yield advance
