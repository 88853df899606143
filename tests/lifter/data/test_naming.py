"""The ways in which CMU's files name the joints: each gives the same 17."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from poselift.errors import PoseliftError
from poselift.lifter.data import cmu, naming
from poselift.skeleton import H36M17
from tests.lifter.data.cmu_files import (
    BVH_JOINTS,
    MAX3DS,
    MOTIONBUILDER,
    STANDING,
    UNIT,
    UPRIGHT,
    as_bvh,
    asf_folder,
    made,
    walk,
    write_bvh,
)


@pytest.mark.parametrize("names", [None, MOTIONBUILDER, MAX3DS])
def test_the_releases_of_cmu_s_figures_say_the_same(
    tmp_path: Path, names: tuple[str, ...] | None
) -> None:
    folder = asf_folder(tmp_path / "asf", {"05_02": walk(121)})
    right, _ = made(tmp_path, "--asf-amc", str(folder))
    write_bvh(tmp_path / "bvh" / "05" / "05_02.bvh", as_bvh(walk(121)), names)
    clips, notes = made(tmp_path, "--bvh", str(tmp_path / "bvh"))
    assert notes["bvh/05/05_02"]["metres_per_unit"] == pytest.approx(UNIT)
    np.testing.assert_allclose(
        clips["bvh/05/05_02"].joints, right["asfamc/05/05_02"].joints, atol=1e-6
    )


def figure_of_one_size(names: dict[str, str]) -> dict[str, tuple[str | None, tuple[float, ...]]]:
    """The figure in centimetres, under other names, with the chest's bone and no end at the head;
    joints that have no name there are left out."""
    out: dict[str, tuple[str | None, tuple[float, ...]]] = {}
    for joint, (parent, offset) in BVH_JOINTS.items():
        if joint not in names:
            continue
        place = np.array(offset, float)
        if joint in ("lowerneck", "lclavicle", "rclavicle"):
            place[1] = 2
        while parent is not None and parent not in names:
            place += BVH_JOINTS[parent][1]
            parent = BVH_JOINTS[parent][0]
        out[names[joint]] = (names[parent] if parent else None, tuple(place * UNIT * 100))
    return out


def test_the_figure_of_the_daz_release(tmp_path: Path) -> None:
    names = dict(zip(
        ["hip", "upperback", "thorax", "lowerneck", "upperneck", "head"],
        ["hip", "abdomen", "chest", "chest2", "neck", "head"], strict=True,
    ))  # fmt: skip
    for side in "lr":
        for theirs, ours in {"femur": "Thigh", "tibia": "Shin", "foot": "Foot",
                             "clavicle": "Collar", "humerus": "Shldr", "radius": "ForeArm",
                             "wrist": "Hand"}.items():  # fmt: skip
            names[side + theirs] = side + ours
    joints = figure_of_one_size(names)
    place = (0, 15 * UNIT * 100, 0)
    write_bvh(tmp_path / "b" / "01_01.bvh", [{"place": place, "head": (0, 0, 90)}] * 90,
              joints=joints)  # fmt: skip
    clips, notes = made(tmp_path, "--bvh", str(tmp_path / "b"))
    assert notes["bvh/01/01_01"]["metres_per_unit"] == 0.01
    standing = UPRIGHT.copy()
    standing[H36M17.index("head")] = standing[H36M17.index("neck")] + (0, -0.115, 0)  # it nods
    np.testing.assert_allclose(clips["bvh/01/01_01"].joints[0], standing, atol=1e-5)


def test_the_figure_of_iclone(tmp_path: Path) -> None:
    names = {"hip": "Hip", "upperback": "Spine01", "thorax": "Spine02", "upperneck": "NeckTwist01",
             "head": "Head"}  # fmt: skip
    for side in "lr":
        for theirs, ours in {"femur": "Thigh", "tibia": "Calf", "foot": "Foot",
                             "clavicle": "Clavicle", "humerus": "Upperarm", "radius": "Forearm",
                             "wrist": "Hand"}.items():  # fmt: skip
            names[side + theirs] = f"{side.upper()}_{ours}"
    joints = figure_of_one_size({ours: f"CC_Base_{theirs}" for ours, theirs in names.items()})
    # The neck hangs on the chest directly here.
    joints["CC_Base_NeckTwist01"] = ("CC_Base_Spine02", (0, 3.5 * UNIT * 100, 0))
    write_bvh(tmp_path / "b" / "005" / "005_02.bvh", [{"place": (0, 15 * UNIT * 100, 0)}] * 90,
              joints=joints, seconds="0.016667")  # fmt: skip
    clips, notes = made(tmp_path, "--bvh", str(tmp_path / "b"))
    standing = UPRIGHT.copy()
    standing[H36M17.index("head")] = standing[H36M17.index("neck")] + (0, 0, 0.115)
    standing[H36M17.index("spine")] += (0, 0, 0.7 * 2 * UNIT)
    np.testing.assert_allclose(clips["bvh/005/005_02"].joints[0], standing, atol=1e-5)
    assert notes["bvh/005/005_02"]["frames"] == 90


def test_missing_joints_are_said() -> None:
    names = [*(name for name in MOTIONBUILDER if name != "LeftLeg"), "Head end"]
    with pytest.raises(PoseliftError, match=r"missing: LeftLeg \(.*MotionBuilder.*there are Hips"):
        naming.recognise(names)
    with pytest.raises(PoseliftError, match=r"missing: .*there are Bip01"):
        naming.recognise(["Bip01"])


@pytest.mark.parametrize("unit", [1.0, 0.01, 0.001, 0.0254, UNIT])
@pytest.mark.parametrize("leg", [0.61, 0.84, 1.19])
def test_the_unit_is_seen_in_the_legs(unit: float, leg: float) -> None:
    joints = np.tile(STANDING, (3, 1, 1)) / 14 * leg / unit
    assert cmu.unit_of(joints) == unit
    assert cmu.leg_length(joints) * unit == pytest.approx(leg)


def test_a_file_of_100style_is_not_taken_for_another(tmp_path: Path) -> None:
    names = {*MAX3DS, "Chest3", "Chest4", "Head end"}
    assert naming.recognise(names).name == "100STYLE"
    assert naming.recognise({*MAX3DS, "Head end"}).name == "the 3dsMax release"


def test_how_files_were_read_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_bvh(tmp_path / "bvh" / "05" / "05_02.bvh", as_bvh(walk(121)), MAX3DS)
    _, notes = made(tmp_path, "--bvh", str(tmp_path / "bvh"))
    assert notes["bvh/05/05_02"]["convention"] == "the 3dsMax release"
    assert "1 read as the 3dsMax release" in capsys.readouterr().err
