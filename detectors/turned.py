"""People upside down or lying: read in crops that are turned until the body is upright in them.

Keypointers learn from people who stand. In an upright crop they put the legs of a handstand where
its arms are, and are fairly sure of it; turned by quarters, the same picture is read like any
other. Whoever is read poorly is tried in all four ways, seldom if that does not help; after that
the body's own axis tells how to turn the next crop, through a cartwheel and back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from poselift.detectors.places import put_rows
from poselift.detectors.protocols import Keypointer, PersonDetector
from poselift.detectors.similarity import in_h36m, limb_score
from poselift.skeleton import H36M17
from poselift.types import Keypoints, People

#: Limb score below which a body may be the wrong way up in its crop: upright ones that are read
#: the wrong way reach 0.5 to 0.6, those that are read the right way 0.8.
POOR = 0.56
#: By how much a way must be better that nothing speaks for, and what any but upright must reach.
_BETTER, _LEAST = 0.1, 0.4
_MOST_WAIT = 4  # times that the frames until the next try are tripled
_LEANS = 60.0  # degrees off the upright of its crop, from which a body is read in another one
_SEEN = 0.3
_ROOM = 1.6  # side of what is cut out and turned, over the longer side of the box
_LOW = [H36M17.index(name) for name in ("left ankle", "right ankle", "left knee", "right knee")]
_HIGH = H36M17.index("thorax")


@dataclass(frozen=True)
class Turning:
    """How somebody's crop is turned.

    Attributes:
        quarters: 0 to 3 quarter turns, clockwise, that the body is turned by in the picture.
        failed: tries in a row that brought nothing better.
        since: frames since the last one.
    """

    quarters: int = 0
    failed: int = 0
    since: int = 0

    @property
    def due(self) -> bool:
        """Whether it is time to try other ways."""
        return self.since >= 3 ** min(self.failed, _MOST_WAIT) - 1


def leaning(joints: Keypoints, quarters: np.ndarray) -> np.ndarray:
    """(N,) the quarters by which bodies in H36M-17 are turned, by the line from legs to shoulders.

    Those that are within 60 degrees of how they were read, `quarters` (N,), stay at that.
    """
    low = np.where(joints.score[:, _LOW, None] > _SEEN, joints.xy[:, _LOW], np.nan)
    known = np.isfinite(low).any(axis=(1, 2)) & (joints.score[:, _HIGH] > _SEEN)
    out = quarters.copy()
    for i in np.flatnonzero(known).tolist():
        # The feet, or the knees where no foot was seen.
        feet = low[i, :2] if np.isfinite(low[i, :2]).any() else low[i, 2:]
        x, y = joints.xy[i, _HIGH] - np.nanmean(feet, axis=0)
        clockwise = np.degrees(np.arctan2(x, -y))
        off = (clockwise - 90 * quarters[i] + 180) % 360 - 180
        if abs(off) > _LEANS:
            out[i] = round(clockwise / 90) % 4
    return out


def find_turned(detector: PersonDetector, image: np.ndarray, quarters: int) -> People:
    """The people of a picture, found as turned back by so many quarters: detectors know people
    who stand.
    """
    turned = np.ascontiguousarray(np.rot90(image, quarters))
    (found,) = detector([turned])
    ends = _turned(found.boxes.reshape(-1, 2, 2), turned.shape, -quarters)
    boxes = np.concatenate([ends.min(axis=1), ends.max(axis=1)], axis=1)
    return People(boxes.astype(np.float32), found.scores)


def read_turned(
    part: Keypointer, image: np.ndarray, people: People, quarters: Sequence[int]
) -> Keypoints:
    """The joints of people, in pixels of the picture, each read as turned back by its quarters."""
    patches, boxes, corners = [], [], []
    for box, quarter in zip(people.boxes, quarters, strict=True):
        patch, corner = _cut(image, box)
        patches.append(np.ascontiguousarray(np.rot90(patch, quarter)))
        ends = _turned((box.reshape(2, 2) - corner).astype(np.float64), patch.shape, quarter)
        boxes.append(np.concatenate([ends.min(axis=0), ends.max(axis=0)]).astype(np.float32))
        corners.append(corner)
    alone = [
        People(box[None], score[None]) for box, score in zip(boxes, people.scores, strict=True)
    ]
    read = part(patches, alone)
    xy = [
        _turned(one.xy[0], patch.shape, -quarter) + corner
        for one, patch, quarter, corner in zip(read, patches, quarters, corners, strict=True)
    ]
    score = [one.score[0] for one in read]
    return Keypoints(np.stack(xy).astype(np.float32), np.stack(score), part.skeleton)


def _cut(image: np.ndarray, box: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A square around a box, black outside the picture, and its left upper corner."""
    side = max(round(float((box[2:] - box[:2]).max()) * _ROOM), 2)
    corner = np.round((box[:2] + box[2:] - side) / 2).astype(int)
    patch = np.zeros((side, side, 3), np.uint8)
    low = np.clip(corner, 0, [image.shape[1], image.shape[0]])
    high = np.clip(corner + side, low, [image.shape[1], image.shape[0]])
    (x0, y0), (x1, y1) = low - corner, high - corner
    patch[y0:y1, x0:x1] = image[low[1] : high[1], low[0] : high[0]]
    return patch, corner


def _turned(xy: np.ndarray, shape: Sequence[int], quarters: int) -> np.ndarray:
    """Pixels (..., 2) of a picture of this shape after so many quarter turns counterclockwise."""
    height, width = shape[:2]
    for _ in range(quarters % 4):
        xy = np.stack([xy[..., 1], width - 1 - xy[..., 0]], axis=-1)
        height, width = width, height
    return xy


def try_other_ways(
    part: Keypointer,
    image: np.ndarray,
    people: People,
    read: Keypoints,
    turnings: Sequence[Turning],
    rows: np.ndarray,
) -> tuple[Keypoints, list[Turning]]:
    """The readings, with those bettered that were made the wrong way up; and what is known then.

    Args:
        part: reads joints.
        image: the picture.
        people: whom to read, `read` their joints so far, `turnings` how their crops were turned.
        read: joints in the part's skeleton.
        turnings: of everybody.
        rows: (M,) whose joints may be read again.
    """
    after = list(turnings)
    joints = in_h36m(read)
    score = limb_score(joints)
    now = np.array([turning.quarters for turning in turnings], int)
    told = leaning(joints, now)
    ways = [
        (row, quarters)
        for row in rows.tolist()
        for quarters in _ways(turnings[row], int(told[row]), float(score[row]))
    ]
    for row in rows.tolist():
        after[row] = _waited(turnings[row], bool(told[row] != now[row] or score[row] < POOR))
    if not ways:
        return read, after
    tried, quarters = (np.array(column) for column in zip(*ways, strict=True))
    some = People(people.boxes[tried], people.scores[tried])
    anew = read_turned(part, image, some, quarters.tolist())
    likely = (quarters == told[tried]) | (quarters == 0)
    sure = limb_score(in_h36m(anew))
    gain = sure - score[tried] - np.where(likely, 0, _BETTER)
    gain[(quarters > 0) & (sure < _LEAST)] = -1
    for row in np.unique(tried).tolist():
        mine = np.flatnonzero(tried == row)
        best = int(mine[gain[mine].argmax()])
        if gain[best] > 0:
            one = replace(anew, xy=anew.xy[[best]], score=anew.score[[best]])
            read = put_rows(read, np.array([row]), one)
            after[row] = Turning(int(quarters[best]))
    return read, after


def _ways(turning: Turning, told: int, score: float) -> list[int]:
    """The other ways to read somebody whose joints score so much and whose body leans as told."""
    now = turning.quarters
    ways: set[int] = set()
    if turning.due and told != now:
        ways = {told}
    elif turning.due and score < POOR:
        # Who lies is seen to lie, mostly; who is upside down is taken for somebody upright.
        ways = {(now + 2) % 4} if turning.failed % 2 == 0 else {(now + 1) % 4, (now + 3) % 4}
    if now and score < POOR:
        ways |= {0}  # most people are upright: this is tried at once
    return sorted(ways)


def _waited(turning: Turning, doubtful: bool) -> Turning:
    """What is remembered of the tries of somebody for whom no other way was better."""
    if not doubtful:
        return Turning(turning.quarters)
    if turning.due:
        return Turning(turning.quarters, turning.failed + 1)
    return replace(turning, since=turning.since + 1)
