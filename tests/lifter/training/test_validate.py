import numpy as np
import pytest
import torch

from poselift.lifter import scores
from poselift.lifter.training.validate import measure

CPU = torch.device("cpu")


def test_measure_agrees_with_the_metrics() -> None:
    rng = np.random.default_rng(0)
    guess, truth = (rng.normal(size=(5, 9, 17, 3)).astype(np.float32) for _ in range(2))
    ours = measure(torch.from_numpy(guess), torch.from_numpy(truth)).summary()
    theirs = scores.score(list(guess), list(truth), ["x"] * 5).overall
    assert ours["mpjpe"] == pytest.approx(theirs["MPJPE"], rel=1e-4)
    assert ours["p_mpjpe"] == pytest.approx(theirs["P-MPJPE"], rel=1e-3)
    assert ours["mpjve"] == pytest.approx(theirs["MPJVE"], rel=1e-4)
