"""A body of capsules around the rig at rest, for files that carry a mesh."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from poselift.drawing.body3d import HEAD_RADIUS, LIMBS, NECK_RADIUS
from poselift.export.rig import NODES, Rig
from poselift.skeleton import H36M17

_AROUND, _CAP = 12, 4  # corners around a capsule, rings in each of its caps
_LIMB_RADII = {H36M17.names[parent]: (ra, rb) for parent, _, ra, rb in LIMBS}
_TRUNK = {"Hips": 0.085, "LowerBack": 0.105, "Spine": 0.1}  # metres
_COLLAR, _HAND, _FOOT = 0.055, 0.03, 0.038


@dataclass(frozen=True)
class Body:
    """Triangles that move with the nodes of the rig.

    Attributes:
        points: (V, 3) float32 metres, the rig at rest with its root at the origin.
        normals: (V, 3) float32.
        node: (V,) int, the number of the node that each point hangs on.
        side: (V,) int, 0 middle, 1 left, 2 right.
        triangles: (F, 3) int.
    """

    points: np.ndarray
    normals: np.ndarray
    node: np.ndarray
    side: np.ndarray
    triangles: np.ndarray


def rest_places(rig: Rig) -> np.ndarray:
    """(N, 3) metres: where the nodes of the rig are at rest, the root at the origin."""
    places: dict[str, np.ndarray] = {}
    for node in NODES:
        above = np.zeros(3) if node.parent is None else places[node.parent]
        places[node.name] = above + rig.offsets[node.name]
    return np.stack([places[node.name] for node in NODES])


def body(rig: Rig, scale: float) -> Body:
    """Capsules along all bones of a rig; `scale` is the size of the person to a grown-up."""
    places = rest_places(rig)
    numbers = {node.name: number for number, node in enumerate(NODES)}
    parts = []
    for number, node in enumerate(NODES):
        ends = [places[numbers[n.name]] for n in NODES if n.parent == node.name]
        if node.name in rig.ends:
            ends.append(places[number] + rig.ends[node.name])
        # Neck and collars begin at one place: one capsule leads there, not three in each other.
        for end in {tuple(end.tolist()): end for end in ends}.values():
            if np.linalg.norm(end - places[number]) > 1e-6:
                radii = np.array(_radii(node.name, end - places[number])) * scale
                parts.append((*_capsule(places[number], end, *radii), number, _side(node.name)))
    counts = [len(points) for points, *_ in parts]
    starts = np.cumsum([0, *counts[:-1]])
    return Body(
        np.concatenate([points for points, *_ in parts]).astype(np.float32),
        np.concatenate([normals for _, normals, *_ in parts]).astype(np.float32),
        np.repeat([part[3] for part in parts], counts),
        np.repeat([part[4] for part in parts], counts),
        np.concatenate([part[2] + start for part, start in zip(parts, starts, strict=True)]),
    )


def _side(name: str) -> int:
    return 1 if name.startswith("Left") else 2 if name.startswith("Right") else 0


def _radii(name: str, along: np.ndarray) -> tuple[float, float]:
    """Metres at both ends of a bone."""
    at = {node.name: node.at for node in NODES}[name]
    if name in _TRUNK:
        # Collars hang on the spine too; out there the trunk is thinner.
        return _TRUNK[name], _TRUNK[name] if abs(along[0]) < 0.05 else _TRUNK["Hips"]
    if name == "Neck":
        return NECK_RADIUS, NECK_RADIUS
    if name == "Head":
        return HEAD_RADIUS * 0.8, HEAD_RADIUS
    if name.endswith("Collar"):
        return _COLLAR, _COLLAR
    if name.endswith("Hand"):
        return _HAND, _HAND * 0.8
    if name.endswith("Foot"):
        return _FOOT, _FOOT * 0.8
    return _LIMB_RADII[at]


def _capsule(
    a: np.ndarray, b: np.ndarray, ra: float, rb: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points (V, 3), normals (V, 3) and triangles (F, 3) of a capsule from `a` to `b`."""
    axis = (b - a) / np.linalg.norm(b - a)
    helper = np.eye(3)[np.argmin(np.abs(axis))]
    across = np.cross(axis, helper)
    across /= np.linalg.norm(across)
    other = np.cross(axis, across)
    turn = np.arange(_AROUND) * 2 * np.pi / _AROUND
    circle = np.cos(turn)[:, None] * across + np.sin(turn)[:, None] * other  # (12, 3)
    # From pole to pole; not quite to them, so that no triangle is without an area.
    low = np.linspace(-np.pi / 2 + 0.02, 0, _CAP)
    rings = [(a, ra, angle) for angle in low] + [(b, rb, angle) for angle in -low[::-1]]
    normals = np.concatenate(
        [np.cos(angle) * circle + np.sin(angle) * axis for _, _, angle in rings]
    )
    centres = np.repeat([centre for centre, *_ in rings], _AROUND, axis=0)
    radii = np.repeat([radius for _, radius, _ in rings], _AROUND)
    first = np.arange(_AROUND)
    second = (first + 1) % _AROUND
    triangles = []
    for ring in range(len(rings) - 1):
        low_ring, high_ring = ring * _AROUND, (ring + 1) * _AROUND
        triangles += [
            np.stack([low_ring + first, low_ring + second, high_ring + first], axis=-1),
            np.stack([low_ring + second, high_ring + second, high_ring + first], axis=-1),
        ]
    top = (len(rings) - 1) * _AROUND
    fan = np.arange(1, _AROUND - 1)
    triangles += [
        np.stack([0 * fan, fan + 1, fan], axis=-1),
        np.stack([top + 0 * fan, top + fan, top + fan + 1], axis=-1),
    ]
    return centres + radii[:, None] * normals, normals, np.concatenate(triangles)
