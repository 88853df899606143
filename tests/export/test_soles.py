"""Feet of BVH and GLB point where toes were seen."""

from dataclasses import replace

import bvhio
import numpy as np
import pytest

from poselift.export.bvh import write_bvh
from poselift.export.glb import write_glb
from poselift.export.people import each_person, y_up
from poselift.export.rig import fit_rig
from poselift.result import ClipMotion
from poselift.scene.soles import Toes
from tests.scene.test_soles import camera_at, degrees_off, seen_by


@pytest.fixture
def seen(make_clip, make_walker) -> ClipMotion:
    """Somebody who walks, with toes that the camera saw."""
    pose = make_walker()
    camera = camera_at(15)
    xy, extra = seen_by(camera, pose)
    extra = replace(extra, xy=extra.xy[None], score=extra.score[None])
    return replace(
        make_clip(pose[None]), pose2d=xy[None], extra=extra, meta={"camera": camera.as_dict()}
    )


def toes_in(clip: ClipMotion, tmp_path) -> Toes:
    [(_, _, toes)] = each_person(clip, tmp_path / "walk.bvh")
    assert toes is not None
    return toes


def test_bvh_feet_point_at_the_toes(seen, tmp_path):
    toes = toes_in(seen, tmp_path)
    [path] = write_bvh(seen, tmp_path / "walk.bvh")
    root = bvhio.readAsHierarchy(str(path))
    for frame in range(0, 90, 10):
        root.loadPose(frame)
        for side in ("left", "right"):
            [foot] = root.filter(f"{side.capitalize()}Foot", isEqual=True)
            along = np.array(list(foot.UpWorld))  # bvhio's bones lie along their own y axis
            assert degrees_off(along[None], y_up(toes.along[side])[[frame]])[0] < 0.1
    assert f"OFFSET 0.000000 0.000000 {toes.length:.6f}" in path.read_text()


def test_without_toes_or_camera_feet_are_as_ever(seen, tmp_path):
    plain = replace(seen, extra=None)
    for write, ending in ((write_bvh, "bvh"), (write_glb, "glb")):
        [with_toes] = write(seen, tmp_path / f"toes.{ending}")
        [without] = write(plain, tmp_path / f"plain.{ending}")
        [no_camera] = write(replace(seen, meta={}), tmp_path / f"camera.{ending}")
        assert without.read_bytes() == no_camera.read_bytes()
        assert without.read_bytes() != with_toes.read_bytes()


def test_a_foot_that_is_lost_comes_back_to_its_leg(make_walker):
    pose = y_up(make_walker(60))
    aside = np.tile([1.0, 0.0, 0.0], (60, 1))
    aside[20:] = np.nan
    plain = fit_rig(pose)
    rig = fit_rig(pose, Toes({"left": aside}, 0.2, 30.0))
    turned = np.abs(rig.euler["LeftFoot"] - plain.euler["LeftFoot"]).max(axis=1)
    assert turned[:21].min() > 15
    assert turned[-1] < 0.1
    assert np.abs(np.diff(turned)[19:]).max() < 12  # no jump where it was last seen
    np.testing.assert_array_equal(rig.euler["RightFoot"], plain.euler["RightFoot"])
