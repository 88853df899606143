"""Files opened by the programs that they are for; `docs/other-programs.md` says how to have them.

Each runs in an environment of its own, named by a variable, as their versions of NumPy differ.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from poselift.export import write
from poselift.skeleton import H36M17

pytestmark = [pytest.mark.slow, pytest.mark.readers]

EZC3D = """
import ezc3d, json, sys
c = ezc3d.c3d(sys.argv[1])
points = c["data"]["points"]
print(json.dumps({"labels": c["parameters"]["POINT"]["LABELS"]["value"],
                  "rate": float(c["header"]["points"]["frame_rate"]),
                  "shape": list(points.shape), "last": points[:3, :17, -1].T.tolist(),
                  "gaps": int((points[0, 17] != points[0, 17]).sum())}))
"""
BLENDER = """
import bpy, json, sys
bpy.ops.wm.read_factory_settings(use_empty=True)
kind = sys.argv[1].rsplit(".", 1)[1]
if kind == "glb":
    bpy.context.scene.render.fps = 30
    bpy.ops.import_scene.gltf(filepath=sys.argv[1])
else:
    bpy.ops.import_anim.bvh(filepath=sys.argv[1], axis_forward="-Z", axis_up="Y")
scene = bpy.context.scene
rigs = sorted((o for o in bpy.data.objects if o.type == "ARMATURE"), key=lambda o: o.name)
out = {"rigs": [rig.name for rig in rigs], "places": []}
first = 0 if kind == "glb" else 1
for frame in (0, 40, 80):
    scene.frame_set(first + frame)
    graph = bpy.context.evaluated_depsgraph_get()
    rig = rigs[0].evaluated_get(graph)
    bones = [b for b in rig.pose.bones if b.name.split("_")[0] in ("LeftLeg", "RightHand", "Hips")]
    heads = {b.name.split("_")[0]: list(rig.matrix_world @ b.head) for b in bones}
    out["places"].append(heads)
print("RESULT" + json.dumps(out))
"""
OPENSIM = """
import opensim, sys
table = opensim.TimeSeriesTableVec3(sys.argv[1])
print("RESULT", table.getNumRows(), table.getNumColumns(), table.getIndependentColumn()[-1])
"""
VALIDATOR = """
const validator = require("gltf-validator"), fs = require("fs");
validator.validateBytes(new Uint8Array(fs.readFileSync(process.argv[1])))
  .then((report) => console.log(JSON.stringify(report.issues)));
"""


def environment(name: str) -> str:
    """The interpreter or folder that a variable names."""
    found = os.environ.get(name)
    if not found:
        pytest.skip(f"{name} is not set, see docs/other-programs.md")
    return found


def said(*command: str, cwd: str | None = None) -> str:
    done = subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_khronos_validator_finds_nothing(two, tmp_path: Path) -> None:
    folder = environment("POSELIFT_GLTF_VALIDATOR")
    [path] = write(two, tmp_path, ["glb"])
    issues = json.loads(said("node", "-e", VALIDATOR, str(path), cwd=folder))
    assert issues["numErrors"] == issues["numWarnings"] == 0, issues["messages"]
    data = path.read_bytes().replace(b'"VEC4"', b'"VEC3"', 1)
    path.write_bytes(data)
    issues = json.loads(said("node", "-e", VALIDATOR, str(path), cwd=folder))
    assert issues["numErrors"], "a broken file is found"


@pytest.mark.parametrize("kind", ["glb", "bvh"])
def test_blender_sees_the_joints_where_they_are(two, tmp_path: Path, kind: str) -> None:
    python = environment("POSELIFT_BPY")
    path = write(two, tmp_path, [kind])[0]
    found = json.loads(said(python, "-c", BLENDER, str(path)).split("RESULT")[1])
    assert len(found["rigs"]) == (2 if kind == "glb" else 1)
    for frame, places in zip((0, 40, 80), found["places"], strict=True):
        for bone, joint in (
            ("Hips", "pelvis"),
            ("LeftLeg", "left knee"),
            ("RightHand", "right wrist"),
        ):
            expected = two.pose3d[0, frame, H36M17.index(joint)]
            np.testing.assert_allclose(places[bone], expected, atol=0.03)


def test_ezc3d_reads_the_points(two, tmp_path: Path) -> None:
    python = environment("POSELIFT_EZC3D")
    [path] = write(two, tmp_path, ["c3d"])
    found = json.loads(said(python, "-c", EZC3D, str(path)))
    assert found["labels"][:2] == ["P1_CHip", "P1_RHip"]
    assert found["rate"] == 30
    assert found["shape"][1:] == [34, 90]
    np.testing.assert_allclose(np.array(found["last"]) / 1000, two.pose3d[0, -1], atol=1e-6)
    assert found["gaps"] == int((~two.present[1]).sum())


def test_opensim_reads_the_markers(two, tmp_path: Path) -> None:
    python = environment("POSELIFT_OPENSIM")
    path = write(two, tmp_path, ["trc"])[0]
    rows, columns, last = said(python, "-c", OPENSIM, str(path)).split("RESULT")[1].split()
    assert (int(rows), int(columns)) == (90, 17)
    assert float(last) == pytest.approx(float(two.time[-1]), abs=1e-5)
