import pytest
import torch

from poselift.lifter import models

PAPER = [  # settings, millions of parameters in the paper's tables
    ({"frames": 9}, 2.56),
    ({"frames": 27}, 2.65),
    ({"frames": 81}, 3.43),
    ({"frames": 143}, 5.24),
    ({"frames": 243}, 10.24),
    ({"width": 16}, 0.65),
    ({"width": 16, "temporal_blocks": 4}, 1.26),
    ({"width": 16, "spatial_blocks": 4}, 0.69),
    ({"temporal_blocks": 4}, 4.95),
    ({"spatial_blocks": 4}, 2.70),
    ({"width": 64}, 9.97),
    ({"kernels": (3,)}, 2.44),
    ({"kernels": (3, 3)}, 2.46),
    ({"kernels": (3, 3, 3)}, 2.48),
    ({"kernels": (5,)}, 2.46),
    ({"kernels": (5, 5, 5)}, 2.52),
    ({"kernels": (7,)}, 2.47),
    ({"kernels": (7, 7)}, 2.51),
    ({"kernels": (7, 7, 7)}, 2.56),
    ({"kernels": (9,)}, 2.48),
    ({"kernels": (9, 9)}, 2.54),
    ({"kernels": (9, 9, 9)}, 2.60),
    ({"kernels": (3, 5, 7)}, 2.52),
    ({"kernels": (5, 7, 9)}, 2.56),
]


@pytest.mark.parametrize(("settings", "millions"), PAPER)
def test_parameter_counts_of_the_paper(settings: dict, millions: float) -> None:
    net = models.create("convformer", **{"frames": 9, **settings})
    assert sum(p.numel() for p in net.parameters()) / 1e6 == pytest.approx(millions, rel=0.02)


def test_training_with_summed_kernels_is_the_same_function() -> None:
    settings = {"frames": 9, "width": 8, "kernels": (3, 7), "dropout": 0.0, "drop_path": 0.0}
    net = models.create("convformer", **settings)
    for block in net.temporal_blocks:
        torch.nn.init.normal_(block.projections.query.weights)
    x = torch.rand(2, 9, 17, 2)
    (net.train()(x) ** 2).sum().backward()
    gradients = {k: v.grad.clone() for k, v in net.named_parameters()}
    net.zero_grad()
    (net.eval()(x) ** 2).sum().backward()
    for key, weight in net.named_parameters():
        torch.testing.assert_close(weight.grad, gradients[key], atol=1e-5, rtol=1e-4)
