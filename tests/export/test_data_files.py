"""npz, json, csv and trc, each read back by somebody else's reader."""

import json
from pathlib import Path

import jsonschema
import numpy as np
import pandas as pd
import pytest

from poselift.errors import PoseliftError
from poselift.export import WRITERS, write
from poselift.export.json import SCHEMA
from poselift.export.trc import MARKERS
from poselift.skeleton import H36M17


def test_npz_needs_no_pickle(two, tmp_path):
    [path] = write(two, tmp_path, ["npz"])
    with np.load(path, allow_pickle=False) as data:
        np.testing.assert_array_equal(data["pose3d"], two.pose3d)
        np.testing.assert_array_equal(data["pose2d"], two.pose2d)
        np.testing.assert_array_equal(data["score"], two.score)
        np.testing.assert_array_equal(data["time"], two.time)
        assert data["ids"].tolist() == [1, 2]
        assert data["joint_names"].tolist() == list(H36M17.names)
        assert float(data["fps"]) == two.fps
        assert json.loads(str(data["meta"])) == two.meta


def test_json_keeps_its_schema(two, tmp_path):
    [path] = write(two, tmp_path, ["json"])
    data = json.loads(path.read_text(encoding="utf-8"))
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(data, schema)
    assert len(data["poses"]) == two.present.sum()
    pose = data["poses"][-1]
    person = data["people"].index(pose["person"])
    np.testing.assert_allclose(pose["pose3d"], two.pose3d[person, pose["frame"]], atol=1e-4)
    assert pose["time"] == pytest.approx(two.time[pose["frame"]])


def test_the_schema_refuses_another_form(walk, tmp_path):
    [path] = write(walk, tmp_path, ["json"])
    data = json.loads(path.read_text(encoding="utf-8"))
    data["poses"][0]["pose3d"].pop()
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(data, json.loads(SCHEMA.read_text(encoding="utf-8")))


def test_json_has_null_for_what_is_not_known(walk, tmp_path):
    walk.pose2d[0, 3, 5] = np.nan
    [path] = write(walk, tmp_path, ["json"])
    data = json.loads(path.read_text(encoding="utf-8"))
    assert data["poses"][3]["pose2d"][5] == [None, None]
    jsonschema.validate(data, json.loads(SCHEMA.read_text(encoding="utf-8")))


def test_csv_by_pandas(two, tmp_path):
    [path] = write(two, tmp_path, ["csv"])
    table = pd.read_csv(path)
    assert list(table.columns[:9]) == ["time", "person", "joint", "x", "y", "z", "u", "v", "score"]
    assert len(table) == two.present.sum() * 17
    wrist = table[(table.person == 2) & (table.joint == "left wrist")]
    there = two.present[1]
    joint = H36M17.index("left wrist")
    np.testing.assert_allclose(wrist[["x", "y", "z"]], two.pose3d[1, there, joint], atol=1e-4)
    np.testing.assert_allclose(wrist[["u", "v"]], two.pose2d[1, there, joint], atol=1e-2)
    np.testing.assert_allclose(wrist.time, two.time[there], atol=1e-5)


def test_csv_has_angles_once_a_pose(walk, tmp_path):
    [path] = write(walk, tmp_path, ["csv"])
    table = pd.read_csv(path)
    knees = table[table.joint == "pelvis"].left_knee_deg
    assert table.left_knee_deg.count() == 90
    # The walker's knee bends by 0.3 + 0.3 cos radians.
    expected = np.degrees(0.3 + 0.3 * np.cos(2 * np.pi * walk.time))
    np.testing.assert_allclose(knees, expected, atol=0.05)


def read_trc(path: Path) -> tuple[list[str], pd.DataFrame]:
    """By the rules of OpenSim's manual: five header lines, one blank, tab-separated rows."""
    lines = path.read_text(encoding="utf-8").split("\n")
    assert lines[0].split("\t")[:3] == ["PathFileType", "4", "(X/Y/Z)"]
    head = dict(zip(lines[1].split("\t"), lines[2].split("\t"), strict=True))
    markers = [name for name in lines[3].split("\t")[2:] if name]
    assert int(head["NumMarkers"]) == len(markers)
    assert head["Units"] == "m"
    assert lines[5] == ""
    rows = pd.read_csv(path, sep="\t", skiprows=6, header=None)
    assert int(head["NumFrames"]) == len(rows)
    return markers, rows


def test_trc(two, tmp_path):
    paths = write(two, tmp_path, ["trc"])
    assert [path.name for path in paths] == ["walk_1.trc", "walk_2.trc"]
    markers, rows = read_trc(paths[1])
    assert markers == list(MARKERS)
    assert rows.shape == (90, 2 + 3 * 17)
    assert rows[0].tolist() == list(range(1, 91))
    np.testing.assert_allclose(rows[1], two.time, atol=1e-6)
    ankle = 2 + 3 * markers.index("LAnkle")
    world = two.pose3d[1, 20, H36M17.index("left ankle")]
    np.testing.assert_allclose(
        rows.loc[20, ankle : ankle + 2], [world[0], world[2], -world[1]], atol=1e-4
    )
    assert np.isfinite(rows.to_numpy()).all()  # gaps are filled


def test_nobody(nobody, tmp_path):
    paths = write(nobody, tmp_path, list(WRITERS))
    assert sorted(path.suffix for path in paths) == [".csv", ".json", ".npz"]
    assert json.loads((tmp_path / "walk.json").read_text())["poses"] == []
    assert len(pd.read_csv(tmp_path / "walk.csv")) == 0


def test_names_with_dots_and_spaces(make_clip, make_walker, tmp_path):
    clip = make_clip(make_walker(3)[None], name="Ünï v1.2 clip")
    paths = write(clip, tmp_path, list(WRITERS))
    assert {path.name for path in paths} == {f"Ünï v1.2 clip.{ending}" for ending in WRITERS}
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in paths}


def test_unknown_format(walk, tmp_path):
    with pytest.raises(PoseliftError, match="xlsx"):
        write(walk, tmp_path, ["npz", "xlsx"])
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be(walk, tmp_path):
    (tmp_path / "file").write_text("here already")
    with pytest.raises(PoseliftError, match="Cannot write"):
        write(walk, tmp_path / "file" / "out", ["npz"])
