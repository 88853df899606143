"""Pictures that are far apart take no more memory than others."""

from __future__ import annotations

from poselift.lifter.resample import MOST, positions


def test_the_new_frames_are_bounded() -> None:
    assert len(positions(10, 1 / 3600, 50)) == 9 * MOST + 1
    assert len(positions(10, 25, 50)) == 19
