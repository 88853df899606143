import numpy as np
import pytest
import torch

from poselift.lifter.data.people import MovingPeople
from poselift.lifter.data.planted import planted_feet
from tests.lifter.synthetic_motion import motion

RIGHT, LEFT = 3, 6
FPS = 30.0


def standing(frames: int = 30) -> torch.Tensor:
    """(1, T, 17, 3) somebody who does not move."""
    return torch.from_numpy(np.repeat(motion(1, 0)[None], frames, axis=1))


def level_feet(joints: torch.Tensor) -> torch.Tensor:
    out = joints.clone()
    out[:, :, [RIGHT, LEFT], 2] = out[..., 2].amin()
    return out


def test_who_stands_stands_on_both_feet() -> None:
    assert (planted_feet(level_feet(standing()), FPS) == 1).all()


def test_a_lifted_foot_and_a_moving_foot_are_not_planted() -> None:
    lifted = level_feet(standing())
    lifted[:, :, LEFT, 2] += 0.2
    feet = planted_feet(lifted, FPS)
    assert (feet[..., 0] == 1).all()
    assert (feet[..., 1] == 0).all()
    sliding = level_feet(standing())
    sliding[0, :, RIGHT, 0] += torch.arange(30) / FPS  # 1 m/s
    assert (planted_feet(sliding, FPS)[..., 0] == 0).all()
    assert (planted_feet(sliding, FPS)[..., 1] == 1).all()


@pytest.mark.parametrize("shift", [-0.3, 0.5])
def test_where_the_capture_put_its_floor_does_not_matter(shift: float) -> None:
    joints = torch.from_numpy(np.stack([motion(30, seed) for seed in range(20)]))
    moved = joints + torch.tensor([0.0, 0.0, shift])
    assert torch.equal(planted_feet(joints, FPS), planted_feet(moved, FPS))


def test_the_rate_counts() -> None:
    joints = level_feet(standing())
    joints[0, :, RIGHT, 0] += 0.02 * torch.arange(30)
    assert (planted_feet(joints, 10.0)[..., 0] == 1).all()  # 0.2 m/s
    assert (planted_feet(joints, torch.tensor([60.0]))[..., 0] == 0).all()  # 1.2 m/s


def test_a_handstand_does_not_stand_on_its_feet() -> None:
    turned = standing() * torch.tensor([1.0, -1.0, -1.0])
    assert (planted_feet(turned, FPS) == 0).all()


def test_nothing_is_said_of_bodies_that_were_turned_over() -> None:
    joints = level_feet(standing()).expand(2, -1, -1, -1)
    people = MovingPeople(joints, torch.tensor([FPS, FPS]), torch.tensor([True, False]))
    feet = people.planted()
    assert (feet[0] == 1).all()
    assert feet[1].isnan().all()
