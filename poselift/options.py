"""How a setting is described, once for the command line, TOML and Python."""

from __future__ import annotations

import dataclasses
import difflib
import math
import typing
from dataclasses import dataclass
from typing import Any, Literal

from poselift.errors import PoseliftError

_HUGE = 10**30  # a whole number of more digits may be none that a float can hold
Mode = Literal["video", "live"]
EVERYWHERE: tuple[Mode, ...] = ("video", "live")


@dataclass(frozen=True)
class Option:
    """What a field of `Settings` says about itself.

    Attributes:
        help: one sentence for `--help`; the default is added to it.
        group: the heading under which `--help` shows it.
        modes: the commands that use it; the others refuse it.
        instead: what to do where it is refused.
        live: the default of `poselift live` where that is another; None where it is not.
        metavar: what stands for the value in `--help`.
        choices: the values that it may have; () for any.
        between: the least and the largest value of a number.
    """

    help: str
    group: str
    modes: tuple[Mode, ...] = EVERYWHERE
    instead: str = ""
    live: Any = None
    metavar: str = ""
    choices: tuple[str, ...] = ()
    between: tuple[float, float] | None = None


def setting(default: Any, group: str, text: str, **more: Any) -> Any:
    """A field of `Settings` with its `Option`; `more` are the option's other attributes."""
    return dataclasses.field(default=default, metadata={"option": Option(text, group, **more)})


def option_of(field: dataclasses.Field[Any]) -> Option:
    """The `Option` of a field of `Settings`."""
    option: Option = field.metadata["option"]
    return option


def check(name: str, value: Any, option: Option) -> None:
    """Refuse a value that is none of the choices, or too small or too large."""
    for one in value if isinstance(value, tuple) else (value,):
        if isinstance(one, str) and "\0" in one:
            raise PoseliftError(f"`{name}` contains a NUL character.", "Leave it out.")
        if isinstance(one, float) and not math.isfinite(one):
            raise PoseliftError(f"`{name}` is {one:g}.", "Give a finite number.")
        if option.choices and one not in option.choices:
            close = difflib.get_close_matches(str(one), option.choices, 1)
            meant = f"Did you mean {close[0]!r}? " if close else ""
            raise PoseliftError(
                f"`{name}`: {one!r} is unknown.", f"{meant}One of {', '.join(option.choices)}."
            )
    if option.between is not None and value is not None:
        low, high = option.between
        if not low <= value <= high:
            wanted = f"{low:g} or more" if high == math.inf else f"{low:g} to {high:g}"
            raise PoseliftError(f"`{name}` is {value:g}.", f"Give {wanted}.")


def converted(name: str, value: Any, expected: Any, where: str) -> Any:
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
        return float(min(max(value, -_HUGE), _HUGE)) if isinstance(value, int) else value
    elif name == "every" and isinstance(value, int):
        return str(value)
    elif isinstance(value, tuple(kind for kind in options if isinstance(kind, type))):
        return value
    kinds = [getattr(kind, "__name__", str(kind)) for kind in options if kind is not type(None)]
    raise PoseliftError(
        f"{where}: {name} = {value!r} has the wrong type.", f"Expected {' or '.join(kinds)}."
    )
