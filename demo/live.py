"""Live: the newest frame of a camera, its people in 2D and 3D, on the screen or into a file."""

from __future__ import annotations

import json
import sys
import time
from collections import deque
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from poselift.demo.live_people import LivePerson, LiveRoom
from poselift.demo.window import PreviewWindow, has_display
from poselift.detectors.see import See, Seen
from poselift.errors import PoseliftError
from poselift.media import VideoWriter
from poselift.media.camera import LiveCamera
from poselift.progress import Reporter
from poselift.settings import Settings
from poselift.types import Frame, People

KEYS = "keys: v view, space pause, s snapshot, q quit"


@dataclass
class Pace:
    """How fast pictures come out and how old they are then, over the last two seconds or so."""

    shown: deque[float] = field(default_factory=lambda: deque(maxlen=60))
    ages: deque[float] = field(default_factory=lambda: deque(maxlen=60))
    all_ages: list[float] = field(default_factory=list)

    def add(self, now: float, age: float) -> None:
        """A picture was shown at `now`, `age` seconds after its frame came in."""
        self.shown.append(now)
        self.ages.append(age)
        self.all_ages.append(age)

    @property
    def rate(self) -> float:
        """Pictures a second."""
        span = self.shown[-1] - self.shown[0] if len(self.shown) > 1 else 0.0
        return (len(self.shown) - 1) / span if span > 0 else 0.0

    @property
    def age(self) -> float:
        """Seconds from frame in to picture out: the median."""
        return float(np.median(self.ages)) if self.ages else 0.0


def run_live(source: str, settings: Settings, reporter: Reporter) -> int:
    """Show, record or print what the camera sees until it ends, or `q`, or Ctrl-C."""
    parts = LiveParts(settings)
    with ExitStack() as stack:
        camera = stack.enter_context(LiveCamera(source or None))
        live = Live(camera, parts, settings, reporter)
        stack.callback(live.close)
        try:
            live.run()
        except KeyboardInterrupt:
            reporter.say("stopped by Ctrl-C")
        live.finish()
    return 0


class LiveParts:
    """The networks, loaded and run once before the camera starts: no frame waits for them."""

    def __init__(self, settings: Settings) -> None:
        from poselift import lifter

        if settings.people not in ("all", "main"):
            raise PoseliftError(
                f"--people {settings.people} needs a clip; live knows only all and main.",
                "Use --people main or --people all.",
            )
        pose = "lightning" if settings.pose == "auto" else settings.pose
        self.see = See(settings.detector, pose, every=settings.detect_every, device=settings.device)
        self.lifter = lifter.load(
            settings.lifter,
            checkpoint=settings.weights,
            device=settings.device,
            mirror=settings.mirror,
        )
        self._warm_up()

    def _warm_up(self) -> None:
        import torch

        from poselift import lifter

        # A window at a time is too little work to share: threads would only wait for each other,
        # and on a busy machine for their turn, ten times as long as one takes for all of it.
        torch.set_num_threads(1)
        black = np.zeros((480, 640, 3), np.uint8)
        if self.see.detector is not None and not isinstance(self.see.detector, str):
            self.see.detector([black])
        somebody = People(np.array([[200, 100, 400, 400]], np.float32), np.ones(1, np.float32))
        self.see.keypointer([black], [somebody])
        stream = lifter.Stream(self.lifter, image_size=(640, 480))
        for step in range(2):
            stream.push(np.full((17, 2), step, np.float32), np.ones(17, np.float32))


class Live:
    """The live loop and what it holds open."""

    def __init__(
        self, camera: LiveCamera, parts: LiveParts, settings: Settings, reporter: Reporter
    ) -> None:
        self._camera, self._settings, self._reporter = camera, settings, reporter
        self._see, self._lifter = parts.see, parts.lifter
        self._room = LiveRoom(settings.height, settings.view)
        self._people: dict[int, LivePerson] = {}
        self._pace = Pace()
        self._window = PreviewWindow("Poselift") if has_display() else None
        self._writer: VideoWriter | None = None
        self._print = self._window is None and settings.record is None
        self._announce()

    def _announce(self) -> None:
        size = "x".join(map(str, self._camera.size))
        self._reporter.say(
            f"camera {self._camera.name} ({size}), lifter {self._lifter.name}, "
            f"lookahead {self._settings.lookahead} frames"
        )
        if self._window is not None:
            self._reporter.say(KEYS)
        elif self._print:
            self._reporter.say("no display here: poses go to standard output, one JSON line each")
        else:
            self._reporter.say("no display here: recording only; Ctrl-C ends it")

    def run(self) -> None:
        """Until the camera ends or somebody quits."""
        for seen in self._see.frames(self._camera.frames()):
            people = self._lift(seen)
            picture = self._picture(seen, people)
            age = self._camera.clock() - seen.frame.time
            self._pace.add(time.monotonic(), age)
            if self._settings.record is not None:
                self._record(picture, seen.frame)
            if self._print:
                self._print_poses(seen.frame, people)
            if self._window is not None and not self._keys(self._window.show(picture), picture):
                return

    def _lift(self, seen: Seen) -> list[LivePerson]:
        """Push everybody's joints; those who have a pose now, the main one first."""
        settings = self._settings
        ids = seen.people.ids
        assert ids is not None
        areas = np.prod(seen.people.boxes[:, 2:] - seen.people.boxes[:, :2], axis=1)
        order = [i for i in np.argsort(-areas) if ids[i] >= 0]
        limit = 1 if settings.people == "main" else settings.max_people
        here: dict[int, int] = {int(ids[i]): int(i) for i in order[:limit]}
        for number in here:
            if number not in self._people:
                self._people[number] = LivePerson(number, self._lifter, self._camera, settings)
        shown = []
        for number, person in list(self._people.items()):
            row = here.get(number)
            joints = None if row is None else (seen.joints.xy[row], seen.joints.score[row])
            person.push(joints, seen.frame.time)
            if person.gone:
                del self._people[number]
            elif row is not None and person.pose is not None:
                shown.append(person)
        return sorted(shown, key=lambda person: list(here).index(person.number))

    def _picture(self, seen: Seen, people: list[LivePerson]) -> np.ndarray:
        facts = f"{self._lifter.name}  {self._pace.rate:.0f} fps  {self._pace.age * 1000:.0f} ms"
        return self._room.picture(seen.frame, people, facts)

    def _record(self, picture: np.ndarray, frame: Frame) -> None:
        if self._writer is None:
            assert self._settings.record is not None
            size = (picture.shape[1], picture.shape[0])
            self._writer = VideoWriter(self._settings.record, size, self._camera.fps)
        self._writer.write(picture, frame.time)

    def _print_poses(self, frame: Frame, people: list[LivePerson]) -> None:
        for person in people:
            assert person.pose is not None
            row = {
                "event": "pose",
                "time": round(frame.time, 4),
                "person": person.number,
                "pose3d": np.round(person.pose, 4).tolist(),
            }
            sys.stdout.write(json.dumps(row) + "\n")
        sys.stdout.flush()

    def _keys(self, key: str, picture: np.ndarray) -> bool:
        """Do what a key asks for; False to quit."""
        if key == "v":
            self._room.next_view()
        elif key == "s":
            folder = Path(self._settings.out)
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / f"snapshot-{time.strftime('%Y%m%d-%H%M%S')}.png"
            cv2.imwrite(str(path), picture)
            self._reporter.say(f"wrote {path}")
        elif key == " ":
            return self._pause()
        return key != "q"

    def _pause(self) -> bool:
        """Hold the picture until space again; False if `q` came instead."""
        window = self._window
        assert window is not None
        while True:
            key = window.wait()
            if key in (" ", "q"):
                return key == " "

    def finish(self) -> None:
        """Close the recording and tell how it went."""
        if self._writer is not None:
            path = self._writer.close()
            self._writer = None
            if path is not None:
                self._reporter.say(f"wrote {path}", file=str(path))
        ages = self._pace.all_ages
        if ages:
            self._reporter.say(
                f"{len(ages)} pictures, {self._pace.rate:.1f} a second at the end; frame in to "
                f"picture out: median {np.median(ages) * 1000:.0f} ms, "
                f"95th percentile {np.percentile(ages, 95) * 1000:.0f} ms; "
                f"{self._camera.dropped} frames were too old to show",
                pictures=len(ages),
                per_second=round(self._pace.rate, 1),
                latency_median_ms=round(float(np.median(ages)) * 1000, 1),
                latency_p95_ms=round(float(np.percentile(ages, 95)) * 1000, 1),
            )

    def close(self) -> None:
        """Whatever happened, what was recorded is whole and the window is gone."""
        if self._writer is not None:
            self._writer.close()
        if self._window is not None:
            self._window.close()
