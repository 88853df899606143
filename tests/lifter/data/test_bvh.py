"""BVH files, against positions added up by hand and against bvhio and SciPy."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from poselift.errors import PoseliftError
from poselift.lifter.data import bvh
from tests.lifter.data.cmu_files import BVH_JOINTS, Values, write_bvh

OWN = [name for name in BVH_JOINTS if not name.endswith(" end")]


def places(path: Path) -> dict[str, np.ndarray]:
    return bvh.joint_places(bvh.read_bvh(path))


def test_it_stands(tmp_path: Path) -> None:
    standing = places(write_bvh(tmp_path / "a.bvh", [{}]))
    for name, place in {
        "hip": (0, 15, 0), "lfoot": (0.75, 0, 0), "lfoot end": (0.75, 0, 2),
        "head end": (0, 23.5, 0), "rwrist": (-12, 19, 0), "rwrist end": (-13, 19, 0),
    }.items():  # fmt: skip
        np.testing.assert_allclose(standing[name], [place], atol=1e-9, err_msg=name)


@pytest.mark.parametrize(
    ("joint", "order", "values", "end", "place"),
    [
        ("ltibia", "ZYX", (0, 0, 90), "lfoot", (0.75, 7, -7)),  # the foot goes behind
        ("ltibia", "XZY", (90, 0, 0), "lfoot", (0.75, 7, -7)),
        # The last one named is done first: x takes the arm nowhere, z lifts it, y leaves up.
        ("lhumerus", "YZX", (90, 90, 90), "lwrist", (3, 28, 0)),
        # y takes the arm back, x takes back to up, z takes up to the right.
        ("lhumerus", "ZXY", (90, 90, 90), "lwrist", (-6, 19, 0)),
        ("hip", "ZYX", (0, 90, 0), "lwrist", (0, 19, -12)),
    ],
)
def test_a_joint_bends(
    tmp_path: Path, joint: str, order: str, values: tuple[float, ...], end: str,
    place: tuple[float, ...],
) -> None:  # fmt: skip
    path = write_bvh(tmp_path / "a.bvh", [{joint: values}], orders={joint: order})
    np.testing.assert_allclose(places(path)[end], [place], atol=1e-9)


def random_file(path: Path, seed: int) -> tuple[list[Values], dict[str, str]]:
    rng = np.random.default_rng(seed)
    every = ["".join(order) for order in permutations("XYZ")]
    orders = {name: every[rng.integers(6)] for name in OWN}
    frames: list[Values] = [
        {"place": rng.uniform(-20, 20, 3).round(4),
         **{name: rng.uniform(-180, 180, 3).round(4) for name in OWN}}
        for _ in range(3)
    ]  # fmt: skip
    write_bvh(path, frames, orders=orders)
    return frames, orders


def test_random_poses_are_scipy_s(tmp_path: Path) -> None:
    path = tmp_path / "a.bvh"
    frames, orders = random_file(path, 0)
    read = places(path)
    for number, values in enumerate(frames):

        def transform(name: str, values: Values = values) -> np.ndarray:
            parent, offset = BVH_JOINTS[name]
            own = np.eye(4)
            own[:3, 3] = offset if parent else values["place"]
            if name in values:
                turn = Rotation.from_euler(orders[name], values[name], degrees=True)
                own[:3, :3] = turn.as_matrix()
            return transform(parent) @ own if parent else own

        for name in BVH_JOINTS:
            np.testing.assert_allclose(read[name][number], transform(name)[:3, 3], atol=1e-8)


def test_random_poses_are_bvhio_s(tmp_path: Path) -> None:
    bvhio = pytest.importorskip("bvhio")
    path = tmp_path / "a.bvh"
    random_file(path, 1)
    read = places(path)
    root = bvhio.readAsHierarchy(str(path))
    for number in range(3):
        root.loadPose(number)
        for name in OWN:
            theirs = list(root.filter(name, isEqual=True)[0].PositionWorld)
            np.testing.assert_allclose(read[name][number], theirs, atol=1e-4, err_msg=name)


def test_the_root_s_offset_is_added_and_others_are_replaced(tmp_path: Path) -> None:
    path = write_bvh(tmp_path / "a.bvh", [{"place": (1, 2, 3)}])
    text = path.read_text().replace("OFFSET 0 0 0", "OFFSET 0 100 0", 1)
    # The knee gets place channels, which in such files repeat its offset.
    knee = "OFFSET 0 -7 0\n\t\t\t\tCHANNELS "
    text = text.replace(f"{knee}3", f"{knee}6 Xposition Yposition Zposition", 1)
    head, _, row = text.rstrip().rpartition("\n")
    numbers = row.split()
    at = 6 + 3 * OWN.index("ltibia") - 3
    path.write_text(f"{head}\n{' '.join([*numbers[:at], '0', '-8', '0', *numbers[at:]])}\n")
    read = places(path)
    np.testing.assert_allclose(read["hip"], [(1, 102, 3)])
    np.testing.assert_allclose(read["ltibia"] - read["lfemur"], [(0, -8, 0)])
    np.testing.assert_allclose(read["lfoot"] - read["ltibia"], [(0, -7, 0)])


def test_layout_does_not_matter(tmp_path: Path) -> None:
    path = write_bvh(tmp_path / "a.bvh", [{"ltibia": (0, 0, 90)}, {}])
    plain = places(path)
    text = path.read_text().replace("\n\t{", " {").replace("zrotation", "zROTATION")
    text = text.replace("\n\t\t{", "{").replace("\t", "  ").replace("\n", "\r\n")
    (tmp_path / "b.bvh").write_text("\n" + text, newline="")
    for name, place in places(tmp_path / "b.bvh").items():
        np.testing.assert_array_equal(place, plain[name])


@pytest.mark.parametrize(
    ("written", "fps"),
    [(".0083333", 120), ("0.008333", 120), ("0.016667", 60), ("0.0333333", 30), ("0.04", 25),
     ("0.033367", 1 / 0.033367)],
)  # fmt: skip
def test_the_rate_is_whole_where_few_digits_mean_it(
    tmp_path: Path, written: str, fps: float
) -> None:
    assert bvh.read_bvh(write_bvh(tmp_path / "a.bvh", [{}], seconds=written)).fps == fps


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("HIERARCHY", "HIERARCHIE", "not a BVH file"),
        ("MOTION", "", "not a BVH file"),
        ("Frames: 2", "Frames: 3", "144 numbers for 3 frames of 72 channels"),
        ("Frames: 2", "Frames: two", "not a complete"),
        ("Frame Time", "Time", "no Frame Time"),
        (".0083333", "0", "none of a capture"),
        (".0083333", "100000", "none of a capture"),
        ("CHANNELS 3 Zrotation", "CHANNELS 3 Wrotation", "CHANNELS"),
        ("CHANNELS 3 Zrotation", "CHANNELS 2 Zrotation", "CHANNELS"),
        ("OFFSET 0 -7 0", "OFFSET 0 -7", "not a complete"),
        ("End Site", "Site", "'Site' in the hierarchy"),
        ("}\nMOTION", "MOTION", "cut off"),
    ],
)
def test_a_broken_file_is_said(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = write_bvh(tmp_path / "a.bvh", [{}, {}])
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(PoseliftError, match=said):
        bvh.read_bvh(path)


def test_the_lost_bone_of_the_chest_is_made_again(tmp_path: Path) -> None:
    above = ("lowerneck", "lclavicle", "rclavicle")
    read = bvh.read_bvh(write_bvh(tmp_path / "a.bvh", [{"thorax": (0, 0, 90)}]))
    whole = bvh.joint_places(read.with_chest("thorax", above))
    np.testing.assert_allclose(whole["lowerneck"], [(0, 19, 2)], atol=1e-9)  # it turns with it
    np.testing.assert_allclose(whole["head"], [(0, 19, 5)], atol=1e-9)
    there = {**BVH_JOINTS, "lowerneck": ("thorax", (0, 1.9, 0))}
    read = bvh.read_bvh(write_bvh(tmp_path / "b.bvh", [{}], joints=there))
    assert read.with_chest("thorax", above) is read
