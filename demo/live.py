"""Live: the newest frame of a camera, its people in 2D and 3D, on the screen or into a file."""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from poselift.demo.live_outputs import LiveOutput, PoseLines, Preview, Recorder, SendOn
from poselift.demo.live_picture import LivePicture
from poselift.demo.window import has_display
from poselift.files import refuse_sources
from poselift.live import Live
from poselift.media.camera import LiveCamera
from poselift.media.writer import video_target
from poselift.progress import Reporter
from poselift.settings import Settings


class Ages:
    """How old frames were, counted by tenths of a millisecond: it takes no more after hours.

    >>> ages = Ages()
    >>> for age in (0.01, 0.02, 0.09):
    ...     ages.add(age)
    >>> len(ages), ages.percentile(50)
    (3, 0.02)
    """

    _PART, _MOST = 1e-4, 10.0  # seconds; what is older counts as this old

    def __init__(self) -> None:
        self._count = np.zeros(round(self._MOST / self._PART) + 1, np.int64)

    def add(self, age: float) -> None:
        """One more frame, `age` seconds old."""
        self._count[round(min(max(age, 0.0), self._MOST) / self._PART)] += 1

    def __len__(self) -> int:
        return int(self._count.sum())

    def percentile(self, share: float) -> float:
        """The age in seconds that `share` percent of the frames did not exceed."""
        wanted = np.ceil(len(self) * share / 100)
        return round(float(np.searchsorted(self._count.cumsum(), wanted)) * self._PART, 4)


@dataclass
class Pace:
    """How fast frames are done and how old they are then, over the last two seconds or so."""

    done: deque[float] = field(default_factory=lambda: deque(maxlen=60))
    ages: deque[float] = field(default_factory=lambda: deque(maxlen=60))
    all_ages: Ages = field(default_factory=Ages)

    def add(self, now: float, age: float) -> None:
        """A frame was done at `now`, `age` seconds after it came in."""
        self.done.append(now)
        self.ages.append(age)
        self.all_ages.add(age)

    @property
    def rate(self) -> float:
        """Frames per second."""
        span = self.done[-1] - self.done[0] if len(self.done) > 1 else 0.0
        return (len(self.done) - 1) / span if span > 0 else 0.0

    @property
    def age(self) -> float:
        """Seconds from frame in to picture out: the median."""
        return float(np.median(self.ages)) if self.ages else 0.0


def run_live(source: str, settings: Settings, reporter: Reporter) -> int:
    """Show, record or print what the camera sees until it ends, or `q`, or Ctrl-C."""
    if settings.record is not None:
        refuse_sources([video_target(settings.record)], [source])
    live = make_live(settings)
    live.warm_up()  # before the camera starts: no frame waits for the networks
    picture, pace = LivePicture(settings.height, settings.view), Pace()
    with LiveCamera(source or None) as camera:
        size = "x".join(map(str, camera.size))
        reporter.say(
            f"camera {camera.name} ({size}), lifter {live.lifter.name}, "
            f"lookahead {settings.lookahead} frames"
        )
        with ExitStack() as stack:
            outputs = open_outputs(settings, camera.fps, picture, reporter)
            for output in outputs:
                stack.callback(output.finish)
            try:
                run_loop(camera, live, picture, outputs, pace)
            except KeyboardInterrupt:
                reporter.say("stopped by Ctrl-C")
        tell_pace(pace, camera, reporter)
    return 0


def make_live(settings: Settings, deferred: bool = False) -> Live:
    """What turns frames into people, as the settings say; `deferred` as in `Live`."""
    return Live(
        people=settings.people,
        max_people=settings.max_people,
        detector=settings.detector,
        keypointer=settings.pose,
        lifter=settings.lifter,
        checkpoint=settings.checkpoint,
        every=settings.detect_every,
        smooth=settings.smooth,
        mirror=settings.mirror,
        lookahead=settings.lookahead,
        field_of_view=settings.field_of_view,
        device=settings.device,
        deferred=deferred,
    )


def open_outputs(
    settings: Settings, fps: float, picture: LivePicture, reporter: Reporter
) -> list[LiveOutput]:
    """A recording where one is asked for, a window where there is a screen, else JSON lines."""
    outputs: list[LiveOutput] = []
    if settings.record is not None:
        outputs.append(Recorder(settings.record, fps, settings.quality, reporter))
    if has_display():
        outputs.append(Preview(Path(settings.out), picture.next_view, reporter))
    elif outputs:
        reporter.say("no display: recording only; Ctrl-C ends it")
    else:
        reporter.say("no display: printing poses to standard output as JSON lines")
        outputs.append(PoseLines(sys.stdout))
    if settings.send:
        outputs.append(SendOn(settings.send, reporter))
    return outputs


def run_loop(
    camera: LiveCamera,
    live: Live,
    picture: LivePicture,
    outputs: Sequence[LiveOutput],
    pace: Pace,
) -> None:
    """Run until the camera or an output ends. Nothing is drawn unless it is needed."""
    draws = any(output.needs_picture for output in outputs)
    for frame in camera.frames():
        people = live(frame.image, frame.time)
        drawn = None
        if draws:
            caption = f"{live.lifter.name}  {pace.rate:.0f} fps  {pace.age * 1000:.0f} ms"
            drawn = picture.draw(frame.image, frame.time, people, caption)
        pace.add(time.monotonic(), camera.clock() - frame.time)
        finished = [output for output in outputs if not output.take(frame.time, people, drawn)]
        if finished:
            return


def tell_pace(pace: Pace, camera: LiveCamera, reporter: Reporter) -> None:
    """Report rate and latency."""
    ages = pace.all_ages
    if not len(ages):
        return
    median, most = ages.percentile(50), ages.percentile(95)
    reporter.say(
        f"{len(ages)} frames, {pace.rate:.1f} per second at the end; from frame in to picture out: "
        f"median {median * 1000:.0f} ms, 95th percentile "
        f"{most * 1000:.0f} ms; {camera.dropped} frames were dropped",
        pictures=len(ages),
        per_second=round(pace.rate, 1),
        latency_median_ms=round(median * 1000, 1),
        latency_p95_ms=round(most * 1000, 1),
    )
