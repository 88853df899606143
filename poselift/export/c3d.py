"""C3D, the format of motion capture laboratories: everybody's joints as points, millimetres."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from poselift.export.bvh import evenly_spaced
from poselift.export.people import each_person
from poselift.export.trc import MARKERS
from poselift.files import atomic_path
from poselift.result import ClipMotion

_BLOCK = 512
_MOST = 65_535  # frames that the header can count
_LABELS = 255  # names in one parameter


def write_c3d(result: ClipMotion, path: Path) -> list[Path]:
    """Write `path` with everybody who is there at all; nothing of a clip with nobody in it.

    Z up. C3D has one rate and no clock: a clip whose frames are not evenly spaced is resampled at
    its mean rate. Points of somebody who is not there are invalid (residual -1). With several
    people names begin with the person's number: `P2_RKnee`.
    """
    there = [row for row in range(len(result.ids)) if result.present[row].any()]
    if not there:
        return []
    poses = [
        evenly_spaced(pose, result.time, result.fps) for _, pose, _ in each_person(result, path)
    ]
    frames = len(poses[0])
    nearest = _nearest(result, frames)
    points = np.zeros((frames, len(there), len(MARKERS), 4), "<f4")
    names = []
    for at, (row, pose) in enumerate(zip(there, poses, strict=True)):
        valid = result.present[row][nearest]
        points[:, at, :, :3] = np.where(valid[:, None, None], pose * 1000, 0)
        points[:, at, :, 3] = np.where(valid, 0, -1)[:, None]
        mark = f"P{int(result.ids[row])}_" if len(there) > 1 else ""
        names += [f"{mark}{name}" for name in MARKERS]
    rate = float(result.fps)
    with atomic_path(path) as part, part.open("wb") as file:
        parameters = _parameters(names, frames, rate)
        file.write(_header(len(names), frames, rate, 2 + len(parameters) // _BLOCK))
        file.write(parameters)
        file.write(points.tobytes())
        file.write(b"\0" * (-points.nbytes % _BLOCK))
    return [path]


def _nearest(result: ClipMotion, frames: int) -> np.ndarray:
    """For each even frame the number of the clip's nearest one."""
    if frames == len(result.time):
        return np.arange(frames)
    even = result.time[0] + np.arange(frames) / result.fps
    after = np.searchsorted(result.time, even).clip(1, len(result.time) - 1)
    earlier = even - result.time[after - 1] < result.time[after] - even
    return np.where(earlier, after - 1, after)


def _header(points: int, frames: int, rate: float, data: int) -> bytes:
    words = struct.pack(
        "<BBHHHHHfHHf", 2, 0x50, points, 0, 1, min(frames, _MOST), 0, -1.0, data, 0, rate
    )
    return words.ljust(_BLOCK, b"\0")


def _parameters(names: Sequence[str], frames: int, rate: float) -> bytes:
    """The blocks of parameters; they say where the data begin, and so how many they are."""
    blocks = 1
    while True:
        body = b"".join(_groups(names, frames, rate, 2 + blocks)) + b"\0\0"
        needed = -(-(4 + len(body)) // _BLOCK)
        if needed <= blocks:
            head = struct.pack("<BBBB", 1, 0x50, blocks, 84)  # 84: little-endian
            return (head + body).ljust(blocks * _BLOCK, b"\0")
        blocks = needed


def _groups(names: Sequence[str], frames: int, rate: float, data: int) -> list[bytes]:
    point = [
        _numbers(1, "USED", "<H", [len(names)], ()),
        _numbers(1, "FRAMES", "<H", [min(frames, _MOST)], ()),
        _numbers(1, "DATA_START", "<H", [data], ()),
        _numbers(1, "SCALE", "<f", [-1.0], ()),
        _numbers(1, "RATE", "<f", [rate], ()),
        _texts(1, "UNITS", ["mm"]),
        _texts(1, "X_SCREEN", ["+X"]),
        _texts(1, "Y_SCREEN", ["+Z"]),
    ]
    if frames > _MOST:
        point.append(_numbers(1, "LONG_FRAMES", "<f", [float(frames)], ()))
    for number, start in enumerate(range(0, len(names), _LABELS)):
        some, mark = names[start : start + _LABELS], "" if number == 0 else str(number + 1)
        point.append(_texts(1, f"LABELS{mark}", some, many=True))
        point.append(_texts(1, f"DESCRIPTIONS{mark}", some, many=True))
    analog = [
        _numbers(2, "USED", "<H", [0], ()),
        _numbers(2, "RATE", "<f", [0.0], ()),
        _numbers(2, "GEN_SCALE", "<f", [1.0], ()),
        _numbers(2, "SCALE", "<f", [], (0,)),
        _numbers(2, "OFFSET", "<H", [], (0,)),
        _texts(2, "LABELS", [], many=True),
    ]
    forces = [_numbers(3, "USED", "<H", [0], ())]
    return [
        _group(1, "POINT"), *point, _group(2, "ANALOG"), *analog,
        _group(3, "FORCE_PLATFORM"), *forces,
    ]  # fmt: skip


def _group(number: int, name: str) -> bytes:
    return struct.pack("<bb", len(name), -number) + name.encode("ascii") + struct.pack("<hB", 3, 0)


def _numbers(
    group: int, name: str, kind: str, values: Sequence[float], shape: tuple[int, ...]
) -> bytes:
    data = b"".join(struct.pack(kind, value) for value in values)
    return _parameter(group, name, 4 if kind == "<f" else 2, shape, data)


def _texts(group: int, name: str, values: Sequence[str], many: bool = False) -> bytes:
    width = max((len(value) for value in values), default=0)
    shape = (width, len(values)) if many else (width,)
    data = "".join(value.ljust(width) for value in values).encode("ascii")
    return _parameter(group, name, -1, shape, data)


def _parameter(group: int, name: str, kind: int, shape: tuple[int, ...], data: bytes) -> bytes:
    body = struct.pack("<bB", kind, len(shape)) + bytes(shape) + data + b"\0"
    head = struct.pack("<bb", len(name), group) + name.encode("ascii")
    return head + struct.pack("<H", len(body) + 2) + body
