"""Every reader of strangers' files, and files that each of them takes, to make worse ones of.

A reader is called with a path; it may return or raise a PoseliftError, and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np

Reader = Callable[[Path], object]


def _video(path: Path) -> None:
    from poselift.media import open_source

    with open_source(path) as clip:
        for frame in clip.frames():
            assert frame.image.shape == (clip.size[1], clip.size[0], 3)
            if frame.index == 5:
                return


def _picture(path: Path) -> None:
    from poselift.media.images import read_image

    read_image(path)


def _motion(path: Path) -> None:
    from poselift.npz import read_npz

    read_npz(path)


def _poses(path: Path) -> None:
    from poselift.npz import read_poses

    read_poses(path)


def _joints(path: Path) -> None:
    from poselift.detectors.precomputed import Precomputed

    Precomputed(path)


def _openpose(path: Path) -> None:
    from poselift.detectors.precomputed import Precomputed

    folder = path.with_name(path.name + ".folder")
    folder.mkdir(exist_ok=True)
    link = folder / "clip_000000000012_keypoints.json"
    link.unlink(missing_ok=True)
    link.symlink_to(path)
    Precomputed(folder)


def _bvh(path: Path) -> None:
    from poselift.lifter.data.bvh import joint_places, read_bvh

    joint_places(read_bvh(path))


def _asf(path: Path) -> None:
    from poselift.lifter.data.asf import read_asf

    read_asf(path)


def _amc(path: Path) -> None:
    from poselift.lifter.data.asf import bone_ends, read_amc, read_asf

    figure = read_asf(SEEDS / "amc.asf")
    bone_ends(figure, read_amc(path, figure))


def _mocap(path: Path) -> None:
    from poselift.lifter.data.mocap import read_set

    for clip in read_set(path):
        clip.at_rate(30)


def _objects(path: Path) -> None:
    from poselift.lifter.data.objects import read_objects

    read_objects(path)


def _settings(path: Path) -> None:
    from poselift.config import read_config
    from poselift.settings import Settings

    Settings.from_mapping(read_config(path), str(path))


def _training(path: Path) -> None:
    from poselift.lifter.train import settings_from

    settings_from(path)


def _noise(path: Path) -> None:
    from poselift.lifter.data.noise import measured_noise

    measured_noise(path)


def _registry(path: Path) -> None:
    import os

    from poselift.weights.user import read_user_entries

    folder = path.with_name(path.name + ".folder")
    folder.mkdir(exist_ok=True)
    (folder / "registry.json").write_bytes(path.read_bytes())
    os.environ["POSELIFT_WEIGHTS"] = str(folder)
    read_user_entries()


def _checkpoint(path: Path) -> None:
    from poselift.weights.checkpoint import read_checkpoint

    read_checkpoint(path)


def _lifter(path: Path) -> None:
    from poselift import lifter

    lifter.load(checkpoint=path)


def _onnx(path: Path) -> None:
    from poselift.detectors.onnx_graph import check_graph

    check_graph(path)


#: Each reader, and the ending of its files.
READERS: dict[str, tuple[Reader, str]] = {
    "mp4": (_video, ".mp4"),
    "mkv": (_video, ".mkv"),
    "avi": (_video, ".avi"),
    "ts": (_video, ".ts"),
    "png": (_picture, ".png"),
    "motion": (_motion, ".npz"),
    "poses": (_poses, ".npz"),
    "joints-npz": (_joints, ".npz"),
    "alphapose": (_joints, ".json"),
    "coco": (_joints, ".json"),
    "openpose": (_openpose, ".json"),
    "bvh": (_bvh, ".bvh"),
    "asf": (_asf, ".asf"),
    "amc": (_amc, ".amc"),
    "mocap": (_mocap, ".npz"),
    "objects": (_objects, ".npz"),
    "settings": (_settings, ".toml"),
    "training": (_training, ".toml"),
    "noise": (_noise, ".json"),
    "registry": (_registry, ".json"),
    "checkpoint": (_checkpoint, ".pt"),
    "lifter": (_lifter, ".safetensors"),
    "onnx": (_onnx, ".onnx"),
}
#: Where `write_seeds` puts its files; set in the child as well.
SEEDS = Path()


def write_seeds(folder: Path) -> dict[str, Path]:
    """A file for each reader, `<reader><ending>`, that it takes."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = {name: folder / f"{name}{ending}" for name, (_, ending) in READERS.items()}
    for name in ("mp4", "mkv", "avi", "ts"):
        _write_video(paths[name])
    import cv2

    cv2.imwrite(str(paths["png"]), np.arange(48, dtype=np.uint8).reshape(4, 4, 3))
    _write_arrays(paths)
    _write_texts(paths)
    _write_weights(paths)
    return paths


def _write_video(path: Path) -> None:
    with av.open(str(path), "w") as out:
        stream = out.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 48, 32, "yuv420p"
        for index in range(8):
            image = np.full((32, 48, 3), 20 * index, np.uint8)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(image, "bgr24")))
        out.mux(stream.encode(None))


def _write_arrays(paths: dict[str, Path]) -> None:
    from poselift.npz import write_npz
    from poselift.result import ClipMotion

    rng = np.random.default_rng(1)
    xy = rng.uniform(0, 90, (2, 6, 17, 2)).astype(np.float32)
    there = np.ones((2, 6, 17), np.float32)
    motion = ClipMotion(
        name="clip", time=np.arange(6) / 25, fps=25, size=(90, 90), ids=np.array([1, 2]),
        pose3d=rng.normal(size=(2, 6, 17, 3)), pose2d=xy, score=there, filled=there[..., 0] < 1,
        placed=True, lifter="sct",
    )  # fmt: skip
    write_npz(motion, paths["motion"])
    np.savez(paths["poses"], xy=xy, score=np.ones((2, 6, 17), np.float32), fps=25, size=(90, 90))
    np.savez(paths["joints-npz"], pose2d=xy, score=np.ones((2, 6, 17)), skeleton="coco17")
    meta = np.array([json.dumps({"key": "a/1/1", "fps": 60, "description": "walk"})])
    np.savez(paths["mocap"], **{"a/1/1": rng.normal(size=(9, 17, 3)), "meta": meta})
    nested = {"S1": {"walk": rng.normal(size=(4, 17, 3))}}
    np.savez(paths["objects"], positions_3d=np.array(nested, dtype=object))


def _write_texts(paths: dict[str, Path]) -> None:
    from poselift.config import to_toml
    from poselift.lifter.training.settings import read_config
    from poselift.settings import Settings
    from tests.lifter.data.cmu_files import write_amc, write_asf, write_bvh

    pose = [float(number) for number in range(51)]
    rows = [{"image_id": f"{n}.jpg", "keypoints": pose, "score": 0.5} for n in (1, 2)]
    paths["alphapose"].write_text(json.dumps(rows))
    images = [{"id": n, "file_name": f"{n}.jpg"} for n in (1, 2)]
    notes = [{"image_id": n, "keypoints": pose} for n in (1, 2)]
    paths["coco"].write_text(json.dumps({"images": images, "annotations": notes}))
    body = [float(number) for number in range(75)]
    paths["openpose"].write_text(json.dumps({"people": [{"pose_keypoints_2d": body}]}))
    write_bvh(paths["bvh"], [{}, {}])
    write_asf(paths["asf"])
    write_asf(paths["amc"].with_suffix(".asf"))
    write_amc(paths["amc"], [{}, {}])
    paths["settings"].write_text(to_toml(Settings(start=1.0), {"people": 2, "files": ["a.mp4"]}))
    shipped = read_config("poselift")
    text = "\n".join(
        f"{k} = {json.dumps(v)}" for k, v in shipped.items() if not isinstance(v, dict)
    )
    paths["training"].write_text(text + '\n[recipe]\nnormalisation = "ray"\n')
    paths["noise"].write_text(json.dumps({"spread": [0.1] * 17, "tail": 0.1, "lasting": 0.5}))
    entry = {
        "name": "mine", "kind": "lifter", "model": "sct", "file": "/tmp/a.bin", "sha256": "0" * 64,
        "licence": "mine", "source": "local", "note": "", "settings": {"frames": 9},
    }  # fmt: skip
    paths["registry"].write_text(
        json.dumps({"format": "poselift-weights-1", "weights": [entry], "pins": {}})
    )


def _write_weights(paths: dict[str, Path]) -> None:
    import torch
    from onnx import TensorProto, helper

    from poselift.lifter import models
    from tests.detectors.foreign_graphs import save
    from tests.lifter.small_nets import small_net

    net = small_net("ftcm", frames=9, width=16)
    torch.save({"model_pos": net.state_dict(), "epoch": 3}, paths["checkpoint"])
    models.save(net, paths["lifter"], {"fps": "30", "units": "metres"})
    shape = [1, 3, 8, 8]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in "xy"]
    save(paths["onnx"], [helper.make_node("Relu", ["x"], ["y"])], [ends[0]], [ends[1]])
