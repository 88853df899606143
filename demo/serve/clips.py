"""Clips that were dropped on the page: one after the other through the pipeline, and kept."""

from __future__ import annotations

import contextlib
import json
import logging
import queue
import re
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from poselift.errors import PoseliftError
from poselift.files import atomic_path, make_folder
from poselift.pipeline import Pipeline
from poselift.progress import Advance, Silent
from poselift.settings import Settings

#: Endings that a clip may keep; what it is called is only shown, never made a path.
ENDINGS = {".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v", ".mpg", ".mpeg", ".ts", ".gif"}
_ABOUT = "about.json"  # in each clip's folder: what is known of it
_KEY = re.compile(r"[0-9a-f]{16}")
_COMING = ".coming"  # the ending of a clip that is still being sent

log = logging.getLogger(__name__)


@dataclass
class Clip:
    """One clip and how far it is.

    Attributes:
        key: its name in addresses and of its folder: random.
        shown: what the user calls it.
        file: its file in that folder.
        state: waiting, working, done or failed.
        stage: what is being done.
        share: 0..1 of that stage.
        message: what went wrong.
        files: the names of its results.
        sent: when it came, in seconds since 1970.
    """

    key: str
    shown: str
    file: str
    state: str = "waiting"
    stage: str = ""
    share: float = 0.0
    message: str = ""
    files: list[str] = field(default_factory=list)
    sent: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return dict(vars(self))


class Clips:
    """The clips of a folder, earlier servers' included, and the thread that works on them.

    Args:
        folder: has a folder for each clip.
        settings: of the work.
        give_way: called between two steps of the work, which waits until it returns.
    """

    def __init__(
        self, folder: Path, settings: Settings, give_way: Callable[[], None] = lambda: None
    ) -> None:
        self.folder = folder
        self._settings, self._give_way = settings, give_way
        self._clips: dict[str, Clip] = {}
        self._waiting: queue.Queue[Clip | None] = queue.Queue()
        self._stopped = threading.Event()
        self._dropped: set[str] = set()
        for clip in _earlier(folder):
            self._clips[clip.key] = clip
            # What an earlier server did not finish begins again: nothing sent is lost.
            if clip.state in ("waiting", "working"):
                clip.state = "waiting"
                self._waiting.put(clip)
        self._thread = threading.Thread(target=self._work, name="clips", daemon=True)
        self._thread.start()

    def __len__(self) -> int:
        return len(self._clips)

    def all(self) -> list[dict[str, Any]]:
        """All clips, the newest first."""
        return [clip.as_dict() for clip in reversed(list(self._clips.values()))]

    def new_file(self, shown: str) -> tuple[str, Path]:
        """A key, and where to write the clip that is to be called `shown` on the page."""
        key = secrets.token_hex(8)
        ending = Path(shown.replace("\\", "/")).suffix.lower()
        if ending not in ENDINGS:
            raise PoseliftError(
                "This is not a video by its name.", f"Known endings: {', '.join(sorted(ENDINGS))}."
            )
        make_folder(self.folder / key)
        return key, self.folder / key / f"clip{ending}{_COMING}"

    def add(self, key: str, shown: str, path: Path) -> None:
        """Put a clip that came whole into the queue."""
        whole = path.with_suffix("")
        path.replace(whole)
        clip = Clip(key, shown[:200], whole.name, sent=time.time())
        self._clips[key] = clip
        self._note(clip)
        self._waiting.put(clip)

    def drop(self, path: Path) -> None:
        """Forget a clip that did not come whole."""
        shutil.rmtree(path.parent, ignore_errors=True)

    def remove(self, key: str) -> bool:
        """Remove a clip and its results; the work on it ends. False where there is none."""
        clip = self._clips.pop(key, None)
        if clip is None:
            return False
        self._dropped.add(key)
        if clip.state != "working":  # else its thread removes it, when it has stopped
            shutil.rmtree(self.folder / key, ignore_errors=True)
        return True

    def result(self, key: str, name: str) -> Path | None:
        """A file of a clip's results; None where it has no such file."""
        clip = self._clips.get(key)
        return self.folder / key / name if clip is not None and name in clip.files else None

    def stop(self) -> None:
        """End after what is being written now; the next server begins again with what is left."""
        self._stopped.set()
        self._waiting.put(None)
        self._thread.join(timeout=10)

    def _work(self) -> None:
        while (clip := self._waiting.get()) is not None and not self._stopped.is_set():
            if clip.key in self._dropped:
                continue
            clip.state = "working"
            try:
                clip.files = self._process(clip)
                clip.state = "done"
            except PoseliftError as error:
                # Where its folder lies is not the browser's business.
                text = f"{error.message} {error.hint}"
                text = text.replace(str(self.folder / clip.key / clip.file), clip.shown)
                clip.state, clip.message = "failed", text.replace(str(self.folder), "")
            except _StoppedError:
                clip.state = "waiting"
            except Exception:
                log.exception("the clip %s failed", clip.key)
                clip.state, clip.message = "failed", "This did not work; the server's log says why."
            if clip.key in self._dropped:
                shutil.rmtree(self.folder / clip.key, ignore_errors=True)
            else:
                self._note(clip)

    def _note(self, clip: Clip) -> None:
        """Write down what is known of a clip, for the next server."""
        try:
            with atomic_path(self.folder / clip.key / _ABOUT) as part:
                part.write_text(json.dumps(clip.as_dict()), encoding="utf-8")
        except PoseliftError as error:
            log.warning("%s It is forgotten when the server ends.", error.message)

    def _process(self, clip: Clip) -> list[str]:
        folder = self.folder / clip.key
        path = folder / clip.file

        def go_on() -> None:
            if self._stopped.is_set() or clip.key in self._dropped:
                raise _StoppedError
            self._give_way()

        reporter = _Progress(clip, go_on)
        settings = self._settings.changed(out=str(folder), cache=False)
        motion = Pipeline(settings, reporter=reporter).run(path)
        # The page says what its user called the clip, but no file is called so.
        motion = replace(motion, name="clip", meta={**motion.meta, "source": clip.shown})
        formats = ["html", "npz", "csv", "bvh", "glb"]
        written = motion.save(folder / "results", formats, source=path, reporter=reporter)
        for one in written:
            one.replace(folder / one.name)
        shutil.rmtree(folder / "results", ignore_errors=True)
        return [one.name for one in written]


def _earlier(folder: Path) -> list[Clip]:
    """The clips that earlier servers left in a folder, the oldest first."""
    known = {one.name for one in fields(Clip)}
    found = []
    for home in folder.iterdir() if folder.is_dir() else ():
        if not _KEY.fullmatch(home.name) or home.is_symlink():
            continue
        try:
            about = json.loads((home / _ABOUT).read_text(encoding="utf-8"))
            clip = Clip(**{name: value for name, value in about.items() if name in known})
        except FileNotFoundError:
            if list(home.glob(f"clip.*{_COMING}")):  # it never came whole
                shutil.rmtree(home, ignore_errors=True)
            continue
        except (OSError, ValueError, TypeError, AttributeError) as error:
            log.warning("The clip in %s cannot be read: %s", home, error)
            continue
        clip.key = home.name
        clip.files = [n for n in clip.files if n == Path(n).name and (home / n).is_file()]
        found.append(clip)
    return sorted(found, key=lambda clip: clip.sent)


class _StoppedError(Exception):
    pass


class _Progress(Silent):
    """Tells a clip how far it is; `go_on` is called at each step, and may end the work."""

    def __init__(self, clip: Clip, go_on: Callable[[], None]) -> None:
        self._clip, self._go_on = clip, go_on

    @contextlib.contextmanager
    def stage(self, name: str, total: int | None) -> Iterator[Advance]:
        """Show the stage."""
        self._clip.stage, self._clip.share = name, 0.0

        def advance(done: int) -> None:
            self._go_on()
            self._clip.share = min(done / total, 1.0) if total else 0.0

        yield advance
