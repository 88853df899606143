"""Everything a run can be told, with its defaults: the same for the command, TOML and Python."""

from __future__ import annotations

import dataclasses
import difflib
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from poselift.drawing.views import LAYOUTS, VIEWS
from poselift.errors import PoseliftError

FORMATS = ("mp4", "gif", "npz", "json", "csv", "bvh", "trc")
UPRIGHT = ("auto", "level", "h36m")
SMOOTHING = ("auto", "off", "light", "strong")
QUALITIES = ("draft", "good", "best")


@dataclass(frozen=True)
class Settings:
    """How a run is done. The names are those of the command's options.

    >>> Settings().save
    ('mp4', 'npz')
    >>> Settings.from_mapping({"lifter": "sct", "save": "mp4,gif"}).save
    ('mp4', 'gif')
    """

    lifter: str = "auto"
    weights: str | None = None
    detector: str = "auto"
    pose: str = "auto"
    device: str = "auto"
    mirror: bool = True
    every: str = "auto"

    people: str = "all"
    max_people: int = 10
    start: float | None = None
    end: float | None = None
    fps: float = 30.0
    smooth: str = "auto"

    place: bool = True
    upright: str = "auto"
    field_of_view: float = 55.0

    out: str = "output"
    save: tuple[str, ...] = field(default=("mp4", "npz"))
    view: str = "three-quarter"
    layout: str = "side"
    height: int = 720
    quality: str = "good"
    audio: bool = True
    report: bool = False
    cache: bool = True

    lookahead: int = 0
    record: str | None = None

    def __post_init__(self) -> None:
        if isinstance(self.save, str):
            names = tuple(name.strip() for name in self.save.split(",") if name.strip())
            object.__setattr__(self, "save", names)
        else:
            object.__setattr__(self, "save", tuple(self.save))
        for name in self.save:
            _one_of("save", name, FORMATS)
        _one_of("view", self.view, VIEWS)
        _one_of("layout", self.layout, LAYOUTS)
        _one_of("upright", self.upright, UPRIGHT)
        _one_of("smooth", self.smooth, SMOOTHING)
        _one_of("quality", self.quality, QUALITIES)
        self._check_ranges()

    def _check_ranges(self) -> None:
        if self.start is not None and self.start < 0:
            raise PoseliftError(f"--start is {self.start:g} s.", "Give a time of 0 or more.")
        if self.end is not None and self.end <= (self.start or 0.0):
            raise PoseliftError(
                f"--end ({self.end:g} s) is not after --start ({self.start or 0:g} s).",
                "Give an end that lies after the start.",
            )
        if not 5 <= self.field_of_view <= 150:
            raise PoseliftError(
                f"A field of view of {self.field_of_view:g} degrees is not a camera's.",
                "Give 5 to 150 degrees along the picture's longer side; phones have about 65.",
            )
        if self.every != "auto" and not (self.every.isdigit() and int(self.every) > 0):
            raise PoseliftError(f"--every is {self.every!r}.", "Give auto or a number of frames.")
        for name, low, high in (("height", 64, 4320), ("lookahead", 0, 500), ("max_people", 1, 99)):
            value = getattr(self, name)
            if not low <= value <= high:
                option = name.replace("_", "-")
                raise PoseliftError(f"--{option} is {value}.", f"Give {low} to {high}.")
        if self.fps <= 0:
            raise PoseliftError(f"--fps is {self.fps:g}.", "Give a rate above 0.")

    @property
    def detect_every(self) -> int | Literal["auto"]:
        """`every` as the detectors take it.

        >>> Settings(every="5").detect_every, Settings().detect_every
        (5, 'auto')
        """
        return int(self.every) if self.every.isdigit() else "auto"

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any], where: str = "the settings") -> Settings:
        """Make settings from names and values; unknown names and wrong types are refused."""
        types = typing.get_type_hints(cls)
        cleaned: dict[str, Any] = {}
        for name, value in values.items():
            key = name.replace("-", "_")
            if key not in types:
                close = difflib.get_close_matches(key, types, 1)
                raise PoseliftError(
                    f"{where} has an unknown name: {name!r}.",
                    f"Did you mean {close[0]!r}?" if close else "Names: " + ", ".join(types),
                )
            cleaned[key] = _converted(key, value, types[key], where)
        return cls(**cleaned)

    def changed(self, **values: Any) -> Settings:
        """These settings with some values replaced, checked anew."""
        return Settings.from_mapping({**dataclasses.asdict(self), **values})

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON and TOML."""
        return {**dataclasses.asdict(self), "save": list(self.save)}


def _one_of(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        close = difflib.get_close_matches(value, choices, 1)
        meant = f"Did you mean {close[0]!r}? " if close else ""
        raise PoseliftError(
            f"--{name}: {value!r} is unknown.", meant + "One of " + ", ".join(choices)
        )


def _converted(name: str, value: Any, expected: Any, where: str) -> Any:
    """`value` as the field's type, so that TOML's 2 is a fine float and "2" a refused one."""
    options = typing.get_args(expected) or (expected,)
    if name == "save":
        if isinstance(value, str | list | tuple):
            return value
    elif isinstance(value, bool):
        if bool in options:
            return value
    elif value is None:
        if type(None) in options:
            return value
    elif float in options and isinstance(value, int | float):
        return float(value)
    elif name == "every" and isinstance(value, int):
        return str(value)
    elif isinstance(value, tuple(kind for kind in options if isinstance(kind, type))):
        return value
    raise PoseliftError(
        f"{where}: {name} = {value!r} has the wrong type.",
        f"Expected {' or '.join(getattr(kind, '__name__', str(kind)) for kind in options)}.",
    )


def read_config(path: Path) -> dict[str, Any]:
    """The names and values of a TOML file, as `Settings.from_mapping` takes them.

    A file that a run wrote beside its result also holds what the run found out, under `[run]`;
    that is passed over.
    """
    import sys

    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise PoseliftError(f"No such file: {path}", "Check the path after --config.") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PoseliftError(f"{path} is not a readable TOML file: {error}", "Mend it.") from error
    values.pop("run", None)
    return values


def to_toml(settings: Settings, run: Mapping[str, Any]) -> str:
    """The full settings of a run as TOML that `--config` takes, and under [run] what it used."""
    lines = [
        "# How this result was made. Run it again: python demo/vis.py --config THIS --video CLIP"
    ]
    lines += [
        f"{name} = {_toml_value(value)}"
        for name, value in settings.as_dict().items()
        if value is not None
    ]
    lines += ["", "[run]"]
    lines += [f"{name} = {_toml_value(value)}" for name, value in run.items()]
    return "\n".join(lines) + "\n"


def _toml_value(value: Any) -> str:
    import json

    # JSON's booleans, numbers, strings and lists are TOML's too.
    return json.dumps(value, ensure_ascii=False)
