"""Calibration files as others write them."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from poselift.errors import PoseliftError
from poselift.scene.given import parse_camera

SIZE = (1280, 720)
MATRIX = np.array([[1100.0, 0, 650], [0, 1100, 350], [0, 0, 1]])
LENS = np.array([[-0.1, 0.02, 0.001, 0.0, 0.0]])


@pytest.mark.parametrize("ending", ["yml", "yaml", "xml", "json"])
def test_opencvs_own_files(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"calibration.{ending}"
    file = cv2.FileStorage(str(path), cv2.FILE_STORAGE_WRITE)
    file.write("image_width", 1280)
    file.write("image_height", 720)
    file.write("camera_matrix", MATRIX)
    file.write("distortion_coefficients", LENS)
    file.release()
    given = parse_camera(str(path), SIZE)
    assert given.focal == pytest.approx(1100)
    assert given.centre == pytest.approx((650, 350))
    assert given.lens == pytest.approx(LENS.ravel())
    assert given.tilt is None


def test_a_plain_json(tmp_path: Path) -> None:
    path = tmp_path / "camera.json"
    path.write_text(json.dumps({"camera_matrix": MATRIX.tolist(), "dist": [0, 0, 0, 0]}))
    assert parse_camera(str(path), SIZE).focal == pytest.approx(1100)


def pose2sim(tmp_path: Path) -> Path:
    path = tmp_path / "Calib.toml"
    text = ""
    for name, tilt in (("cam_01", 20.0), ("cam_02", 35.0)):
        t = np.radians(tilt)
        rotation = np.array([[1, 0, 0], [0, -np.sin(t), -np.cos(t)], [0, np.cos(t), -np.sin(t)]])
        turn = cv2.Rodrigues(rotation)[0].ravel().tolist()
        text += (
            f'[{name}]\nname = "{name}"\nsize = [ 1280.0, 720.0]\n'
            f"matrix = {MATRIX.tolist()}\ndistortions = [ -0.1, 0.02, 0.001, 0.0]\n"
            f"rotation = {turn}\ntranslation = [ 0.1, 0.2, 4.0]\nfisheye = false\n\n"
        )
    path.write_text(text + "[metadata]\nadjusted = false\nerror = 0.0\n")
    return path


def test_pose2sims_file_tells_how_the_camera_was_held(tmp_path: Path) -> None:
    path = pose2sim(tmp_path)
    given = parse_camera(f"{path}::cam_02", SIZE)
    assert given.tilt == pytest.approx(35)
    assert given.roll == pytest.approx(0, abs=1e-6)
    with pytest.raises(PoseliftError, match="2 cameras"):
        parse_camera(str(path), SIZE)


def test_a_calibration_of_another_size_is_scaled_or_refused(tmp_path: Path) -> None:
    path = pose2sim(tmp_path)
    assert parse_camera(f"{path}::cam_01", (640, 360)).focal == pytest.approx(550)
    with pytest.raises(PoseliftError, match="1280 x 720"):
        parse_camera(f"{path}::cam_01", (720, 1280))


@pytest.mark.parametrize(
    "text",
    ["tilt=abc", "tilt=200", "pan=3", "no-such-file.toml", "tilt"],
)
def test_what_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(PoseliftError):
        parse_camera(text, SIZE)


@pytest.mark.parametrize("content", ["", "{}", "[1, 2]", '{"camera_matrix": [1, 2]}', "{"])
def test_broken_files_are_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "broken.json"
    path.write_text(content)
    with pytest.raises(PoseliftError):
        parse_camera(str(path), SIZE)
