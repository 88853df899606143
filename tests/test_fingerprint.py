from __future__ import annotations

from pathlib import Path

from poselift.fingerprint import digest_of, fingerprint


def test_the_key_changes_with_the_bytes_and_the_settings(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"one")
    first = fingerprint(str(clip), {"pose": "thunder"})
    assert first == fingerprint(str(clip), {"pose": "thunder"})
    assert first != fingerprint(str(clip), {"pose": "lightning"})
    clip.write_bytes(b"two")
    assert first != fingerprint(str(clip), {"pose": "thunder"})
    assert fingerprint("rtsp://camera/1", {}) is None
    assert fingerprint(str(tmp_path), {}) is None


def test_a_folder_is_its_files_by_name_and_content(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("1")
    (tmp_path / "b.json").write_text("2")
    first = digest_of(tmp_path)
    assert first == digest_of(tmp_path)
    (tmp_path / "b.json").write_text("3")
    changed = digest_of(tmp_path)
    (tmp_path / "b.json").rename(tmp_path / "c.json")
    assert len({first, changed, digest_of(tmp_path)}) == 3
