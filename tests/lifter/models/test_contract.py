"""What holds for every lifter in the registry; a new one runs through this by being there."""

import numpy as np
import onnxruntime
import pytest
import torch

from poselift.errors import PoseliftError
from poselift.lifter import models
from poselift.lifter.models import packed

SMALL = {
    "poseformerv2": {
        "frames": 27, "frames_kept": 3, "coefficients_kept": 4, "width": 8, "depth": 2,
    },
    "sct": {"frames": 20, "width": 16, "depth": 3, "heads": 2, "pruned_layers": (0, 2)},
    "ftcm": {"frames": 28, "width": 64, "blocks": 2},
    "convformer": {"frames": 9, "width": 8, "kernels": (3, 5)},
    "poselift": {"frames": 9, "width": 32, "depth": 2, "heads": 4},
    "poselift2": {"frames": 9, "width": 32, "depth": 2, "attention_heads": 4},
}  # fmt: skip


@pytest.fixture(params=models.names())
def net(request: pytest.FixtureRequest) -> models.LifterNet:
    torch.manual_seed(0)
    made = models.create(request.param, **SMALL.get(request.param, {}))
    with torch.no_grad():  # away from the narrow start, so that differences are large enough to see
        for weight in made.parameters():
            weight.add_(0.05 * torch.randn_like(weight))
    return made.eval()


def window(net: models.LifterNet, batch: int = 3) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.rand(batch, net.frames, models.JOINTS, net.channels, generator=generator) * 2 - 1


def test_shape(net: models.LifterNet) -> None:
    assert net(window(net)).shape == (3, net.frames if net.output == "all" else 1, 17, 3)


def test_the_pose_is_packed_with_what_the_heads_say(net: models.LifterNet) -> None:
    x = window(net)
    said = net.packed(x)
    assert said.shape == (3, net.frames if net.output == "all" else 1, 73 if net.heads else 51)
    torch.testing.assert_close(packed.pose_of(said), net(x), atol=1e-6, rtol=0)
    frozen = models.freeze(net)
    torch.testing.assert_close(frozen.packed(x), said, atol=1e-5, rtol=1e-5)


def test_one_pose_by_itself_is_that_of_the_window(net: models.LifterNet) -> None:
    x = window(net)
    whole = net.live(x)
    for position in {0, whole.shape[1] // 2, whole.shape[1] - 1}:
        one = net.live_at(x, position)
        torch.testing.assert_close(one, whole[:, position : position + 1], atol=1e-5, rtol=1e-5)


def test_every_weight_learns(net: models.LifterNet) -> None:
    net.train()
    for module in net.modules():  # a dropped path has no gradient
        if hasattr(module, "rate"):
            module.rate = 0.0
    (net.packed(window(net)) ** 2).sum().backward()
    still = [k for k, v in net.named_parameters() if v.grad is None or not v.grad.abs().sum() > 0]
    # A lone token's or channel's key has no say in a softmax; key biases shift all scores alike.
    assert [k for k in still if "key" not in k] == []


def test_windows_do_not_mix(net: models.LifterNet) -> None:
    x = window(net)
    together = net(x)
    for i in range(len(x)):
        torch.testing.assert_close(net(x[i : i + 1]), together[i : i + 1], atol=1e-5, rtol=0)


def test_a_frames_encoding_does_not_depend_on_its_window(net: models.LifterNet) -> None:
    x = window(net, 1)
    kept = x[0, net.encoded_frames]
    alone = torch.cat([net.encode(frame[None]) for frame in kept])
    torch.testing.assert_close(net.lift(alone[None], x), net(x), atol=1e-5, rtol=0)


def test_mirrored_input_in_the_same_batch(net: models.LifterNet) -> None:
    x = window(net, 1)
    mirrored = x * torch.tensor([-1.0, 1.0, 1.0][: net.channels])
    both = net(torch.cat([x, mirrored]))
    torch.testing.assert_close(both[1:], net(mirrored), atol=1e-5, rtol=0)
    assert (both[0] - both[1]).abs().max() > 1e-4


def test_strided_input(net: models.LifterNet) -> None:
    clip = window(net, 1)[0].repeat(2, 1, 1)
    windows = clip.unfold(0, net.frames, 1).permute(0, 3, 1, 2)
    assert not windows.is_contiguous()
    torch.testing.assert_close(net(windows), net(windows.contiguous()), atol=1e-5, rtol=0)


def test_freezing_changes_no_number(net: models.LifterNet) -> None:
    x, before = window(net), {k: v.clone() for k, v in net.state_dict().items()}
    frozen = models.freeze(net)
    torch.testing.assert_close(frozen(x), net(x), atol=1e-5, rtol=1e-5)
    assert not any(p.requires_grad for p in frozen.parameters())
    assert all(torch.equal(v, before[k]) for k, v in net.state_dict().items())
    torch.testing.assert_close(models.freeze(frozen)(x), frozen(x), atol=0, rtol=0)


def test_save_and_load(net: models.LifterNet, tmp_path) -> None:
    path = models.save(net, tmp_path / "net.safetensors", {"normalisation": "crop"})
    again = models.load(path)
    assert not again.training
    assert torch.equal(again(window(net)), net(window(net)))
    header = models.read_header(path)
    assert (header.model, header.extra) == (net.name, {"normalisation": "crop"})
    assert models.create(header.model, **header.settings).settings == net.settings
    assert [p.name for p in tmp_path.iterdir()] == ["net.safetensors"]


@pytest.mark.parametrize(("dtype", "error"), [(torch.bfloat16, 0.02), (torch.float16, 0.003)])
def test_half_precision(net: models.LifterNet, dtype: torch.dtype, error: float) -> None:
    x = window(net)
    exact = net(x)
    for half in (models.freeze(net).to(dtype), net.to(dtype)):
        pose = half(x)
        assert pose.dtype == torch.float32
        assert (pose - exact).abs().max() < error * exact.abs().max()
        assert half(x.to(dtype)).dtype == dtype


def test_autocast(net: models.LifterNet) -> None:
    x = window(net)
    with torch.autocast("cpu", torch.bfloat16):
        pose = net(x)
    assert (pose - net(x)).abs().max() < 0.02 * net(x).abs().max()


def test_onnx(net: models.LifterNet, tmp_path) -> None:
    path = models.export_onnx(net, tmp_path / "net.onnx")
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    for batch in (1, 4):
        x = window(net, batch)
        (pose,) = session.run(None, {"x": x.numpy()})
        np.testing.assert_allclose(pose, net(x).detach().numpy(), atol=1e-5)


def test_compiles_in_one_graph(net: models.LifterNet) -> None:
    frozen = models.freeze(net)
    compiled = torch.compile(frozen, fullgraph=True, backend="eager")
    torch.testing.assert_close(compiled(window(net)), frozen(window(net)), atol=1e-6, rtol=0)


@pytest.mark.slow
def test_exports_the_new_way(net: models.LifterNet, tmp_path) -> None:
    batch = {0: torch.export.Dim.DYNAMIC}
    torch.onnx.export(
        net, (window(net),), tmp_path / "net.onnx", dynamo=True, dynamic_shapes=(batch,)
    )
    session = onnxruntime.InferenceSession(tmp_path / "net.onnx")
    x = window(net, 5)
    (pose,) = session.run(None, {session.get_inputs()[0].name: x.numpy()})
    np.testing.assert_allclose(pose, net(x).detach().numpy(), atol=1e-5)


@pytest.mark.slow
def test_compiles_to_machine_code(net: models.LifterNet) -> None:
    torch._dynamo.reset()  # what the other networks left counts against a limit
    frozen = models.freeze(net)
    compiled = torch.compile(frozen, fullgraph=True)
    torch.testing.assert_close(compiled(window(net)), frozen(window(net)), atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    "shape", [(0,), (1, 999, 17, 2), (1, 5, 16, 3), (5, 17, 2), (1, 0, 17, 2), (1, 27, 17, 7)]
)
def test_other_shapes_are_refused(net: models.LifterNet, shape: tuple[int, ...]) -> None:
    with pytest.raises(PoseliftError, match=f"{net.frames}, 17, {net.channels}") as caught:
        net(torch.zeros(shape))
    assert str(shape) in caught.value.message


def test_whole_numbers_are_refused(net: models.LifterNet) -> None:
    with pytest.raises(PoseliftError, match="int64"):
        net(window(net).long())


def test_sample_in_training_is_random_and_in_use_is_not(net: models.LifterNet) -> None:
    x = window(net)
    assert torch.equal(net(x), net(x))
    if net.settings.get("drop_path") or net.settings.get("dropout"):
        net.train()
        assert not torch.equal(net(x), net(x))


def test_frozen_matrices_lie_as_they_are_read(net: models.LifterNet) -> None:
    frozen = models.freeze(net)
    linear = [part for part in frozen.modules() if isinstance(part, torch.nn.Linear)]
    assert linear
    assert all(part.weight.t().is_contiguous() for part in linear)
