"""What scores tell, whole limbs that go wrong, and what fills the gaps."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from poselift.gaps import fill as fill_clip
from poselift.lifter.data.camera import Cameras, film, project
from poselift.lifter.data.faults import Faults
from poselift.lifter.data.filling import fill, left_behind
from poselift.lifter.data.head import coco_points
from poselift.lifter.data.keypoint_scores import ScoreLaw, without_scores
from poselift.lifter.data.noise import KeypointNoise, disturb
from poselift.skeleton import COCO17
from tests.lifter.synthetic_motion import motion

NONE = Faults(0, 0, 0, 0, 0, 0)
CLEAN = KeypointNoise(spread=(0.0,) * 17, cut=0.0, faults=NONE)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def people(batch: int = 200, frames: int = 27) -> torch.Tensor:
    """(B, T, 17, 2) points that move, all different."""
    bodies = torch.from_numpy(np.stack([motion(frames, seed) for seed in range(20)]))
    return (bodies[..., [0, 2]] * -1).repeat(batch // 20, 1, 1, 1)


def depths(points: torch.Tensor) -> torch.Tensor:
    return torch.zeros(points.shape[:3])


def test_scores_say_nothing_of_the_depth() -> None:
    points = people()
    noise = KeypointNoise(cut=0.0, faults=NONE, hidden=0.0)
    near, far = (
        disturb(points, depth, noise, generator())[1]
        for depth in (depths(points), 3 * torch.rand(points.shape[:3], generator=generator(1)))
    )
    assert torch.equal(near, far)


def test_scores_tell_as_little_as_real_ones() -> None:
    points = people(400)
    noise = KeypointNoise(cut=0.0, faults=NONE, scores=ScoreLaw(sure_share=0.0))
    seen, score = disturb(points, depths(points), noise, generator())
    size = (points.amax(2) - points.amin(2)).amax(-1)[..., None]
    error = ((seen - points).norm(dim=-1) / size)[..., 5:].flatten()
    limbs = score[..., 5:].flatten()
    told = torch.corrcoef(torch.stack([error, limbs]))[0, 1]
    assert -0.45 < told < -0.2
    assert limbs.mean().item() == pytest.approx(0.78, abs=0.03)
    assert limbs.std().item() == pytest.approx(0.13, abs=0.02)


def test_dropped_scores_are_one_number_and_unseen_stays_unseen() -> None:
    score = torch.rand(100, 9, 17, generator=generator()) + 0.01
    score[:, 3, 5] = 0
    chosen = (torch.arange(100) % 2).float()
    out = without_scores(score, chosen, generator(1))
    assert torch.equal(out[::2], score[::2])
    assert (out[:, 3, 5] == 0).all()
    seen = out[1::2][score[1::2] > 0].view(50, -1)
    assert torch.allclose(seen.std(1), torch.zeros(50), atol=1e-6)
    assert 0.4 < (seen[:, 0] == 1).float().mean() < 0.8


@pytest.mark.parametrize(("kind", "limb"), [("legs_swapped", "ankle"), ("arms_swapped", "wrist")])
def test_limbs_are_swapped_for_1_to_15_frames(kind: str, limb: str) -> None:
    points = people()
    noise = replace(CLEAN, faults=replace(NONE, **{kind: 1.0}))
    seen, _ = disturb(points, depths(points), noise, generator())
    left, right = COCO17.index(f"left {limb}"), COCO17.index(f"right {limb}")
    swapped = (seen[:, :, left] == points[:, :, right]).all(-1)
    assert torch.equal(swapped, (seen[:, :, right] == points[:, :, left]).all(-1))
    count = swapped.sum(1)
    assert count.min() == 1
    assert 10 < count.max() <= 15
    untouched = COCO17.index("nose")
    assert torch.equal(seen[:, :, untouched], points[:, :, untouched])


def test_joints_jump_to_the_other_side_and_freeze() -> None:
    points = people()
    other = points[:, :, list(COCO17.mirror)]
    jumped, _ = disturb(
        points, depths(points), replace(CLEAN, faults=replace(NONE, jumps=1.0)), generator()
    )
    moved = (jumped != points).any(-1)
    assert moved.any(1).sum(1).max() == 1  # one joint a window
    assert torch.equal(jumped[moved], other[moved])
    stuck, _ = disturb(
        points, depths(points), replace(CLEAN, faults=replace(NONE, frozen=1.0)), generator()
    )
    still = (stuck[:, 1:] == stuck[:, :-1]).all(-1)
    assert 0.005 < still.float().mean() < 0.2
    assert torch.isin(stuck, points).all()


def test_legs_arms_and_sides_are_unseen_throughout() -> None:
    points = people(400)
    noise = replace(CLEAN, faults=replace(NONE, unseen=1.0))
    _, score = disturb(points, depths(points), noise, generator())
    gone = score == 0
    assert torch.equal(gone.all(1), gone.any(1))
    ankles = gone[:, 0, 15] & gone[:, 0, 16]
    left_only = gone[:, 0, 5] & ~gone[:, 0, 6]
    assert 0.3 < ankles.float().mean() < 0.8
    assert 0.02 < left_only.float().mean() < 0.3
    assert (~gone).any(-1).all()


def test_the_border_of_the_picture_cuts_people_off() -> None:
    joints = torch.from_numpy(np.stack([motion(9, seed) for seed in range(60)]))
    filmed = film(joints, coco_points(joints, None), generator(), Cameras(cut=1.0))
    points = project(filmed.points)
    seen, score = disturb(points, filmed.points[..., 2], CLEAN, generator(1), filmed.frame)
    limit = filmed.frame[:, None, None]
    outside = (points.abs() > limit).any(-1) & (seen.abs() <= limit + 1e-6).all(-1)
    assert (score[outside] < 0.46).all()
    invented = outside & (score > 0)
    assert 0.2 < invented.float().sum() / outside.float().sum() < 0.8
    assert (seen[invented].abs() <= limit.expand_as(seen)[invented] + 1e-6).all()
    assert (score > 0).flatten(1).any(1).all()


def test_gaps_are_filled_as_the_run_time_fills_them() -> None:
    points = people(20)
    noise = replace(CLEAN, faults=replace(NONE, gaps=1.0, unseen=0.5))
    seen, score = disturb(points, depths(points), noise, generator())
    filled = fill(seen, score)
    assert (score == 0).float().mean() > 0.05
    for window in range(20):
        expected, _ = fill_clip(seen[window].numpy(), score[window].numpy())
        assert np.allclose(filled[window].numpy(), expected, atol=1e-5)


def test_what_was_seen_before_the_window_stays_there() -> None:
    points, score = people(200), torch.ones(200, 27, 17)
    score[:, :, 15:] = 0
    out = left_behind(points, score, 0.5, generator())
    assert torch.equal(out[:, :, :15], points[:, :, :15])
    still = (out[:, 1:, 15] == out[:, :-1, 15]).all(-1).all(-1)
    assert 0.3 < still.float().mean() < 0.7
