"""Calibration files: OpenCV's YAML, JSON and XML, and Pose2Sim's TOML.

They tell the lens; Pose2Sim's and those with rotation and translation also how the camera was held,
where their world is z up.
"""

from __future__ import annotations

import json
import math
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from poselift.errors import PoseliftError
from poselift.scene.camera import tilt_and_roll
from poselift.scene.given import Given

_MATRIX = ("camera_matrix", "cameraMatrix", "matrix", "K", "mtx", "intrinsics")
_LENS = ("distortion_coefficients", "distCoeffs", "distortions", "distortion", "dist", "D")
_SIZE = ("size", "image_size", "imageSize", "resolution")
_SAME_SHAPE = 0.02  # of the aspect ratio: a picture cut otherwise is not that of the calibration


def read_calibration(path: Path, size: tuple[int, int], name: str = "") -> Given:
    """What a calibration file says about a camera, for pictures of `size`.

    Args:
        path: `.toml`, `.json`, `.yml`, `.yaml` or `.xml`.
        size: (width, height) of the clip; a calibration of a larger or smaller picture of the same
            shape is scaled.
        name: of one camera, where the file has several.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise PoseliftError(
            f"`camera`: there is no file {path}.",
            "Give a calibration file, or values like tilt=20,roll=3,fov=65.",
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise PoseliftError(f"{path} cannot be read: {error}", "Is it a text file?") from error
    try:
        content = _parsed(path.suffix.lower(), text)
    except (ValueError, SyntaxError, ElementTree.ParseError) as error:
        raise PoseliftError(
            f"{path} is not a readable calibration: {error}",
            "OpenCV's YAML, JSON or XML and Pose2Sim's TOML are read.",
        ) from error
    return _given(_chosen(content, name, path), size, path)


def _parsed(suffix: str, text: str) -> Any:
    if suffix == ".toml":
        import tomllib

        return tomllib.loads(text)
    if suffix == ".json":
        return json.loads(text)
    if suffix == ".xml":
        return _from_xml(ElementTree.fromstring(text))
    if suffix in (".yml", ".yaml"):
        return _from_yaml(text)
    raise ValueError(f"files named {suffix or 'without an ending'} are not known")


def _from_xml(node: ElementTree.Element) -> Any:
    """OpenCV's XML: nested names, and matrices as rows, cols and data."""
    children = list(node)
    if not children:
        words = (node.text or "").split()
        numbers = [_number(word) for word in words]
        return numbers[0] if len(numbers) == 1 else numbers
    return {child.tag: _from_xml(child) for child in children}


def _number(word: str) -> Any:
    try:
        return float(word)
    except ValueError:
        return word


def _from_yaml(text: str) -> dict[str, Any]:
    """The part of YAML that OpenCV writes: names, numbers, lists in brackets, matrices."""
    out: dict[str, Any] = {}
    text = re.sub(r"#.*", "", text)
    # Lists may go on over lines.
    text = re.sub(r"\[[^\]]*\]", lambda found: found[0].replace("\n", " "), text)
    owner = ""
    for line in text.splitlines():
        found = re.match(r"^(\s*)-?\s*([\w ]+?)\s*:\s*(.*)$", line)
        if found is None or line.startswith(("%", "---")):
            continue
        indent, key, value = found[1], found[2], found[3].strip()
        value = re.sub(r"^!!\S+\s*", "", value)
        if not indent:
            owner = key
            if value:
                out[key] = _yaml_value(value)
        elif owner:
            inner = out.setdefault(owner, {})
            if isinstance(inner, dict):
                inner[key] = _yaml_value(value)
    if not out:
        raise ValueError("it holds no names with values")
    return out


def _yaml_value(value: str) -> Any:
    if value.startswith("["):
        return [_number(word) for word in value.strip("[] ").replace(",", " ").split()]
    return _number(value.strip("\"'"))


def _chosen(content: Any, name: str, path: Path) -> Mapping[str, Any]:
    """The camera that is meant, of the one or several in a file."""
    if not isinstance(content, Mapping):
        raise PoseliftError(
            f"{path} holds no camera.", "docs/scene.md lists the formats that are read."
        )
    cameras = {
        key: value
        for key, value in content.items()
        if isinstance(value, Mapping) and _find(value, _MATRIX) is not None
    }
    if _find(content, _MATRIX) is not None:
        return content
    if len(cameras) == 1 and not name:
        return next(iter(cameras.values()))
    by_name = {**{str(c.get("name", k)): c for k, c in cameras.items()}, **cameras}
    if name in by_name:
        return by_name[name]
    if cameras:
        raise PoseliftError(
            f"{path} holds {len(cameras)} cameras: {', '.join(cameras)}.",
            f"Say which is the clip's: {path}::{next(iter(cameras))}",
        )
    raise PoseliftError(
        f"{path} holds no camera matrix.",
        f"It should be called one of: {', '.join(_MATRIX)}.",
    )


def _find(content: Mapping[str, Any], names: tuple[str, ...]) -> np.ndarray | None:
    for name in names:
        value = content.get(name)
        if isinstance(value, Mapping):
            value = value.get("data")
        if value is None:
            continue
        try:
            return np.array(value, np.float64)
        except (ValueError, TypeError):
            continue
    return None


def _given(content: Mapping[str, Any], size: tuple[int, int], path: Path) -> Given:
    matrix = _find(content, _MATRIX)
    if matrix is None or matrix.size != 9 or not np.isfinite(matrix).all():
        raise PoseliftError(f"{path}: the camera matrix is not 3 by 3.", "Correct it.")
    matrix = matrix.reshape(3, 3)
    if not (matrix[0, 0] > 0 and matrix[1, 1] > 0):
        raise PoseliftError(f"{path}: the focal lengths must be above 0.", "Correct the matrix.")
    scale = _scale(content, matrix, size, path)
    lens = _find(content, _LENS)
    up = _up(content)
    tilt, roll = tilt_and_roll(up) if up is not None else (None, None)
    if content.get("fisheye") is True:
        raise PoseliftError(
            f"{path} describes a fisheye lens.",
            "Undistort the video first, or give only tilt=...,roll=...",
        )
    return Given(
        tilt, roll, None, float(scale * math.sqrt(matrix[0, 0] * matrix[1, 1])),
        (float(scale * matrix[0, 2]), float(scale * matrix[1, 2])),
        () if lens is None else tuple(lens.ravel()[:8].tolist()), str(path),
    )  # fmt: skip


def _scale(
    content: Mapping[str, Any], matrix: np.ndarray, size: tuple[int, int], path: Path
) -> float:
    """The clip's pixels to one of the calibration's."""
    told = _find(content, _SIZE)
    if told is None:
        width, height = content.get("image_width"), content.get("image_height")
        if width and height:
            told = np.array([width, height], np.float64)
    if told is None or told.size != 2:
        told = 2 * matrix[:2, 2]
        if max(abs(told - size) / size) < 0.25:
            return 1.0
    width, height = float(told.ravel()[0]), float(told.ravel()[1])
    if (
        width <= 0
        or height <= 0
        or abs(width / height / (size[0] / size[1]) - 1)
        > max(_SAME_SHAPE, 0.25 if _find(content, _SIZE) is None else 0)
    ):
        raise PoseliftError(
            f"{path} is for pictures of {width:.0f} x {height:.0f}, "
            f"the clip's are {size[0]} x {size[1]}.",
            "Calibrate with the clip's own size, or give only fov=...",
        )
    return size[0] / width


def _up(content: Mapping[str, Any]) -> np.ndarray | None:
    """The world's z in the camera's axes, where the file says how the camera was held."""
    turn = _find(content, ("rotation", "R", "rvec"))
    if turn is None or not np.isfinite(turn).all():
        return None
    if turn.size == 3:
        import cv2

        turn = cv2.Rodrigues(turn.reshape(3, 1))[0]
    if turn.size != 9:
        return None
    up: np.ndarray = np.asarray(turn, np.float64).reshape(3, 3)[:, 2]
    return up
