"""The parts by name: two plain dictionaries, a line a part, and what `auto` takes of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from poselift import weights
from poselift.weights.entry import SHIPPED

Kind = Literal["detector", "keypointer"]


@dataclass(frozen=True)
class Part:
    """A detector or keypointer that can be asked for by name.

    Attributes:
        make: "module:Class", or what makes it; called with `device`, `file` where one is given,
            and the options.
        note: one line for people.
        weights: names of the weight files that it needs; none where the user names a file.
        needs_file: it has no weights of its own: `NAME:FILE` names them.
        options: what else it is made with.
        finds_people: a keypointer that needs no detector.
        beside: a pattern of files beside the named one that are read too.
        is_added: weights of the user's own, made known by `poselift weights add`.
    """

    make: str | Callable[..., Any]
    note: str
    weights: tuple[str, ...] = ()
    needs_file: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
    finds_people: bool = False
    beside: str = ""
    is_added: bool = False

    @property
    def ships(self) -> bool:
        """Whether its weights come with Poselift."""
        return all(weights.entry(name).source == SHIPPED for name in self.weights)


#: The description of OpenMMLab's deployed models, which lies beside them.
_PIPELINE = "*pipeline.json"
_MOVENET = "poselift.detectors.movenet:MoveNet"
_HRNET = "poselift.detectors.hrnet:HRNet"
_RTMPOSE = "poselift.detectors.rtmpose:RTMPose"
_RTMDET = "poselift.detectors.rtmpose:RTMDetector"
_RTMO = "poselift.detectors.rtmo:RTMO"

# One line a part.
# fmt: off
# ruff: noqa: E501
DETECTORS: dict[str, Part] = {
    "nanodet": Part("poselift.detectors.nanodet:NanoDet", "ships; any number of people", ("nanodet-g-416",)),
    "blazepose": Part("poselift.detectors.blazepose_detector:BlazePoseDetector", "ships; one large person", ("blazepose-detector",)),
    "yolo": Part("poselift.detectors.yolo:YoloDetector", "a YOLO file: .onnx, or .pt with ultralytics (AGPL-3.0)", needs_file=True),
    "rtmdet": Part(_RTMDET, "an RTMDet or YOLOX .onnx", needs_file=True, beside=_PIPELINE),
    "rtmdet-nano": Part(_RTMDET, "by hand; RTMDet-nano for people", ("rtmdet-nano",), options={"name": "rtmdet-nano", "size": (416, 416)}),
    "yolox-tiny": Part(_RTMDET, "published; YOLOX-tiny for people", ("yolox-tiny",), options={"name": "yolox-tiny"}),
    "yolox-m": Part(_RTMDET, "published; YOLOX-m for people, costly without a GPU", ("yolox-m",), options={"name": "yolox-m"}),
}

KEYPOINTERS: dict[str, Part] = {
    "thunder": Part(_MOVENET, "ships; MoveNet Thunder, the default", ("movenet-thunder", "movenet-lightning"), options={"size": "thunder", "company": "lightning"}),
    "lightning": Part(_MOVENET, "ships; MoveNet Lightning, for live", ("movenet-lightning",), options={"size": "lightning"}),
    "blazepose": Part("poselift.detectors.blazepose:BlazePose", "ships; one large person, 33 joints", ("blazepose-full", "blazepose-detector")),
    "hrnet-w48-384": Part(_HRNET, "published; HRNet-W48 384x288, slow without a GPU", ("hrnet-w48-384",), options={"name": "hrnet-w48-384"}),
    "hrnet-w48-256": Part(_HRNET, "published; HRNet-W48 256x192", ("hrnet-w48-256",), options={"name": "hrnet-w48-256"}),
    "hrnet-w32-256": Part(_HRNET, "published; HRNet-W32 256x192", ("hrnet-w32-256",), options={"name": "hrnet-w32-256"}),
    "rtmpose-t": Part(_RTMPOSE, "published; RTMPose-t 256x192", ("rtmpose-t",), options={"name": "rtmpose-t"}),
    "rtmpose-s": Part(_RTMPOSE, "published; RTMPose-s 256x192", ("rtmpose-s",), options={"name": "rtmpose-s"}),
    "rtmpose-m": Part(_RTMPOSE, "published; RTMPose-m 256x192", ("rtmpose-m",), options={"name": "rtmpose-m"}),
    "rtmpose-l": Part(_RTMPOSE, "published; RTMPose-l 256x192", ("rtmpose-l",), options={"name": "rtmpose-l"}),
    "rtmpose-m-384": Part(_RTMPOSE, "published; RTMPose-m 384x288", ("rtmpose-m-384",), options={"name": "rtmpose-m-384"}),
    "rtmpose-x-384": Part(_RTMPOSE, "published; RTMPose-x 384x288, for a GPU", ("rtmpose-x-384",), options={"name": "rtmpose-x-384"}),
    "rtmpose-t-halpe26": Part(_RTMPOSE, "published; RTMPose-t with heels and toes", ("rtmpose-t-halpe26",), options={"name": "rtmpose-t-halpe26"}),
    "rtmpose-s-halpe26": Part(_RTMPOSE, "published; RTMPose-s with heels and toes", ("rtmpose-s-halpe26",), options={"name": "rtmpose-s-halpe26"}),
    "rtmpose-m-halpe26": Part(_RTMPOSE, "published; RTMPose-m with heels and toes", ("rtmpose-m-halpe26",), options={"name": "rtmpose-m-halpe26"}),
    "rtmo-t": Part(_RTMO, "published; RTMO-t, everybody in one pass", ("rtmo-t",), options={"name": "rtmo-t"}, finds_people=True),
    "rtmo-s": Part(_RTMO, "published; RTMO-s, everybody in one pass", ("rtmo-s",), options={"name": "rtmo-s"}, finds_people=True),
    "rtmo-m": Part(_RTMO, "published; RTMO-m, everybody in one pass", ("rtmo-m",), options={"name": "rtmo-m"}, finds_people=True),
    "rtmo-l": Part(_RTMO, "published; RTMO-l, everybody in one pass", ("rtmo-l",), options={"name": "rtmo-l"}, finds_people=True),
    "mmpose": Part("poselift.detectors.mmpose:MmposeTopDown", "a config of mmpose, its .pth beside it", needs_file=True, beside="*.p[yt]*"),
    "yolo": Part("poselift.detectors.yolo:YoloPose", "a YOLO pose file: .onnx, or .pt with ultralytics (AGPL-3.0)", needs_file=True, finds_people=True),
    "rtmpose": Part(_RTMPOSE, "an RTMPose .onnx", needs_file=True, beside=_PIPELINE),
    "rtmo": Part(_RTMO, "an RTMO .onnx", needs_file=True, finds_people=True, beside=_PIPELINE),
    "precomputed": Part("poselift.detectors.precomputed:Precomputed", "2D joints in a file: .npz, AlphaPose, COCO, OpenPose", needs_file=True, finds_people=True),
}
# fmt: on

#: What else a part may be called.
ALIASES = {
    "movenet": "thunder",
    "movenet-thunder": "thunder",
    "movenet-lightning": "lightning",
    "nanodet-g-416": "nanodet",
    "blazepose-full": "blazepose",
    "hrnet": "hrnet-w48-384",
    "yolox": "rtmdet",
}

#: What `auto` takes, best first by published precision: the first that is here and quick enough.
AUTO_DETECTORS = ("yolox-m", "rtmdet-nano", "yolox-tiny", "nanodet")
AUTO_KEYPOINTERS = (
    "rtmpose-x-384", "rtmpose-m-384", "rtmpose-l", "hrnet-w48-384", "rtmpose-m-halpe26",
    "rtmpose-m", "hrnet-w48-256", "hrnet-w32-256", "rtmpose-s-halpe26", "rtmpose-s", "thunder",
    "lightning",
)  # fmt: skip
#: What `auto` allows: milliseconds for a detection, which every tenth frame or so needs, and for
#: reading one person, which every frame needs (60: about 15 frames per second).
BUDGET = {"detector": 150.0, "keypointer": 60.0}
#: Where the machine is slow, or busy while it is timed: so many times what this part takes.
REFERENCE = {"detector": "nanodet", "keypointer": "thunder"}
ALLOWED_RATIO = 2.0
