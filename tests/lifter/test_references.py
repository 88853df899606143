from pathlib import Path

import pytest
import torch

from poselift.errors import PoseliftError
from poselift.lifter import references
from poselift.lifter.data.windows import WindowBatch
from poselift.lifter.training.settings import TrainSettings
from tests.lifter.training.small_run import trainer


@pytest.mark.parametrize("name", ["linear", "martinez", "tcn"])
def test_references_learn_and_come_back(name: str, tmp_path: Path) -> None:
    network = {"frames": 9} if name == "linear" else {"frames": 9, "width": 32}
    settings = TrainSettings(model=name, network=network, batch=16, steps=3, muon=False)
    run = trainer(tmp_path, settings)
    run.train()
    x = torch.rand(2, 9, 17, 3)
    with torch.no_grad():
        out = references.load(tmp_path / "ema.safetensors")(x)
    assert out.shape == (2, 1 if name == "tcn" else 9, 17, 3)
    assert (out[:, :, 0] == 0).all()


def test_the_linear_fit_finds_a_linear_truth() -> None:
    class Linear:
        rng = torch.Generator().manual_seed(0)
        way = torch.randn(9 * 51, 9 * 51, generator=rng) / 20

        def windows(self, count: int) -> WindowBatch:
            x = torch.randn(count, 9, 17, 3, generator=self.rng)
            y = (x.flatten(1) @ self.way).view(count, 9, 17, 3)
            return WindowBatch(x, y - y[:, :, :1], torch.ones(count, 9))

    source = Linear()
    net = references.fit_linear(source, 2000, frames=9)
    asked = source.windows(10)
    with torch.no_grad():
        assert (net(asked.x) - asked.y).abs().max() < 0.01 * asked.y.abs().max()


def test_tcn_refuses_lengths_it_cannot_have() -> None:
    with pytest.raises(PoseliftError, match="3, 9, 27"):
        references.create("tcn", frames=10)
