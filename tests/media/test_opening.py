"""Which sources a word means, and pictures as a clip."""

import numpy as np
import pytest

from poselift.errors import PoseliftError
from poselift.media import expand_sources, list_videos, open_source


def numbers(media, source):
    return [media.number_of(frame.image) for frame in source.frames()]


def test_a_pattern(media):
    folder = media.pictures(12)
    (folder / "other.png").write_bytes(b"")
    source = open_source(folder / "%05d.png", fps=10)
    assert (source.name, source.size, source.fps) == ("pictures", (160, 96), 10)
    assert numbers(media, source) == list(range(12))
    np.testing.assert_allclose([f.time for f in source.frames()], np.arange(12) / 10)


def test_a_pattern_without_padding_counts_as_numbers(media):
    folder = media.pictures(12, pattern="shot{}.png")
    assert numbers(media, open_source(folder / "shot%d.png")) == list(range(12))


def test_a_folder_in_natural_order(media):
    folder = media.pictures(12, pattern="shot{}.png")
    assert numbers(media, open_source(folder)) == list(range(12))


def test_start_and_end(media):
    folder = media.pictures(12)
    source = open_source(folder, 0.3, 0.8, fps=10)
    assert numbers(media, source) == [3, 4, 5, 6, 7]
    with pytest.raises(PoseliftError, match="no picture from"):
        open_source(folder, start=5, fps=10)


def test_one_picture(media):
    folder = media.pictures(1)
    assert numbers(media, open_source(folder / "00000.png")) == [0]


def test_a_broken_picture_is_left_out_and_sizes_are_evened(media, caplog):
    folder = media.pictures(4)
    (folder / "00001.png").write_bytes(b"not a picture")
    media.pictures(1, size=(320, 200), pattern="00002.png")
    source = open_source(folder, fps=10)
    frames = list(source.frames())
    assert [frame.image.shape for frame in frames] == [(96, 160, 3)] * 3
    np.testing.assert_allclose([frame.time for frame in frames], [0, 0.2, 0.3])
    assert "00001.png" in caplog.text


def test_no_picture_fits(media):
    with pytest.raises(PoseliftError, match="No picture matches"):
        open_source(media.folder / "%05d.png")
    (media.folder / "a.png").write_bytes(b"no")
    with pytest.raises(PoseliftError, match="can be read"):
        open_source(media.folder / "a.png")
    with pytest.raises(PoseliftError, match="rate"):
        open_source(media.pictures(1), fps=-1)


def test_folders_of_videos(media):
    for name in ("b10.mp4", "b9.MP4", ".hidden.mp4", "notes.txt"):
        (media.folder / name).write_bytes(b"")
    assert [path.name for path in list_videos(media.folder)] == ["b9.MP4", "b10.mp4"]


def test_expanding(media):
    (media.folder / "videos").mkdir()
    (media.folder / "videos" / "a.mov").write_bytes(b"")
    pictures = media.pictures(2)
    found = expand_sources(["x.mp4", media.folder / "videos", pictures, "rtsp://here/1"])
    assert found == ["x.mp4", media.folder / "videos" / "a.mov", pictures, "rtsp://here/1"]
    (media.folder / "none").mkdir()
    with pytest.raises(PoseliftError, match="no video"):
        expand_sources([media.folder / "none"])
