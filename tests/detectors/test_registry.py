"""Choosing parts by name, and the contract that every registered part keeps."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from poselift import detectors, weights
from poselift.detectors.protocols import Keypointer, PersonDetector, PoseFinder
from poselift.detectors.registry import (
    ALIASES,
    AUTO_DETECTORS,
    AUTO_KEYPOINTERS,
    DETECTORS,
    KEYPOINTERS,
)
from poselift.errors import PoseliftError
from poselift.types import People
from tests.detectors.pictures import clip
from tests.detectors.tiny_parts import DETECTOR_MAKERS, KEYPOINTER_MAKERS, MAN


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("parts")


@pytest.mark.parametrize("name", DETECTOR_MAKERS)
def test_every_detector_keeps_the_contract(name: str, files: Path) -> None:
    loading = DETECTOR_MAKERS[name](name, files)
    detector: PersonDetector = detectors.load_detector(loading.name, "cpu", **loading.options)
    image = clip("balance_small")[0].image
    found = detector([image, np.zeros((40, 30, 3), np.uint8), image])
    assert len(found) == 3
    assert detector([]) == []
    some, nobody, again = found
    assert len(some) >= 1
    assert some.boxes.dtype == some.scores.dtype == np.float32
    assert some.boxes.shape == (len(some), 4)
    assert (some.boxes[:, 2:] > some.boxes[:, :2]).all()
    assert ((some.scores > 0) & (some.scores <= 1)).all()
    assert nobody.boxes.shape == (0, 4)
    np.testing.assert_array_equal(some.boxes, again.boxes)


@pytest.mark.parametrize("name", KEYPOINTER_MAKERS)
def test_every_keypointer_keeps_the_contract(name: str, files: Path) -> None:
    loading = KEYPOINTER_MAKERS[name](name, files)
    keypointer: Keypointer = detectors.load_keypointer(loading.name, "cpu", **loading.options)
    joints = len(keypointer.skeleton)
    image = clip("balance_small")[0].image
    boxes = np.array([MAN, [-50, -60, 20, 30], [380, 240, 430, 440]], np.float32)
    three = People(boxes, np.ones(3, np.float32))
    read, none = keypointer([image, image], [three, People.none()])
    assert read.xy.shape == (3, joints, 2)
    assert read.score.shape == (3, joints)
    assert read.xy.dtype == read.score.dtype == np.float32
    assert np.isfinite(read.xy).all()
    assert ((read.score >= 0) & (read.score <= 1)).all()
    assert read.score[0].max() > 0
    assert none.xy.shape == (0, joints, 2)
    assert keypointer([], []) == []
    assert isinstance(keypointer, PoseFinder) == KEYPOINTERS[name].finds_people


@pytest.mark.parametrize("name", [name for name, part in KEYPOINTERS.items() if part.finds_people])
def test_every_finder_of_people_keeps_the_contract(name: str, files: Path) -> None:
    loading = KEYPOINTER_MAKERS[name](name, files)
    finder = detectors.load_keypointer(loading.name, "cpu", **loading.options)
    assert isinstance(finder, PoseFinder)
    assert finder.find([]) == []
    ((people, joints),) = finder.find(clip("balance_small")[:1])
    assert len(people) == len(joints) >= 1
    assert people.boxes.dtype == people.scores.dtype == joints.xy.dtype == np.float32
    assert joints.xy.shape == (len(people), len(finder.skeleton), 2)


def test_names_and_aliases_lead_somewhere() -> None:
    known = detectors.names()
    assert set(AUTO_DETECTORS) <= set(known["detector"])
    assert set(AUTO_KEYPOINTERS) <= set(known["keypointer"])
    assert all(target in {**DETECTORS, **KEYPOINTERS} for target in ALIASES.values())
    for part in (*DETECTORS.values(), *KEYPOINTERS.values()):
        assert all(name in weights.ENTRIES for name in part.weights)


def test_auto_says_what_it_took_and_why() -> None:
    name, why = detectors.choose_keypointer("auto")
    assert name in KEYPOINTERS
    assert "on this machine" in why


def test_a_wrong_name_suggests_the_nearest() -> None:
    with pytest.raises(PoseliftError) as caught:
        detectors.load_keypointer("thunderr")
    assert "'thunder'" in caught.value.hint


def test_missing_weights_name_the_file_the_command_and_what_works(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    get = weights.get

    def without_nanodet(name: str) -> Path:
        if name == "nanodet-g-416":
            raise PoseliftError("nanodet-g-416-w8.onnx is not here", "poselift weights get it")
        return get(name)

    monkeypatch.setattr(weights, "get", without_nanodet)
    with pytest.raises(PoseliftError) as caught:
        detectors.load_detector("nanodet")
    assert "nanodet-g-416-w8.onnx" in caught.value.message
    assert "poselift weights get" in caught.value.hint
    assert "blazepose" in caught.value.hint


def test_no_weights_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "available", lambda name: False)
    with pytest.raises(PoseliftError, match="No weights"):
        detectors.load_keypointer("auto")


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    copy = tmp_path / "mine.onnx"
    copy.write_bytes(weights.get("nanodet-g-416").read_bytes())
    found = detectors.load_detector(f"nanodet:{copy}", threads=1)([clip("balance_small")[0].image])
    assert len(found[0]) >= 1
    with pytest.raises(PoseliftError, match="No such file"):
        detectors.load_detector(f"nanodet:{tmp_path / 'gone.onnx'}")


def test_importing_is_light() -> None:
    heavy = "{'cv2', 'torch', 'onnxruntime', 'scipy'} & set(sys.modules)"
    code = f"import sys, detectors; sys.exit(str({heavy}) if {heavy} else 0)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_no_part_is_left_out_of_the_contracts() -> None:
    """A new part needs a line in tests/detectors/tiny_parts.py."""
    assert DETECTOR_MAKERS.keys() == DETECTORS.keys()
    assert KEYPOINTER_MAKERS.keys() == KEYPOINTERS.keys()
