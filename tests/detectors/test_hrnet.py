from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from poselift.detectors.heatmaps import decode_dark, decode_quarter, peaks
from poselift.detectors.hrnet import HRNet, load_network, mirror_heatmaps, size_of
from poselift.detectors.hrnet_model import PoseHRNet
from poselift.detectors.topdown import cut_upright
from poselift.errors import PoseliftError
from poselift.skeleton import COCO17
from poselift.types import People

SMALL = (64, 96)  # width, height: quick to read
PUBLISHED = {32: 28.5, 48: 63.6}  # millions of parameters, as the official repository lists them


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Many small convolutions on a busy machine: threads would wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def seeded(width: int = 32) -> PoseHRNet:
    torch.manual_seed(0)
    return PoseHRNet(width).eval()


@pytest.fixture(scope="module")
def w32() -> PoseHRNet:
    return seeded()


@pytest.fixture(scope="module")
def file(w32: PoseHRNet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("hrnet") / "w32_256x192.pth"
    torch.save(w32.state_dict(), path)
    return path


@pytest.mark.parametrize("width", [32, 48])
def test_it_has_the_published_tensors(width: int) -> None:
    with torch.device("meta"):
        network = PoseHRNet(width)
    names = network.state_dict()
    assert len(names) == 1754
    millions = sum(value.numel() for value in network.parameters()) / 1e6
    assert millions == pytest.approx(PUBLISHED[width], abs=0.05)
    for name in (
        "transition1.1.0.0.weight",
        "transition2.2.0.0.weight",
        "transition3.3.0.1.running_var",
        "layer1.0.downsample.0.weight",
        "stage3.3.fuse_layers.2.0.1.0.weight",
        "stage4.2.fuse_layers.0.3.0.weight",
        "final_layer.bias",
    ):
        assert name in names
    assert not any(name.startswith("stage4.2.fuse_layers.1") for name in names)


def mmpose_name(name: str, head: str) -> str:
    return f"{head}.{name}" if name.startswith("final_layer") else f"backbone.{name}"


@pytest.mark.parametrize("layout", ["official", "parallel", "mmpose 0.x", "mmpose 1.x"])
def test_every_layout_gives_the_same_network(w32: PoseHRNet, tmp_path: Path, layout: str) -> None:
    state = w32.state_dict()
    if layout == "parallel":
        state = {"module." + key: value for key, value in state.items()}
    elif layout != "official":
        head = "keypoint_head" if "0" in layout else "head"
        renamed = {mmpose_name(key, head): value for key, value in state.items()}
        state = {"meta": {"epoch": 210}, "state_dict": renamed}
    torch.save(state, tmp_path / "w.pth")
    loaded = load_network(tmp_path / "w.pth").state_dict()
    assert loaded.keys() == w32.state_dict().keys()
    assert all(torch.equal(loaded[key], value) for key, value in w32.state_dict().items())


def spoilt(network: PoseHRNet, how: str) -> dict[str, torch.Tensor]:
    state = dict(network.state_dict())
    if how == "unknown":
        state["head.deconv_layers.0.weight"] = torch.ones(1)
    elif how == "missing":
        del state["final_layer.bias"]
    elif how == "shapes":
        state["final_layer.weight"] = torch.ones(133, 32, 1, 1)
    else:
        state = {"fc.weight": torch.ones(3)}
    return state


@pytest.mark.parametrize("how", ["unknown", "missing", "shapes", "not an HRNet"])
def test_a_file_that_does_not_fit_is_refused(w32: PoseHRNet, tmp_path: Path, how: str) -> None:
    torch.save(spoilt(w32, how), tmp_path / "w.pth")
    with pytest.raises(PoseliftError, match=how):
        load_network(tmp_path / "w.pth")


def test_the_size_is_told_by_the_name_or_the_width(w32: PoseHRNet) -> None:
    assert size_of("hrnet_w32_coco_384x288-abc.pth", w32) == (288, 384)
    assert size_of("mine.pth", w32) == (192, 256)


def test_the_whole_way_with_random_weights(file: Path) -> None:
    keypointer = HRNet(file, device="cpu", size=SMALL)
    images = [np.random.default_rng(0).integers(0, 255, (300, 400, 3), np.uint8)] * 2
    boxes = np.array([[100, 50, 200, 250], [-50, -20, 60, 90], [300, 200, 500, 400]], np.float32)
    people = [People(boxes, np.ones(3, np.float32)), People.none()]
    first, second = keypointer(images, people)
    assert first.skeleton is COCO17
    assert first.xy.shape == (3, 17, 2)
    assert len(second) == 0
    assert np.isfinite(first.xy).all()
    assert ((first.score >= 0) & (first.score <= 1)).all()
    for box, xy in zip(boxes, first.xy, strict=True):  # joints lie in the grown box
        middle, span = (box[:2] + box[2:]) / 2, np.ptp(box.reshape(2, 2), axis=0).max() * 1.25
        assert (np.abs(xy - middle) <= span * 0.76).all()


def test_the_flip_test_undoes_a_mirror() -> None:
    """The map of a joint comes back under its other side's name, one cell to the right."""
    maps = torch.zeros(1, 17, 4, 6)
    left_wrist, right_wrist = COCO17.index("left wrist"), COCO17.index("right wrist")
    maps[0, right_wrist, 2, 1] = 1  # of the mirrored crop; from the right it is column 4
    back = mirror_heatmaps(maps)
    assert back[0, left_wrist, 2, 5] == 1
    assert back.sum() == 1


def test_the_flip_test_is_the_mean_of_both(file: Path, w32: PoseHRNet) -> None:
    crop = np.random.default_rng(1).integers(0, 255, (1, 96, 64, 3), np.uint8)
    both = HRNet(file, device="cpu", size=SMALL).heatmaps(crop)
    once = HRNet(file, device="cpu", size=SMALL, flip_test=False)
    mirrored = torch.from_numpy(once.heatmaps(np.ascontiguousarray(crop[:, :, ::-1])))
    mean = (once.heatmaps(crop) + mirror_heatmaps(mirrored).numpy()) / 2
    np.testing.assert_allclose(both, mean, atol=1e-5)


def gaussian(x: float, y: float, sigma: float = 2.0) -> np.ndarray:
    column, row = np.meshgrid(np.arange(48), np.arange(64))
    return np.exp(-((column - x) ** 2 + (row - y) ** 2) / (2 * sigma**2)).astype(np.float32)


def test_decoding_finds_a_known_joint() -> None:
    maps = np.stack([gaussian(20.3, 30.6), gaussian(20.0, 30.0) * 0.5, np.zeros((64, 48))])[None]
    xy, score = decode_quarter(maps.astype(np.float32))
    np.testing.assert_allclose(xy[0], [[20.25, 30.75], [20, 30], [0, 0]])
    np.testing.assert_allclose(score[0], [maps[0, 0].max(), 0.5, 0], atol=1e-6)
    xy, score = decode_dark(maps.astype(np.float32))
    np.testing.assert_allclose(xy[0], [[20.3, 30.6], [20, 30], [0, 0]], atol=0.02)
    np.testing.assert_allclose(score[0], [maps[0, 0].max(), 0.5, 0], atol=1e-6)


@pytest.mark.parametrize(("sigma", "kernel"), [(2.0, 11), (3.0, 17)])
def test_a_joint_is_read_as_far_on_as_it_was_moved(sigma: float, kernel: int) -> None:
    """Within a tenth of a pixel of the crop, of which a cell has four."""
    moved = np.arange(0, 1, 1 / 16)
    maps = np.stack([gaussian(20 + by, 30 + by / 2, sigma) for by in moved])[:, None]
    xy, _ = decode_dark(maps, kernel)
    true = np.stack([20 + moved, 30 + moved / 2], axis=-1)
    assert np.abs(4 * (xy[:, 0] - true)).max() < 0.1


def test_dark_stays_by_the_peak_of_maps_that_are_no_hills() -> None:
    maps = np.random.default_rng(0).random((4, 17, 64, 48)).astype(np.float32)
    xy, _ = decode_dark(maps)
    assert np.abs(xy - peaks(maps)[0]).max() <= 1


@pytest.mark.parametrize("decode", [decode_quarter, decode_dark])
@pytest.mark.parametrize("corner", [(0, 0), (47, 0), (0, 63), (47, 63), (1, 1), (46, 62)])
def test_a_peak_at_the_edge_stays_there(decode, corner: tuple[int, int]) -> None:
    maps = np.zeros((1, 1, 64, 48), np.float32)
    maps[0, 0, corner[1], corner[0]] = 1
    xy, _ = decode(maps)
    np.testing.assert_allclose(xy[0, 0], corner, atol=0.26)


def test_the_crop_is_the_official_one() -> None:
    """Box (100, 50, 200, 250): 200 high needs 150 wide for 3:4; times 1.25 is 187.5 x 250."""
    image = np.zeros((400, 400, 3), np.uint8)
    crop = cut_upright(image, np.array([100, 50, 200, 250]), 1.25, (192, 256))
    corners = crop.points_to_picture(np.array([[0, 0], [192, 256], [96, 128]], np.float32))
    np.testing.assert_allclose(corners, [[56.25, 25], [243.75, 275], [150, 150]], atol=1e-3)


def test_unknown_choices_are_said(file: Path) -> None:
    assert HRNet(file, device="cpu").size == (192, 256)
    with pytest.raises(PoseliftError, match="Unknown decoding"):
        HRNet(file, decode="best")  # type: ignore[arg-type]
    with pytest.raises(PoseliftError, match="100x100"):
        HRNet(file, size=(100, 100))


@pytest.mark.mmpose
@pytest.mark.parametrize("width", [32, 48])
def test_the_network_is_mmposes(width: int) -> None:
    from mmpose.models import HeatmapHead
    from mmpose.models import HRNet as Theirs

    def stage(modules: int, branches: int) -> dict:
        widths = tuple(width * 2**i for i in range(branches))
        return {"num_modules": modules, "num_branches": branches, "block": "BASIC",
                "num_blocks": (4,) * branches, "num_channels": widths}  # fmt: skip

    stage1 = {"num_modules": 1, "num_branches": 1, "block": "BOTTLENECK", "num_blocks": (4,),
              "num_channels": (64,)}  # fmt: skip
    extra = {"stage1": stage1, "stage2": stage(1, 2), "stage3": stage(4, 3), "stage4": stage(3, 4)}
    backbone = Theirs(extra)
    head = HeatmapHead(width, 17, deconv_out_channels=None, loss={"type": "KeypointMSELoss"})
    ours = seeded(width)
    randomise(ours)
    state = {mmpose_name(key, "head"): value for key, value in ours.state_dict().items()}
    for part, name in ((backbone, "backbone."), (head, "head.")):
        mine = {k.removeprefix(name): v for k, v in state.items() if k.startswith(name)}
        part.load_state_dict(mine, strict=True)
        part.eval()
    x = torch.rand(2, 3, 128, 96, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        difference = (head(backbone(x)) - ours(x)).abs().max().item()
        spread = ours(x).std().item()
    print(
        f"W{width}: largest difference {difference:.1e}, heatmaps' standard deviation {spread:.2f}"
    )
    assert difference < 1e-4


def randomise(network: PoseHRNet) -> None:
    """Statistics as of a trained network: those of a fresh one leave the normalisation untried."""
    generator = torch.Generator().manual_seed(2)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1, generator=generator)
            module.running_var.uniform_(0.5, 1.5, generator=generator)
    with torch.no_grad():
        network.final_layer.weight.mul_(100)
