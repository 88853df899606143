"""Weights that others publish: fetched on demand, or by hand where only a cloud drive has them."""

from __future__ import annotations

from poselift.weights.entry import WeightsEntry

_DRIVE = "manual: open https://drive.google.com/file/d/{id}/view in a browser and download the file"


def _poseformerv2(
    frames: int, kept: int, coefficients: int, error: float, drive_id: str
) -> WeightsEntry:
    return WeightsEntry(
        name=f"poseformerv2-{frames}-{kept}-{coefficients}",
        kind="lifter",
        model="poseformerv2",
        file=f"{kept}_{frames}_{error}.bin",
        licence="not stated for the weights; the authors' code is Apache-2.0",
        source=_DRIVE.format(id=drive_id),
        settings={"frames": frames, "frames_kept": kept, "coefficients_kept": coefficients},
        normalisation="screen",
        conversion="coco-h36m",
        note=f"PoseFormerV2, published, {error} mm on Human3.6M (the authors' figure)",
    )


LIFTERS = (
    _poseformerv2(243, 27, 27, 45.2, "14SpqPyq9yiblCzTH5CorymKCUsXapmkg"),
    _poseformerv2(81, 9, 9, 46.0, "13wla4b5RgJGKX5zVehv4qKhCrQEFhfzG"),
    _poseformerv2(81, 3, 3, 47.1, "13rXCkYnVnkbT-cz4XCo0QkUnUEYiSeoi"),
    _poseformerv2(81, 1, 3, 47.6, "14WgFFBsP0DtTq61XZWI9X2TzvFLCWEnd"),
    _poseformerv2(27, 3, 3, 47.9, "13oJz5-aBVvvPVFvTU_PrLG_m6kdbQkYs"),
    _poseformerv2(27, 1, 3, 48.7, "14J0GYIzk_rGKSMxAPI2ydzX76QB70-g3"),
    WeightsEntry(
        name="sct-243",
        kind="lifter",
        model="sct",
        file="sct_243_best_epoch.bin",
        licence="not stated",
        source=_DRIVE.format(id="179H4UzosuSNnvn6WQ3_Mh1gKcf0SK14T"),
        settings={
            "frames": 243,
            "width": 512,
            "depth": 5,
            "heads": 8,
            "mlp_ratio": 2,
            "representation": 512,
            "ratio": 0.6,
            "pruned_layers": (0, 1, 2, 3, 4),
        },
        normalisation="screen",
        conversion="coco-h36m",
        units="screen",
        note="SCT with Line Pose Graph, published as best_epoch.bin (github ZenghaoZheng/"
        "SCTFormer-LPG)",
    ),
    WeightsEntry(
        name="ftcm-243",
        kind="lifter",
        model="ftcm",
        file="no_refine_6_4331.pth",
        licence="not stated",
        source="manual: open "
        "https://drive.google.com/drive/folders/1Am_SJ9cUh9xDO7tdC0sF8Pl6x4kg2TrR in a browser and "
        "download model_243_refine/no_refine_6_4331.pth",
        settings={"frames": 243},
        normalisation="screen",
        conversion="coco-h36m",
        time_step=3,
        note="FTCM, published (github zhenhuat/FTCM); its authors give it every third frame",
    ),
)

_OPENMMLAB = "https://download.openmmlab.com/mmpose/"


def _hrnet(
    size: tuple[int, int], width: int, folder: str, file: str, sha256_prefix: str
) -> WeightsEntry:
    return WeightsEntry(
        name=f"hrnet-w{width}-{size[1]}",
        kind="keypointer",
        model="hrnet",
        file=file,
        licence="Apache-2.0",
        source=_OPENMMLAB + folder + file,
        sha256=sha256_prefix,
        settings={"width": width, "size": size},
        note=f"HRNet-W{width} {size[1]}x{size[0]} trained on COCO, from mmpose's model zoo",
    )


KEYPOINTERS = (
    _hrnet((288, 384), 48, "top_down/hrnet/",
           "hrnet_w48_coco_384x288-314c8528_20200708.pth", "314c8528"),
    _hrnet((192, 256), 48, "v1/body_2d_keypoint/topdown_heatmap/coco/",
           "td-hm_hrnet-w48_8xb32-210e_coco-256x192-0e67c616_20220913.pth", "0e67c616"),
    _hrnet((192, 256), 32, "top_down/hrnet/",
           "hrnet_w32_coco_256x192-c78dce93_20200708.pth", "c78dce93"),
)  # fmt: skip

PUBLISHED = (*LIFTERS, *KEYPOINTERS)
