"""Reading Acclaim's ASF (a subject's skeleton) and AMC (a motion), and where the bones end.

Every bone turns about axes of its own: with C the turn of these axes (`axis` in the ASF) and M the
turn of the frame (its `dof` values in the AMC), a bone's turn is its parent's times C M C^-1.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from poselift.errors import PoseliftError
from poselift.lifter.data.rotation import turned
from poselift.reading import read_whole

_INCH = 0.0254
_TURNS = ("RX", "RY", "RZ")
_LONGEST = 1 << 28  # bytes: hours of any capture
_BROKEN = "Get the file again, from mocap.cs.cmu.edu."


@dataclass(frozen=True)
class Bone:
    """One bone.

    Attributes:
        vector: (3,) from its start to its end at rest.
        axes: (3, 3) the turn of the axes about which it turns.
        dof: these axes in the order of the AMC, such as "XYZ" or "X"; empty for a stiff bone.
    """

    vector: np.ndarray
    axes: np.ndarray
    dof: str


@dataclass(frozen=True)
class Figure:
    """A subject's skeleton.

    Attributes:
        bones: by name, every bone after its parent.
        parents: each bone's parent, `root` for the first ones.
        order: the root's channels in the order of the AMC: TX, TY, TZ, RX, RY and RZ.
        axis: the order in which the root's turns are done.
        position: (3,) what is added to the root's place.
        unit: metres per unit of the ASF and AMC.
        radians: whether the ASF's angles are radians.
    """

    bones: dict[str, Bone]
    parents: dict[str, str]
    order: tuple[str, ...]
    axis: str
    position: np.ndarray
    unit: float
    radians: bool

    def channels(self, name: str) -> tuple[str, ...]:
        """What the AMC gives for `root` or a bone."""
        return self.order if name == "root" else tuple(f"R{axis}" for axis in self.bones[name].dof)


def read_asf(path: Path) -> Figure:
    """The skeleton of an .asf."""
    try:
        return _figure(_sections(read_text(path)))
    except KeyError as error:
        raise PoseliftError(
            f"{path} is not a complete ASF skeleton: no {error}.", _BROKEN
        ) from error
    except (ValueError, IndexError, ZeroDivisionError) as error:
        raise PoseliftError(f"{path} is not a complete ASF skeleton: {error}.", _BROKEN) from error


def read_amc(path: Path, figure: Figure) -> dict[str, np.ndarray]:
    """The motion of an .amc: (T, n) for `root` and each bone that moves, angles in radians."""
    rows, radians = _amc_rows(path, figure.radians)
    starts = [number for number, row in enumerate(rows) if len(row) == 1]  # the frames' numbers
    if not starts or starts[0] != 0:
        raise PoseliftError(f"{path} holds no frames of motion.", _BROKEN)
    length = starts[1] if len(starts) > 1 else len(rows)
    if len(rows) % length or starts != list(range(0, len(rows), length)):
        raise PoseliftError(f"{path} has frames of different length; is it cut off?", _BROKEN)
    columns = [rows[number::length] for number in range(1, length)]
    motion = {column[0][0]: _values(column, path) for column in columns}
    _check(motion, figure, path)
    if not radians:
        for name, values in motion.items():
            turns = [name != "root" or channel in _TURNS for channel in figure.channels(name)]
            values[:, turns] = np.radians(values[:, turns])
    return motion


def bone_ends(figure: Figure, motion: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Where `root` is and every bone ends: (T, 3) in the file's units, y up."""
    values = dict(zip(figure.order, motion["root"].T, strict=True))
    place = np.stack([values[f"T{axis}"] for axis in "XYZ"], axis=-1) + figure.position
    angles = np.stack([values[f"R{axis}"] for axis in figure.axis], axis=-1)
    turns, ends = {"root": turned(figure.axis, angles)}, {"root": place}
    for name, bone in figure.bones.items():
        parent = figure.parents[name]
        turn = turns[parent]
        if bone.dof:
            turn = turn @ bone.axes @ turned(bone.dof, motion[name]) @ bone.axes.T
        turns[name] = turn
        ends[name] = ends[parent] + turn @ bone.vector
    return ends


def read_text(path: Path) -> str:
    """A text file's content; strange letters in it do no harm."""
    return read_whole(path, _LONGEST).decode("utf-8-sig", errors="replace")


def _sections(text: str) -> dict[str, list[list[str]]]:
    """The words of each line, by the `:section` they stand in."""
    sections: dict[str, list[list[str]]] = {}
    rows: list[list[str]] = []
    for line in text.splitlines():
        words = line.partition("#")[0].split()
        if words and words[0].startswith(":"):
            rows = sections.setdefault(words[0][1:].lower(), [])
        elif words:
            rows.append(words)
    return sections


def _figure(sections: dict[str, list[list[str]]]) -> Figure:
    units = {row[0]: row[1] for row in sections["units"]}
    root = {row[0]: row[1:] for row in sections["root"]}
    radians = units.get("angle", "deg") == "rad"
    order = tuple(channel.upper() for channel in root["order"])
    axis = root.get("axis", ["XYZ"])[0].upper()
    if sorted(order) != ["RX", "RY", "RZ", "TX", "TY", "TZ"] or sorted(axis) != ["X", "Y", "Z"]:
        raise ValueError(f"the root's order is {' '.join(order)} and its axis {axis}")
    if any(float(value) for value in root.get("orientation", ())):
        raise ValueError("an orientation of the root is not understood")
    bones, parents = _in_order(_bones(sections["bonedata"], radians), sections["hierarchy"])
    position = np.array([float(value) for value in root.get("position", "000")])
    return Figure(bones, parents, order, axis, position, _INCH / float(units["length"]), radians)


def _bones(rows: list[list[str]], radians: bool) -> dict[str, Bone]:
    bones: dict[str, Bone] = {}
    block: dict[str, list[str]] = {}
    for row in rows:
        if row[0] == "begin":
            block = {}
        elif row[0] == "end":
            bones[block["name"][0]] = _bone(block, radians)
        else:
            block.setdefault(row[0], row[1:])
    return bones


def _bone(block: dict[str, list[str]], radians: bool) -> Bone:
    direction = np.array([float(value) for value in block["direction"][:3]])
    angles = np.array([[float(value) for value in block["axis"][:3]]])
    order = block["axis"][3].upper() if len(block["axis"]) > 3 else "XYZ"
    axes = turned(order, angles if radians else np.radians(angles))[0]
    dof = [channel.lower() for channel in block.get("dof", [])]
    if not {"rx", "ry", "rz"}.issuperset(dof):
        raise ValueError(f"{block['name'][0]} has dof {' '.join(dof)}")
    return Bone(direction * float(block["length"][0]), axes, "".join(c[1].upper() for c in dof))


def _in_order(
    bones: dict[str, Bone], rows: list[list[str]]
) -> tuple[dict[str, Bone], dict[str, str]]:
    """The bones that hang on the root, each after its parent; and their parents."""
    children = {row[0]: row[1:] for row in rows if row[0] not in ("begin", "end")}
    parents: dict[str, str] = {}
    waiting = ["root"]
    while waiting:
        parent = waiting.pop(0)
        for child in children.get(parent, []):
            if child in parents:
                raise ValueError(f"{child} hangs on two bones")
            parents[child] = parent
            waiting.append(child)
    return {name: bones[name] for name in parents}, parents


def _amc_rows(path: Path, radians: bool) -> tuple[list[list[str]], bool]:
    """The words of each line that is no heading, and whether angles are radians."""
    rows = []
    for line in read_text(path).splitlines():
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if words[0].startswith(":"):
            radians = {":RADIANS": True, ":DEGREES": False}.get(words[0].upper(), radians)
        else:
            rows.append(words)
    return rows, radians


def _values(column: list[list[str]], path: Path) -> np.ndarray:
    """(T, n) the numbers of one bone, whose line is given for each frame."""
    name = column[0][0]
    try:
        if any(row[0] != name for row in column):
            raise ValueError("its place is taken by another bone")
        return np.array([row[1:] for row in column], np.float64)
    except ValueError as error:
        raise PoseliftError(f"{path} is broken at bone {name}: {error}.", _BROKEN) from error


def _check(motion: dict[str, np.ndarray], figure: Figure, path: Path) -> None:
    """The motion has what the skeleton asks for, and nothing else."""
    wanted = {"root": 6, **{name: len(bone.dof) for name, bone in figure.bones.items()}}
    for name in {**wanted, **motion}:
        found = motion[name].shape[1] if name in motion else 0
        if found != wanted.get(name, 0):
            raise PoseliftError(
                f"{path} has {found} values for {name}, its skeleton {wanted.get(name, 0)}.",
                "Does it belong to another subject's .asf?",
            )
