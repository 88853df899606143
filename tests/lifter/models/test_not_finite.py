"""Weights that are no numbers are rejected, when they are read or at the latest when they lift."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from poselift.errors import PoseliftError
from poselift.lifter import models
from poselift.lifter.clip import ClipLifter
from tests.lifter.small_nets import IMAGE, random_track, small_net


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_are_rejected(tmp_path: Path, value: float) -> None:
    net = small_net("ftcm")
    with torch.no_grad():
        next(net.parameters()).view(-1)[0] = value
    path = models.save(net, tmp_path / "net.safetensors")
    with pytest.raises(PoseliftError, match="no number"):
        models.load(path)
    with pytest.raises(PoseliftError, match="no numbers"):
        ClipLifter.from_net(net)([random_track(5)], image_size=IMAGE, fps=30)
