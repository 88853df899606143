import dataclasses

import cv2
import numpy as np
import pytest

from poselift.export.report import key_frames, summary, write_report
from tests.drawing.people import walking


def test_a_page_as_picture_and_as_document(tmp_path):
    motion = walking(2, 10)
    motion.pose3d[1, :4] = np.nan
    paths = write_report(motion, tmp_path / "out")
    assert [path.name for path in paths] == ["glide_report.png", "glide_report.pdf"]
    page = cv2.imread(str(paths[0]))
    assert page.shape[0] > page.shape[1] > 1000
    assert paths[1].read_bytes().startswith(b"%PDF")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "glide_report.pdf",
        "glide_report.png",
    ]


@pytest.mark.parametrize(("people", "frames"), [(0, 4), (1, 1)])
def test_nobody_and_a_single_frame_give_a_page_too(tmp_path, people, frames):
    assert all(path.is_file() for path in write_report(walking(people, frames), tmp_path))


def test_key_frames_are_those_that_differ_most():
    poses = np.zeros((50, 17, 3))
    poses[30:, 13, 2] = 1.0
    poses[40:, 3, 1] = 2.0
    poses[:5] = np.nan
    chosen = key_frames(poses, 3)
    assert {int(frame >= 30) + int(frame >= 40) for frame in chosen} == {0, 1, 2}
    assert chosen.min() >= 5
    assert not len(key_frames(np.full((4, 17, 3), np.nan)))


def test_the_summary_says_what_was_measured():
    motion = walking(1, 11)
    facts = summary(motion, 0)
    assert facts["pelvis path"] == "2.0 m (estimated)"
    assert facts["head height"] == "1.65 to 1.65 m"
    assert facts["in the picture"] == "0.4 s, 11 of 11 frames seen"
    assert "pelvis path" not in summary(dataclasses.replace(motion, placed=False), 0)
