from __future__ import annotations

import numpy as np
import pytest

from poselift.detectors.cadence import CROWD_WAIT, LONGEST_WAIT, LONGEST_WAIT_ALONE, Cadence
from poselift.errors import PoseliftError

STILL = np.full((180, 320, 3), 90, np.uint8)
SOMEBODY = np.array([[100.0, 40, 140, 160]])


def _detections(
    cadence: Cadence, pictures: list[np.ndarray], followed: np.ndarray = SOMEBODY
) -> list[int]:
    when = []
    for i, picture in enumerate(pictures):
        if cadence.due(picture, followed):
            when.append(i)
            cadence.detected(news=False)
    return when


def _with_patch(x: int, y: int) -> np.ndarray:
    picture = STILL.copy()
    picture[y : y + 60, x : x + 30] = 255
    return picture


def test_it_waits_longer_while_nothing_is_new() -> None:
    when = _detections(Cadence(), [STILL] * 60)
    assert when[:3] == [0, 2, 6]
    assert set(np.diff(when[4:])) == {LONGEST_WAIT}


def test_it_looks_often_while_nobody_is_there() -> None:
    when = _detections(Cadence(), [STILL] * 30, np.zeros((0, 4)))
    assert np.diff(when).max() == LONGEST_WAIT_ALONE


def test_motion_at_the_border_brings_a_detection() -> None:
    pictures = [STILL] * 40 + [_with_patch(290, 60)] * 3
    calm = _detections(Cadence(), [STILL] * 43)
    stirred = _detections(Cadence(), pictures)
    assert stirred[: len(calm)] == calm
    assert [i for i in stirred if i >= 37] == [40]


def test_motion_of_who_is_followed_brings_none() -> None:
    moving = [_with_patch(102 + 2 * (i % 3), 80) for i in range(60)]
    assert np.diff(_detections(Cadence(), moving)).max() == LONGEST_WAIT


def test_an_alarm_brings_a_detection_in_the_next_frame() -> None:
    cadence = Cadence()
    _detections(cadence, [STILL] * 40)
    cadence.alarm()
    assert cadence.due(STILL, SOMEBODY)


def test_in_a_crowd_a_doubt_waits_a_moment() -> None:
    crowd = np.repeat(SOMEBODY, 5, axis=0)
    cadence = Cadence()
    when = []
    for i in range(40):
        if cadence.due(STILL, crowd):
            when.append(i)
            cadence.detected(news=True)
        cadence.alarm()
    assert set(np.diff(when)) == {CROWD_WAIT}


def test_doubts_that_looking_does_not_help_are_heard_ever_less() -> None:
    cadence = Cadence()
    when = []
    for i in range(40):
        if cadence.due(STILL, SOMEBODY):
            when.append(i)
            cadence.detected(news=False)
        cadence.alarm()
    assert np.diff(when)[:3].tolist() == [2, 4, 8]
    assert np.diff(when)[3:].min() == 8


def test_a_moving_camera_brings_no_detection() -> None:
    # Every cell changes as the picture moves on, none more than the others.
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 255, (18, 200, 1), np.uint8)
    wide = np.repeat(np.repeat(coarse, 10, axis=0), 10, axis=1).repeat(3, axis=2)
    moving = [np.ascontiguousarray(wide[:, 6 * i : 6 * i + 320]) for i in range(60)]
    when = _detections(Cadence(), moving)
    assert set(np.diff(when[4:])) == {LONGEST_WAIT}


def test_a_number_is_kept_whatever_happens() -> None:
    cadence = Cadence(4)
    cadence.alarm()
    assert _detections(cadence, [STILL, _with_patch(0, 0)] * 6) == [0, 4, 8]


@pytest.mark.parametrize("every", [0, -1, 2.5, "often"])
def test_nonsense_is_refused(every: object) -> None:
    with pytest.raises(PoseliftError):
        Cadence(every)  # type: ignore[arg-type]
