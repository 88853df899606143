import math

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from poselift.lifter.data.windows import WindowBatch
from poselift.lifter.models.packed import Heads
from poselift.lifter.training.losses import (
    LossWeights,
    aligned_error,
    closeness_cost,
    direction_cost,
    heads_loss,
    length_cost,
    pose_loss,
)

CPU = torch.device("cpu")


def test_alignment_forgives_turn_size_and_place() -> None:
    rng = np.random.default_rng(0)
    pose = rng.normal(size=(20, 17, 3))
    turned = pose @ Rotation.random(random_state=0).as_matrix() * 1.7 + 3
    assert aligned_error(torch.from_numpy(turned), torch.from_numpy(pose)).max() < 1e-6
    mirrored = pose * [-1, 1, 1]
    assert aligned_error(torch.from_numpy(mirrored), torch.from_numpy(pose)).min() > 0.1


def test_the_loss_ignores_repeated_frames_and_is_zero_at_the_truth() -> None:
    truth = torch.randn(3, 9, 17, 3)
    known = torch.ones(3, 9)
    known[:, 5:] = 0
    assert pose_loss(truth, truth, known, LossWeights()) < 1e-4
    wrong = truth.clone()
    wrong[:, 5:] += 10
    assert pose_loss(wrong, truth, known, LossWeights()) < 1e-4
    wrong[:, :5] += 0.1 * torch.randn(3, 5, 17, 3)
    assert pose_loss(wrong, truth, known, LossWeights()) > 0.1


def test_flicker_costs_more_than_an_offset() -> None:
    truth = torch.randn(2, 9, 17, 3)
    known = torch.ones(2, 9)
    offset = torch.full((2, 9, 17, 3), 0.02)
    flicker = offset * torch.tensor([1.0, -1.0]).repeat(5)[:9, None, None]
    weights = LossWeights(aligned=0.0)
    still = pose_loss(truth + offset, truth, known, weights)
    assert pose_loss(truth + flicker, truth, known, weights) > 2 * still


def test_directions_cost_is_a_density_over_the_sphere() -> None:
    """Summed over directions drawn evenly the densities give 1, however sure they are."""
    rng = torch.Generator().manual_seed(0)
    even = torch.randn(200_000, 3, generator=rng)
    even = even / even.norm(dim=-1, keepdim=True)
    for k in (1e-3, 0.3, 2.0, 20.0):
        density = torch.exp(-direction_cost(torch.tensor([0.0, -k, 0.0]).expand_as(even), even))
        assert density.mean() == pytest.approx(1, abs=0.05)


def test_being_sure_pays_when_right_and_costs_when_wrong() -> None:
    true = torch.tensor([[0.0, -1.0, 0.0]])
    sure, unsure, wrong = (
        float(direction_cost(torch.tensor([[0.0, -k, 0.0]]), true)) for k in (50.0, 1.0, -50.0)
    )
    assert sure < unsure < wrong


def told(**known: torch.Tensor) -> WindowBatch:
    """Two windows of which only this is known."""
    return WindowBatch(
        torch.zeros(2, 9, 17, 3), torch.zeros(2, 9, 17, 3), torch.ones(2, 9), **known
    )


def at_rest() -> Heads:
    """Heads that say nothing yet, of two windows."""
    sizes = (3, 2, 17, 2, 4)
    return Heads(*(torch.zeros(2, 9, size, requires_grad=True) for size in sizes))


def test_heads_learn_what_is_known_and_nothing_from_what_is_not() -> None:
    pose, known, heads = torch.zeros(2, 9, 17, 3), torch.ones(2, 9), at_rest()
    up = torch.tensor([0.0, -1.0, 0.0]).repeat(2, 9, 1)
    planted = torch.ones(2, 9, 2)
    up[1], planted[1] = torch.nan, torch.nan
    batch = told(up=up, planted=planted)
    loss = heads_loss(heads, pose, pose + 0.1, batch, known, LossWeights())
    loss.backward()
    assert loss.isfinite()
    assert (heads.up.grad[0, :, 1] > 0).all()  # downhill is up
    assert (heads.planted.grad[0] < 0).all()
    assert (heads.spread.grad[..., 1:] > 0).all()  # 1 m is too much
    assert (heads.up.grad[1] == 0).all()
    assert (heads.planted.grad[1] == 0).all()
    assert heads.closeness.grad is None
    assert heads.velocity.grad is None


def test_heads_of_the_room_learn_of_frames_that_are_known() -> None:
    pose, known, heads = torch.zeros(2, 9, 17, 3), torch.ones(2, 9), at_rest()
    known[1] = 0
    batch = told(
        closeness=torch.full((2, 9), 3.0), velocity=torch.tensor([0, 0, 2.0]).repeat(2, 9, 1)
    )
    heads_loss(heads, pose, pose, batch, known, LossWeights()).backward()
    assert (heads.closeness.grad[0] < 0).all()  # nearer, and more doubtful
    assert (heads.velocity.grad[0, :, 2:] < 0).all()  # away from the camera, likewise
    assert (heads.velocity.grad[0, :, :2] == 0).all()
    assert (heads.closeness.grad[1] == 0).all()
    assert (heads.velocity.grad[1] == 0).all()


def test_the_spread_that_costs_least_is_the_mean_error() -> None:
    error = torch.tensor([0.05, 0.15])
    costs = {
        size: float(length_cost(torch.tensor(size).log(), error).mean())
        for size in (0.05, 0.09, 0.1, 0.11, 0.2)
    }
    assert min(costs, key=costs.get) == 0.1  # type: ignore[arg-type]


def test_the_closeness_that_costs_least_is_the_true_one_as_doubtful_as_it_is() -> None:
    true = torch.tensor([0.1, 0.3])

    def cost(mean: float, sd: float) -> float:
        said = torch.tensor([mean, math.log(sd)]).expand(2, 2)
        return float(closeness_cost(said, true).mean())

    best = cost(0.2, 0.1)
    assert best < min(cost(0.19, 0.1), cost(0.21, 0.1), cost(0.2, 0.09), cost(0.2, 0.11))
