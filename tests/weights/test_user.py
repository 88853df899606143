"""The user's registry.json is read as a stranger's file."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from poselift import weights
from poselift.errors import PoseliftError
from poselift.weights.download import fetch
from poselift.weights.user import read_pins, read_user_entries, write_pin

ROW: dict[str, Any] = {
    "name": "mine", "kind": "keypointer", "model": "rtmpose", "file": "mine.onnx",
    "licence": "MIT", "source": "https://127.0.0.1:9/mine.onnx",
}  # fmt: skip


def write(folder: Path, **changed: Any) -> None:
    content = {"format": "poselift-weights-1", "weights": [{**ROW, **changed}]}
    (folder / "registry.json").write_text(json.dumps(content))


def test_an_entry_with_an_address_is_taken(folder: Path) -> None:
    write(folder)
    assert weights.entry("mine").is_fetchable


@pytest.mark.parametrize(
    "file",
    ["../esc.bin", "registry.json", "REGISTRY.json", "/etc/passwd", "a/b.bin", "..", ".hidden",
     "C:evil.bin", "a\\b.bin", "mine.bin.part", "", "x" * 300, 7, None],
)  # fmt: skip
def test_no_file_name_leads_out_of_the_folder(folder: Path, file: Any) -> None:
    write(folder, file=file)
    with pytest.raises(PoseliftError, match=r"registry\.json"):
        fetch("mine")
    assert [path.name for path in folder.iterdir()] == ["registry.json"]


@pytest.mark.parametrize(
    "changed",
    [
        {"kind": "virus"},
        {"settings": [1]},
        {"fps": "fast"},
        {"fps": True, "time_step": 0},
        {"sha256": "xyz"},
        {"source": "file:///etc/passwd"},
        {"source": "local"},  # a file of your own has a whole path
        {"name": ["a"]},
        {"note": None},
    ],
)
def test_entries_of_wrong_content_are_named(folder: Path, changed: dict[str, Any]) -> None:
    write(folder, **changed)
    with pytest.raises(PoseliftError, match=r"registry\.json"):
        weights.entry("movenet-thunder")


@pytest.mark.parametrize(
    "changed", [{"name": "movenet-thunder"}, {"file": "movenet-thunder-heads-w8.onnx"}]
)
def test_no_entry_stands_in_for_a_known_one(folder: Path, changed: dict[str, Any]) -> None:
    write(folder, **changed)
    with pytest.raises(PoseliftError, match="uses the name or file of weights"):
        weights.get("movenet-thunder")


@pytest.mark.parametrize("text", ["[" * 10**6, "[" * 900_000, " " * (3 << 20), "\0", "1" * 9000])
def test_deep_and_huge_lists_are_an_error(folder: Path, text: str) -> None:
    (folder / "registry.json").write_text(text)
    with pytest.raises(PoseliftError, match=r"registry\.json"):
        read_user_entries()


def test_pins_are_kept_beside_entries(folder: Path) -> None:
    write(folder)
    write_pin("mine", "ab" * 32)
    assert weights.entry("mine").sha256 == "ab" * 32
    assert weights.entry("mine").is_pinned
    assert read_user_entries().keys() == {"mine"}
    # Known weights that have a digest, or a beginning of one, are not changed by a pin.
    write_pin("movenet-thunder", "ab" * 32)
    write_pin("hrnet-w48-384", "ab" * 32)
    assert not weights.entry("movenet-thunder").is_pinned
    assert weights.entry("hrnet-w48-384").sha256 == "314c8528"
    assert len(read_pins()) == 3
    content = json.loads((folder / "registry.json").read_text())
    content["pins"]["mine"] = "short"
    (folder / "registry.json").write_text(json.dumps(content))
    with pytest.raises(PoseliftError, match="a pin is not a SHA-256"):
        read_pins()


def test_a_new_list_is_written_whole_or_not_at_all(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder)
    before = (folder / "registry.json").read_bytes()

    def full(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(PoseliftError, match="Cannot write"):
        write_pin("mine", "ab" * 32)
    assert [path.name for path in folder.iterdir()] == ["registry.json"]
    assert (folder / "registry.json").read_bytes() == before


def test_no_pin_is_lost_when_many_are_written_at_once(folder: Path) -> None:
    names = [f"weights-{number}" for number in range(24)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: write_pin(name, "ab" * 32), names))
    assert sorted(read_pins()) == sorted(names)
