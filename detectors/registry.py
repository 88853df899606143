"""The parts by name: two plain dictionaries, a line a part."""

from __future__ import annotations

import difflib
import glob
import importlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from poselift import weights
from poselift.detectors.protocols import Keypointer, PersonDetector
from poselift.errors import PoseliftError
from poselift.plugins import load_plugins

log = logging.getLogger(__name__)


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
    """

    make: str | Callable[..., Any]
    note: str
    weights: tuple[str, ...] = ()
    needs_file: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
    finds_people: bool = False
    beside: str = ""


_MOVENET = "poselift.detectors.movenet:MoveNet"
_HRNET = "poselift.detectors.hrnet:HRNet"

# One line a part.
# fmt: off
# ruff: noqa: E501
DETECTORS: dict[str, Part] = {
    "nanodet": Part("poselift.detectors.nanodet:NanoDet", "ships; any number of people", ("nanodet-g-416",)),
    "blazepose": Part("poselift.detectors.blazepose_detector:BlazePoseDetector", "ships; one large person", ("blazepose-detector",)),
    "yolo": Part("poselift.detectors.yolo:YoloDetector", "a YOLO file: .onnx, or .pt with ultralytics (AGPL-3.0)", needs_file=True),
    "rtmdet": Part("poselift.detectors.rtmpose:RTMDetector", "an RTMDet or YOLOX .onnx", needs_file=True),
}

KEYPOINTERS: dict[str, Part] = {
    "thunder": Part(_MOVENET, "ships; MoveNet Thunder, the default", ("movenet-thunder",), options={"size": "thunder"}),
    "lightning": Part(_MOVENET, "ships; MoveNet Lightning, for live", ("movenet-lightning",), options={"size": "lightning"}),
    "blazepose": Part("poselift.detectors.blazepose:BlazePose", "ships; one large person, 33 joints", ("blazepose-full", "blazepose-detector")),
    "hrnet-w48-384": Part(_HRNET, "published; HRNet-W48 384x288, the best, slow without a GPU", ("hrnet-w48-384",), options={"name": "hrnet-w48-384"}),
    "hrnet-w48-256": Part(_HRNET, "published; HRNet-W48 256x192", ("hrnet-w48-256",), options={"name": "hrnet-w48-256"}),
    "hrnet-w32-256": Part(_HRNET, "published; HRNet-W32 256x192", ("hrnet-w32-256",), options={"name": "hrnet-w32-256"}),
    "mmpose": Part("poselift.detectors.mmpose:MmposeTopDown", "a config of mmpose, its .pth beside it", needs_file=True, beside="*.p[yt]*"),
    "yolo": Part("poselift.detectors.yolo:YoloPose", "a YOLO pose file: .onnx, or .pt with ultralytics (AGPL-3.0)", needs_file=True, finds_people=True),
    "rtmpose": Part("poselift.detectors.rtmpose:RTMPose", "an RTMPose .onnx", needs_file=True),
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

#: What `auto` takes, best first: the first whose weights are on this machine.
AUTO_DETECTORS = ("nanodet",)
AUTO_KEYPOINTERS = ("hrnet-w48-384", "hrnet-w48-256", "hrnet-w32-256", "thunder", "lightning")


def names() -> dict[str, list[str]]:
    """The names that can be asked for.

    >>> names()["detector"][:2]
    ['nanodet', 'blazepose']
    """
    load_plugins()
    return {"detector": list(DETECTORS), "keypointer": list(KEYPOINTERS)}


def add_part(
    kind: str, name: str, make: Callable[..., Any], note: str = "", finds_people: bool = False
) -> None:
    """Make a detector or keypointer known by a name; one that is taken is refused."""
    parts = DETECTORS if kind == "detector" else KEYPOINTERS
    if name in parts or name in ALIASES or name == "auto" or ":" in name:
        raise PoseliftError(f"A {kind} cannot be called {name!r}.", "Give it another name.")
    parts[name] = Part(make, note, finds_people=finds_people)


def is_here(part: Part) -> bool:
    """Whether all weight files of a part are on this machine."""
    return all(weights.available(name) for name in part.weights)


def choose_detector(name: str = "auto") -> tuple[str, str]:
    """The detector that `name` stands for, and one line that says why."""
    return _choose(name, DETECTORS, AUTO_DETECTORS, "detector")


def choose_keypointer(name: str = "auto") -> tuple[str, str]:
    """The keypointer that `name` stands for, and one line that says why.

    >>> choose_keypointer("movenet")[0]
    'thunder'
    """
    return _choose(name, KEYPOINTERS, AUTO_KEYPOINTERS, "keypointer")


def files_of_detector(name: str = "auto") -> list[Path]:
    """The files that a detector is made of, here and now.

    >>> [file.name for file in files_of_detector("nanodet")]
    ['nanodet-g-416-w8.onnx']
    """
    return _files_of(choose_detector(name)[0], DETECTORS)


def files_of_keypointer(name: str = "auto") -> list[Path]:
    """The files that a keypointer is made of, here and now."""
    return _files_of(choose_keypointer(name)[0], KEYPOINTERS)


def load_detector(name: str = "auto", device: str = "auto", **options: Any) -> PersonDetector:
    """Make a person detector.

    Args:
        name: "auto", one of `names()["detector"]`, or NAME:FILE for a file of one's own.
        device: auto, cpu, cuda, cuda:1 or mps.
        options: passed on to the part, for example `threshold=0.25`.
    """
    chosen, why = choose_detector(name)
    log.info("detector: %s (%s)", chosen, why)
    part: PersonDetector = _make(chosen, DETECTORS, device, options)
    return part


def load_keypointer(name: str = "auto", device: str = "auto", **options: Any) -> Keypointer:
    """Make a keypointer; `name`, `device` and `options` as for `load_detector`."""
    chosen, why = choose_keypointer(name)
    log.info("keypointer: %s (%s)", chosen, why)
    part: Keypointer = _make(chosen, KEYPOINTERS, device, options)
    return part


def _choose(
    name: str, parts: Mapping[str, Part], best: tuple[str, ...], what: str
) -> tuple[str, str]:
    if name == "auto":
        for candidate in best:
            if is_here(parts[candidate]):
                return candidate, "the best whose weights are on this machine"
        raise PoseliftError(
            f"No weights of any {what} are on this machine.",
            f"Fetch some: python -m weights get {parts[best[0]].weights[0]}",
        )
    plain, colon, file = name.partition(":")
    plain = ALIASES.get(plain, plain)
    if plain not in parts:
        load_plugins()
    if plain not in parts:
        near = difflib.get_close_matches(plain, [*parts, *ALIASES], 1)
        hint = f"Did you mean {near[0]!r}? " if near else ""
        raise PoseliftError(
            f"There is no {what} called {name!r}.", f"{hint}Known: auto, {', '.join(parts)}."
        )
    return plain + colon + file, "as asked"


def _make(name: str, parts: Mapping[str, Part], device: str, options: Mapping[str, Any]) -> Any:
    _files_of(name, parts)  # says what is missing before anything is imported
    plain, _, file = name.partition(":")
    part = parts[plain]
    made_with = {**part.options, **options, "device": device}
    if file:
        made_with["file"] = file
    maker = part.make
    if isinstance(maker, str):
        module, _, thing = maker.partition(":")
        maker = getattr(importlib.import_module(module), thing)
    return maker(**made_with)


def _files_of(name: str, parts: Mapping[str, Part]) -> list[Path]:
    """The files that a part reads; a `PoseliftError` where one is missing."""
    plain, _, file = name.partition(":")
    part = parts[plain]
    if file:
        path = Path(file)
        if not path.exists():
            raise PoseliftError(f"No such file: {file}", "Check the path of the weights.")
        # ONNX keeps large weights in files beside it: model.onnx.data, model.onnx_data.
        begins = f"{glob.escape(path.name)}*"
        beside = [
            p for pattern in (begins, part.beside) if pattern for p in path.parent.glob(pattern)
        ]
        return [path, *sorted({p for p in beside if p.is_file()} - {path})]
    if part.needs_file:
        raise PoseliftError(
            f"{plain} needs a file of weights.", f"Name it: {plain}:PATH, for example {plain}:FILE."
        )
    _require(plain, part, parts)
    return [weights.get(weight) for weight in part.weights]


def _require(name: str, part: Part, parts: Mapping[str, Part]) -> None:
    """Say which file is missing, how to get it, and what works meanwhile."""
    for file in part.weights:
        try:
            weights.get(file)
        except PoseliftError as error:
            others = [other for other, its in parts.items() if its.weights and is_here(its)]
            meanwhile = f" Here meanwhile: {', '.join(others)}." if others else ""
            hint = error.hint.rstrip(".") + "." + meanwhile
            raise PoseliftError(f"{name}: {error.message}", hint) from error
