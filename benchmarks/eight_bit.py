"""Thunder in eight bits, made and measured: `python -m benchmarks.eight_bit [CLIPS ...]`.

`--make FILE.onnx` writes it from the file that ships: weights and what flows between the layers
become whole numbers of eight bits, with one scale for each channel of the weights and one for each
layer, as large as crops of the sample clips need. The first layer and the last ones, which say
where joints are, stay as they are.

Printed for frames of the clips, which should not be the sample clips: the processor time of a call
on one thread, in float32 and in eight bits, and how alike the joints are (object keypoint
similarity; mean and worst) and how far apart (pixels of the crop, median).
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from benchmarks.machine import describe, in_words, table
from poselift import weights
from poselift.detectors import load_detector
from poselift.detectors.crops import cut_square
from poselift.detectors.movenet import OUTSIDE, MoveNet
from poselift.detectors.similarity import pose_similarity
from poselift.media import open_source
from poselift.types import People

_CLIPS = Path(__file__).parents[1] / "sample_videos"
_FIRST, _LAST = 1, 18  # convolutions that stay in float32
_PERCENTILE = 99.99  # of a layer's values lies within its scale
_SURE = 0.3  # of a joint that is compared


def main() -> None:
    """Make the file if asked to; measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("clips", nargs="*", type=Path, default=sorted(_CLIPS.glob("*.mp4")))
    options.add_argument("--make", type=Path, help="write the file here first, and measure it")
    options.add_argument("--every", type=int, default=13, help="look at every so many frames")
    given = options.parse_args()
    if given.make is not None:
        make(weights.get("movenet-thunder"), given.make)
    print(in_words(describe()) + "\n")
    file = given.make or weights.get("movenet-thunder-8bit")
    readers = {
        "float32": MoveNet("thunder", device="cpu", threads=1),
        "eight bits": MoveNet("thunder", file, device="cpu", threads=1),
    }
    spent: dict[str, list[float]] = {name: [] for name in readers}
    alike, apart = [], []
    for image, box in people(given.clips, given.every):
        one = People(box[None].astype(np.float32), np.ones(1, np.float32))
        read = {}
        for name, reader in readers.items():
            begun = time.process_time()
            (read[name],) = reader([image], [one])
            spent[name].append(1e3 * (time.process_time() - begun))
        a, b = read["float32"], read["eight bits"]
        sure = np.where(a.score > _SURE, a.score, 0)
        if sure.any():
            alike.append(float(pose_similarity(a.xy, sure, b.xy, np.ones_like(sure))[0, 0]))
            pixels = (box[2:] - box[:2]).max() * readers["float32"].margin / 256
            apart += list(np.linalg.norm(a.xy - b.xy, axis=-1)[sure > 0] / pixels)
    least = {name: min(times) for name, times in spent.items()}
    row = [
        len(alike), *(f"{ms:.1f}" for ms in least.values()),
        f"{least['float32'] / least['eight bits']:.2f}",
        f"{np.mean(alike):.4f}", f"{min(alike):.3f}", f"{np.median(apart):.2f}",
    ]  # fmt: skip
    headings = ["people", *(f"{name} ms" for name in least), "ratio", "alike", "worst", "pixels"]
    print(table(headings, [row]))


def people(clips: Sequence[Path], every: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Frames of clips, each with the box of everybody in it."""
    detector = load_detector("nanodet")
    for clip in clips:
        with open_source(clip) as source:
            for frame in source.frames():
                if frame.index % every == 0:
                    for box in detector([frame.image])[0].boxes[:3]:
                        yield frame.image, box


def make(source: Path, target: Path) -> None:
    """Write the network in eight bits."""
    import onnx
    from onnxruntime.quantization import (
        CalibrationDataReader,
        CalibrationMethod,
        QuantFormat,
        QuantType,
        quantize_static,
    )

    class Crops(CalibrationDataReader):  # type: ignore[misc]
        def __init__(self, name: str) -> None:
            self._inputs = iter([{name: crop} for crop in crops()])

        def get_next(self) -> dict[str, np.ndarray] | None:
            return next(self._inputs, None)

    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "plain.onnx"
        in_float32(source, plain)
        graph = onnx.load(plain).graph
        layers = [node.name for node in graph.node if node.op_type == "Conv"]
        quantize_static(
            plain, target, Crops(graph.input[0].name), quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QUInt8,  # bytes with signs take nearly twice as long on x86
            per_channel=True, calibrate_method=CalibrationMethod.Percentile,
            nodes_to_exclude=layers[:_FIRST] + layers[-_LAST:],
            extra_options={
                "CalibPercentile": _PERCENTILE, "WeightSymmetric": True,
                "QDQKeepRemovableActivations": True,
            },
        )  # fmt: skip


def crops() -> list[np.ndarray]:
    """People of the sample clips as the network sees them: (1, 256, 256, 3), some of them
    mirrored, moved, darker or brighter.
    """
    rng = np.random.default_rng(0)
    shown = []
    for image, box in people(sorted(_CLIPS.glob("*.mp4")), 6):
        if rng.random() < 0.5:
            image = np.ascontiguousarray(image[:, ::-1])
            box = np.array([image.shape[1] - box[2], box[1], image.shape[1] - box[0], box[3]])
        size = (box[2:] - box[:2]).max()
        box = box + size * rng.normal(0, 0.05, 4)
        if rng.random() < 0.2:
            image = np.clip(image * rng.uniform(0.5, 1.5), 0, 255).astype(np.uint8)
        if rng.random() < 0.2:
            box = box + np.tile(size * rng.uniform(-0.4, 0.4, 2), 2)
        crop = cut_square(image, box, 1.2, 256, OUTSIDE).image[None, ..., ::-1]
        shown.append(crop.astype(np.float32) / 127.5 - 1)
    return shown


def in_float32(source: Path, target: Path) -> None:
    """The same network with its weights unpacked, and simplified."""
    import onnx
    from onnx import numpy_helper
    from onnxruntime.quantization.shape_inference import quant_pre_process

    model = onnx.load(source)
    stored = {one.name: one for one in model.graph.initializer}
    kept, unpacked = [], {}
    for node in model.graph.node:
        if node.op_type == "DequantizeLinear" and node.input[0] in stored:
            whole, scale = (numpy_helper.to_array(stored[name]) for name in node.input[:2])
            by_channel = [-1] + [1] * (whole.ndim - 1)  # of the output, without a zero point
            unpacked[node.output[0]] = whole.astype(np.float32) * scale.reshape(by_channel)
        else:
            kept.append(node)
    del model.graph.node[:]
    model.graph.node.extend(kept)
    for name, value in unpacked.items():
        model.graph.initializer.append(numpy_helper.from_array(value, name))
    used = {name for node in kept for name in node.input}
    left = [one for one in model.graph.initializer if one.name in used]
    del model.graph.initializer[:]
    model.graph.initializer.extend(left)
    onnx.save(model, target)
    quant_pre_process(str(target), str(target), skip_symbolic_shape=True)


if __name__ == "__main__":
    main()
