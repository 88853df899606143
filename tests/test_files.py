"""No half file under a real name."""

import errno

import pytest

from poselift.errors import PoseliftError
from poselift.files import atomic_path


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
