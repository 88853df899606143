from __future__ import annotations

import dataclasses
import time
from pathlib import Path

import pytest

from poselift.errors import PoseliftError
from poselift.weights import download as downloading
from poselift.weights.download import Patience, download, fetch
from poselift.weights.part_file import PartFile
from tests.weights.conftest import CONTENT, Handler, make_entry

HASTY = Patience(timeout=2, tries=3, pause=0)


def test_a_whole_file_gets_its_name(server: str, tmp_path: Path) -> None:
    heard: list[tuple[int, int | None]] = []
    target = tmp_path / "new" / "test.bin"
    path = download(make_entry(server + "/good"), target, lambda *a: heard.append(a), HASTY)
    assert path == target
    assert target.read_bytes() == CONTENT
    assert heard[-1] == (len(CONTENT), len(CONTENT))
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize(
    "how", ["cut", "drip", "norange", "nolength", "odd_length", "negative", "moved"]
)
def test_breaks_are_mended(server: str, tmp_path: Path, how: str) -> None:
    target = tmp_path / "test.bin"
    download(make_entry(f"{server}/{how}"), target, patience=HASTY)
    assert target.read_bytes() == CONTENT


def test_a_break_is_gone_on_from_not_begun_again(server: str, tmp_path: Path) -> None:
    download(make_entry(server + "/cut"), tmp_path / "test.bin", patience=HASTY)
    assert Handler.requests == [("/cut", None), ("/cut", f"bytes={len(CONTENT) // 3}-")]


def test_a_later_call_goes_on(server: str, tmp_path: Path) -> None:
    (tmp_path / "test.bin.part").write_bytes(CONTENT[:700_000])
    download(make_entry(server + "/good"), tmp_path / "test.bin", patience=HASTY)
    assert (tmp_path / "test.bin").read_bytes() == CONTENT
    assert Handler.requests == [("/good", "bytes=700000-")]


def test_a_whole_part_only_needs_its_name(server: str, tmp_path: Path) -> None:
    (tmp_path / "test.bin.part").write_bytes(CONTENT)
    download(make_entry(server + "/good"), tmp_path / "test.bin", patience=HASTY)
    assert (tmp_path / "test.bin").read_bytes() == CONTENT


@pytest.mark.parametrize("stale", [b"x" * 5000, b"x" * (len(CONTENT) + 7), b"x" * len(CONTENT)])
def test_the_beginning_of_another_file_is_thrown_away(
    server: str, tmp_path: Path, stale: bytes
) -> None:
    (tmp_path / "test.bin.part").write_bytes(stale)
    download(make_entry(server + "/good"), tmp_path / "test.bin", patience=HASTY)
    assert (tmp_path / "test.bin").read_bytes() == CONTENT


@pytest.mark.parametrize("how", ["other", "short"])
def test_other_bytes_never_get_the_name(server: str, tmp_path: Path, how: str) -> None:
    with pytest.raises(PoseliftError, match="not the file that it should be"):
        download(make_entry(f"{server}/{how}"), tmp_path / "test.bin", patience=HASTY)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("how", ["long", "silent", "busy"])
def test_a_server_that_never_delivers_is_given_up(server: str, tmp_path: Path, how: str) -> None:
    patience = Patience(timeout=0.2, tries=2, pause=0)
    with pytest.raises(PoseliftError, match="Cannot fetch") as caught:
        download(make_entry(f"{server}/{how}"), tmp_path / "test.bin", patience=patience)
    assert str(tmp_path / "test.bin") in caught.value.hint
    assert not (tmp_path / "test.bin").exists()


def test_a_range_that_was_not_asked_for_is_not_taken(server: str, tmp_path: Path) -> None:
    (tmp_path / "test.bin.part").write_bytes(CONTENT[:1000])
    with pytest.raises(PoseliftError, match="the server gives"):
        download(make_entry(server + "/wrongrange"), tmp_path / "test.bin", patience=HASTY)


def test_a_published_prefix_is_enough(server: str, tmp_path: Path) -> None:
    download(make_entry(server + "/good", digits=8), tmp_path / "test.bin", patience=HASTY)
    wrong = dataclasses.replace(make_entry(server + "/good"), sha256="00000000")
    with pytest.raises(PoseliftError, match="00000000"):
        download(wrong, tmp_path / "other.bin", patience=HASTY)


def test_a_missing_file_is_said_at_once(server: str, tmp_path: Path) -> None:
    with pytest.raises(PoseliftError, match="404"):
        download(make_entry(server + "/gone"), tmp_path / "test.bin", patience=HASTY)
    assert len(Handler.requests) == 1


def test_offline_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(PoseliftError, match="Cannot fetch") as caught:
        download(make_entry("http://127.0.0.1:9/x"), tmp_path / "test.bin", patience=HASTY)
    assert "on another machine" in caught.value.hint


def test_a_folder_that_cannot_be_made(server: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(PoseliftError, match="Cannot write") as caught:
        download(make_entry(server + "/good"), tmp_path / "file" / "test.bin", patience=HASTY)
    assert "POSELIFT_WEIGHTS" in caught.value.hint


def test_a_server_that_trickles_is_given_up_and_told(server: str, tmp_path: Path) -> None:
    patience = Patience(timeout=5, tries=2, pause=0, window=0.3, least=1000)
    begun = time.monotonic()
    with pytest.raises(PoseliftError, match="too slow to go on"):
        download(make_entry(server + "/trickle"), tmp_path / "test.bin", patience=patience)
    assert time.monotonic() - begun < 5


def test_headers_that_never_end_are_given_up(server: str, tmp_path: Path) -> None:
    patience = Patience(timeout=0.4, tries=2, pause=0)
    with pytest.raises(PoseliftError, match=r"nothing came for 0\.4 s"):
        download(make_entry(server + "/slow_headers"), tmp_path / "test.bin", patience=patience)


def test_the_end_is_known_without_the_connections_end(server: str, tmp_path: Path) -> None:
    begun = time.monotonic()
    download(make_entry(server + "/keeps_open"), tmp_path / "test.bin", patience=HASTY)
    assert time.monotonic() - begun < 1.5


def test_too_large_is_said_before_a_byte_is_written(server: str, tmp_path: Path) -> None:
    with pytest.raises(PoseliftError, match=r"10000\.0 GB; at most"):
        download(make_entry(server + "/huge"), tmp_path / "test.bin", patience=HASTY)
    assert list(tmp_path.iterdir()) == []


def test_a_body_without_end_is_cut(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloading, "MOST_BYTES", 5 << 20)
    with pytest.raises(PoseliftError, match="more than"):
        download(make_entry(server + "/endless"), tmp_path / "test.bin", patience=HASTY)
    assert (tmp_path / "test.bin.part").stat().st_size < 7 << 20


@pytest.mark.parametrize("where", ["to_file", "to_ftp"])
def test_redirects_elsewhere_are_not_followed(server: str, tmp_path: Path, where: str) -> None:
    with pytest.raises(PoseliftError, match=r"which is not followed|answers 302"):
        download(make_entry(f"{server}/{where}"), tmp_path / "test.bin", patience=HASTY)


def test_redirects_in_a_circle_end(server: str, tmp_path: Path) -> None:
    with pytest.raises(PoseliftError, match="302"):
        download(make_entry(server + "/loop"), tmp_path / "test.bin", patience=HASTY)


def test_a_link_under_the_parts_name_is_not_written_through(server: str, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_bytes(b"mine")
    (tmp_path / "test.bin.part").symlink_to(precious)
    (tmp_path / "hard.bin.part").hardlink_to(precious)
    for name in ("test.bin", "hard.bin"):
        download(make_entry(server + "/good"), tmp_path / name, patience=HASTY)
        assert (tmp_path / name).read_bytes() == CONTENT
    assert precious.read_bytes() == b"mine"


def test_two_processes_do_not_write_one_file(server: str, tmp_path: Path) -> None:
    with PartFile(tmp_path / "test.bin"), pytest.raises(PoseliftError, match="another process"):
        download(make_entry(server + "/good"), tmp_path / "test.bin", patience=HASTY)


def test_fetch_takes_what_is_here_and_replaces_what_is_damaged(
    server: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloading, "entry", lambda name: make_entry(server + "/good"))
    (folder / "test.bin").write_bytes(CONTENT[:-1])
    assert fetch("test", patience=HASTY).read_bytes() == CONTENT
    asked = len(Handler.requests)
    assert fetch("test", patience=HASTY) == folder / "test.bin"
    assert len(Handler.requests) == asked


def test_fetch_by_hand_prints_link_and_place(folder: Path) -> None:
    with pytest.raises(PoseliftError, match=r"27_243_45\.2\.bin") as caught:
        fetch("poseformerv2-243-27-27")
    assert "drive.google.com/file/d/14SpqPyq9yiblCzTH5CorymKCUsXapmkg" in caught.value.hint
    assert str(folder / "27_243_45.2.bin") in caught.value.hint
    (folder / "27_243_45.2.bin").write_bytes(b"by hand")
    assert fetch("poseformerv2-243-27-27") == folder / "27_243_45.2.bin"
