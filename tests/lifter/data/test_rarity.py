import numpy as np
import torch

from poselift.lifter.data.body import take_apart
from poselift.lifter.data.composed import compose
from poselift.lifter.data.mocap import Clip
from poselift.lifter.data.rarity import frame_weights
from poselift.lifter.data.recipe import Recipe
from poselift.lifter.data.studio import Studio
from tests.lifter.synthetic_motion import motion


def test_a_rare_pose_is_sampled_more_often_than_a_common_one() -> None:
    usual = torch.from_numpy(np.concatenate([motion(300, 1), motion(300, 1)]))
    rare = torch.from_numpy(motion(20, 1)) * torch.tensor([1.0, -1.0, -1.0])  # upside down
    weights = frame_weights(take_apart(torch.cat([usual, rare])))
    assert weights.shape == (620,)
    assert abs(float(weights.mean()) - 1) < 1e-4
    assert weights[600:].mean() > 1.15 * weights[:600].mean()


def test_facing_elsewhere_or_being_larger_is_not_rare() -> None:
    joints = torch.from_numpy(motion(200, 2))
    turned = 1.3 * joints[..., [1, 0, 2]] * torch.tensor([-1.0, 1.0, 1.0])
    weights = frame_weights(take_apart(torch.cat([joints, turned])))
    assert torch.allclose(weights[:200], weights[200:], atol=1e-3)
    assert weights.std() > 0.05


def test_the_studio_shows_rare_poses_more_often() -> None:
    usual = [Clip(f"a/b/{i}", motion(200, 1), 60.0, "usual") for i in range(8)]
    upside_down = Clip("a/b/rare", motion(200, 1) * np.float32([1, -1, -1]), 60.0, "rare")
    studio = Studio([*usual, upside_down], Recipe(frames=9, lying=0, composed=0), 3)
    parts, _ = studio._read(2000, 9)
    rare = parts.pelvis[:, 0, 2, 2] < 0
    assert 0.13 < rare.float().mean() < 0.5  # 0.11 without


def test_composing_uses_the_generator_alone() -> None:
    parts = take_apart(torch.from_numpy(np.stack([motion(9, 1)] * 4)))
    one, two = (compose(parts, torch.Generator().manual_seed(5))[0] for _ in range(2))
    assert torch.equal(one.legs, two.legs)
