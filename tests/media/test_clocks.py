"""Clocks that jump, step back or are not there."""

from __future__ import annotations

import struct
import subprocess
import threading

import imageio_ffmpeg
import numpy as np
import pytest

from poselift.media import VideoWriter, open_source
from poselift.media.camera import LiveCamera

FRAMES = list(range(20))


def read(media, path, **options):
    with open_source(path, **options) as clip:
        frames = list(clip.frames())
        return clip, [media.number_of(f.image) for f in frames], [f.time for f in frames]


def even(times, fps=30):
    assert np.allclose(np.diff(times), 1 / fps, atol=2e-3), times


def convert(source, *words):
    """FFmpeg itself, as a program."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", source, *words]
    subprocess.run(list(map(str, command)), check=True)


def joined(media, *starts, **options):
    """Transport streams one behind the other, each with its own clock."""
    parts = [
        media.clip(f"{n}.ts", times=np.arange(20) / 30 + start, **options)
        for n, start in enumerate(starts)
    ]
    path = media.folder / "joined.ts"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    return path


@pytest.mark.parametrize("starts", [(0, 0), (7200, 3600), (0, 50_000)])
def test_joined_streams_play_on(media, starts):
    path = joined(media, *starts)
    clip, numbers, times = read(media, path)
    assert numbers == FRAMES * 2
    even(times)
    assert clip.fps == pytest.approx(30, rel=0.01)
    _, numbers, times = read(media, path, start=1.0)
    assert numbers == FRAMES[10:]
    assert times[0] == pytest.approx(1.0, abs=0.01)
    with open_source(path, start=1.0) as clip:
        assert clip.frames_before_start() == 30


def test_the_sound_of_joined_streams_goes_on_too(media):
    path = joined(media, 0, 0, audio="aac")
    out = media.folder / "out.mp4"
    with open_source(path) as clip, VideoWriter(out, clip.size, clip.fps, path) as writer:
        for frame in clip.frames():
            writer.write(frame.image, frame.time)
    heard = media.packets(out, "audio")
    assert heard[-1] == pytest.approx(2 * 20 / 30, abs=0.1)
    assert max(np.diff(heard)) < 0.1


@pytest.mark.parametrize("gap", [86_400.0, 315_360_000.0])
def test_a_gap_of_days_is_one_step(media, gap):
    times = [i / 30 + (gap if i >= 10 else 0) for i in FRAMES]
    clip, numbers, shown = read(media, media.clip("gap.mkv", times=times))
    assert numbers == FRAMES
    even(shown)
    assert clip.fps == pytest.approx(30, rel=0.01)


def test_a_short_gap_stays(media):
    times = [i / 30 + (7 if i >= 10 else 0) for i in FRAMES]
    clip, _, shown = read(media, media.clip("gap.mkv", times=times))
    assert shown == pytest.approx(times, abs=1e-3)
    assert clip.fps == pytest.approx(30, rel=0.01)


def test_matroska_whose_times_step_back_loses_nothing(media):
    path = media.clip("back.mkv", options={"bf": "0"}, times=np.arange(10) / 10, gop=1)
    data = bytearray(path.read_bytes())
    for tick in range(500, 1000, 100):  # the second half begins anew
        at = data.rindex(b"\x81" + struct.pack(">h", tick))
        data[at + 1 : at + 3] = struct.pack(">h", tick - 400)
    path.write_bytes(data)
    _, numbers, times = read(media, path)
    assert numbers == list(range(10))
    even(times, 10)


@pytest.mark.parametrize("codec", ["libx264", "mpeg4"])
def test_frames_of_an_avi_begin_at_0_and_come_evenly(media, codec):
    path = media.folder / "clip.avi"
    convert(media.clip(), "-c:v", codec, "-bf", "2", path)
    _, numbers, times = read(media, path)
    assert numbers == list(range(30))
    assert times[0] == 0
    even(times)
    assert read(media, path, start=0.5)[1] == list(range(15, 30))


def test_bare_h264_begins_where_it_is_told(media):
    path = media.folder / "clip.h264"
    convert(media.clip(), "-c:v", "libx264", "-bf", "2", path)
    _, numbers, times = read(media, path, start=0.4, end=0.8)
    assert numbers == list(range(10, 20))
    assert times[0] == pytest.approx(0.4)


def test_a_clip_that_plays_camera_may_pause(media):
    path = media.clip("pause.mkv", times=[0, 0.1, 0.9])
    with LiveCamera(path) as camera:
        seen = []
        reader = threading.Thread(target=lambda: [seen.append(camera.latest(0.2)) for _ in "1234"])
        reader.start()
        reader.join(20)
    assert seen[-1] is None
