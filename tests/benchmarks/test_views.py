from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from benchmarks import views
from tests.lifter.synthetic_motion import motion

_CAMERA = """<camera serial="c{i}"><transform r11="{r[0]}" r12="{r[1]}" r13="{r[2]}" r21="{r[3]}"
r22="{r[4]}" r23="{r[5]}" r31="{r[6]}" r32="{r[7]}" r33="{r[8]}"
x="{x[0]}" y="{x[1]}" z="{x[2]}"/>
<intrinsic focalLengthU="64000" focalLengthV="64000" centerPointU="32000" centerPointV="32000"
radialDistortion1="-0.05" radialDistortion2="0.1"
tangentalDistortion1="0" tangentalDistortion2="0"/>
</camera>"""


def scene() -> tuple[list[views.View], np.ndarray]:
    """Four cameras around a person, and the person's 12 joints."""
    world = motion(12, 0)[:, list(views.SEEN)].astype(np.float64)
    world -= world.mean((0, 1))
    look = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
    matrix = np.array([[1000.0, 0, 500], [0, 1000, 500], [0, 0, 1]])
    made = []
    for i in range(4):
        turn = look @ Rotation.from_euler("z", 80 * i, degrees=True).as_matrix()
        made.append(views.View(turn, np.array([0.0, 0.0, 4.0]), matrix, np.zeros(4)))
    return made, world


def seen(cameras: list[views.View], world: np.ndarray) -> np.ndarray:
    return np.stack([camera.project(world) for camera in cameras])


def test_triangulation_finds_the_points_again() -> None:
    cameras, world = scene()
    score = np.ones((4, *world.shape[:2]))
    found, errors = views.robust_triangulation(cameras, seen(cameras, world), score)
    assert np.abs(found - world).max() < 1e-6
    assert errors.max() < 1e-3


def test_a_view_that_disagrees_loses_its_say() -> None:
    cameras, world = scene()
    points = seen(cameras, world)
    points[2, :, 5] += 150
    found, _ = views.robust_triangulation(cameras, points, np.ones((4, *world.shape[:2])))
    assert np.abs(found - world).max() < 0.03


def test_refining_mends_a_camera_that_moved() -> None:
    cameras, world = scene()
    points, score = seen(cameras, world), np.ones((4, *world.shape[:2]))
    nudge = Rotation.from_euler("xyz", [1.5, -1.2, 0.9], degrees=True).as_matrix()
    one = cameras[1]
    moved = [*cameras]
    moved[1] = views.View(nudge @ one.rotation, one.shift + 0.01, one.matrix, one.lens)
    before = views.robust_triangulation(moved, points, score)[1].mean()
    refined = views.refine(moved, points, score)
    after = views.robust_triangulation(refined, points, score)[1].mean()
    assert before > 1
    assert after < 0.5 * before


def test_a_qualisys_file_is_read(tmp_path: Path) -> None:
    turn = np.eye(3).ravel()
    text = _CAMERA.format(i=1, r=turn, x=(1000, 2000, 3000))
    path = tmp_path / "cameras.qca.txt"
    path.write_text(f"<calibration><cameras>{text}</cameras></calibration>")
    [view] = views.read_qualisys(path)
    # An untouched Qualisys camera looks down: along -z, with y up in its picture.
    below = np.array([1.0, 2.0, 0.0])
    assert np.allclose(view.project(below), [500, 500])
    assert view.project(below + np.array([0, 0.1, 0]))[1] < 500
    assert view.project(below + np.array([0.1, 0, 0]))[0] > 500
    middle = np.array([[500.0, 500.0]])
    assert np.allclose(view.undistort(middle), middle, atol=1e-6)
    corner = np.array([[900.0, 900.0]])
    assert np.abs(view.undistort(corner) - corner).max() > 1


def test_thirteen_joints_are_judged_from_the_middle_of_the_hips() -> None:
    pose = motion(3, 1)
    joints = views.judged_joints(pose)
    assert joints.shape == (3, 13, 3)
    assert np.allclose(joints[:, 0], (pose[:, 1] + pose[:, 4]) / 2)
