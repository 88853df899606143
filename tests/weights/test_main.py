from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from poselift import weights
from poselift.demo.cli import main
from poselift.errors import PoseliftError
from poselift.weights.user import read_user_entries
from tests.weights.conftest import CONTENT


def test_list_shows_what_is_here(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["weights", "list"]) == 0
    rows = {line.split()[0]: line.split()[1:] for line in capsys.readouterr().out.splitlines()}
    assert rows["movenet-thunder"][:3] == ["movenet", "yes", "Apache-2.0"]
    assert rows["hrnet-w48-384"][:2] == ["hrnet", "no"]
    assert rows["poseformerv2-27-1-3"][:3] == ["poseformerv2", "by", "hand"]


def test_get_prints_the_path(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["weights", "get", "movenet-lightning"]) == 0
    assert Path(capsys.readouterr().out.strip()) == weights.get("movenet-lightning")


def test_trouble_is_two_lines_and_exit_2(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["weights", "get", "ftcm-243"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert "drive.google.com" in lines[1]


def test_verify_finds_a_damaged_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["weights", "verify"]) == 0
    assert "ok         movenet-thunder" in capsys.readouterr().out
    (folder / "blazepose-full.onnx").write_bytes(b"damaged")
    assert main(["weights", "verify"]) == 2
    said = capsys.readouterr()
    assert "differs    blazepose-full" in said.out
    assert "blazepose-full" in said.err
    assert main(["weights", "verify", "hrnet-w32-256"]) == 2


def test_a_file_of_ones_own(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = folder / "sub" / "mine.bin"
    file.parent.mkdir()
    file.write_bytes(b"weights")
    command = ["add", str(file), "--model", "sct", "--set", "frames=81", "--set", "ratio=0.5"]
    command += ["--normalisation", "crop", "--conversion", "coco-h36m", "--fps", "50"]
    assert main(["weights", *command]) == 0
    known = weights.entry("mine")
    assert weights.get("mine") == file
    assert known.settings == {"frames": 81, "ratio": 0.5}
    assert (known.kind, known.normalisation, known.fps) == ("lifter", "crop", 50.0)
    assert known.sha256 == hashlib.sha256(b"weights").hexdigest()
    assert known in weights.find("lifter", "sct")
    assert "mine" in weights.ENTRIES
    file.unlink()
    with pytest.raises(PoseliftError) as caught:
        weights.get("mine")
    assert "moved or deleted" in caught.value.hint


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["add", "nowhere.bin", "--model", "sct"], "No such file"),
        (["add", __file__, "--model", "nothing"], "no model called"),
        (["add", __file__, "--model", "sct", "--set", "frames"], "not KEY=VALUE"),
        (["add", __file__, "--model", "sct", "--name", "sct-243"], "come with Poselift"),
    ],
)
def test_what_cannot_be_added(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], what: str
) -> None:
    assert main(["weights", *arguments]) == 2
    assert what in capsys.readouterr().err
    assert read_user_entries() == {}


@pytest.mark.parametrize("text", ["{", "[]", '{"format": "other"}', '{"format": 3, "weights": 1}'])
def test_a_damaged_list_of_own_files_is_named(folder: Path, text: str) -> None:
    (folder / "registry.json").write_text(text)
    with pytest.raises(PoseliftError, match=r"registry\.json"):
        weights.entry("sct-243")


def test_files_of_every_known_model_can_be_added(folder: Path) -> None:
    """For the parts that read a user's file under their own name."""
    file = folder / "mine.bin"
    file.write_bytes(b"weights")
    for model in dict.fromkeys(known.model for known in weights.ENTRIES.values()):
        assert main(["weights", "add", str(file), "--model", model, "--name", f"my-{model}"]) == 0
        assert weights.entry(f"my-{model}").model == model


def test_get_tells_the_digest_that_it_recorded(
    server: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Weights whose publisher gives no digest."""
    row = {"name": "theirs", "kind": "lifter", "model": "sct", "file": "theirs.bin",
           "licence": "MIT", "source": f"{server}/good"}  # fmt: skip
    content = {"format": "poselift-weights-1", "weights": [row]}
    (folder / "registry.json").write_text(json.dumps(content))
    assert main(["weights", "get", "theirs"]) == 0
    said = capsys.readouterr()
    assert said.out.strip() == str(folder / "theirs.bin")
    digest = hashlib.sha256(CONTENT).hexdigest()
    assert f"{digest} is recorded" in said.err
    assert main(["weights", "get", "theirs"]) == 0
    assert "recorded" not in capsys.readouterr().err
    (folder / "theirs.bin").unlink()
    content = json.loads((folder / "registry.json").read_text())
    content["pins"]["theirs"] = "ab" * 32
    (folder / "registry.json").write_text(json.dumps(content))
    assert main(["weights", "get", "theirs"]) == 2
    assert "is not the file that it should be" in capsys.readouterr().err
    assert not (folder / "theirs.bin").exists()
