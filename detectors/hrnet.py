"""HRNet as a keypointer: the published weights, with the official crop, flip test and decoding."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from poselift import weights
from poselift.detectors.heatmaps import decode_dark, decode_quarter
from poselift.detectors.topdown import TopDown
from poselift.device import resolve_device
from poselift.errors import PoseliftError
from poselift.skeleton import COCO17
from poselift.weights.checkpoint import find_state_dict, read_checkpoint

if TYPE_CHECKING:
    from torch import Tensor

    from poselift.detectors.hrnet_model import PoseHRNet

Size = tuple[int, int]

STRIDE = 4
#: RGB, of ImageNet.
_MEAN = np.array([0.485, 0.456, 0.406], np.float32) * 255
_SPREAD = np.array([0.229, 0.224, 0.225], np.float32) * 255
#: What mmpose puts before the official names: a wrapper's, its backbone's, its head's (1.x, 0.x).
_PREFIXES = ("module.", "backbone.", "head.", "keypoint_head.")
_TELLS_WIDTH = "stage2.0.branches.0.0.conv1.weight"
_COUNTER = "num_batches_tracked"  # of training; files of old torch versions have none


class HRNet(TopDown):
    """Reads COCO-17 joints with HRNet, one crop per person."""

    skeleton = COCO17

    def __init__(
        self,
        file: str | Path | None = None,
        name: str = "hrnet-w48-384",
        device: str = "auto",
        size: Size | None = None,
        flip_test: bool = True,
        decode: Literal["quarter", "dark"] = "dark",
        batch: int | None = None,
        threads: int | None = None,
    ) -> None:
        """Load the model.

        Args:
            file: a checkpoint of the official code or of mmpose (0.x, 1.x); None takes `name`.
            name: the weights entry to take.
            device: auto, cpu, cuda, cuda:1 or mps.
            size: width and height of the crop; None takes the entry's, or what the file's name
                says ("384x288" is height x width), or the published one for its width.
            flip_test: read the mirrored crop too and take the mean.
            decode: "dark" fits a Gaussian around the peak; "quarter" as published, which is up to
                a pixel of the crop off.
            batch: crops read together; None is 4, or 32 on a GPU.
            threads: not used, as torch's threads are the whole process's: `torch.set_num_threads`.
        """
        if decode not in ("quarter", "dark"):
            raise PoseliftError(f"Unknown decoding {decode!r}.", "Use 'quarter' or 'dark'.")
        path = Path(file) if file else weights.get(name)
        stated = size or (None if file else weights.entry(name).settings.get("size"))
        known = check_size(stated) if stated else None
        self.network = load_network(path)
        self.size = known or check_size(size_of(path.name, self.network))
        self.flip_test = flip_test
        self._dark_kernel = 17 if self.size[1] > 256 else 11
        self._decode = decode
        self._device = resolve_device(device)
        self.batch = batch or (4 if self._device.type == "cpu" else 32)
        self.network.to(self._device).eval()

    def read(self, crops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(N, H, W, 3) BGR uint8 to (N, 17, 2) in pixels of the crop and (N, 17) scores."""
        heatmaps = self.heatmaps(crops)
        if self._decode == "dark":
            cells, score = decode_dark(heatmaps, self._dark_kernel)
        else:
            cells, score = decode_quarter(heatmaps)
        return cells * STRIDE, score

    def heatmaps(self, crops: np.ndarray) -> np.ndarray:
        """(N, H, W, 3) BGR uint8 to (N, 17, H/4, W/4)."""
        import torch

        pixels = (crops[..., ::-1].astype(np.float32) - _MEAN) / _SPREAD
        x = torch.from_numpy(np.ascontiguousarray(pixels.transpose(0, 3, 1, 2))).to(self._device)
        with torch.inference_mode():
            maps = self.network(x)
            if self.flip_test:
                maps = (maps + mirror_heatmaps(self.network(x.flip(3)))) / 2
        result: np.ndarray = maps.float().cpu().numpy()
        return result


def mirror_heatmaps(heatmaps: Tensor) -> Tensor:
    """Heatmaps of a mirrored crop as those of the crop itself: (N, 17, h, w).

    Cells of a mirrored map lie one to the left of where they belong, as the crop is four times as
    wide: the official shift puts that right.
    """
    import torch

    back = heatmaps[:, list(COCO17.mirror)].flip(3)
    return torch.cat([back[..., :1], back[..., :-1]], dim=3)


def load_network(path: Path) -> PoseHRNet:
    """The network of a checkpoint; every tensor of the file and of the network must meet."""
    import torch

    from poselift.detectors.hrnet_model import PoseHRNet

    state = find_state_dict(read_checkpoint(path), path.name, prefixes=_PREFIXES)
    if _TELLS_WIDTH not in state:
        raise PoseliftError(
            f"{path.name} is not an HRNet for poses: it has no {_TELLS_WIDTH}.",
            "Take a pose_hrnet checkpoint of the official code, or one of mmpose's "
            "td-hm_hrnet models.",
        )
    width = int(state[_TELLS_WIDTH].shape[0])
    with torch.device("meta"):  # shapes only: the values would be thrown away
        network = PoseHRNet(width)
    expected = network.state_dict()
    _check(state, expected, path.name, width)
    filled = {
        key: state[key].to(value.dtype) if key in state else torch.zeros((), dtype=value.dtype)
        for key, value in expected.items()
    }
    network.load_state_dict(filled, assign=True)
    return network.eval()


def _check(state: Mapping[str, Any], ours: Mapping[str, Any], file: str, width: int) -> None:
    unknown = [key for key in state if key not in ours]
    missing = [key for key in ours if key not in state and not key.endswith(_COUNTER)]
    shapes = [
        f"{key} {tuple(state[key].shape)} for {tuple(ours[key].shape)}"
        for key in ours
        if key in state and state[key].shape != ours[key].shape
    ]
    trouble = [
        f"{what}: {', '.join(some[:4])}{f' and {len(some) - 4} more' if len(some) > 4 else ''}"
        for what, some in (("unknown", unknown), ("missing", missing), ("other shapes", shapes))
        if some
    ]
    if trouble:
        raise PoseliftError(
            f"{file} does not fit HRNet-W{width} with 17 joints ({'; '.join(trouble)}).",
            "It may be for other joints (WholeBody, MPII) or a variant of the network: take a "
            "COCO checkpoint of pose_hrnet, or use `mmpose` with the model's own config.",
        )


def size_of(file: str, network: PoseHRNet) -> Size:
    """Width and height of the crop that a file is for, by its name, else by its width.

    A checkpoint does not say: any size runs, the wrong one is only worse.
    """
    said = re.search(r"(\d{3})x(\d{3})", file)
    if said:
        return int(said[2]), int(said[1])
    return (288, 384) if network.final_layer.in_channels >= 48 else (192, 256)


def check_size(size: Size) -> Size:
    """The size, if the network can halve it five times."""
    width, height = size
    if width < 32 or height < 32 or width % 32 or height % 32:
        raise PoseliftError(
            f"HRNet cannot read crops of {width}x{height}.", "Both must be multiples of 32."
        )
    return int(width), int(height)
