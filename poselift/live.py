"""People in 2D and 3D, image by image, as they come from a camera."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from poselift.background import boxes_of
from poselift.detectors.company import MARGIN
from poselift.detectors.images import as_bgr
from poselift.detectors.see import See, Seen
from poselift.detectors.similarity import feet_in, person_size
from poselift.errors import PoseliftError
from poselift.live_streams import CameraRate, FollowedPerson, open_stream, trained_rate
from poselift.parts import Lifter, Parts
from poselift.scene.live import LiveRoom, warm_up_room
from poselift.scene.live_camera import LiveCamera
from poselift.scene.rays import FIELD_OF_VIEW
from poselift.settings import Settings
from poselift.skeleton import FEET4
from poselift.types import Extra, Frame, People

if TYPE_CHECKING:
    from poselift.detectors.protocols import Keypointer, PersonDetector

_FORGET = 30  # frames unseen after which somebody who returns starts afresh
_LONGEST_PAUSE = 1.0  # seconds between two frames after which earlier poses are no longer used
_LOYALTY = 1.2  # somebody else must be so many times as large to be chosen instead


@dataclass(frozen=True)
class LivePerson:
    """One person in the newest frame.

    Attributes:
        number: stays with the person as long as they are tracked; never reused.
        box: (4,) float32, x0 y0 x1 y1 in pixels of the picture.
        xy: (17, 2) float32 pixels, H36M-17, smoothed as asked.
        score: (17,) float32 in 0..1; 0 where a joint was not seen.
        pose3d: (17, 3) float32 world metres, z up, the floor at 0, where the person is in the room;
            the first person started above the origin. It is the pose of the frame `lookahead`
            frames ago; None as long as there is none.
        pose_time: the time of that frame.
        feet: heels and toes, (4, 2) and (4,), where the keypointer reads them.
    """

    number: int
    box: np.ndarray
    xy: np.ndarray
    score: np.ndarray
    pose3d: np.ndarray | None
    pose_time: float | None
    feet: Extra | None = None


class Live:
    """Takes pictures one by one and returns the people in each, the largest first.

    Nothing runs in the background: a call does its work and returns. An instance belongs to one
    camera and one thread. Pictures may have any size and be BGR, greyscale or BGRA. When the size
    changes or time runs backwards, everybody is forgotten, as for a new scene; after a pause of
    more than a second people keep their numbers, but their poses start afresh.

    >>> live = Live(people="main")
    >>> live(np.zeros((120, 160, 3), np.uint8), 0.0)
    []

    Args:
        people: "all", or "main": only the largest, who stays chosen until somebody else is clearly
            larger.
        max_people: track at most this many, the largest.
        detector: the name of a person detector, or one of your own (`PersonDetector`).
        keypointer: the name of a keypointer, or one of your own (`Keypointer`; a `PoseFinder` needs
            no detector); "auto" is MoveNet Lightning.
        lifter: the name of a lifter, or one of your own: from `lifter.load`, or anything that is
            called like those and returns the same. The latter lifts its last `receptive_field`
            frames (27 if it has no such attribute) again for every picture.
        checkpoint: your own weights for `lifter`.
        every: run the detector every so many frames and follow joints in between; "auto"
            waits up to ten while all goes well.
        smooth: "auto", "light", "strong" or "off": how much the 2D joints are smoothed.
        mirror: lift the mirrored person too and take the mean; for a lifter given by name.
        lookahead: frames to wait for a steadier pose.
        fps: the camera's rate; None learns it from the times.
        field_of_view: of the camera, degrees along the picture's longer side; for a lifter given by
            name.
        device: auto, cpu, cuda, cuda:1 or mps, for parts given by name.
        deferred: pictures wait neither for the detector nor for what is learned of the camera: you
            call `catch_up` between two pictures. People who appear are seen one picture later.

    Attributes:
        lifter: what lifts.
    """

    def __init__(
        self,
        *,
        people: str = "all",
        max_people: int = 10,
        detector: PersonDetector | str = "auto",
        keypointer: Keypointer | str = "auto",
        lifter: Lifter | str = "auto",
        checkpoint: str | Path | None = None,
        every: int | Literal["auto"] = "auto",
        smooth: str = "auto",
        mirror: bool = True,
        lookahead: int = 0,
        fps: float | None = None,
        field_of_view: float = Settings.field_of_view,
        device: str = "auto",
        deferred: bool = False,
    ) -> None:
        if people not in ("all", "main"):
            raise PoseliftError(
                f"Live cannot follow people {people!r}: it supports only all and main.",
                "Choosing a person by number or by pixel needs the whole clip.",
            )
        if isinstance(keypointer, str) and keypointer == "auto":
            keypointer = "lightning"
        settings = Settings(
            checkpoint=None if checkpoint is None else str(checkpoint),
            device=device,
            mirror=mirror,
            max_people=max_people,
            smooth=smooth,
            field_of_view=field_of_view,
        )
        parts = Parts(settings, detector=detector, keypointer=keypointer, lifter=lifter)
        self.lifter = parts.lifter
        self._rate = CameraRate(trained_rate(self.lifter), fps)
        # At once, so that an impossible lookahead is reported before the camera is opened.
        open_stream(self.lifter, (640, 480), lookahead, fps)
        self._most = 1 if people == "main" else max_people
        self._smooth, self._every, self._lookahead = smooth, every, lookahead
        found_by = "none" if parts.detector is None else parts.detector
        self._deferred = deferred
        limit = self._most + MARGIN
        self._see = See(
            found_by, parts.keypointer, every=every, deferred=deferred, most=limit, far=False
        )
        self._named_detector = parts.detector if isinstance(detector, str) else None
        self._named_keypointer = parts.keypointer if isinstance(keypointer, str) else None
        self._warm = False
        self._index = 0
        self._last_number = 0
        self.reset()

    def reset(self) -> None:
        """Forget everybody, as for a new scene. Numbers are not reused."""
        # A new `See` makes its parts forget the previous frames.
        self._see = See(
            self._see.detector,
            self._see.keypointer,
            every=self._every,
            deferred=self._deferred,
            most=self._most + MARGIN,
            far=False,
        )
        self._numbers_before = self._last_number
        self._size: tuple[int, int] | None = None
        self._room: LiveRoom | None = None
        self._people: dict[int, FollowedPerson] = {}
        self._chosen: set[int] = set()
        self._restart_time()

    def _restart_time(self) -> None:
        """Forget everybody's past motion, but not who they are."""
        for person in self._people.values():
            person.restart()
        self._times: deque[float] = deque(maxlen=self._lookahead + 1)
        self._turns: deque[np.ndarray] = deque(maxlen=self._lookahead + 1)
        self._rate.restart()

    def warm_up(self) -> None:
        """Run the lifter and the parts given by name once, so that no frame waits for them.

        The first frame does it otherwise. Parts of your own are left alone: they may count frames.
        """
        if self._warm:
            return
        self._warm = True
        black = np.zeros((480, 640, 3), np.uint8)
        somebody = People(np.array([[200, 100, 400, 400]], np.float32), np.ones(1, np.float32))
        if self._named_detector is not None:
            self._named_detector([black])
        if self._named_keypointer is not None:
            self._named_keypointer([black], [somebody])
        stream = open_stream(self.lifter, (640, 480), 0, self._rate.fps)
        for step in range(2):
            stream.push(np.full((17, 2), step, np.float32), np.ones(17, np.float32))
        warm_up_room()
        self.reset()

    def __call__(self, image: np.ndarray, time: float) -> list[LivePerson]:
        """The people in the next picture.

        Args:
            image: (H, W, 3) BGR uint8, or another kind that `detectors.images.as_bgr` takes.
            time: seconds by any clock that increases from picture to picture.
        """
        time = float(time)
        if not math.isfinite(time):
            raise PoseliftError(
                f"The time of a picture cannot be {time}.",
                "Give the time at which it was taken, in seconds.",
            )
        image = as_bgr(image)
        self.warm_up()
        self._take_time((image.shape[1], image.shape[0]), time)
        [seen] = self._see.frames([Frame(self._index, time, image)])
        self._index += 1
        assert self._size is not None
        if self._room is None:
            view = getattr(self.lifter, "field_of_view", FIELD_OF_VIEW)
            self._room, self._camera = LiveRoom(self._size, view), LiveCamera(self._size)
        boxes = boxes_of(seen.joints)
        self._turns.append(self._camera.follow(image, boxes, time))
        return self._lift(seen, self._room)

    def catch_up(self) -> None:
        """Between two pictures: find who is new, and learn of the camera; only where `deferred`."""
        if self._deferred:
            self._see.catch_up()
            if self._room is not None:
                self._room.learn(self._camera)

    def _take_time(self, size: tuple[int, int], time: float) -> None:
        """Start afresh whatever a change of size or a jump in time interrupts."""
        before = self._times[-1] if self._times else None
        if size != self._size or (before is not None and time < before):
            self.reset()
        elif before is not None and time - before > _LONGEST_PAUSE:
            self._restart_time()
        self._size = size
        if self._rate.add(time):
            for person in self._people.values():
                person.restart()
        self._times.append(time)

    def _lift(self, seen: Seen, room: LiveRoom) -> list[LivePerson]:
        """Push the joints of those who are chosen, and a miss for the others."""
        xy, score = seen.joints.xy, seen.joints.score
        rows = self._choose(seen.people, person_size(xy, score))
        room.frame(self._times[-1], self._turns[0])
        if not self._deferred:
            room.learn(self._camera)
        for number in rows:
            if number not in self._people:
                self._people[number] = FollowedPerson(self._smooth, self._lookahead)
        for number, person in list(self._people.items()):
            if number not in rows:
                self._ready(person).miss(self._times[-1])
                if person.unseen > _FORGET:
                    del self._people[number]
                    room.forget(number)
        feet = feet_in(seen.keypoints)
        shown = []
        for number, row in rows.items():
            person = self._people[number]
            pose = self._ready(person).push(xy[row], score[row], self._times[-1])
            if pose is not None:
                said = getattr(person.stream, "said", None)
                pose = room.place(number, pose, *person.seen_then(), said)
            shown.append(
                LivePerson(
                    number,
                    np.asarray(seen.people.boxes[row], np.float32),
                    person.xy,
                    person.score,
                    pose,
                    None if pose is None else self._times[0],
                    None if feet is None else Extra(FEET4.names, feet.xy[row], feet.score[row]),
                )
            )
        return shown

    def _choose(self, people: People, size: np.ndarray) -> dict[int, int]:
        """The rows of those to follow by their numbers, the largest first."""
        assert people.ids is not None
        numbers = np.where(people.ids > 0, people.ids + self._numbers_before, -1)
        self._last_number = max(self._last_number, int(numbers.max(initial=0)))
        # Whoever is followed must not alternate with somebody of about the same size.
        known = np.isin(numbers, list(self._chosen))
        order = np.argsort(-np.where(known, size * _LOYALTY, size), kind="stable")
        rows = {int(numbers[i]): int(i) for i in order if numbers[i] > 0}
        rows = dict(list(rows.items())[: self._most])
        self._chosen = set(rows)
        return rows

    def _ready(self, person: FollowedPerson) -> FollowedPerson:
        """The person, with a stream to push to."""
        assert self._size is not None
        if person.stream is None:
            person.stream = open_stream(self.lifter, self._size, self._lookahead, self._rate.fps)
        return person
