"""ASF, AMC and BVH files of one figure whose measures are easy to add up in the head.

It stands with its arms out to its sides, facing +z, y up, the root 15 units over the ankles; a
unit is CMU's, 0.0254 / 0.45 m.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from poselift.demo.cli import main
from poselift.lifter.data import mocap

UNIT = 0.0254 / 0.45

#: name: (parent, direction, length, axis, dof)
ASF_BONES: dict[str, tuple[str, tuple[float, ...], float, str, str]] = {
    "lhipjoint": ("root", (0.6, -0.8, 0), 1.25, "0 0 0 XYZ", ""),
    "lfemur": ("lhipjoint", (0, -1, 0), 7, "0 0 20 XYZ", "rx ry rz"),
    "ltibia": ("lfemur", (0, -1, 0), 7, "0 0 0 XYZ", "rx"),
    "lfoot": ("ltibia", (0, 0, 1), 2, "90 0 20 XYZ", "rx rz"),
    "rhipjoint": ("root", (-0.6, -0.8, 0), 1.25, "0 0 0 XYZ", ""),
    "rfemur": ("rhipjoint", (0, -1, 0), 7, "0 0 -20 XYZ", "rx ry rz"),
    "rtibia": ("rfemur", (0, -1, 0), 7, "0 0 90 XYZ", "rx"),
    "rfoot": ("rtibia", (0, 0, 1), 2, "90 0 -20 XYZ", "rx rz"),
    "lowerback": ("root", (0, 1, 0), 2, "0 0 0 XYZ", "rx ry rz"),
    "upperback": ("lowerback", (0, 1, 0), 2, "0 0 0 XYZ", "rx ry rz"),
    "thorax": ("upperback", (0, 1, 0), 2, "0 0 0 XYZ", "rx ry rz"),
    "lowerneck": ("thorax", (0, 1, 0), 1.5, "0 0 0 XYZ", "rx ry rz"),
    "upperneck": ("lowerneck", (0, 1, 0), 1.5, "0 0 0 XYZ", "rx ry rz"),
    "head": ("upperneck", (0, 1, 0), 1.5, "0 0 0 XYZ", "rx ry rz"),
    "lclavicle": ("thorax", (1, 0, 0), 3, "0 0 0 XYZ", "ry rz"),
    "lhumerus": ("lclavicle", (1, 0, 0), 5, "0 0 -90 XYZ", "rx ry rz"),
    "lradius": ("lhumerus", (1, 0, 0), 4, "90 90 0 XYZ", "rx"),
    "rclavicle": ("thorax", (-1, 0, 0), 3, "0 0 0 XYZ", "ry rz"),
    "rhumerus": ("rclavicle", (-1, 0, 0), 5, "180 30 90 ZYX", "rx ry rz"),
    "rradius": ("rhumerus", (-1, 0, 0), 4, "90 90 0 ZYX", "rx"),
}

#: Where the 17 are when it stands, in the order of H36M-17, units, y up.
STANDING = np.array([
    (0, 14, 0), (-0.75, 14, 0), (-0.75, 7, 0), (-0.75, 0, 0), (0.75, 14, 0), (0.75, 7, 0),
    (0.75, 0, 0), (0, 17, 0), (0, 22.5, 0), (0, 24, 0), (0, 25.5, 0), (3, 21, 0), (8, 21, 0),
    (12, 21, 0), (-3, 21, 0), (-8, 21, 0), (-12, 21, 0),
], np.float64)  # fmt: skip

#: Standing, metres, z up.
UPRIGHT = STANDING[:, [0, 2, 1]] * (1, -1, 1) * UNIT

#: name as amc2bvh writes it: (parent, offset); the chest's bone is lost on the way.
BVH_JOINTS: dict[str, tuple[str | None, tuple[float, ...]]] = {
    "hip": (None, (0, 0, 0)),
    "lhipjoint": ("hip", (0, 0, 0)), "lfemur": ("lhipjoint", (0.75, -1, 0)),
    "ltibia": ("lfemur", (0, -7, 0)), "lfoot": ("ltibia", (0, -7, 0)),
    "lfoot end": ("lfoot", (0, 0, 2)),
    "rhipjoint": ("hip", (0, 0, 0)), "rfemur": ("rhipjoint", (-0.75, -1, 0)),
    "rtibia": ("rfemur", (0, -7, 0)), "rfoot": ("rtibia", (0, -7, 0)),
    "rfoot end": ("rfoot", (0, 0, 2)),
    "lowerback": ("hip", (0, 0, 0)), "upperback": ("lowerback", (0, 2, 0)),
    "thorax": ("upperback", (0, 2, 0)), "lowerneck": ("thorax", (0, 0, 0)),
    "upperneck": ("lowerneck", (0, 1.5, 0)), "head": ("upperneck", (0, 1.5, 0)),
    "head end": ("head", (0, 1.5, 0)),
    "lclavicle": ("thorax", (0, 0, 0)), "lhumerus": ("lclavicle", (3, 0, 0)),
    "lradius": ("lhumerus", (5, 0, 0)), "lwrist": ("lradius", (4, 0, 0)),
    "lwrist end": ("lwrist", (1, 0, 0)),
    "rclavicle": ("thorax", (0, 0, 0)), "rhumerus": ("rclavicle", (-3, 0, 0)),
    "rradius": ("rhumerus", (-5, 0, 0)), "rwrist": ("rradius", (-4, 0, 0)),
    "rwrist end": ("rwrist", (-1, 0, 0)),
}  # fmt: skip

#: What the releases of cgspeed.com call these joints, in the order of BVH_JOINTS, without the ends.
MOTIONBUILDER = (
    "Hips", "LHipJoint", "LeftUpLeg", "LeftLeg", "LeftFoot", "RHipJoint", "RightUpLeg", "RightLeg",
    "RightFoot", "LowerBack", "Spine", "Spine1", "Neck", "Neck1", "Head", "LeftShoulder",
    "LeftArm", "LeftForeArm", "LeftHand", "RightShoulder", "RightArm", "RightForeArm", "RightHand",
)  # fmt: skip
MAX3DS = (
    "Hips", "LHipJoint", "LeftHip", "LeftKnee", "LeftAnkle", "RHipJoint", "RightHip", "RightKnee",
    "RightAnkle", "lowerback", "Chest", "Chest2", "lowerneck", "Neck", "Head", "LeftCollar",
    "LeftShoulder", "LeftElbow", "LeftWrist", "RightCollar", "RightShoulder", "RightElbow",
    "RightWrist",
)  # fmt: skip

Values = Mapping[str, Sequence[float] | np.ndarray]


def write_asf(path: Path, units: str = "length 0.45", root: str = "TX TY TZ RX RY RZ") -> Path:
    """The figure's skeleton, laid out as CMU does it."""
    lines = ["# made for a test", ":version 1.10", ":units", "  mass 1.0", f"  {units}",
             "  angle deg", ":root", f"   order {root}", "   axis XYZ", "   position 0 0 0  ",
             "   orientation 0 0 0 ", ":bonedata"]  # fmt: skip
    for name, (_, direction, length, axis, dof) in ASF_BONES.items():
        lines += ["  begin", f"     name {name}", f"     direction {_words(direction)}",
                  f"     length {length}", f"     axis {axis}"]  # fmt: skip
        if dof:
            limits = ["    limits (-160.0 20.0)", *["           (-70.0 70.0)"] * dof.count(" ")]
            lines += [f"    dof {dof}", *limits]
        lines.append("  end")
    lines += [":hierarchy", "  begin"]
    for parent in ("root", *ASF_BONES):
        children = [name for name, bone in ASF_BONES.items() if bone[0] == parent]
        if children:
            lines.append(f"    {parent} {' '.join(children)}")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([*lines, "  end"]) + "\n")
    return path


def write_amc(path: Path, frames: Sequence[Values]) -> Path:
    """A motion: for each frame values of the root (else standing) and of bones (else 0)."""
    lines = ["#!OML:ASF F:\\VICON\\USERDATA", ":FULLY-SPECIFIED", ":DEGREES"]
    for number, values in enumerate(frames, start=1):
        lines += [str(number), f"root {_words(values.get('root', (0, 15, 0, 0, 0, 0)))}"]
        for name, (*_, dof) in ASF_BONES.items():
            if dof:
                given = values.get(name, [0] * len(dof.split()))
                lines.append(f"{name} {_words(given)}")
    path.write_text("\n".join(lines) + "\n")
    return path


def write_bvh(
    path: Path,
    frames: Sequence[Values],
    names: Sequence[str] | None = None,
    joints: Mapping[str, tuple[str | None, tuple[float, ...]]] = BVH_JOINTS,
    orders: Mapping[str, str] | None = None,
    seconds: str = ".0083333",
) -> Path:
    """A motion: for each frame the root's place (else standing) and the angles of joints (else 0).

    `names` renames the joints, `orders` gives the order of their angles (ZYX unless said).
    """
    orders = orders or {}
    own = [name for name in joints if not name.endswith(" end")]
    called = dict(zip(own, names or own, strict=True))
    lines = ["HIERARCHY", *_bvh_joint(own[0], joints, called, orders, 0), "MOTION",
             f"Frames: {len(frames)}", f"Frame Time: {seconds}"]  # fmt: skip
    for values in frames:
        row = [_words(values.get("place", (0, 15, 0)))]
        row += [_words(values.get(name, (0, 0, 0))) for name in _depth_first(own[0], joints)]
        lines.append(" ".join(row))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    return path


def _bvh_joint(
    name: str,
    joints: Mapping[str, tuple[str | None, tuple[float, ...]]],
    called: Mapping[str, str],
    orders: Mapping[str, str],
    depth: int,
) -> list[str]:
    parent, offset = joints[name]
    indent = "\t" * depth
    if name.endswith(" end"):
        return [f"{indent}End Site", f"{indent}{{", f"{indent}\tOFFSET {_words(offset)}",
                f"{indent}}}"]  # fmt: skip
    turns = " ".join(f"{axis}rotation" for axis in orders.get(name, "ZYX"))
    channels = f"3 {turns}" if parent else f"6 Xposition Yposition Zposition {turns}"
    lines = [f"{indent}{'JOINT' if parent else 'ROOT'} {called[name]}", f"{indent}{{",
             f"{indent}\tOFFSET {_words(offset)}", f"{indent}\tCHANNELS {channels} "]  # fmt: skip
    for child, (above, _) in joints.items():
        if above == name:
            lines += _bvh_joint(child, joints, called, orders, depth + 1)
    return [*lines, f"{indent}}}"]


def _depth_first(
    name: str, joints: Mapping[str, tuple[str | None, tuple[float, ...]]]
) -> list[str]:
    found = [name]
    for child, (above, _) in joints.items():
        if above == name and not child.endswith(" end"):
            found += _depth_first(child, joints)
    return found


def _words(numbers: Sequence[float] | np.ndarray) -> str:
    return " ".join(f"{number:g}" if number == round(number) else f"{number:.6f}"
                    for number in numbers)  # fmt: skip


def walk(frames: int, fps: float = 120.0, jumps: Sequence[int] = ()) -> list[Values]:
    """Along +z at 1 m/s, a knee bending; from each of the frames `jumps` on 1 m further."""
    out: list[Values] = []
    for frame in range(frames):
        far = frame / fps + sum(frame >= jump for jump in jumps)
        out.append({"root": (0, 15, far / UNIT, 0, 0, 0), "ltibia": [frame / 10]})
    return out


def as_bvh(frames: Sequence[Values]) -> list[Values]:
    return [{"place": f["root"][:3], "ltibia": (0, 0, *f["ltibia"])} for f in frames]


def asf_folder(folder: Path, trials: dict[str, list[Values]]) -> Path:
    for trial, frames in trials.items():
        subject = trial.split("_")[0]
        write_asf(folder / subject / f"{subject}.asf")
        write_amc(folder / subject / f"{trial}.amc", frames)
    return folder


def made(tmp_path: Path, *options: str) -> tuple[dict[str, mocap.Clip], dict[str, dict]]:
    """The set that the command makes: clips and notes by name."""
    out = tmp_path / "set.npz"
    assert main(["data", "cmu", *options, "--out", str(out)]) == 0
    clips = {clip.name: clip for clip in mocap.read_set(out)}
    with np.load(out, allow_pickle=False) as stored:
        notes = [json.loads(str(text)) for text in stored["meta"]]
    return clips, {note["key"]: note for note in notes}
