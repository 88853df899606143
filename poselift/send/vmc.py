"""A person as the bones of an avatar, by the Virtual Motion Capture protocol."""

from __future__ import annotations

import numpy as np

from poselift.export.people import y_up
from poselift.export.rig import NODES, Rig, fit_rig
from poselift.send.osc import message

#: What Unity calls the nodes of the rig.
BONES = {"Hips": "Hips", "LowerBack": "Spine", "Spine": "Chest", "Neck": "Neck", "Head": "Head"}
for _side in ("Left", "Right"):
    BONES |= {
        f"{_side}Collar": f"{_side}Shoulder",
        f"{_side}Arm": f"{_side}UpperArm",
        f"{_side}ForeArm": f"{_side}LowerArm",
        f"{_side}Hand": f"{_side}Hand",
        f"{_side}UpLeg": f"{_side}UpperLeg",
        f"{_side}Leg": f"{_side}LowerLeg",
        f"{_side}Foot": f"{_side}Foot",
    }
_LEARN = 30  # poses from which the lengths of a person's bones are learned


class VmcBody:
    """Turns the poses of one person into messages; bones keep the lengths learned first."""

    def __init__(self) -> None:
        self._poses: list[np.ndarray] = []
        self._rest: Rig | None = None

    def messages(self, pose: np.ndarray, time: float) -> list[bytes]:
        """The messages of one pose, (17, 3) metres, z up."""
        from scipy.spatial.transform import Rotation

        upright = y_up(np.asarray(pose, np.float64))
        if len(self._poses) < _LEARN:
            self._poses.append(upright)
            self._rest = fit_rig(np.stack(self._poses))
        assert self._rest is not None
        rig = fit_rig(upright[None])
        out = [
            message("/VMC/Ext/OK", 1, 3, 0),
            message("/VMC/Ext/T", float(time)),
            message("/VMC/Ext/Root/Pos", "root", 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0),
        ]
        for node in NODES:
            place = rig.root[0] if node.parent is None else self._rest.offsets[node.name]
            turn = Rotation.from_euler(node.order, rig.euler[node.name][0], degrees=True).as_quat()
            out.append(message("/VMC/Ext/Bone/Pos", BONES[node.name], *_in_unity(place, turn)))
        return out


def _in_unity(place: np.ndarray, turn: np.ndarray) -> list[float]:
    """Place and quaternion of a right-handed world in Unity's left-handed one."""
    x, y, z = (float(value) for value in place)
    a, b, c, w = (float(value) for value in turn)
    return [-x, y, z, a, -b, -c, w]
