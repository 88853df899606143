"""Writing GIF, read back by Pillow."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence

from poselift.errors import PoseliftError
from poselift.media import GifWriter


def write(media, times, size, **options):
    path = media.folder / "out.gif"
    with GifWriter(path, **options) as writer:
        for index, time in enumerate(times):
            writer.write(media.numbered(index, size), time)
    return path


def test_bounded_width_and_rate(media):
    path = write(media, np.arange(60) / 30, (1280, 480))
    with Image.open(path) as gif:
        assert gif.size == (640, 240)
        assert gif.info["loop"] == 0
        pauses = [frame.info["duration"] for frame in ImageSequence.Iterator(gif)]
    assert 23 <= len(pauses) <= 25
    assert sum(pauses) == pytest.approx(2000, abs=100)
    assert [entry.name for entry in media.folder.iterdir()] == ["out.gif"]


def test_small_and_slow_clips_stay_as_they_are(media):
    path = write(media, np.arange(5) / 5, (161, 97))
    with Image.open(path) as gif:
        assert gif.size == (161, 97)
        frames = [np.array(frame.convert("RGB")) for frame in ImageSequence.Iterator(gif)]
        pauses = [frame.info["duration"] for frame in ImageSequence.Iterator(gif)]
    assert pauses[:4] == [200] * 4
    assert [media.number_of(frame[..., ::-1]) for frame in frames] == list(range(5))
    assert np.abs(frames[2][..., ::-1].astype(int) - media.numbered(2, (161, 97))).mean() < 6


def test_an_interrupt_leaves_what_was_done_and_a_bug_nothing(media):
    path = media.folder / "out.gif"

    def stopped(by):
        with GifWriter(path) as writer:
            writer.write(media.numbered(0), 0)
            writer.write(media.numbered(1), 0.5)
            raise by

    with pytest.raises(KeyError):
        stopped(KeyError("bug"))
    assert not list(media.folder.iterdir())
    with pytest.raises(KeyboardInterrupt):
        stopped(KeyboardInterrupt())
    with Image.open(path) as gif:
        assert gif.n_frames == 2


def test_no_picture_no_file(media):
    with GifWriter(media.folder / "out.gif") as writer:
        pass
    assert writer.close() is None
    assert not list(media.folder.iterdir())


def test_a_folder_that_cannot_be(media):
    (media.folder / "file").write_text("in the way")
    writer = GifWriter(media.folder / "file" / "out.gif")
    with pytest.raises(PoseliftError, match="Cannot write"):
        writer.write(media.numbered(0), 0)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_pictures_do_not_wait_in_memory(tmp_path):
    """60 of them would take 74 MB."""

    def resident():
        lines = Path("/proc/self/status").read_text().splitlines()
        [kilobytes] = [int(line.split()[1]) for line in lines if line.startswith("VmRSS")]
        return kilobytes / 1024

    picture = np.zeros((480, 640, 3), np.uint8)
    with GifWriter(tmp_path / "long.gif") as writer:
        for index in range(20):
            writer.write(picture, index / 12)
        before = resident()
        for index in range(20, 80):
            picture[index] = 3 * index % 256
            writer.write(picture, index / 12)
        assert resident() - before < 35
