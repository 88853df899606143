"""BVH: the motion on a skeleton of constant bone lengths, for Blender and its kind."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TextIO

import numpy as np

from poselift.export.people import each_person, y_up
from poselift.export.rig import NODES, Node, Rig, fit_rig
from poselift.files import atomic_path
from poselift.gaps import at_times
from poselift.result import ClipMotion


def write_bvh(result: ClipMotion, path: Path) -> list[Path]:
    """Write a file for each person, named from `path`; returns their paths.

    Y up, one unit is one metre; at rest the person stands in a T, facing +z. BVH has one rate and
    no clock: a clip whose frames are not evenly spaced is resampled at its mean rate. Where a
    person is not there the motion is interpolated, and held before the first and after the last
    frame, so that the files of several people run together.
    """
    written = []
    for target, pose, toes in each_person(result, path):
        even = y_up(evenly_spaced(pose, result.time, result.fps))
        if toes is not None:
            along = {
                side: evenly_spaced(one, result.time, result.fps)
                for side, one in toes.along.items()
            }
            toes = replace(toes, along=along)
        rig = fit_rig(even, toes)
        with atomic_path(target) as part, part.open("w", encoding="utf-8", newline="\n") as file:
            file.write("HIERARCHY\n")
            _write_node(file, rig, NODES[0], 0)
            _write_motion(file, rig, result.fps)
        written.append(target)
    return written


def evenly_spaced(pose: np.ndarray, time: np.ndarray, fps: float) -> np.ndarray:
    """Values (T, ...) at `fps`; as they are where no frame is a quarter period off.

    >>> pose = np.arange(3.0)[:, None, None] * np.ones((3, 17, 3))
    >>> evenly_spaced(pose, np.array([0.0, 0.1, 0.4]), 10.0)[:, 0, 0].round(3).tolist()
    [0.0, 1.0, 1.333, 1.667, 2.0]
    """
    time = np.asarray(time, np.float64) - time[0]
    if np.abs(time - np.arange(len(time)) / fps).max() <= 0.25 / fps:
        return pose
    wanted = np.arange(round(time[-1] * fps) + 1) / fps
    return at_times(pose, time, wanted)


def _write_node(file: TextIO, rig: Rig, node: Node, depth: int) -> None:
    indent = "\t" * depth
    kind = "ROOT" if node.parent is None else "JOINT"
    rotations = " ".join(f"{axis}rotation" for axis in node.order)
    channels = (
        f"6 Xposition Yposition Zposition {rotations}" if node.parent is None else f"3 {rotations}"
    )
    file.write(f"{indent}{kind} {node.name}\n{indent}{{\n")
    file.write(f"{indent}\tOFFSET {_vector(rig.offsets[node.name])}\n")
    file.write(f"{indent}\tCHANNELS {channels}\n")
    for child in NODES:
        if child.parent == node.name:
            _write_node(file, rig, child, depth + 1)
    if node.name in rig.ends:
        end = _vector(rig.ends[node.name])
        file.write(f"{indent}\tEnd Site\n{indent}\t{{\n{indent}\t\tOFFSET {end}\n{indent}\t}}\n")
    file.write(f"{indent}}}\n")


def _vector(offset: np.ndarray) -> str:
    return " ".join(f"{value:.6f}" for value in offset)


def _write_motion(file: TextIO, rig: Rig, fps: float) -> None:
    order = [node.name for node in _depth_first(NODES[0])]
    file.write(f"MOTION\nFrames: {len(rig.root)}\nFrame Time: {1 / fps:.8f}\n")
    row = " ".join(["%.6f"] * 3 + ["%.5f"] * (3 * len(order))) + "\n"
    table = np.concatenate([rig.root, *(rig.euler[name] for name in order)], axis=1)
    for values in table:
        file.write(row % tuple(values.tolist()))


def _depth_first(node: Node) -> list[Node]:
    """The nodes in the order in which the hierarchy is written."""
    found = [node]
    for child in NODES:
        if child.parent == node.name:
            found += _depth_first(child)
    return found
