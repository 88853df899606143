"""What the user knows about the camera, and about how tall people are."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from poselift.errors import PoseliftError

_RANGES = {"tilt": (-90.0, 90.0), "roll": (-180.0, 180.0), "fov": (5.0, 150.0),
           "height": (-100.0, 1000.0)}  # fmt: skip


@dataclass(frozen=True)
class Given:
    """Parts of a camera that are known; None for what is to be found.

    Attributes:
        tilt, roll: degrees down and clockwise.
        height: metres above the floor.
        focal: pixels, for the clip's own picture size.
        likely_focal: the same as the file tells it, which is not exact.
        centre: (x, y) pixels of the optical axis.
        lens: OpenCV's distortion figures; empty for a lens without.
        where: what it was read from, for messages.
    """

    tilt: float | None = None
    roll: float | None = None
    height: float | None = None
    focal: float | None = None
    centre: tuple[float, float] | None = None
    lens: tuple[float, ...] = field(default=())
    where: str = ""
    likely_focal: float | None = None


def parse_camera(text: str, size: tuple[int, int]) -> Given:
    """`tilt=20,roll=3,fov=65,height=1.5`, any of them, or the path of a calibration file.

    A file of several cameras takes the name of one after `::`, as in `Calib.toml::cam_02`.

    >>> given = parse_camera("tilt=20,fov=90", (1280, 720))
    >>> given.tilt, round(given.focal), given.roll
    (20.0, 640, None)
    """
    from poselift.scene.calibration import read_calibration
    from poselift.scene.rays import focal_length

    if not text.strip():
        return Given()
    if "=" not in text:
        path, _, name = text.partition("::")
        return read_calibration(Path(path), size, name)
    values: dict[str, float] = {}
    for part in text.split(","):
        name, _, figure = (piece.strip() for piece in part.partition("="))
        if name not in _RANGES:
            raise PoseliftError(
                f"`camera` has no value called {name!r}.",
                "Give any of tilt, roll, fov (degrees) and height (metres), or a calibration file.",
            )
        try:
            values[name] = float(figure)
        except ValueError:
            raise PoseliftError(
                f"`camera`: {figure!r} is not a number for {name}.",
                "Write it like tilt=20,roll=3,fov=65.",
            ) from None
        low, high = _RANGES[name]
        if not low <= values[name] <= high:
            raise PoseliftError(f"`camera`: {name} is {figure}.", f"Give {low:g} to {high:g}.")
    lens = values.pop("fov", None)
    focal = None if lens is None else focal_length(size, lens)
    return Given(
        values.get("tilt"), values.get("roll"), values.get("height"), focal, where="--camera"
    )


def parse_heights(text: str) -> dict[int, float]:
    """Metres by people's numbers, 0 for everybody: `1.83`, or `1=1.83,2=1.70`.

    >>> parse_heights("1.83"), parse_heights("1=1.83,2=1.7")
    ({0: 1.83}, {1: 1.83, 2: 1.7})
    """
    out: dict[int, float] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        number, equals, metres = part.rpartition("=")
        try:
            person, tall = int(number) if equals else 0, float(metres)
        except ValueError:
            raise PoseliftError(
                f"`stature`: {part!r} is not a height.", "Write it like 1.83, or 1=1.83,2=1.70."
            ) from None
        if not 0.4 <= tall <= 2.8:
            raise PoseliftError(
                f"`stature`: nobody is {tall:g} m tall.", "Give metres, 0.4 to 2.8."
            )
        out[person] = tall
    return out
