import numpy as np
import torch

from poselift.lifter import metrics
from poselift.lifter.data.faults import Faults
from poselift.lifter.data.filmed import film_clips
from poselift.lifter.data.noise import KeypointNoise, disturb
from tests.lifter.synthetic_motion import clips


def test_stretches_cover_the_clips_and_are_the_same_each_time() -> None:
    made = clips(2)
    filmed = list(film_clips(made, "true", fps=30, seconds=1, cameras=2))
    again = list(film_clips(made, "true", fps=30, seconds=1, cameras=2))
    assert {one.subject for one in filmed} == {clip.name for clip in made}
    assert {one.camera for one in filmed} == {"0", "1"}
    assert all(len(one.poses) <= 30 for one in filmed)
    expected = sum(len(clip.at_rate(30)) // 30 * 2 * 30 for clip in made)
    assert sum(len(one.poses) for one in filmed) >= expected
    for one, two in zip(filmed, again, strict=True):
        assert np.array_equal(one.points, two.points)


def test_true_limbs_are_where_the_camera_sees_them() -> None:
    """Moved to their depth, the true poses' limbs fall on the points."""
    [one, *_] = film_clips(clips(1), "true", cameras=1)
    limbs = [1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16]
    middle = (one.points - np.array(one.size) / 2)[:, limbs] / 1000  # at focal length 1
    pose = one.poses[:, limbs]
    # Two unknown metres per frame and one depth, from 24 linear equations.
    for seen, body in zip(middle[::20], pose[::20], strict=True):
        rows = np.zeros((24, 3))
        rows[::2, 0], rows[1::2, 1] = 1, 1
        rows[:, 2] = -seen.reshape(-1)
        known = (seen * body[:, 2:] - body[:, :2]).reshape(-1)
        place, rest, *_ = np.linalg.lstsq(rows, known, rcond=None)
        assert place[2] > 1
        # A keypointer's hips and shoulders lie a little beside the joints.
        assert (float(rest[0]) / 24) ** 0.5 < 0.02
    assert (one.score == 1).all()


def test_errors_grow_with_the_person_and_not_with_their_way() -> None:
    rng = torch.Generator().manual_seed(0)
    still = torch.rand(40, 1, 17, 2, generator=rng).expand(40, 120, 17, 2)
    walk = still + torch.linspace(0, 30, 120)[None, :, None, None]  # thirty of their own heights
    depth = torch.ones(40, 120, 17)
    noise = KeypointNoise(cut=0.0, faults=Faults(0, 0, 0, 0, 0, 0))
    off = [
        (disturb(points, depth, noise, torch.Generator().manual_seed(1))[0] - points).abs().mean()
        for points in (still, walk)
    ]
    assert off[0] < off[1] < 9 * off[0]  # 26 frames of walking are 6.5 heights


def test_detected_points_err_and_people_keep_away_from_the_camera() -> None:
    true = list(film_clips(clips(2), "true", seconds=2, seed=3))
    seen = list(film_clips(clips(2), "detected", seconds=2, seed=3))
    assert metrics.root_relative(true[0].poses).shape == true[0].poses.shape
    assert any(one.score is not None and one.score.min() < 1 for one in seen)
    assert all(np.isfinite(one.points).all() for one in (*true, *seen))
    assert max(np.abs(one.points).max() for one in true) < 20000
