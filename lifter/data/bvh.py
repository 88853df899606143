"""Reading BVH files, and where their joints are."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from poselift.errors import PoseliftError
from poselift.lifter.data.asf import read_text
from poselift.lifter.data.rotation import turned

_MOST_LINES = 100_000
_BROKEN = "Get the file again, or open it in Blender and export it anew."


@dataclass(frozen=True)
class Joint:
    """A joint or an end site.

    Attributes:
        name: the file's; an end site is called `<its joint> end`.
        parent: its parent's place in the list; -1 for the root.
        offset: (3,) where it is in its parent's axes.
        channels: such as "Zrotation", in the order of the file.
    """

    name: str
    parent: int
    offset: tuple[float, ...]
    channels: tuple[str, ...]


@dataclass(frozen=True)
class Bvh:
    """A skeleton and its motion.

    Attributes:
        joints: every joint after its parent.
        values: (T, C) the channels of all joints, one after the other.
        fps: frames per second.
    """

    joints: tuple[Joint, ...]
    values: np.ndarray
    fps: float

    def with_point(self, name: str, joint: str, offset: tuple[float, ...]) -> Bvh:
        """The same with one more point, fixed to a joint: `offset` (3,) in that joint's axes."""
        parent = [one.name for one in self.joints].index(joint)
        return replace(self, joints=(*self.joints, Joint(name, parent, offset, ())))

    def with_chest(self, below: str, above: tuple[str, ...]) -> Bvh:
        """The same with the chest's bone, if it is lost: if all of `above` are at joint `below`.

        amc2bvh, through which the releases of cgspeed.com went, loses it, and with it a hand's
        breadth of the trunk. The bone below it is as long, and it goes straight up.
        """
        places = {joint.name: number for number, joint in enumerate(self.joints)}
        lost = [places[name] for name in (below, *above) if name in places]
        if len(lost) <= len(above) or any(any(self.joints[one].offset) for one in lost[1:]):
            return self
        length = float(np.linalg.norm(self.joints[lost[0]].offset))
        joints = list(self.joints)
        for number in lost[1:]:
            joints[number] = replace(joints[number], offset=(0.0, length, 0.0))
        return replace(self, joints=tuple(joints))


def read_bvh(path: Path) -> Bvh:
    """The skeleton and motion of a .bvh."""
    text = read_text(path).lstrip()
    motion_at = re.search(r"^[ \t]*MOTION\b", text, re.M)
    if not text.startswith("HIERARCHY") or motion_at is None:
        raise PoseliftError(f"{path} is not a BVH file: no HIERARCHY or no MOTION.", _BROKEN)
    hierarchy, motion = text[len("HIERARCHY") : motion_at.start()], text[motion_at.end() :]
    try:
        joints = _joints(hierarchy.replace("{", "\n{\n").replace("}", "\n}\n").splitlines())
        values, fps = _motion(motion, sum(len(joint.channels) for joint in joints))
    except (ValueError, IndexError, OverflowError) as error:
        reason = str(error)[:200]
        raise PoseliftError(f"{path} is not a complete BVH file: {reason}.", _BROKEN) from error
    return Bvh(joints, values, fps)


def joint_places(bvh: Bvh) -> dict[str, np.ndarray]:
    """Where every joint and end site is: (T, 3) in the file's units."""
    column = 0
    turns: list[np.ndarray] = []
    places: list[np.ndarray] = []
    for joint in bvh.joints:
        values = bvh.values[:, column : column + len(joint.channels)]
        column += len(joint.channels)
        offset = _offset(joint, values)
        turn = _turn(joint, values)
        if joint.parent < 0:
            places.append(offset)
            turns.append(turn)
        else:
            above = turns[joint.parent]
            places.append(places[joint.parent] + (above @ offset[..., None])[..., 0])
            turns.append(above @ turn if joint.channels else above)
    return {joint.name: place for joint, place in zip(bvh.joints, places, strict=True)}


def _offset(joint: Joint, values: np.ndarray) -> np.ndarray:
    """(T, 3) a joint's place in its parent's axes."""
    out = np.tile(np.asarray(joint.offset, np.float64), (len(values), 1))
    # Files add the root's channels to its OFFSET; a joint below that moves repeats its OFFSET in
    # its channels.
    for number, channel in enumerate(joint.channels):
        if channel.endswith("position"):
            axis = "XYZ".index(channel[0])
            out[:, axis] = values[:, number] + (out[:, axis] if joint.parent < 0 else 0)
    return out


def _turn(joint: Joint, values: np.ndarray) -> np.ndarray:
    """(T, 3, 3) a joint's turn; the channel that the file names last is done first."""
    numbers = [n for n, channel in enumerate(joint.channels) if channel.endswith("rotation")][::-1]
    axes = "".join(joint.channels[number][0] for number in numbers)
    return turned(axes, np.radians(values[:, numbers]))


def _joints(lines: list[str]) -> tuple[Joint, ...]:
    if len(lines) > _MOST_LINES:
        raise ValueError(f"a hierarchy of more than {_MOST_LINES} lines")
    joints: list[Joint] = []
    open_ones: list[int] = []
    for line in lines:
        word, _, rest = " ".join(line.split()).partition(" ")
        if not word:
            continue
        if word in ("ROOT", "JOINT", "End"):
            parent = open_ones[-1] if open_ones else -1
            name = f"{joints[parent].name} end" if word == "End" else rest
            joints.append(Joint(name, parent, (0.0, 0.0, 0.0), ()))
        elif word == "{":
            open_ones.append(len(joints) - 1)
        elif word == "}":
            open_ones.pop()
        elif word == "OFFSET":
            x, y, z = map(float, rest.split())
            joints[-1] = replace(joints[-1], offset=(x, y, z))
        elif word == "CHANNELS":
            joints[-1] = replace(joints[-1], channels=_channels(rest))
        else:
            raise ValueError(f"{line.strip()!r} in the hierarchy")
    if not joints or open_ones:
        raise ValueError("the hierarchy is cut off")
    return tuple(joints)


def _channels(text: str) -> tuple[str, ...]:
    count, *names = text.split()
    channels = tuple(name[:1].upper() + name[1:].lower() for name in names)
    known = {axis + kind for axis in "XYZ" for kind in ("position", "rotation")}
    if len(channels) != int(count) or not known.issuperset(channels):
        raise ValueError(f"CHANNELS {text}")
    return channels


def _motion(text: str, channels: int) -> tuple[np.ndarray, float]:
    """(T, C) the numbers, and frames per second."""
    _, frames, rest = text.split(maxsplit=2)  # Frames: 100
    label, _, body = rest.partition(":")  # Frame Time: 0.0083333
    if label.split() != ["Frame", "Time"]:
        raise ValueError("no Frame Time")
    seconds, _, numbers = body.lstrip().partition("\n")
    values = _numbers(numbers)
    if values.size != int(frames) * channels or not values.size:
        raise ValueError(f"{values.size} numbers for {frames} frames of {channels} channels")
    return values.reshape(int(frames), channels), _rate(float(seconds))


def _numbers(text: str) -> np.ndarray:
    """All numbers of a text, without a Python object for each."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)  # what is no number
        try:
            values = np.fromstring(text, np.float64, sep=" ")
        except DeprecationWarning as error:
            raise ValueError("what should be numbers are none") from error
    if not np.isfinite(values).all():
        raise ValueError("a number is not finite")
    return values


def _rate(seconds: float) -> float:
    """Frames per second; a whole number where the file's few digits mean one."""
    if not 0.001 <= seconds <= 10:
        raise ValueError(f"a Frame Time of {seconds:g} s is none of a capture")
    rate = 1 / seconds
    return float(round(rate)) if abs(rate - round(rate)) < 0.0005 * rate else rate
