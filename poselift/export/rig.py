"""Fit an animator's skeleton to poses: constant bone lengths, a rotation a bone and frame.

Limbs turn by the smallest rotation that brings them from where their parent would carry them to
where they are. That is a function of the pose alone, continuous for every pose that a body can
take (it would only be undefined for a limb folded back exactly onto itself), so that nothing flips.
The price is that a limb's twist about its own axis, which joint positions do not show, is nil.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from poselift.export.people import y_up
from poselift.gaps import at_times
from poselift.scene.soles import Toes
from poselift.skeleton import H36M17

#: Metres of bone shown beyond ankle and wrist where nothing was seen there.
FOOT, HAND = 0.12, 0.08
_FOOT_FORGOTTEN = 0.3  # seconds after which a foot that is no longer seen follows its shin


class Node(NamedTuple):
    """A joint of the rig.

    Attributes:
        name: as Blender and its kind expect it.
        parent: the name of the node it hangs on; None for the root.
        at: the joint of ours at which it sits.
        to: the joint that its rotation aims at; None where it only follows its parent.
        rest: the direction of that bone at rest.
        order: axes of its Euler angles; the middle one is the axis about which the bone turns
            least, as at a right angle there the other two cannot be told apart.
    """

    name: str
    parent: str | None
    at: str
    to: str | None
    rest: tuple[float, float, float]
    order: str


_UP, _DOWN, _LEFT, _RIGHT = (0, 1, 0), (0, -1, 0), (1, 0, 0), (-1, 0, 0)


def _limbs(side: str, out: tuple[float, float, float]) -> tuple[Node, ...]:
    name, low = side, side.lower()
    return (
        Node(f"{name}Collar", "Spine", "thorax", f"{low} shoulder", out, "ZXY"),
        Node(f"{name}Arm", f"{name}Collar", f"{low} shoulder", f"{low} elbow", out, "ZXY"),
        Node(f"{name}ForeArm", f"{name}Arm", f"{low} elbow", f"{low} wrist", out, "ZXY"),
        Node(f"{name}Hand", f"{name}ForeArm", f"{low} wrist", None, out, "ZXY"),
        Node(f"{name}UpLeg", "Hips", f"{low} hip", f"{low} knee", _DOWN, "XYZ"),
        Node(f"{name}Leg", f"{name}UpLeg", f"{low} knee", f"{low} ankle", _DOWN, "XYZ"),
        Node(f"{name}Foot", f"{name}Leg", f"{low} ankle", None, _DOWN, "XYZ"),
    )


#: The rig, every node after its parent. At rest: y up, facing +z, the person's left at +x.
NODES: tuple[Node, ...] = (
    Node("Hips", None, "pelvis", None, _UP, "YZX"),
    Node("LowerBack", "Hips", "pelvis", "spine", _UP, "YZX"),
    Node("Spine", "LowerBack", "spine", "thorax", _UP, "YZX"),
    Node("Neck", "Spine", "thorax", "neck", _UP, "YZX"),
    Node("Head", "Neck", "neck", "head", _UP, "YZX"),
    *_limbs("Left", _LEFT),
    *_limbs("Right", _RIGHT),
)


@dataclass(frozen=True)
class Rig:
    """A fitted skeleton in motion.

    Attributes:
        offsets: each node's place in its parent's frame at rest, (3,) metres.
        ends: where the bones of the last nodes end, likewise.
        root: (T, 3) metres, where the root is.
        euler: each node's local rotation, (T, 3) degrees in the order of `Node.order`, continuous.
    """

    offsets: dict[str, np.ndarray]
    ends: dict[str, np.ndarray]
    root: np.ndarray
    euler: dict[str, np.ndarray]


def fit_rig(pose: np.ndarray, toes: Toes | None = None) -> Rig:
    """Fit the rig to gapless poses (T, 17, 3), y up; feet point where toes (z up) were seen."""
    lengths = _bone_lengths(pose)
    offsets, ends = _rest(lengths, FOOT if toes is None else toes.length)
    turns = _rotations(pose)
    if toes is not None:
        for side, along in toes.along.items():
            name = side.capitalize()
            turns[f"{name}Foot"] = _pointed(turns[f"{name}Leg"], y_up(along), toes.fps)
    angles = []
    for node in NODES:
        local = turns[node.name]
        if node.parent is not None:
            local = turns[node.parent].transpose(0, 2, 1) @ local
        angles.append(_euler(local, node.order))
    smooth = _continuous(np.stack(angles, axis=1))
    euler = {node.name: smooth[:, number] for number, node in enumerate(NODES)}
    return Rig(offsets, ends, pose[:, H36M17.index("pelvis")], euler)


def _bone_lengths(pose: np.ndarray) -> dict[tuple[str, str], float]:
    """Median over time, then the mean of both sides: bodies are symmetric, noise is not."""
    lengths = {}
    for parent, child in H36M17.bones:
        mirrored = (H36M17.mirror[parent], H36M17.mirror[child])
        both = [
            np.median(np.linalg.norm(pose[:, b] - pose[:, a], axis=-1))
            for a, b in ((parent, child), mirrored)
        ]
        lengths[H36M17.names[parent], H36M17.names[child]] = float(np.mean(both))
    return lengths


def _rest(
    lengths: dict[tuple[str, str], float], foot: float
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    by_name = {node.name: node for node in NODES}
    offsets, ends = {}, {}
    for node in NODES:
        rest = np.array(node.rest, float)
        parent = by_name.get(node.parent or "")
        if parent is None or parent.at == node.at:
            offsets[node.name] = np.zeros(3)
        elif node.name.endswith("UpLeg"):
            side = np.array(_LEFT if node.name.startswith("Left") else _RIGHT, float)
            offsets[node.name] = side * lengths[parent.at, node.at]
        else:
            offsets[node.name] = np.array(parent.rest, float) * lengths[parent.at, node.at]
        if node.name.endswith("Hand"):
            ends[node.name] = rest * HAND
        elif node.name.endswith("Foot"):
            ends[node.name] = np.array([0.0, 0.0, foot])
        elif node.name == "Head":
            ends[node.name] = rest * lengths["neck", "head"]
    return offsets, ends


def _rotations(pose: np.ndarray) -> dict[str, np.ndarray]:
    """Each node's rotation in the world, (T, 3, 3)."""

    def line(start: str, end: str) -> np.ndarray:
        return pose[:, H36M17.index(end)] - pose[:, H36M17.index(start)]

    turns: dict[str, np.ndarray] = {}
    for node in NODES:
        if node.name == "Hips":  # the hips are wide and sure, the first bit of spine is short
            turns[node.name] = _frame(line("right hip", "left hip"), line("pelvis", "spine"), 0)
        elif node.name == "Spine":
            across = line("right shoulder", "left shoulder")
            turns[node.name] = _frame(across, line("spine", "thorax"), 1)
        elif node.to is None:
            turns[node.name] = turns[node.parent or ""]
        else:
            parent = turns[node.parent or ""]
            turns[node.name] = _swung(parent, np.array(node.rest, float), line(node.at, node.to))
    return turns


def _frame(left: np.ndarray, up: np.ndarray, first: int) -> np.ndarray:
    """Rotations (T, 3, 3) whose x axis is `left` and y axis `up`; number `first` is kept exact."""
    x, y = left, up
    if first == 0:
        x = _unit(x)
        y = _unit(y - (y * x).sum(axis=-1, keepdims=True) * x)
    else:
        y = _unit(y)
        x = _unit(x - (x * y).sum(axis=-1, keepdims=True) * y)
    turns = np.stack([x, y, np.cross(x, y)], axis=-1)
    return _held(turns, np.isfinite(turns).all(axis=(1, 2)), np.eye(3))


def _swung(parent: np.ndarray, rest: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """`parent` (T, 3, 3) turned by the least that brings its `rest` onto `direction` (T, 3)."""
    before = parent @ rest
    aim = _unit(direction)
    aim = np.where(np.isfinite(aim), aim, before)  # a bone of no length stays with its parent
    axis = np.cross(before, aim)
    cosine = (before * aim).sum(axis=-1)[:, None, None]
    cross = np.zeros((len(aim), 3, 3))
    cross[:, [2, 0, 1], [1, 2, 0]] = axis
    cross[:, [1, 2, 0], [2, 0, 1]] = -axis
    turn = np.eye(3) + cross + cross @ cross / np.maximum(1 + cosine, 1e-9)
    folded = cosine[:, 0, 0] < -1 + 1e-7
    if folded.any():  # exactly backwards: half a turn about an axis across, the parent's own
        across = parent[folded] @ np.roll(rest, 1)
        turn[folded] = 2 * across[:, :, None] * across[:, None, :] - np.eye(3)
    return turn @ parent


def _pointed(leg: np.ndarray, toe: np.ndarray, fps: float) -> np.ndarray:
    """Rotations (T, 3, 3) of a foot that points along `toe` (T, 3), NaN where it was not seen.

    From there on the foot stays as it was to the leg, and then comes back to the leg's own front.
    """
    seen = np.isfinite(toe).all(axis=1)
    if not seen.any():
        return leg
    front = np.array([0.0, 0.0, 1.0])
    frames = np.arange(len(toe))
    to_leg = np.einsum("tba,tb->ta", leg[seen], toe[seen])
    held = at_times(to_leg, frames[seen], frames)
    before = np.maximum.accumulate(np.where(seen, frames, -len(toe)))
    after = np.minimum.accumulate(np.where(seen, frames, 2 * len(toe))[::-1])[::-1]
    gap = np.minimum(frames - before, after - frames) / fps
    kept = np.exp(-np.square(gap / _FOOT_FORGOTTEN))[:, None]
    return _swung(leg, front, np.einsum("tab,tb->ta", leg, kept * held + (1 - kept) * front))


def _unit(vectors: np.ndarray) -> np.ndarray:
    """(T, 3) of length 1; NaN where there is no direction."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / np.where(length > 1e-6, length, np.nan)


def _held(values: np.ndarray, good: np.ndarray, otherwise: np.ndarray) -> np.ndarray:
    """Where not `good`, the last good value, before the first the first; with none `otherwise`."""
    if not good.any():
        return np.broadcast_to(otherwise, values.shape).copy()
    last = np.maximum.accumulate(np.where(good, np.arange(len(good)), -1))
    return values[np.where(last < 0, np.argmax(good), last)]


def _euler(turns: np.ndarray, order: str) -> np.ndarray:
    """Intrinsic Euler angles (T, 3) in degrees of rotations (T, 3, 3)."""
    from scipy.spatial.transform import Rotation

    return Rotation.from_matrix(turns).as_euler(order, degrees=True)


def _continuous(angles: np.ndarray) -> np.ndarray:
    """Euler angles (T, J, 3): of all that mean the same rotation the nearest to the frame before.

    (a, b, c) and (a + 180, 180 - b, c + 180) are one rotation, as is any angle plus 360.
    """
    choices = np.stack([angles, angles * (1, -1, 1) + 180])  # (2, T, J, 3)
    out = angles.copy()
    for frame in range(1, len(out)):
        last = out[frame - 1]
        near = choices[:, frame] + 360 * np.round((last - choices[:, frame]) / 360)  # (2, J, 3)
        distance = np.abs(near - last).sum(axis=-1)
        out[frame] = np.where((distance[1] < distance[0])[:, None], near[1], near[0])
    return out
