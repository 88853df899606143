"""GLB by a small reader of the test's own: bodies are where the poses are, at the true times."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from poselift.export import write
from poselift.export.people import y_up
from poselift.skeleton import H36M17

#: Nodes of the rig and the joints of ours at which they sit.
AT = {"Hips": "pelvis", "LeftLeg": "left knee", "RightFoot": "right ankle",
      "RightForeArm": "right elbow", "LeftHand": "left wrist", "Head": "neck"}  # fmt: skip


class Glb:
    """A GLB file: its tree, and its arrays by number."""

    def __init__(self, path: Path) -> None:
        data = path.read_bytes()
        magic, version, length = struct.unpack_from("<4sII", data)
        assert (magic, version, length) == (b"glTF", 2, len(data))
        size, kind = struct.unpack_from("<I4s", data, 12)
        assert kind == b"JSON"
        self.tree = json.loads(data[20 : 20 + size])
        binary, kind = struct.unpack_from("<I4s", data, 20 + size)
        assert kind == b"BIN\0"
        self.data = data[28 + size : 28 + size + binary]

    def array(self, number: int) -> np.ndarray:
        found = self.tree["accessors"][number]
        view = self.tree["bufferViews"][found["bufferView"]]
        kind = {5126: "<f4", 5123: "<u2", 5125: "<u4"}[found["componentType"]]
        width = {"SCALAR": 1, "VEC3": 3, "VEC4": 4, "MAT4": 16}[found["type"]]
        flat = np.frombuffer(self.data, kind, found["count"] * width, view["byteOffset"])
        return flat.reshape(found["count"], width)

    def worlds(self, frame: int) -> dict[str, np.ndarray]:
        """(4, 4) of each node in a frame."""
        nodes = [dict(node) for node in self.tree["nodes"]]
        [animation] = self.tree["animations"]
        for channel in animation["channels"]:
            values = self.array(animation["samplers"][channel["sampler"]]["output"])
            nodes[channel["target"]["node"]][channel["target"]["path"]] = values[frame]
        found: dict[str, np.ndarray] = {}

        def visit(number: int, above: np.ndarray) -> None:
            node, own = nodes[number], np.eye(4)
            own[:3, :3] = Rotation.from_quat(node.get("rotation", (0, 0, 0, 1))).as_matrix()
            own[:3, 3] = node.get("translation", (0, 0, 0))
            found[node["name"]] = above @ own
            for child in node.get("children", []):
                visit(child, above @ own)

        for root in self.tree["scenes"][0]["nodes"]:
            visit(root, np.eye(4))
        return found

    def vertices(self, mesh: str, frame: int) -> np.ndarray:
        """(V, 3) of a skinned mesh in a frame."""
        [node] = [node for node in self.tree["nodes"] if node["name"] == mesh]
        skin, worlds = self.tree["skins"][node["skin"]], self.worlds(frame)
        inverse = self.array(skin["inverseBindMatrices"]).reshape(-1, 4, 4).transpose(0, 2, 1)
        names = [self.tree["nodes"][joint]["name"] for joint in skin["joints"]]
        turns = np.stack([worlds[name] for name in names]) @ inverse
        [primitive, *_] = self.tree["meshes"][node["mesh"]]["primitives"]
        points = self.array(primitive["attributes"]["POSITION"])
        joints = self.array(primitive["attributes"]["JOINTS_0"])[:, 0]
        whole = np.concatenate([points, np.ones((len(points), 1))], axis=1)
        return np.einsum("vij,vj->vi", turns[joints], whole)[:, :3]


def test_the_bones_are_where_the_joints_are(walk, tmp_path):
    glb = Glb(write(walk, tmp_path, ["glb"])[0])
    for frame in (0, 31, 89):
        worlds = glb.worlds(frame)
        for node, joint in AT.items():
            expected = y_up(walk.pose3d[0, frame, H36M17.index(joint)])
            # Bones have one length and sides are alike: some millimetres on an honest body.
            np.testing.assert_allclose(worlds[node][:3, 3], expected, atol=0.03, err_msg=node)


def test_the_bodies_stand_on_the_floor_around_the_bones(walk, tmp_path):
    glb = Glb(write(walk, tmp_path, ["glb"])[0])
    for frame in (0, 45):
        points, pose = glb.vertices("Body", frame), y_up(walk.pose3d[0, frame])
        # A foot's capsule goes beyond the ankle, the head's beyond its middle.
        assert -0.25 < points[:, 1].min() < pose[:, 1].min()
        assert pose[:, 1].max() < points[:, 1].max() < pose[:, 1].max() + 0.2
        apart = np.linalg.norm(points[:, None] - pose[None], axis=-1).min(1)
        assert apart.max() < 0.35


def test_no_two_capsules_lie_in_each_other(walk, tmp_path):
    points = Glb(write(walk, tmp_path, ["glb"])[0]).vertices("Body", 0)
    # Those of both hips meet in a ring, as do those of both collars.
    assert len(np.unique(points.round(5), axis=0)) > 0.97 * len(points)


def test_times_are_those_of_the_clip(make_clip, make_walker, tmp_path):
    time = 3 + np.cumsum(np.random.default_rng(0).uniform(0.01, 0.08, 90))
    glb = Glb(write(make_clip(make_walker()[None], time=time), tmp_path, ["glb"])[0])
    [animation] = glb.tree["animations"]
    inputs = {sampler["input"] for sampler in animation["samplers"]}
    assert len(inputs) == 1
    np.testing.assert_allclose(glb.array(inputs.pop())[:, 0], time - time[0], atol=1e-5)


def test_the_pose_at_rest_is_that_of_the_first_frame(walk, tmp_path):
    glb = Glb(write(walk, tmp_path, ["glb"])[0])
    [animation] = glb.tree["animations"]
    for channel in animation["channels"]:
        values = glb.array(animation["samplers"][channel["sampler"]]["output"])
        node = glb.tree["nodes"][channel["target"]["node"]]
        np.testing.assert_allclose(node[channel["target"]["path"]], values[0], atol=1e-6)
        if channel["target"]["path"] == "rotation":  # no jump to the other sign
            assert ((values[1:] * values[:-1]).sum(1) > 0).all()


def test_two_people_have_rigs_and_names_of_their_own(two, tmp_path):
    glb = Glb(write(two, tmp_path, ["glb"])[0])
    names = [node["name"] for node in glb.tree["nodes"]]
    assert len(set(names)) == len(names)
    assert {"Hips_1", "Hips_2", "Body_1", "Body_2"} <= set(names)
    assert len(glb.tree["skins"]) == 2
    roots = [names[number] for number in glb.tree["scenes"][0]["nodes"]]
    assert roots == ["Person_1", "Body_1", "Person_2", "Body_2"]


@pytest.mark.parametrize("kind", ["glb", "c3d"])
def test_of_nobody_nothing_is_written(nobody, tmp_path, kind):
    assert write(nobody, tmp_path, [kind]) == []
    assert list(tmp_path.iterdir()) == []
