"""Weights that others publish: fetched on demand, or by hand where no address gives the file."""

from __future__ import annotations

from poselift.weights.entry import Kind, WeightsEntry

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

_PROJECTS = _OPENMMLAB + "v1/projects/"
#: The figures are average precisions on COCO's validation pictures, by the publisher.
_AP = ", AP {} on COCO (published)"


def _deployed(
    name: str, model: str, folder: str, file: str, note: str, kind: Kind = "keypointer"
) -> WeightsEntry:
    """A model that OpenMMLab publishes as a zip around an ONNX file.

    The eight digits in the file's name are of the checkpoint that it was exported from; there are
    none for the zip, so the first file fetched is pinned.
    """
    return WeightsEntry(
        name=name,
        kind=kind,
        model=model,
        file=f"{file}.onnx",
        licence="Apache-2.0",
        source=f"{_PROJECTS}{folder}/onnx_sdk/{file}.zip",
        note=note,
    )


def _rtmpose(name: str, file: str, note: str) -> WeightsEntry:
    return _deployed(name, "rtmpose", "rtmposev1", file, note)


def _rtmo(size: str, file: str, published: str = "") -> WeightsEntry:
    note = f"RTMO-{size}: finds and reads everybody in one pass{published}"
    return _deployed(f"rtmo-{size}", "rtmo", "rtmo", file, note)


RTMPOSE = (
    _rtmpose("rtmpose-t", "rtmpose-t_simcc-body7_pt-body7_420e-256x192-026a1439_20230504",
             "RTMPose-t 256x192"),
    _rtmpose("rtmpose-s", "rtmpose-s_simcc-body7_pt-body7_420e-256x192-acd4a1ef_20230504",
             "RTMPose-s 256x192" + _AP.format(72.2)),
    _rtmpose("rtmpose-m", "rtmpose-m_simcc-body7_pt-body7_420e-256x192-e48f03d0_20230504",
             "RTMPose-m 256x192" + _AP.format(75.8)),
    _rtmpose("rtmpose-l", "rtmpose-l_simcc-body7_pt-body7_420e-256x192-4dba18fc_20230504",
             "RTMPose-l 256x192" + _AP.format(76.5)),
    _rtmpose("rtmpose-m-384", "rtmpose-m_simcc-body7_pt-body7_420e-384x288-65e718c4_20230504",
             "RTMPose-m 384x288" + _AP.format("77.0")),
    _rtmpose("rtmpose-x-384", "rtmpose-x_simcc-body7_pt-body7_700e-384x288-71d7b7e9_20230629",
             "RTMPose-x 384x288"),
    *(
        _rtmpose(f"rtmpose-{size}-halpe26",
                 f"rtmpose-{size}_simcc-body7_pt-body7-halpe26_700e-256x192-{digits}_20230605",
                 f"RTMPose-{size} 256x192 with heels and toes (Halpe-26)")
        for size, digits in (("t", "6020f8a6"), ("s", "7f134165"), ("m", "4d3e73dd"))
    ),
)  # fmt: skip

RTMO = (
    _rtmo("t", "rtmo-t_8xb32-600e_body7-416x416-f48f75cb_20231219"),
    _rtmo("s", "rtmo-s_8xb32-600e_body7-640x640-dac2bf74_20231211", _AP.format(68.6)),
    _rtmo("m", "rtmo-m_16xb16-600e_body7-640x640-39e78cc4_20231211", _AP.format(72.6)),
    _rtmo("l", "rtmo-l_16xb16-600e_body7-640x640-b37118ce_20231211", _AP.format(74.8)),
)

DETECTORS = (
    _deployed("yolox-tiny", "yolox", "rtmposev1", "yolox_tiny_8xb8-300e_humanart-6f3252f9",
              "YOLOX-tiny for people, trained on HumanArt", "detector"),
    _deployed("yolox-m", "yolox", "rtmposev1", "yolox_m_8xb8-300e_humanart-c2c7a14a",
              "YOLOX-m for people, trained on HumanArt", "detector"),
    WeightsEntry(
        name="rtmdet-nano",
        kind="detector",
        model="rtmdet",
        file="rtmdet-nano.onnx",
        licence="Apache-2.0",
        source="manual: it is published as a PyTorch checkpoint for mmdet, which is not read "
        "(rtmdet_nano_8xb32-100e_coco-obj365-person-05d8511e.pth); export that with mmdeploy, or "
        "take an end2end.onnx made so",
        note="RTMDet-nano for people, AP 40.3 (published)",
    ),
)  # fmt: skip

PUBLISHED = (*LIFTERS, *KEYPOINTERS, *RTMPOSE, *RTMO, *DETECTORS)
