import numpy as np
import torch
from scipy.spatial.transform import Rotation

from poselift.lifter.training.losses import LossWeights, aligned_error, pose_loss

CPU = torch.device("cpu")


def test_alignment_forgives_turn_size_and_place() -> None:
    rng = np.random.default_rng(0)
    pose = rng.normal(size=(20, 17, 3))
    turned = pose @ Rotation.random(random_state=0).as_matrix() * 1.7 + 3
    assert aligned_error(torch.from_numpy(turned), torch.from_numpy(pose)) < 1e-6
    mirrored = pose * [-1, 1, 1]
    assert aligned_error(torch.from_numpy(mirrored), torch.from_numpy(pose)) > 0.1


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
