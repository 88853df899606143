"""GLB (glTF 2.0): everybody in one file, skinned capsules that move at the clip's true times."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np

from poselift.drawing.body3d import body_scale
from poselift.drawing.style import LEFT, RIGHT, Colour, accent
from poselift.export.capsules import body, rest_places
from poselift.export.people import each_person, y_up
from poselift.export.rig import NODES, Rig, fit_rig
from poselift.files import atomic_path
from poselift.result import ClipMotion
from poselift.scene.soles import Toes

_FLOAT, _SHORT, _INT = 5126, 5123, 5125  # glTF's component types
_VERTICES, _INDICES = 34962, 34963  # and buffer targets
_TYPES = {1: "SCALAR", 3: "VEC3", 4: "VEC4", 16: "MAT4"}


def write_glb(result: ClipMotion, path: Path) -> list[Path]:
    """Write `path` with everybody who is there at all; nothing of a clip with nobody in it.

    Y up, metres. Where a person is not there the motion is interpolated, and held before the first
    and after the last frame. Nodes of several people carry the person's number in their names.
    """
    there = [row for row in range(len(result.ids)) if result.present[row].any()]
    if not there:
        return []
    scene = _Scene(result.time - result.time[0])
    for row, (_, pose, toes) in zip(there, each_person(result, path), strict=True):
        number = int(result.ids[row])
        scene.add(f"_{number}" if len(there) > 1 else "", number, pose, toes)
    with atomic_path(path) as part:
        part.write_bytes(scene.packed(result.name))
    return [path]


class _Scene:
    """Collects the parts of a glTF file."""

    def __init__(self, time: np.ndarray) -> None:
        self._data = bytearray()
        self._views: list[dict[str, Any]] = []
        self._accessors: list[dict[str, Any]] = []
        self._nodes: list[dict[str, Any]] = []
        self._roots: list[int] = []
        self._meshes: list[dict[str, Any]] = []
        self._skins: list[dict[str, Any]] = []
        self._materials: list[dict[str, Any]] = []
        self._samplers: list[dict[str, Any]] = []
        self._channels: list[dict[str, Any]] = []
        self._time = self._accessor(np.asarray(time, np.float32), bounds=True)

    def add(self, ending: str, number: int, pose: np.ndarray, toes: Toes | None = None) -> None:
        """Add a person: gapless poses (T, 17, 3) and toes, z up."""
        rig = fit_rig(y_up(pose), toes)
        # A root of their own: Blender makes one armature of what hangs on the same one.
        root, first = len(self._nodes), len(self._nodes) + 1
        self._nodes.append({"name": f"Person{ending}", "children": [first]})
        turns = {node.name: _quaternions(rig.euler[node.name], node.order) for node in NODES}
        for at, node in enumerate(NODES):
            children = [first + i for i, n in enumerate(NODES) if n.parent == node.name]
            place = rig.root[0] if node.parent is None else rig.offsets[node.name]
            # At rest as in the first frame: viewers that play nothing frame what they see then.
            self._nodes.append({
                "name": f"{node.name}{ending}",
                "translation": [float(value) for value in place],
                "rotation": [float(value) for value in turns[node.name][0]],
                **({"children": children} if children else {}),
            })  # fmt: skip
            self._animate(first + at, "rotation", turns[node.name])
        self._animate(first, "translation", rig.root.astype(np.float32))
        self._roots += [root, len(self._nodes)]
        self._nodes.append({
            "name": f"Body{ending}",
            "mesh": self._mesh(rig, ending, number, body_scale(pose[0])),
            "skin": self._skin(rig, ending, root),
        })  # fmt: skip

    def _animate(self, node: int, path: str, values: np.ndarray) -> None:
        self._channels.append({
            "sampler": len(self._samplers), "target": {"node": node, "path": path}
        })  # fmt: skip
        self._samplers.append({
            "input": self._time, "interpolation": "LINEAR", "output": self._accessor(values)
        })  # fmt: skip

    def _skin(self, rig: Rig, ending: str, root: int) -> int:
        inverse = np.tile(np.eye(4, dtype=np.float32), (len(NODES), 1, 1))
        inverse[:, 3, :3] = -rest_places(rig)  # by columns, as glTF stores matrices
        self._skins.append({
            "name": f"Rig{ending}",
            "skeleton": root,
            "joints": [root + 1 + at for at in range(len(NODES))],
            "inverseBindMatrices": self._accessor(inverse.reshape(-1, 16)),
        })  # fmt: skip
        return len(self._skins) - 1

    def _mesh(self, rig: Rig, ending: str, number: int, scale: float) -> int:
        shape = body(rig, scale)
        joints = np.zeros((len(shape.node), 4), np.uint16)
        joints[:, 0] = shape.node
        weights = np.zeros((len(shape.node), 4), np.float32)
        weights[:, 0] = 1
        attributes = {
            "POSITION": self._accessor(shape.points, _VERTICES, bounds=True),
            "NORMAL": self._accessor(shape.normals, _VERTICES),
            "JOINTS_0": self._accessor(joints, _VERTICES),
            "WEIGHTS_0": self._accessor(weights, _VERTICES),
        }
        primitives = []
        for side, colour in enumerate((accent(number), LEFT, RIGHT)):
            triangles = shape.triangles[shape.side[shape.triangles[:, 0]] == side]
            primitives.append({
                "attributes": attributes,
                "indices": self._accessor(triangles.astype(np.uint32).reshape(-1), _INDICES),
                "material": len(self._materials),
            })  # fmt: skip
            self._materials.append({
                "name": f"{('Trunk', 'Left', 'Right')[side]}{ending}",
                "pbrMetallicRoughness": {
                    "baseColorFactor": [*_linear(colour), 1.0],
                    "metallicFactor": 0.0,
                    "roughnessFactor": 0.6,
                },
            })  # fmt: skip
        self._meshes.append({"name": f"Body{ending}", "primitives": primitives})
        return len(self._meshes) - 1

    def _accessor(self, values: np.ndarray, target: int | None = None, bounds: bool = False) -> int:
        """Store an array (N,) or (N, C); its number."""
        kind = {"float32": _FLOAT, "uint16": _SHORT, "uint32": _INT}[values.dtype.name]
        width = 1 if values.ndim == 1 else values.shape[1]
        view: dict[str, Any] = {
            "buffer": 0, "byteOffset": len(self._data), "byteLength": values.nbytes
        }  # fmt: skip
        if target is not None:
            view["target"] = target
        self._data += np.ascontiguousarray(values, values.dtype.newbyteorder("<")).tobytes()
        self._data += b"\0" * (-len(self._data) % 4)
        found = {
            "bufferView": len(self._views), "componentType": kind, "count": len(values),
            "type": _TYPES[width],
        }  # fmt: skip
        if bounds:
            low, high = (np.atleast_1d(f(values, axis=0)).tolist() for f in (np.min, np.max))
            found |= {"min": low, "max": high}
        self._views.append(view)
        self._accessors.append(found)
        return len(self._accessors) - 1

    def packed(self, name: str) -> bytes:
        """The file's bytes."""
        tree = {
            "asset": {"version": "2.0", "generator": "Poselift"},
            "scene": 0,
            "scenes": [{"name": name, "nodes": self._roots}],
            "nodes": self._nodes,
            "meshes": self._meshes,
            "skins": self._skins,
            "materials": self._materials,
            "animations": [
                {"name": "motion", "channels": self._channels, "samplers": self._samplers}
            ],
            "accessors": self._accessors,
            "bufferViews": self._views,
            "buffers": [{"byteLength": len(self._data)}],
        }
        text = json.dumps(tree, separators=(",", ":")).encode("utf-8")
        text += b" " * (-len(text) % 4)
        chunks = struct.pack("<II", len(text), 0x4E4F534A) + text
        chunks += struct.pack("<II", len(self._data), 0x004E4942) + bytes(self._data)
        return struct.pack("<III", 0x46546C67, 2, 12 + len(chunks)) + chunks


def _quaternions(euler: np.ndarray, order: str) -> np.ndarray:
    """(T, 4) float32, x y z w, of angles (T, 3) in degrees; neighbours on the same side."""
    from scipy.spatial.transform import Rotation

    turns = Rotation.from_euler(order, euler, degrees=True).as_quat()
    flips = np.sign((turns[1:] * turns[:-1]).sum(axis=-1))
    turns[1:] *= np.cumprod(np.where(flips < 0, -1.0, 1.0))[:, None]
    return turns.astype(np.float32)


def _linear(colour: Colour) -> list[float]:
    """Red, green, blue in 0..1 as light adds up, of a colour as screens take it."""
    share = np.array(colour[::-1]) / 255
    low = share <= 0.04045
    return np.where(low, share / 12.92, ((share + 0.055) / 1.055) ** 2.4).round(4).tolist()
