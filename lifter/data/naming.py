"""Which joints of a motion capture file are the 17, for the ways in which CMU's files name them.

Everywhere the spine is the end of the lowest back bone, the thorax the base of the neck, joint 9
the base of the skull, and the head the top of the head.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from poselift.errors import PoseliftError
from poselift.skeleton import H36M17

Mix = tuple[tuple[float, str], ...]


@dataclass(frozen=True)
class Convention:
    """One way to name the joints.

    Attributes:
        name: whose way it is.
        sources: for each of the 17 but the pelvis, the file's joints and their shares in it.
        crown: a joint, and where the top of the head is in its axes, (3,) in the file's units; for
            files that end at the skull.
        chest: a joint, and those on it that stand a bone's length too low in some files.
        marks: further joints without which a file is not of this kind.
        warning: what to know of such files.
    """

    name: str
    sources: Mapping[str, Mix]
    crown: tuple[str, tuple[float, float, float]] | None = None
    chest: tuple[str, tuple[str, ...]] | None = None
    marks: tuple[str, ...] = ()
    warning: str = ""

    def __hash__(self) -> int:
        return hash(self.name)

    @property
    def needed(self) -> list[str]:
        """The file's joints without which the 17 cannot be made."""
        names = [name for mix in self.sources.values() for _, name in mix]
        made = {CROWN} if self.crown else set()
        wanted = dict.fromkeys(name for name in names if name not in made)
        return [*wanted, *self.marks]


#: What the top of the head is called where `Convention.crown` makes it.
CROWN = "crown"
_TRUNK = ("spine", "thorax", "neck", "head")
_LIMBS = ("hip", "knee", "ankle", "shoulder", "elbow", "wrist")


def _table(trunk: str, limbs: str, sides: tuple[str, str] = ("Left", "Right")) -> dict[str, Mix]:
    """Sources from the file's words for `_TRUNK` and `_LIMBS`, with * for its word for a side."""
    mixes = dict(zip(_TRUNK, trunk.split(", "), strict=True))
    for side, word in zip(("left", "right"), sides, strict=True):
        for ours, theirs in zip(_LIMBS, limbs.split(", "), strict=True):
            mixes[f"{side} {ours}"] = theirs.replace("*", word)
    return {ours: ((1.0, theirs),) for ours, theirs in mixes.items()}


#: The bones of an .asf, each standing for where it ends.
ASF = Convention(
    "CMU's ASF",
    _table(
        "lowerback, lowerneck, upperneck, head",
        "*hipjoint, *femur, *tibia, *clavicle, *humerus, *radius",
        ("l", "r"),
    ),
)

#: The joints of .bvh files, each standing for where it is. The second is what `poselift.export`
#: writes, 100STYLE has a capture of its own, the last two are figures of one size to which CMU's
#: motions were moved, with centimetres as units, the others CMU's own figures.
BVH = (
    Convention(
        "the MotionBuilder release",
        _table("Spine, Neck1, Head, Head end", "*UpLeg, *Leg, *Foot, *Arm, *ForeArm, *Hand"),
        chest=("Spine1", ("Neck", "LeftShoulder", "RightShoulder")),
    ),
    Convention(
        "Poselift's own",
        _table("Spine, Neck, Head, Head end", "*UpLeg, *Leg, *Foot, *Arm, *ForeArm, *Hand"),
    ),
    Convention(
        "100STYLE",
        _table("Chest2, Neck, Head, Head end", "*Hip, *Knee, *Ankle, *Shoulder, *Elbow, *Wrist"),
        marks=("Chest3", "Chest4"),
    ),
    Convention(
        "the 3dsMax release",
        _table("Chest, Neck, Head, Head end", "*Hip, *Knee, *Ankle, *Shoulder, *Elbow, *Wrist"),
        chest=("Chest2", ("lowerneck", "LeftCollar", "RightCollar")),
    ),
    Convention(
        "amc2bvh",
        _table(
            "upperback, upperneck, head, head end",
            "*femur, *tibia, *foot, *humerus, *radius, *wrist",
            ("l", "r"),
        ),
        chest=("thorax", ("lowerneck", "lclavicle", "rclavicle")),
    ),
    Convention(
        "the Daz release",
        _table(
            f"abdomen, neck, head, {CROWN}",
            "*Thigh, *Shin, *Foot, *Shldr, *ForeArm, *Hand",
            ("l", "r"),
        ),
        crown=("head", (0.0, 11.5, 0.0)),
        warning="its shoulders are some 65 mm and its wrists 110 mm from where the ASF has them; "
        "take the ASF where you can",
    ),
    Convention(
        "iClone",
        {
            **_table(
                f"spine, CC_Base_NeckTwist01, CC_Base_Head, {CROWN}",
                "CC_Base_*_Thigh, CC_Base_*_Calf, CC_Base_*_Foot, "
                "CC_Base_*_Upperarm, CC_Base_*_Forearm, CC_Base_*_Hand",
                ("L", "R"),
            ),
            "spine": ((0.3, "CC_Base_Spine01"), (0.7, "CC_Base_Spine02")),
        },
        crown=("CC_Base_Head", (0.0, 11.5, 0.0)),
    ),
)


def recognise(names: Iterable[str], known: Iterable[Convention] = BVH) -> Convention:
    """The convention of a file with joints of these names."""
    present = list(names)
    lacks = [([name for name in one.needed if name not in present], one) for one in known]
    missing, nearest = min(lacks, key=lambda pair: len(pair[0]))
    if missing:
        raise PoseliftError(
            f"Joints are missing: {', '.join(missing)} (by the names of {nearest.name}); "
            f"there are {', '.join(present)}.",
            "lifter/data/naming.py lists the names that are known.",
        )
    return nearest


def seventeen(convention: Convention, places: Mapping[str, np.ndarray]) -> np.ndarray:
    """(T, 17, 3) from where the file's joints are, (T, 3) each; the pelvis is between the hips."""
    ours = {
        name: np.sum([share * places[theirs] for share, theirs in mix], axis=0)
        for name, mix in convention.sources.items()
    }
    ours["pelvis"] = (ours["left hip"] + ours["right hip"]) / 2
    return np.stack([ours[name] for name in H36M17.names], axis=1)
