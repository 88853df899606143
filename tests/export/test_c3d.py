"""C3D, read back by an independent reader."""

from __future__ import annotations

import numpy as np
import pytest

from poselift.export import write
from poselift.export.trc import MARKERS

c3d = pytest.importorskip("c3d")


@pytest.mark.filterwarnings("ignore:No analog data")
def read(path):
    with path.open("rb") as file:
        reader = c3d.Reader(file)
        labels = [label.strip() for label in reader.point_labels]
        frames = np.stack([points for _, points, _ in reader.read_frames()])
        return reader.point_rate, labels, frames, reader.get("POINT:UNITS").string_value.strip()


def test_points_come_back_to_a_micrometre(walk, tmp_path):
    rate, labels, points, unit = read(write(walk, tmp_path, ["c3d"])[0])
    assert (rate, unit, labels) == (30.0, "mm", list(MARKERS))
    np.testing.assert_allclose(points[..., :3] / 1000, walk.pose3d[0], atol=1e-6)
    assert (points[..., 3] >= 0).all()


def test_somebody_who_is_away_is_invalid(two, tmp_path):
    _, labels, points, _ = read(write(two, tmp_path, ["c3d"])[0])
    assert labels[0] == "P1_CHip"
    assert labels[17] == "P2_CHip"
    assert (points[:, :17, 3] >= 0).all()
    valid = (points[:, 17:, 3] >= 0).all(1)
    assert valid.tolist() == two.present[1].tolist()
    np.testing.assert_allclose(points[valid][:, 17:, :3] / 1000, two.pose3d[1, valid], atol=1e-6)


def test_uneven_times_are_made_even(make_clip, make_walker, tmp_path):
    time = np.cumsum(np.random.default_rng(0).uniform(0.01, 0.08, 90))
    time -= time[0]
    clip = make_clip(make_walker()[None], time=time)
    rate, _, points, _ = read(write(clip, tmp_path, ["c3d"])[0])
    assert float(rate) == pytest.approx(clip.fps, rel=1e-5)
    assert (len(points) - 1) / float(rate) == pytest.approx(float(time[-1]), abs=0.1)


def test_many_people_fit(make_clip, make_walker, tmp_path):
    poses = np.stack([make_walker(5, heading=0.3 * i) for i in range(20)])
    _, labels, points, _ = read(write(make_clip(poses), tmp_path, ["c3d"])[0])
    assert points.shape[1] == 340
    np.testing.assert_allclose(points[:, 323:, :3] / 1000, poses[19], atol=1e-5)
    assert labels[:2] == ["P1_CHip", "P1_RHip"]
