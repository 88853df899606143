"""ASF and AMC, against positions added up by hand and against SciPy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from poselift.errors import PoseliftError
from poselift.lifter.data import asf
from tests.lifter.data.cmu_files import ASF_BONES, UNIT, Values, write_amc, write_asf


def ends(folder: Path, *frames: Values) -> dict[str, np.ndarray]:
    figure = asf.read_asf(write_asf(folder / "01.asf"))
    return asf.bone_ends(figure, asf.read_amc(write_amc(folder / "01_01.amc", frames), figure))


def test_it_stands(tmp_path: Path) -> None:
    standing = ends(tmp_path, {})
    for name, place in {
        "root": (0, 15, 0), "lhipjoint": (0.75, 14, 0), "ltibia": (0.75, 0, 0),
        "lfoot": (0.75, 0, 2), "thorax": (0, 21, 0), "head": (0, 25.5, 0), "lradius": (12, 21, 0),
        "rradius": (-12, 21, 0),
    }.items():  # fmt: skip
        np.testing.assert_allclose(standing[name], [place], atol=1e-9, err_msg=name)


@pytest.mark.parametrize(
    ("bone", "values", "end", "place"),
    [
        ("ltibia", [90], "ltibia", (0.75, 7, -7)),  # the foot goes behind
        ("rtibia", [90], "rtibia", (-0.75, 0, 0)),  # its own x is the world's y: only a twist
        ("rtibia", [90], "rfoot", (1.25, 0, 0)),  # so the toes go inwards
        ("lhumerus", [90, 0, 0], "lhumerus", (3, 21, 5)),  # its own x is the world's -y: forward
        ("lhumerus", [90, 0, 0], "lradius", (3, 21, 9)),  # and the forearm goes along
        ("lradius", [90], "lradius", (8, 17, 0)),  # own x is -z when X is done before Y: downward
        ("rradius", [90], "rradius", (-8, 21, 4)),  # own x is y when Z, Y are before X: forward
        ("lclavicle", [0, 90], "lclavicle", (0, 24, 0)),  # dof ry rz: the second value is rz
        ("lowerback", [90, 0, 0], "lowerback", (0, 15, 2)),
        ("lowerback", [90, 0, 0], "head", (0, 15, 10.5)),
        ("thorax", [90, 0, 90], "upperneck", (0, 19, 5)),  # x first: forward; z leaves that
        # y leaves up and takes out to backward; z takes up to the right and leaves backward.
        ("thorax", [0, 90, 90], "lclavicle", (-2, 19, -3)),
    ],
)  # fmt: skip
def test_a_joint_bends(
    tmp_path: Path, bone: str, values: list[float], end: str, place: tuple[float, ...]
) -> None:
    np.testing.assert_allclose(ends(tmp_path, {bone: values})[end], [place], atol=1e-9)


def test_the_root_turns_and_goes(tmp_path: Path) -> None:
    turned = ends(tmp_path, {"root": (1, 2, 3, 0, 90, 0)}, {"root": (0, 15, 0, 90, 0, 90)})
    np.testing.assert_allclose(turned["lradius"][0], (1, 8, 3 - 12), atol=1e-9)  # +x to -z
    np.testing.assert_allclose(turned["lfoot"][0], (1 + 2, -13, 3 - 0.75), atol=1e-9)  # +z to +x
    # x first: up to +z, which z leaves; then left, +x, to +y.
    np.testing.assert_allclose(turned["head"][1], (0, 15, 10.5), atol=1e-9)
    np.testing.assert_allclose(turned["lradius"][1], (0, 27, 6), atol=1e-9)


def test_the_root_s_order_is_the_file_s(tmp_path: Path) -> None:
    figure = asf.read_asf(write_asf(tmp_path / "01.asf", root="RZ RY RX TZ TY TX"))
    path = write_amc(tmp_path / "01_01.amc", [{"root": (0, 90, 0, 3, 2, 1)}])
    read = asf.bone_ends(figure, asf.read_amc(path, figure))
    np.testing.assert_allclose(read["lradius"], [(1, 8, -9)], atol=1e-9)


def test_units(tmp_path: Path) -> None:
    assert asf.read_asf(write_asf(tmp_path / "a.asf")).unit == pytest.approx(UNIT)
    inches = asf.read_asf(write_asf(tmp_path / "b.asf", units="length 1.0"))
    assert inches.unit == pytest.approx(0.0254)


def test_radians(tmp_path: Path) -> None:
    figure = asf.read_asf(write_asf(tmp_path / "01.asf"))
    path = write_amc(tmp_path / "01_01.amc", [{"ltibia": [np.pi / 2]}])
    path.write_text(path.read_text().replace(":DEGREES", ":RADIANS"))
    bent = asf.bone_ends(figure, asf.read_amc(path, figure))
    np.testing.assert_allclose(bent["ltibia"], [(0.75, 7, -7)], atol=1e-5)


def by_scipy(values: Values) -> dict[str, np.ndarray]:
    """Another way to the same: every bone's end found by walking down to the root."""

    def turn(name: str) -> Rotation:
        if name == "root":
            return Rotation.from_euler("xyz", values["root"][3:], degrees=True)
        parent, _, _, axis, dof = ASF_BONES[name]
        *angles, order = axis.split()
        own = Rotation.from_euler(order.lower(), [float(a) for a in angles], degrees=True)
        if not dof:
            return turn(parent)
        moved = Rotation.from_euler(dof.replace("r", "").replace(" ", ""), values[name],
                                    degrees=True)  # fmt: skip
        return turn(parent) * own * moved * own.inv()

    def end(name: str) -> np.ndarray:
        if name == "root":
            return np.asarray(values["root"][:3])
        parent, direction, length, *_ = ASF_BONES[name]
        return end(parent) + turn(name).apply(np.array(direction) * length)

    return {name: np.ravel(end(name)) for name in ("root", *ASF_BONES)}


def test_random_poses_are_scipy_s(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    frames = [
        {"root": rng.uniform(-90, 90, 6).round(4),
         **{name: rng.uniform(-180, 180, len(bone[4].split())).round(4)
            for name, bone in ASF_BONES.items() if bone[4]}}
        for _ in range(5)
    ]  # fmt: skip
    read = ends(tmp_path, *frames)
    for number, values in enumerate(frames):
        for name, place in by_scipy(values).items():
            np.testing.assert_allclose(read[name][number], place, atol=1e-8, err_msg=name)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("     name ltibia\n", "", "no 'name'"),
        ("length 0.45", "mass 2", "no 'length'"),
        ("length 0.45", "length 0", "not a complete ASF"),
        ("direction 0 1 0", "direction 0 up 0", "could not convert"),
        ("    dof rx ry rz", "    dof rx l", "has dof rx l"),
        ("axis XYZ\n   position", "axis XYX\n   position", "axis XYX"),
        ("orientation 0 0 0", "orientation 0 90 0", "orientation"),
        ("root lhipjoint", "root lhipjoint lfemur", "hangs on two"),
    ],
)
def test_a_broken_skeleton_is_said(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = write_asf(tmp_path / "01.asf")
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(PoseliftError, match=said):
        asf.read_asf(path)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("head 0 0 0\n", "", "frames of different length"),
        ("head 0 0 0\n", "head 0 0\n", "broken at bone head"),
        ("head 0 0 0\n", "head 0 0 -1.#IND\n", "broken at bone head"),
        ("head 0 0 0\n", "lfoot 0 0 0\n", "broken at bone"),
    ],
)
def test_a_broken_motion_is_said(tmp_path: Path, old: str, new: str, said: str) -> None:
    figure = asf.read_asf(write_asf(tmp_path / "01.asf"))
    path = write_amc(tmp_path / "01_01.amc", [{}, {}, {}])
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(PoseliftError, match=said):
        asf.read_amc(path, figure)


def test_a_motion_of_another_skeleton_or_none_is_said(tmp_path: Path) -> None:
    figure = asf.read_asf(write_asf(tmp_path / "01.asf"))
    path = write_amc(tmp_path / "01_01.amc", [{}])
    path.write_text(path.read_text().replace("ltibia 0", "ltibia 0 0"))
    with pytest.raises(PoseliftError, match="2 values for ltibia, its skeleton 1"):
        asf.read_amc(path, figure)
    path.write_text(":FULLY-SPECIFIED\n:DEGREES\n")
    with pytest.raises(PoseliftError, match="no frames"):
        asf.read_amc(path, figure)
    with pytest.raises(PoseliftError, match="No such file"):
        asf.read_amc(tmp_path / "none.amc", figure)
