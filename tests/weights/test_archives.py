"""Weights that are published as a zip around a model."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from poselift import weights
from poselift.errors import PoseliftError
from poselift.weights import unpack
from poselift.weights.download import Patience, fetch
from poselift.weights.integrity import verify
from poselift.weights.unpack import pipeline_path
from poselift.weights.user import read_pins
from tests.weights.conftest import Handler

HASTY = Patience(timeout=2, tries=2, pause=0)
MODEL = bytes(range(256)) * 1000
PIPELINE = b'{"pipeline": {}}'


def packed(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.fixture
def name(server: str, folder: Path) -> str:
    """Weights whose zip the test puts into `Handler.archive`."""
    row = {"name": "model", "kind": "keypointer", "model": "rtmpose", "file": "model.onnx",
           "licence": "MIT", "source": f"{server}/archive.zip"}  # fmt: skip
    content = {"format": "poselift-weights-1", "weights": [row]}
    (folder / "registry.json").write_text(json.dumps(content))
    return "model"


def test_the_model_and_its_description_come_out(name: str, folder: Path) -> None:
    Handler.archive = packed(
        {
            "2023/rtm/end2end.onnx": MODEL,
            "2023/rtm/pipeline.json": PIPELINE,
            "2023/rtm/detail.json": b"{}",
            "../../escaped.txt": b"no",
        }
    )
    path = fetch(name, patience=HASTY)
    assert path == folder / "model.onnx"
    assert path.read_bytes() == MODEL
    assert pipeline_path(path).read_bytes() == PIPELINE
    assert {file.name for file in folder.iterdir()} == {
        "model.onnx", "model.pipeline.json", "registry.json"
    }  # fmt: skip
    assert not (folder.parent / "escaped.txt").exists()


def test_the_first_file_is_pinned_and_another_refused(name: str, folder: Path) -> None:
    Handler.archive = packed({"end2end.onnx": MODEL})
    path = fetch(name, patience=HASTY)
    digest = hashlib.sha256(MODEL).hexdigest()
    assert read_pins() == {name: digest}
    assert weights.entry(name).sha256 == digest
    assert verify(weights.entry(name)) == "ok"
    path.unlink()
    Handler.archive = packed({"end2end.onnx": MODEL[::-1]})
    with pytest.raises(PoseliftError, match=digest) as caught:
        fetch(name, patience=HASTY)
    assert '"pins"' in caught.value.hint
    assert not path.exists()
    Handler.archive = packed({"another/folder/end2end.onnx": MODEL})
    assert fetch(name, patience=HASTY) == path


def test_a_stale_beginning_is_thrown_away(name: str, folder: Path) -> None:
    Handler.archive = packed({"end2end.onnx": MODEL})
    (folder / "model.onnx.part").write_bytes(b"x" * 100)
    assert fetch(name, patience=HASTY).read_bytes() == MODEL


def damaged() -> bytes:
    whole = bytearray(packed({"end2end.onnx": MODEL}))
    whole[60] ^= 0xFF
    return bytes(whole)


def encrypted() -> bytes:
    whole = bytearray(packed({"end2end.onnx": MODEL}))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        whole[whole.index(signature) + offset] |= 1
    return bytes(whole)


@pytest.mark.parametrize(
    ("archive", "what"),
    [
        (b"<html>please log in</html>", "not a whole zip"),
        (packed({"end2end.onnx": MODEL})[:-30], "not a whole zip"),
        (damaged(), "not a whole zip"),
        (packed({"model.onnx": MODEL, "detail.json": b"{}"}), "holds no end2end.onnx"),
        (packed({"a/end2end.onnx": MODEL, "b/end2end.onnx": MODEL}), "2 files called"),
        (packed({"end2end.onnx": MODEL, "pipeline.json": b" " * (2 << 20)}), "at most 1 MB"),
        (encrypted(), "encrypted"),
    ],
)
def test_other_archives_leave_nothing(name: str, folder: Path, archive: bytes, what: str) -> None:
    Handler.archive = archive
    with pytest.raises(PoseliftError, match=what):
        fetch(name, patience=HASTY)
    assert [file.name for file in folder.iterdir()] == ["registry.json"]
    assert read_pins() == {}


def test_a_bomb_is_refused_by_the_size_it_admits(
    name: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpack, "MOST_MODEL", 1 << 20)
    Handler.archive = packed({"end2end.onnx": bytes(8 << 20)})
    assert len(Handler.archive) < 20_000
    with pytest.raises(PoseliftError, match="at most 1 MB are unpacked"):
        fetch(name, patience=HASTY)
    # A smaller size in the directory than in truth ends where the directory says.
    whole = bytearray(Handler.archive)
    at = whole.index(b"PK\x01\x02") + 24
    whole[at : at + 4] = (1000).to_bytes(4, "little")
    Handler.archive = bytes(whole)
    with pytest.raises(PoseliftError, match="not a whole zip"):
        fetch(name, patience=HASTY)
    assert [file.name for file in folder.iterdir()] == ["registry.json"]
