"""All settings of a run, with their defaults: the same for the command, TOML and Python."""

from __future__ import annotations

import dataclasses
import difflib
import math
import re
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from poselift.drawing.views import CAMERA, LAYOUTS, SOLID, VIEWS
from poselift.errors import PoseliftError
from poselift.options import Mode, check, converted, option_of, setting
from poselift.who import read_who

FORMATS = ("mp4", "gif", "html", "npz", "json", "csv", "bvh", "trc", "glb", "c3d")
UP = ("auto", "level", "h36m")
SMOOTHING = ("auto", "off", "light", "strong")
QUALITIES = ("draft", "good", "best")

#: What settings were called in the version before this one.
RENAMED = {"weights": "checkpoint", "upright": "up"}

_INPUT, _PARTS, _PEOPLE = "input", "parts", "people and motion"
_OUTPUT, _CAMERA = "output", "live"


def _clips(instead: str) -> dict[str, Any]:
    """A setting that live does not use, and what to do there instead."""
    return {"modes": ("video",), "instead": instead}


def _live(instead: str) -> dict[str, Any]:
    """A setting that clips do not use, and what to do there instead."""
    return {"modes": ("live",), "instead": instead}


@dataclass(frozen=True)
class Settings:
    """The settings of a run. The names are those of the command's options.

    >>> Settings().save
    ('mp4', 'npz')
    >>> Settings.from_mapping({"lifter": "sct", "save": "mp4,gif"}).save
    ('mp4', 'gif')
    """

    start: float | None = setting(
        None, _INPUT, "start at this time in seconds", metavar="S", between=(0, math.inf),
        **_clips("Live starts with the newest frame. Leave it out, or use `poselift video`."),
    )  # fmt: skip
    end: float | None = setting(
        None, _INPUT, "end before this time in seconds", metavar="S", between=(0, math.inf),
        **_clips("Ctrl-C or q ends live. Leave it out, or use `poselift video`."),
    )  # fmt: skip
    fps: float = setting(
        30.0, _INPUT, "frames per second of a picture sequence", metavar="RATE",
        between=(0.001, 1000),
        **_clips("It is the rate of a picture sequence; a camera has its own. Leave it out."),
    )  # fmt: skip

    lifter: str = setting(
        "auto", _PARTS, "2D to 3D: a name of weights or of a model (poseformerv2, sct, ftcm, "
        "convformer, ...); auto takes the best installed", metavar="NAME",
    )  # fmt: skip
    checkpoint: str | None = setting(
        None, _PARTS, "weights file for the lifter: your own, or the authors'", metavar="FILE"
    )
    detector: str = setting(
        "auto",
        _PARTS,
        "person detector; NAME:FILE, such as yolo:FILE, takes a file",
        metavar="NAME",
    )
    pose: str = setting(
        "auto", _PARTS, "2D keypointer: thunder, lightning, hrnet, yolo:FILE, ..., or "
        "precomputed:FILE for 2D joints you already have (npz, AlphaPose, OpenPose or COCO JSON)",
        metavar="NAME",
    )  # fmt: skip
    device: str = setting("auto", _PARTS, "auto, cpu, cuda, cuda:1 or mps", metavar="NAME")
    every: str = setting(
        "auto", _PARTS, "run the detector every K frames and follow people's joints in between",
        metavar="K",
    )  # fmt: skip
    mirror: bool = setting(
        True, _PARTS, "do not average with the mirrored input: faster, less accurate"
    )

    people: str = setting(
        "all", _PEOPLE, "all, main (the person seen longest and largest), a person's number, or "
        "X,Y@FRAME: the person at this pixel of this frame; live takes all and main", metavar="WHO",
    )  # fmt: skip
    max_people: int = setting(
        10,
        _PEOPLE,
        "keep at most N people at a time: those seen largest and longest",
        metavar="N",
        between=(1, 99),
    )
    smooth: str = setting("auto", _PEOPLE, "smooth the 2D joints before lifting", choices=SMOOTHING)
    up: str = setting(
        "auto", _PEOPLE, "which way is up: estimated from how people move (auto), as for a level "
        "camera (level), or fixed as in the published demos (h36m)", choices=UP,
        **_clips("Live estimates the camera by itself. Leave it out."),
    )  # fmt: skip
    camera: str = setting(
        "", _PEOPLE, "what you know of the camera (the rest is estimated): any of tilt=20,roll=3,"
        "fov=65,height=1.5, or a calibration file of OpenCV or Pose2Sim (FILE::NAME for one of "
        "several)", metavar="WHAT",
        **_clips("Live estimates the camera by itself. Leave it out."),
    )  # fmt: skip
    stature: str = setting(
        "", _PEOPLE, "how tall people are, in metres: 1.83 for everybody, or by number, as in "
        "1=1.83,2=1.70; it sets the scale of the room", metavar="METRES",
        **_clips("Live assumes that everybody is 1.75 m tall. Leave it out."),
    )  # fmt: skip
    place: bool = setting(
        True, _PEOPLE, "keep everybody on one spot instead of estimating their path through the "
        "room", **_clips("Live always places people in the room. Leave it out."),
    )  # fmt: skip
    field_of_view: float = setting(
        55.0, _PEOPLE, "the camera's field of view in degrees, along the picture's longer side",
        metavar="DEG",
    )  # fmt: skip

    out: str = setting("output", _OUTPUT, "folder for the results", metavar="DIR")
    save: tuple[str, ...] = setting(
        ("mp4", "npz"), _OUTPUT, f"formats, comma-separated: {', '.join(FORMATS)}", metavar="LIST",
        choices=FORMATS, **_clips("Live writes no result files; `record` saves what is shown."),
    )  # fmt: skip
    view: str = setting(
        "three-quarter", _OUTPUT, "view of the 3D panel; camera is the viewpoint of the clip",
        choices=(*VIEWS, CAMERA),
    )  # fmt: skip
    layout: str = setting(
        "side", _OUTPUT, "the video next to the 3D panel, only the video with its overlay, only "
        "the 3D panel, or 3D bodies over the video, seen by its own camera (solid)",
        choices=(*LAYOUTS, SOLID),
        **_clips("Live always shows the picture next to the 3D panel. Leave it out."),
    )  # fmt: skip
    height: int = setting(
        720, _OUTPUT, "height of the output in pixels", metavar="PX", between=(64, 4320), live=480
    )
    quality: str = setting("good", _OUTPUT, "quality of the MP4", choices=QUALITIES)
    audio: bool = setting(
        True, _OUTPUT, "leave the sound out", **_clips("Live records no sound. Leave it out.")
    )
    report: bool = setting(
        False, _OUTPUT, "also write a page for the browser (HTML), and joint angle curves and key "
        "poses for print (PNG, PDF)",
        **_clips("It needs the whole clip: record the camera first, then use `poselift video`."),
    )  # fmt: skip
    cache: bool = setting(
        True, _OUTPUT, "neither save the 2D tracks next to the result nor reuse saved ones",
        **_clips("Live saves nothing. Leave it out."),
    )  # fmt: skip

    lookahead: int = setting(
        0, _CAMERA, "wait this many frames for a steadier pose", metavar="FRAMES",
        between=(0, 500), **_live("A clip's later frames are all known. Leave it out."),
    )  # fmt: skip
    send: str | None = setting(
        None, _CAMERA, "send the people to other programs, comma-separated: vmc://HOST:PORT for "
        "avatars, osc://HOST:PORT for raw joints", metavar="LIST",
        **_live("A finished clip is sent by `poselift play RESULT.npz`. Leave it out."),
    )  # fmt: skip
    record: str | None = setting(
        None, _CAMERA, "save what is shown to this MP4", metavar="FILE",
        **_live("A clip's video goes to the folder `out`. Leave it out."),
    )  # fmt: skip

    def __post_init__(self) -> None:
        names = self.save.split(",") if isinstance(self.save, str) else self.save
        object.__setattr__(self, "save", tuple(name.strip() for name in names if name.strip()))
        for field in dataclasses.fields(self):
            check(field.name, getattr(self, field.name), option_of(field))
        if self.end is not None and self.end <= (self.start or 0.0):
            raise PoseliftError(
                f"`end` ({self.end:g} s) is not after `start` ({self.start or 0:g} s).",
                "Give an end that lies after the start.",
            )
        if not 5 <= self.field_of_view <= 150:
            raise PoseliftError(
                f"A camera's field of view cannot be {self.field_of_view:g} degrees.",
                "Give 5 to 150 degrees along the picture's longer side; phones have about 65.",
            )
        if self.every != "auto" and not re.fullmatch("0*[1-9][0-9]{0,5}", self.every):
            raise PoseliftError(f"`every` is {self.every!r}.", "Give auto or a number of frames.")
        read_who(self.people)

    @property
    def detect_every(self) -> int | Literal["auto"]:
        """`every` as the detectors take it.

        >>> Settings(every="5").detect_every, Settings().detect_every
        (5, 'auto')
        """
        return "auto" if self.every == "auto" else int(self.every)

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any], where: str = "the settings") -> Settings:
        """Make settings from names and values; unknown names and wrong types are refused."""
        types = typing.get_type_hints(cls)
        cleaned: dict[str, Any] = {}
        for name, value in values.items():
            key = name.replace("-", "_")
            if key not in types:
                raise _unknown(name, list(types), where)
            cleaned[key] = converted(key, value, types[key], where)
        return cls(**cleaned)

    def changed(self, **values: Any) -> Settings:
        """These settings with some values replaced, checked anew."""
        return Settings.from_mapping({**dataclasses.asdict(self), **values})

    def as_dict(self, mode: Mode | None = None) -> dict[str, Any]:
        """Plain values, for JSON and TOML; `mode` leaves out what its command does not use."""
        return {
            field.name: list(self.save) if field.name == "save" else getattr(self, field.name)
            for field in dataclasses.fields(self)
            if mode in (None, *option_of(field).modes)
        }


def _unknown(name: str, known: list[str], where: str) -> PoseliftError:
    message = f"{where} has an unknown name: {name!r}."
    if name in RENAMED:
        return PoseliftError(message, f"It is called {RENAMED[name]!r} now.")
    close = difflib.get_close_matches(name, known, 1)
    return PoseliftError(
        message, f"Did you mean {close[0]!r}?" if close else "Names: " + ", ".join(known)
    )


def live_defaults(mode: Mode) -> dict[str, Any]:
    """The defaults that differ for a camera; none for clips.

    >>> live_defaults("live"), live_defaults("video")
    ({'height': 480}, {})
    """
    options = {field.name: option_of(field) for field in dataclasses.fields(Settings)}
    return {
        name: option.live
        for name, option in options.items()
        if mode == "live" and option.live is not None
    }


def used_by(mode: Mode) -> tuple[str, ...]:
    """The names of the settings that a mode uses.

    >>> "lookahead" in used_by("video"), "lookahead" in used_by("live")
    (False, True)
    """
    fields = dataclasses.fields(Settings)
    return tuple(field.name for field in fields if mode in option_of(field).modes)
