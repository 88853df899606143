from __future__ import annotations

import re
from pathlib import Path

import pytest

from poselift import weights
from poselift.errors import PoseliftError
from poselift.weights import places
from poselift.weights.integrity import verify
from poselift.weights.published import LIFTERS


def test_names_and_files_are_unique() -> None:
    entries = list(weights.ENTRIES.values())
    assert len({known.file for known in entries}) == len(entries)
    assert all(name == known.name for name, known in weights.ENTRIES.items())


@pytest.mark.parametrize("name", sorted(weights.BUILT_IN))
def test_every_entry_says_what_it_must(name: str) -> None:
    known = weights.ENTRIES[name]
    assert known.licence
    assert known.note
    assert known.source in ("shipped", "local") or known.source.startswith(("https://", "manual:"))
    digest = re.fullmatch(r"[0-9a-f]{8}([0-9a-f]{56})?", known.sha256)
    assert digest or known.is_manual or known.is_archive
    if known.kind == "lifter":
        assert known.normalisation in ("screen", "crop", "ray")
        assert known.conversion


@pytest.mark.parametrize(
    "name", [known.name for known in weights.ENTRIES.values() if known.source == "shipped"]
)
def test_what_ships_is_here_and_whole(name: str) -> None:
    assert verify(weights.entry(name)) == "ok"


def test_poseformerv2_entries_are_the_published_table() -> None:
    table = {
        (known.settings["frames"], known.settings["frames_kept"],
         known.settings["coefficients_kept"]): known.file
        for known in LIFTERS if known.model == "poseformerv2"
    }  # fmt: skip
    assert table == {
        (27, 1, 3): "1_27_48.7.bin",
        (27, 3, 3): "3_27_47.9.bin",
        (81, 1, 3): "1_81_47.6.bin",
        (81, 3, 3): "3_81_47.1.bin",
        (81, 9, 9): "9_81_46.0.bin",
        (243, 27, 27): "27_243_45.2.bin",
    }


def test_get_says_how_to_fetch(folder: Path) -> None:
    with pytest.raises(PoseliftError, match="not on this machine") as caught:
        weights.get("hrnet-w48-384")
    assert caught.value.hint == "Fetch them: `poselift weights get hrnet-w48-384`"
    assert not weights.available("hrnet-w48-384")


def test_an_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(PoseliftError) as caught:
        weights.get("movenet-thunde")
    assert "movenet-thunder" in caught.value.hint


def test_the_users_folder_comes_first(folder: Path) -> None:
    own = folder / "movenet-thunder-heads-w8.onnx"
    own.write_bytes(b"mine")
    assert weights.get("movenet-thunder") == own
    assert verify(weights.entry("movenet-thunder")) == "differs"


def test_new_files_go_where_they_can_be_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("POSELIFT_WEIGHTS", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    files = tmp_path / "site-packages" / "weights" / "files"
    files.mkdir(parents=True)
    monkeypatch.setattr(places, "FILES", files)
    assert places.fetch_folder() == places.user_folder()  # installed: not ours to write into
    (tmp_path / "site-packages" / "pyproject.toml").touch()
    assert places.fetch_folder() == files  # a checkout
    monkeypatch.setenv("POSELIFT_WEIGHTS", str(tmp_path / "mine"))
    assert places.fetch_folder() == tmp_path / "mine"
