import numpy as np
import pytest
import torch

from lifter import scores

CPU = torch.device("cpu")


def test_perfect_poses_score_perfectly_and_joints_are_told_apart() -> None:
    truth = [np.random.default_rng(i).normal(size=(12, 17, 3)) for i in range(3)]
    perfect = scores.score(truth, truth, ["a", "b", "a"])
    assert perfect.overall["MPJPE"] == 0
    assert perfect.overall["PCK"] == 100
    worse = [pose.copy() for pose in truth]
    worse[1][:, 16] += [0.3, 0, 0]
    result = scores.score(worse, truth, ["a", "b", "a"])
    assert result.joints["right wrist"]["MPJPE"] == pytest.approx(100)
    assert result.worst(1)[0][0] == "b"
    assert result.mean_of_actions["MPJPE"] == pytest.approx(300 / 17 / 2)
    assert "| b |" in scores.table(result.actions)


def test_made_joints_are_left_out() -> None:
    truth = [np.zeros((4, 17, 3))]
    guess = [np.zeros((4, 17, 3))]
    guess[0][:, 7] = 1
    assert scores.score(guess, truth, ["a"], made=(7,)).overall["MPJPE"] == 0
