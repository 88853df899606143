"""Writing MP4, read back by FFmpeg itself."""

import resource
import subprocess

import av
import imageio_ffmpeg
import numpy as np
import pytest

from poselift.errors import PoseliftError
from poselift.media import VideoWriter, open_source


def write(media, times=None, size=(160, 96), name="out.mp4", fps=30.0, **options):
    times = np.arange(30) / 30 if times is None else times
    path = media.folder / name
    with VideoWriter(path, size, fps, **options) as writer:
        for index, time in enumerate(times):
            writer.write(media.numbered(index, size), time)
    return path


def loudness(path):
    """[(time, mean absolute level)] of the sound."""
    with av.open(str(path)) as clip:
        frames = list(clip.decode(audio=0))
    return [(frame.time, float(np.abs(frame.to_ndarray()).mean())) for frame in frames]


def test_what_players_need(media):
    path = write(media)
    data = path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")  # the index comes first
    told = subprocess.run(
        [imageio_ffmpeg.get_ffmpeg_exe(), "-i", str(path)],
        capture_output=True, text=True, check=False,
    ).stderr  # fmt: skip
    assert "h264" in told
    assert "yuv420p(tv" in told
    assert "160x96" in told
    assert [entry.name for entry in media.folder.iterdir()] == ["out.mp4"]


def test_pictures_come_back(media):
    frames = list(open_source(write(media, quality="best")).frames())
    assert [media.number_of(frame.image) for frame in frames] == list(range(30))
    difference = frames[7].image.astype(int) - media.numbered(7).astype(int)
    assert np.abs(difference).mean() < 4  # colours too: matrix and range are told


def test_uneven_times_are_kept(media):
    times = 3 + np.cumsum([0, *np.random.default_rng(2).uniform(0.004, 0.3, 29)])
    path = write(media, times)
    np.testing.assert_allclose(media.packets(path, "video"), times - times[0], atol=1e-4)
    with av.open(str(path)) as clip:
        stream = clip.streams.video[0]
        length = float(stream.duration * stream.time_base)
    assert length == pytest.approx(times[-1] - times[0] + 1 / 30, abs=0.02)


@pytest.mark.parametrize("size", [(161, 97), (160, 97), (1, 1)])
def test_odd_sides_are_padded(media, size):
    source = open_source(write(media, size=size))
    assert source.size == tuple(side + side % 2 for side in size)
    assert len(list(source.frames())) == 30


@pytest.mark.parametrize("audio", ["aac", "mp3"])
def test_sound_is_copied(media, audio):
    source = media.clip("in.mp4", audio=audio)
    path = write(media, audio_from=source)

    def packet_bytes(clip):
        with av.open(str(clip)) as opened:
            return [bytes(p) for p in opened.demux(audio=0) if p.size]

    theirs, ours = packet_bytes(source), packet_bytes(path)
    assert set(ours) <= set(theirs)
    assert len(ours) >= len(theirs) - 3


@pytest.mark.parametrize(("audio", "ending"), [("flac", "mkv"), ("pcm_s16le", "mov")])
def test_other_sound_becomes_aac(media, audio, ending):
    path = write(media, audio_from=media.clip(f"in.{ending}", audio=audio))
    with av.open(str(path)) as clip:
        assert clip.streams.audio[0].codec_context.name == "aac"
    assert loudness(path)[-4][0] == pytest.approx(0.95, abs=0.1)


@pytest.mark.parametrize(("audio", "ending"), [("aac", "mp4"), ("flac", "mkv")])
def test_sound_is_cut_with_the_picture(media, audio, ending):
    """The tone of the source grows with time: at each moment it must be as loud as there."""
    source = media.clip(f"in.{ending}", times=np.arange(90) / 30, audio=audio)
    with open_source(source, 1.0, 2.0) as clip:
        path = media.folder / "part.mp4"
        with VideoWriter(path, clip.size, clip.fps, audio_from=source) as writer:
            for frame in clip.frames():
                writer.write(frame.image, frame.time)
            assert writer.first_time == pytest.approx(1.0, abs=1e-3)
    heard = loudness(path)
    assert 0.85 < heard[-1][0] < 1.1
    inside = [(time, level) for time, level in heard if 0.15 < time < 0.85]
    expected = [0.9 * (1 + time + 0.012) / 3 * 2 / np.pi for time, _ in inside]
    np.testing.assert_allclose([level for _, level in inside], expected, rtol=0.06)


def test_a_source_without_sound(media):
    path = write(media, audio_from=media.clip("silent.mp4"))
    with av.open(str(path)) as clip:
        assert not clip.streams.audio


def test_sound_that_ends_early(media):
    source = media.clip("in.mp4", audio="aac", audio_seconds=0.3)
    path = write(media, audio_from=source)
    assert loudness(path)[-1][0] < 0.4
    assert len(media.packets(path, "video")) == 30


def test_ctrl_c_leaves_what_was_done(media):
    path = media.folder / "out.mp4"

    def interrupted():
        with VideoWriter(path, (160, 96), 30) as writer:
            for index in range(12):
                writer.write(media.numbered(index), index / 30)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert len(list(open_source(path).frames())) == 12
    assert [entry.name for entry in media.folder.iterdir()] == ["out.mp4"]


def test_a_bug_leaves_nothing(media):
    path = media.folder / "out.mp4"
    path.write_bytes(b"of yesterday")

    def failing():
        with VideoWriter(path, (160, 96), 30) as writer:
            writer.write(media.numbered(0), 0)
            raise KeyError("bug")

    with pytest.raises(KeyError):
        failing()
    assert path.read_bytes() == b"of yesterday"
    assert [entry.name for entry in media.folder.iterdir()] == ["out.mp4"]


def test_no_picture_no_file(media):
    with VideoWriter(media.folder / "out.mp4", (160, 96), 30) as writer:
        pass
    assert writer.close() is None
    assert not list(media.folder.iterdir())


def test_one_picture(media):
    assert len(list(open_source(write(media, [0.0])).frames())) == 1


def test_times_that_stand_still_are_moved_on(media):
    path = write(media, [0.0, 0.1, 0.1, 0.05, 0.2])
    assert len(set(media.packets(path, "video"))) == 5


def test_a_full_disk(media):
    """A limit on the size of files stands for it: the system refuses to write on, for real."""
    noise = np.random.default_rng(0).integers(0, 255, (96, 160, 3), np.uint8)

    def fill():
        with VideoWriter(media.folder / "out.mp4", (160, 96), 30, quality="best") as writer:
            for index in range(200):
                writer.write(np.roll(noise, 7 * index, axis=1), index / 30)

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(PoseliftError, match="Cannot write"):
            fill()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not list(media.folder.iterdir())


def test_a_folder_that_cannot_be(media):
    (media.folder / "file").write_text("in the way")
    with pytest.raises(PoseliftError, match="Cannot write"):
        VideoWriter(media.folder / "file" / "out.mp4", (160, 96), 30)


def test_wrong_use(media):
    with pytest.raises(PoseliftError, match="quality"):
        VideoWriter(media.folder / "out.mp4", (160, 96), 30, quality="superb")
    writer = VideoWriter(media.folder / "out.mp4", (160, 96), 30)
    with pytest.raises(ValueError, match="expected"):
        writer.write(media.numbered(0, (80, 80)), 0)
    writer.abort()
    with pytest.raises(ValueError, match="closed"):
        writer.write(media.numbered(0), 0)
