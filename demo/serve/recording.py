"""What a browser records: an MP4 of what is drawn, and the numbers beside it."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from poselift.demo.live_picture import LivePicture
from poselift.drawing.layout import fit_image
from poselift.errors import PoseliftError
from poselift.live import LivePerson
from poselift.media import VideoWriter
from poselift.npz import write_npz
from poselift.result import ClipMotion
from poselift.settings import Settings

_RATE = 25.0  # frames a second that the encoder is guided by; times are the camera's


class LiveNumbers:
    """Live people of many frames, to be one motion in the end.

    >>> LiveNumbers().motion("empty", "a lifter", {}) is None
    True
    """

    def __init__(self) -> None:
        self._times: list[float] = []
        self._size = (0, 0)
        # By the person's number: (frame, xy, score) as seen, and (time, pose) as lifted.
        self._seen: dict[int, list[tuple[int, np.ndarray, np.ndarray]]] = {}
        self._poses: dict[int, list[tuple[float, np.ndarray]]] = {}

    def add(self, moment: float, size: tuple[int, int], people: Sequence[LivePerson]) -> None:
        """Take one frame; one that is not later than the last is left out."""
        if self._times and moment <= self._times[-1]:
            return
        if not self._times:
            self._size = size
        # The camera may be turned meanwhile: pixels are those of the first picture.
        scale = np.array(self._size, np.float32) / np.array(size, np.float32)
        frame = len(self._times)
        self._times.append(moment)
        for person in people:
            row = frame, person.xy * scale, person.score
            self._seen.setdefault(person.number, []).append(row)
            if person.pose3d is not None and person.pose_time is not None:
                pose = person.pose_time, person.pose3d
                self._poses.setdefault(person.number, []).append(pose)

    def motion(self, name: str, lifter: str, meta: Mapping[str, Any]) -> ClipMotion | None:
        """Everybody's motion; None where there was no frame."""
        if not self._times:
            return None
        time = np.array(self._times) - self._times[0]
        frames = {moment: frame for frame, moment in enumerate(self._times)}
        ids = sorted(self._poses)
        pose3d = np.full((len(ids), len(time), 17, 3), np.nan, np.float32)
        pose2d = np.full((len(ids), len(time), 17, 2), np.nan, np.float32)
        score = np.zeros((len(ids), len(time), 17), np.float32)
        for row, number in enumerate(ids):
            for frame, xy, seen in self._seen[number]:
                pose2d[row, frame], score[row, frame] = xy, seen
            for moment, pose in self._poses[number]:
                if moment in frames:  # with a lookahead the first are of earlier frames
                    pose3d[row, frames[moment]] = pose
        present = np.isfinite(pose3d[:, :, 0, 0])
        # A pose belongs to a frame in which the person was seen, and the other way round.
        present &= np.isfinite(pose2d[:, :, 0, 0])
        pose3d[~present], pose2d[~present], score[~present] = np.nan, np.nan, 0
        span = float(time[-1])
        return ClipMotion(
            name=name,
            time=time,
            fps=(len(time) - 1) / span if span > 0 else _RATE,
            size=self._size,
            ids=np.array(ids, int),
            pose3d=pose3d,
            pose2d=pose2d,
            score=score,
            filled=np.zeros(present.shape, bool),
            placed=True,
            lifter=lifter,
            meta=meta,
        )


class Recording:
    """One recording: `live-<time>.mp4` and `live-<time>.npz`, each whole or not at all.

    Args:
        folder: where they go.
        settings: of the picture, and what is told of how it was made.
        longest: seconds.
        spare: bytes of the disk that stay free.
    """

    def __init__(self, folder: Path, settings: Settings, longest: float, spare: int) -> None:
        self._folder, self._settings = folder, settings
        self._longest, self._spare = longest, spare
        self._picture = LivePicture(settings.height, settings.view)
        self._numbers = LiveNumbers()
        self._lifter = ""
        self._writer: VideoWriter | None = None
        self._began = 0.0
        self._refuse_full_disk()

    def add(
        self, image: np.ndarray, moment: float, people: Sequence[LivePerson], lifter: str
    ) -> str:
        """Take one frame; why the recording must end now, "" where it goes on."""
        self._lifter = lifter
        drawn = self._picture.draw(image, moment, people, lifter)
        if self._writer is None:
            size = (drawn.shape[1], drawn.shape[0])
            self._writer = VideoWriter(self._free_name(), size, _RATE)
            self._began = moment
        self._writer.write(fit_image(drawn, self._writer.size), moment)
        self._numbers.add(moment, (image.shape[1], image.shape[0]), people)
        if moment - self._began > self._longest:
            return f"A recording may be {self._longest / 60:.0f} minutes long."
        if shutil.disk_usage(self._folder).free < self._spare:
            return "The server's disk is nearly full."
        return ""

    def finish(self) -> list[Path]:
        """Make it whole; the files, none where there was no frame."""
        writer, self._writer = self._writer, None
        path = writer.close() if writer is not None else None
        if path is None:
            return []
        options = {name: getattr(self._settings, name) for name in ("pose", "smooth", "lookahead")}
        meta = {"source": "camera", "lifter": self._lifter, "options": options}
        motion = self._numbers.motion(path.stem, self._lifter, meta)
        assert motion is not None
        return [path, *write_npz(motion, path.with_suffix(".npz"))]

    def abort(self) -> None:
        """Forget it."""
        if self._writer is not None:
            self._writer.abort()

    def _free_name(self) -> Path:
        base = time.strftime("live-%Y%m%d-%H%M%S")
        # Two browsers may begin in the same second.
        names = (base, *(f"{base}-{number}" for number in range(2, 1000)))
        taken = {path.name for path in self._folder.glob(".live-*")}
        return next(
            path
            for name in names
            if not (path := self._folder / f"{name}.mp4").exists()
            and not any(hidden.startswith(f".{name}.") for hidden in taken)
        )

    def _refuse_full_disk(self) -> None:
        if shutil.disk_usage(self._folder).free < self._spare:
            raise PoseliftError(
                "The server's disk is nearly full, so nothing can be recorded.", "Make room on it."
            )
