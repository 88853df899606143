"""Any top-down model of mmpose, where mmpose imports; `docs/published-detectors.md` installs it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from poselift.detectors.images import as_bgr
from poselift.device import resolve_device
from poselift.errors import PoseliftError
from poselift.skeleton import COCO17, H36M17, Skeleton
from poselift.types import Keypoints, People
from poselift.weights.checkpoint import find_state_dict, read_checkpoint

#: COCO, Halpe and WholeBody, all of which begin with COCO's 17.
_BEGIN_WITH_COCO = (17, 26, 133, 136)


class MmposeTopDown:
    """Reads joints with a model of mmpose, named by its config file.

    mmpose runs the config file, which is Python: take it from whom you trust. The checkpoint is
    read by `poselift.weights.checkpoint`, which runs nothing.
    """

    reads_crops = True  # any part of a picture will do

    def __init__(
        self, file: str | Path, checkpoint: str | Path | None = None, device: str = "auto"
    ) -> None:
        """Load the model.

        Args:
            file: the model's config, a `.py` file.
            checkpoint: its weights; None takes the only `.pth` file beside the config.
            device: auto, cpu, cuda, cuda:1 or mps.
        """
        config = Path(file)
        weights = Path(checkpoint) if checkpoint else _beside(config)
        self._api = _mmpose()
        try:
            self._model = self._api.init_model(str(config), None, str(resolve_device(device)))
        except Exception as error:  # the config is a program of somebody else's
            raise PoseliftError(
                f"mmpose cannot build the model {config.name} ({type(error).__name__}: {error}).",
                "Give the config of a top-down model, of the installed mmpose's version.",
            ) from error
        _fill(self._model, weights)
        self.skeleton = _skeleton(self._model.dataset_meta)

    def __call__(self, images: Sequence[np.ndarray], people: Sequence[People]) -> list[Keypoints]:
        """Read the joints of each image's people."""
        return [
            self._read(as_bgr(image), found.boxes) if len(found) else Keypoints.none(self.skeleton)
            for image, found in zip(images, people, strict=True)
        ]

    def _read(self, image: np.ndarray, boxes: np.ndarray) -> Keypoints:
        samples = self._api.inference_topdown(self._model, image, boxes)
        found = [sample.pred_instances for sample in samples]
        joints = slice(len(self.skeleton))
        xy = np.concatenate([np.asarray(one.keypoints, np.float32) for one in found])
        score = np.concatenate([np.asarray(one.keypoint_scores, np.float32) for one in found])
        return Keypoints(xy[:, joints], np.clip(score[:, joints], 0, 1), self.skeleton)


def _mmpose() -> Any:
    try:
        # mmpose's own register_all_modules also draws, for which it needs torchvision.
        import mmpose.codecs
        import mmpose.datasets
        import mmpose.models  # noqa: F401
        from mmengine.registry import init_default_scope
        from mmpose import apis
    except Exception as error:  # mmcv without its operators raises all kinds
        raise PoseliftError(
            f"mmpose cannot be imported here ({type(error).__name__}: {error}).",
            "docs/published-detectors.md says how to install it; `hrnet` reads mmpose's HRNet "
            "files without it.",
        ) from error
    init_default_scope("mmpose")
    return apis


def _beside(config: Path) -> Path:
    found = sorted(config.parent.glob("*.pth"))
    if len(found) != 1:
        raise PoseliftError(
            f"Which weights belong to {config.name}? There are {len(found)} .pth files next to it.",
            "Put the config and its checkpoint into a folder of their own, or give checkpoint=...",
        )
    return found[0]


def _fill(model: Any, checkpoint: Path) -> None:
    """Give the weights to the model; all of them must meet."""
    state = find_state_dict(read_checkpoint(checkpoint), checkpoint.name)
    try:
        model.load_state_dict(state, strict=True)
    except RuntimeError as error:
        raise PoseliftError(
            f"{checkpoint.name} does not fit the config: {' '.join(str(error).split())[:300]}",
            "Take config and checkpoint from the same line of mmpose's model zoo.",
        ) from error


def _skeleton(meta: Any) -> Skeleton:
    """The joints that we take of a model's, by the data set that it was trained on."""
    name, count = meta.get("dataset_name", ""), int(meta.get("num_keypoints", 0))
    if name == "h36m":
        return H36M17
    if count in _BEGIN_WITH_COCO:
        return COCO17
    raise PoseliftError(
        f"This model reads {count} joints of {name or 'an unnamed data set'}.",
        "Take a model for COCO, Halpe, COCO-WholeBody or Human3.6M.",
    )
