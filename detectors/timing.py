"""How long a part takes on this machine: timed once, at first use, and remembered.

A table that we measured beforehand would say nothing about the user's machine, which may be thirty
times faster or slower, nor about published files that we have never had. So `auto` times the
fetched parts itself, once for each file, machine and device.
"""

from __future__ import annotations

import json
import logging
import os
import platform
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from poselift.detectors.engines import engine_name
from poselift.detectors.session import usable_cores
from poselift.types import Frame, People
from poselift.weights.places import fetch_folder, write_whole

log = logging.getLogger(__name__)

_FORMAT = "poselift-timings-1"
_MOST_BYTES = 1 << 20
#: Runs after the first, which also allocates and compiles; the shortest counts.
_RUNS = 3
#: A first run that takes longer than this, in seconds, counts itself.
_LONG = 1.0
_PICTURE = (720, 1280, 3)
_BOX = (540.0, 60.0, 740.0, 660.0)


def remembered(name: str, files: Sequence[Path], device: str) -> float | None:
    """Milliseconds for one picture with one person, if they were measured before."""
    value = _read().get(_key(name, files, device))
    return value if isinstance(value, int | float) and 0 < value < 1e7 else None


def measure(name: str, files: Sequence[Path], device: str, make: Callable[[], Any]) -> float:
    """Load a part, time it on one picture with one person, remember and return milliseconds."""
    part = make()
    shortest = _once(part)
    for _ in range(_RUNS if shortest < _LONG else 0):
        shortest = min(shortest, _once(part))
    milliseconds = round(shortest * 1e3, 1)
    known = {**_read(), _key(name, files, device): milliseconds}
    try:
        write_whole(_file(), json.dumps({"format": _FORMAT, "milliseconds": known}, indent=1))
    except OSError as error:
        log.info("the timing of %s could not be saved: %s", name, error)
    return milliseconds


def _once(part: Any) -> float:
    picture = np.full(_PICTURE, 114, np.uint8)
    person = People(np.array([_BOX], np.float32), np.ones(1, np.float32))
    begun = time.perf_counter()
    if hasattr(part, "find"):
        part.find([Frame(0, 0.0, picture)])
    elif hasattr(part, "skeleton"):
        part([picture], [person])
    else:
        part([picture])
    return time.perf_counter() - begun


def _key(name: str, files: Sequence[Path], device: str) -> str:
    """What the time depends on: the part, its files, the machine and where it runs."""
    stats = [file.stat() for file in files]
    changed = ",".join(f"{stat.st_size}-{stat.st_mtime_ns}" for stat in stats)
    # A home folder may be shared by machines.
    machine = f"{platform.node()} {platform.machine()} {usable_cores()} of {os.cpu_count()}"
    return f"{name} {changed} {device} by {engine_name(device)} on {machine}"


def _file() -> Path:
    return fetch_folder() / "timings.json"


def _read() -> dict[str, Any]:
    """What was measured so far; nothing if the file is damaged, as it is quickly made again."""
    try:
        with _file().open("rb") as file:
            content = json.loads(file.read(_MOST_BYTES))
        if content["format"] != _FORMAT:
            return {}
        return dict(content["milliseconds"])
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        log.info("%s cannot be read (%s): parts are timed again", _file(), error)
        return {}
