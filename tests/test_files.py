"""No half file under a real name."""

import errno
import os
import subprocess
import sys

import pytest

from poselift.errors import PoseliftError
from poselift.files import Unfinished, atomic_path, refuse_sources


def test_the_name_comes_last(tmp_path):
    target = tmp_path / "new" / "a.csv"
    with atomic_path(target) as part:
        part.write_text("whole")
        assert not target.exists()
        assert part.suffix == ".csv"
    assert target.read_text() == "whole"
    assert list(target.parent.iterdir()) == [target]


def test_an_error_leaves_what_was_there(tmp_path):
    target = tmp_path / "a.csv"
    target.write_text("old")

    def fail():
        with atomic_path(target) as part:
            part.write_text("half")
            raise KeyError("bug")

    with pytest.raises(KeyError):
        fail()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize(
    ("number", "words"),
    [(errno.ENOSPC, "full"), (errno.EROFS, "read-only"), (errno.EACCES, "permission")],
)
def test_a_full_or_closed_disk_is_told(tmp_path, number, words):
    def fail():
        with atomic_path(tmp_path / "a.csv") as part:
            part.write_text("half")
            raise OSError(number, "as the system says")

    with pytest.raises(PoseliftError, match=words) as caught:
        fail()
    assert caught.value.hint
    assert not list(tmp_path.iterdir())


def test_a_folder_in_the_way(tmp_path):
    (tmp_path / "a.csv").mkdir()

    def write():
        with atomic_path(tmp_path / "a.csv") as part:
            part.write_text("whole")

    with pytest.raises(PoseliftError):
        write()
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]


def test_a_file_that_looks_like_ours_is_left_alone(tmp_path):
    for name in ("a.part.csv", ".a.part.csv", ".a.0123456789abcdef.part.csv.bak"):
        (tmp_path / name).write_text("precious")
    with atomic_path(tmp_path / "a.csv") as part:
        part.write_text("whole")
    assert sum(path.read_text() == "precious" for path in tmp_path.iterdir()) == 3


def test_what_a_killed_run_left_is_removed_but_not_what_is_being_written(tmp_path):
    killed = "import os, sys; from poselift.files import Unfinished; Unfinished(sys.argv[1]);"
    for end in ("os._exit(9)", "print(flush=True); sys.stdin.read()"):
        process = subprocess.Popen(
            [sys.executable, "-c", killed + end, str(tmp_path / "a.csv")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        if "stdin" in end:
            process.stdout.readline()
        else:
            process.wait()
            assert len(list(tmp_path.iterdir())) == 1
    with atomic_path(tmp_path / "a.csv") as part:
        part.write_text("whole")
    left = sorted(path.name for path in tmp_path.iterdir())
    process.communicate()
    assert len(left) == 2
    assert left[1] == "a.csv"


def test_a_link_to_elsewhere_is_replaced_and_not_followed(tmp_path):
    precious = tmp_path / "precious"
    precious.write_text("precious")
    (tmp_path / "a.csv").symlink_to(precious)
    with atomic_path(tmp_path / "a.csv") as part:
        part.write_text("whole")
    assert precious.read_text() == "precious"
    assert (tmp_path / "a.csv").read_text() == "whole"


def test_a_device_or_a_pipe_is_not_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    for name in (tmp_path / "pipe.csv", "/dev/null"):
        with pytest.raises(PoseliftError, match="pipe"):
            Unfinished(name)
    assert [path.name for path in tmp_path.iterdir()] == ["pipe.csv"]


def test_names_too_long_for_a_part_are_shortened(tmp_path):
    target = tmp_path / ("ü" * 125 + ".csv")
    with atomic_path(target) as part:
        part.write_text("whole")
    assert target.read_text() == "whole"


@pytest.mark.parametrize("link", ["same", "symlink", "hardlink"])
def test_a_source_is_known_under_any_name(tmp_path, link):
    source, target = tmp_path / "clip.mp4", tmp_path / "other.mp4"
    source.write_text("precious")
    if link == "same":
        target = tmp_path / "." / "x" / ".." / "clip.mp4"
        (tmp_path / "x").mkdir()
    elif link == "symlink":
        target.symlink_to(source)
    else:
        target.hardlink_to(source)
    with pytest.raises(PoseliftError, match="which is an input"):
        refuse_sources([tmp_path / "new.mp4", target], [source])
    refuse_sources([tmp_path / "new.mp4"], [source, "rtsp://camera/1", "a\0b"])
