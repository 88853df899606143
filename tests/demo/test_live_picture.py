"""The room beside a running camera: everybody in view, as large as that allows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from poselift.demo.live_picture import LivePicture
from poselift.live import LivePerson
from poselift.skeleton import FEET4, H36M17
from poselift.types import Extra
from tests.scene.made import BODY

FRAME = np.full((240, 100, 3), 80, np.uint8)


def person(number: int, x: float, y: float = 0.0) -> LivePerson:
    pose = (BODY + np.array([x, y, 0])).astype(np.float32)
    xy, score = np.full((17, 2), 50, np.float32), np.ones(17, np.float32)
    return LivePerson(number, np.array([10, 10, 90, 230], np.float32), xy, score, pose, 0.0)


def coloured(picture: np.ndarray) -> np.ndarray:
    """Columns and rows of the panel in which limbs are: blue, orange, or a number's colour."""
    panel = picture[20:, 100:].astype(int)
    rows, columns = np.nonzero(np.ptp(panel, axis=2) > 70)
    return np.stack([columns, rows], axis=1)


def height_of(picture: np.ndarray) -> int:
    return int(np.ptp(coloured(picture)[:, 1]))


def test_who_walks_away_stays_in_view_at_one_size() -> None:
    live = LivePicture(240, "front")
    heights = []
    for frame in range(240):
        picture = live.draw(FRAME, frame / 30, [person(1, 1.3 * frame / 30)], "")
        seen = coloured(picture)
        assert seen[:, 0].min() > 3
        assert seen[:, 0].max() < 236
        heights.append(height_of(picture))
    assert min(heights[60:]) > 0.8 * max(heights[60:])


def test_the_view_widens_at_once_and_narrows_when_somebody_has_gone() -> None:
    live = LivePicture(240, "front")
    alone = height_of(live.draw(FRAME, 0.0, [person(1, 0)], ""))
    both = live.draw(FRAME, 0.1, [person(1, 0), person(2, 4)], "")
    assert coloured(both)[:, 0].max() < 236
    assert height_of(both) < 0.7 * alone
    for frame in range(120):
        after = live.draw(FRAME, 0.2 + frame / 30, [person(1, 0)], "")
    assert height_of(after) > 0.9 * alone


def test_heels_and_toes_are_drawn_where_they_are_read() -> None:
    somebody = person(1, 0)
    somebody.xy[:] = np.linspace([40, 40], [60, 160], 17)
    somebody.score[:] = 0.9
    plain = LivePicture(240, "front").draw(FRAME, 0.0, [somebody], "")
    soles = np.array([[20, 200], [35, 215], [70, 200], [85, 215]], np.float32)
    feet = Extra(FEET4.names, soles, np.full(4, 0.9, np.float32))
    walking = LivePicture(240, "front").draw(FRAME, 0.0, [replace(somebody, feet=feet)], "")
    changed = (plain != walking).any(axis=2)
    assert changed[195:220, 15:90].sum() > 60
    assert not changed[:, 100:].any()  # the room has none


def test_limbs_that_are_not_seen_fade() -> None:
    somebody = person(1, 0)
    ends = ("left knee", "left ankle", "right knee", "right ankle")
    legs = [H36M17.index(name) for name in ends]
    whole = coloured(LivePicture(240, "front").draw(FRAME, 0.0, [somebody], ""))
    somebody.score[legs] = 0
    upper = coloured(LivePicture(240, "front").draw(FRAME, 0.0, [somebody], ""))
    assert upper[:, 1].max() < whole[:, 1].max() - 10
    assert abs(upper[:, 1].min() - whole[:, 1].min()) < 3


def test_nobody_ever() -> None:
    picture = LivePicture(240, "turntable").draw(FRAME, 0.0, [], "")
    assert picture.shape == (240, 340, 3)
