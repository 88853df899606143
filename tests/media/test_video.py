"""Reading videos of every kind."""

import gc
import logging
from fractions import Fraction

import av
import numpy as np
import pytest

from poselift.errors import PoseliftError
from poselift.media import open_source
from poselift.media.frame_to_bgr import to_bgr


def read(path, *span):
    with open_source(path, *span) as source:
        return source, list(source.frames())


def numbers(media, frames):
    return [media.number_of(frame.image) for frame in frames]


def test_plain(media):
    source, frames = read(media.clip())
    assert (source.name, source.size, source.has_audio) == ("clip", (160, 96), False)
    assert source.fps == pytest.approx(30)
    assert source.duration == pytest.approx(1, abs=0.05)
    assert numbers(media, frames) == list(range(30))
    assert [frame.index for frame in frames] == list(range(30))
    np.testing.assert_allclose([frame.time for frame in frames], np.arange(30) / 30, atol=1e-4)
    image = frames[0].image
    assert (image.shape, image.dtype, image.flags.c_contiguous) == ((96, 160, 3), np.uint8, True)
    assert image[5, 5, 2] > 180 > 80 > image[5, 5, 0]  # red stays red: BGR


def test_decoded_pictures_are_freed_without_the_collector(media):
    clip = media.clip()
    gc.collect()
    gc.disable()
    try:
        with open_source(clip) as source:
            count = sum(1 for _ in source.frames())
        kept = [one for one in gc.get_objects() if isinstance(one, av.VideoFrame)]
    finally:
        gc.enable()
    assert count == 30
    assert len(kept) <= 2


def test_it_can_be_read_twice(media):
    source = open_source(media.clip())
    assert len(list(source.frames())) == len(list(source.frames())) == 30


def test_variable_rate_keeps_its_clock(media):
    times = np.cumsum([0, *np.random.default_rng(0).uniform(0.01, 0.2, 29)])
    source, frames = read(media.clip(times=times))
    np.testing.assert_allclose([frame.time for frame in frames], times, atol=1e-4)
    assert source.fps == pytest.approx(29 / times[-1], rel=1e-3)


@pytest.mark.parametrize(
    ("ending", "codec"),
    [("mkv", "libx264"), ("mov", "libx264"), ("ts", "libx264"), ("avi", "mpeg4"),
     ("mp4", "mpeg4"), ("webm", "libvpx"), ("mov", "mjpeg")],
)  # fmt: skip
def test_containers(media, ending, codec):
    times = np.arange(20) / 25
    path = media.clip(
        f"clip.{ending}", codec=codec, times=times, unit=Fraction(1, 25),
        pix_fmt="yuvj420p" if codec == "mjpeg" else "yuv420p",
    )  # fmt: skip
    source, frames = read(path)
    assert numbers(media, frames) == list(range(20))
    np.testing.assert_allclose([frame.time for frame in frames], times, atol=1e-3)
    assert source.fps == pytest.approx(25, rel=0.01)


@pytest.mark.parametrize(
    ("degrees", "size", "red_at"),
    [(0, (160, 96), (0, 0)), (90, (96, 160), (1, 0)), (-90, (96, 160), (0, 1)),
     (180, (160, 96), (1, 1))],
)  # fmt: skip
def test_rotation(media, degrees, size, red_at):
    source, frames = read(media.clip(rotate=degrees))
    assert source.size == size
    image = frames[3].image
    assert image.shape[1::-1] == size
    y, x = (size[1] - 6 if red_at[0] else 5), (size[0] - 6 if red_at[1] else 5)
    assert image[y, x, 2] > 180 > 80 > image[y, x, 0]


def test_a_phones_portrait_sample_stands(media):
    source = open_source(media.samples / "balance.mp4")
    assert source.size == (1080, 1920)
    assert source.fps == pytest.approx(60, rel=1e-3)


@pytest.mark.parametrize("size", [(161, 97), (2, 2), (1, 1), (33, 500)])
def test_odd_sizes(media, size):
    source, frames = read(media.clip(size=size, codec="ffv1", pix_fmt="bgr0", name="odd.mkv"))
    assert source.size == size
    assert frames[29].image.shape == (size[1], size[0], 3)


def test_colours_survive(media):
    """Every YUV matrix and range comes back as the colours that went in."""
    colours = [(200, 40, 40), (40, 200, 40), (40, 40, 200), (128, 128, 128)]
    images = [np.full((96, 160, 3), colour, np.uint8) for colour in colours]
    path = media.clip(
        images=images, times=np.arange(4) / 10, codec="ffv1", pix_fmt="yuv444p", name="c.mkv",
        color={"colorspace": 5},
    )  # fmt: skip
    for frame, colour in zip(read(path)[1], colours, strict=True):
        assert np.abs(frame.image[50, 50].astype(int) - colour).max() <= 3


@pytest.mark.parametrize("kind", ["x2rgb10le", "x2bgr10le", "p010le", "gbrp10le", "yuv420p10le"])
def test_colours_of_every_ten_bit_layout(kind):
    picture = np.zeros((32, 64, 3), np.uint8)
    picture[:, :32], picture[:, 32:] = (30, 60, 200), (180, 120, 20)
    frame = av.VideoFrame.from_ndarray(picture, "bgr24").reformat(format=kind)
    back = to_bgr(frame, (64, 32))
    assert np.abs(back[16, [8, 56]].astype(int) - picture[16, [8, 56]]).max() <= 3


def test_h263_in_3gp_has_the_shape_that_the_file_states(tmp_path):
    """As FFmpeg's player shows it: its pixels are 12:11."""
    path = tmp_path / "phone.3gp"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("h263", rate=Fraction(30000, 1001))
        stream.width, stream.height, stream.pix_fmt = 176, 144, "yuv420p"
        grey = np.full((144, 176, 3), 90, np.uint8)
        for packet in (*stream.encode(av.VideoFrame.from_ndarray(grey, "bgr24")), *stream.encode()):
            out.mux(packet)
    with open_source(path) as clip:
        assert clip.size == (192, 144)
        assert next(iter(clip.frames())).image.shape == (144, 192, 3)


def test_ten_bits(media):
    path = media.clip(codec="libx265", pix_fmt="yuv420p10le", times=np.arange(6) / 30,
                      options={"x265-params": "log-level=none:pools=1"})  # fmt: skip
    _, frames = read(path)
    assert numbers(media, frames) == list(range(6))
    assert frames[0].image.dtype == np.uint8


@pytest.mark.parametrize("transfer", [16, 18])
def test_hdr_is_brought_to_sdr(media, transfer):
    """A grey ramp in PQ or HLG stays a ramp, neither crushed nor burnt out."""
    ramp = np.tile(np.linspace(0, 255, 160, dtype=np.uint8)[None, :, None], (96, 1, 3))
    path = media.clip(
        images=[ramp] * 3, times=np.arange(3) / 30, codec="ffv1", pix_fmt="yuv422p10le",
        name="hdr.mkv", color={"color_trc": transfer, "colorspace": 9, "color_primaries": 9},
    )  # fmt: skip
    row = read(path)[1][0].image[48].astype(int)
    assert (np.diff(row.mean(axis=1)) > -3).all()
    assert np.ptp(row, axis=1).max() < 8  # grey stays grey
    assert row[0].max() < 12
    assert row[-1].min() > 215
    # Diffuse white, 58% of the PQ code and 75% of the HLG code, is bright but not clipped.
    white = row[int(160 * (0.58 if transfer == 16 else 0.75))]
    assert 190 < white.mean() < 245


def test_interlaced_is_combed_out(media):
    """A bar that moves between the two fields of a frame has no teeth."""
    images = []
    for index in range(8):
        image = np.full((96, 160, 3), 20, np.uint8)
        for field in (0, 1):
            left = 10 + 12 * index + 6 * field
            image[field::2, left : left + 30] = 230
        images.append(image)
    path = media.clip(
        "fields.mpg", images=images, times=np.arange(8) / 25, codec="mpeg2video",
        unit=Fraction(1, 25), options={"flags": "+ildct+ilme", "qmin": "1", "qmax": "2"},
    )  # fmt: skip
    _, frames = read(path)
    assert len(frames) == 8
    middle = frames[4].image[20:76, :, 1].astype(int)
    teeth = np.abs(middle[1:-1] - (middle[:-2] + middle[2:]) / 2).mean()
    raw = images[4][20:76, :, 1].astype(int)
    assert teeth < 0.25 * np.abs(raw[1:-1] - (raw[:-2] + raw[2:]) / 2).mean()


def test_wide_pixels_become_square(media):
    path = media.clip("wide.mkv", color={"sample_aspect_ratio": Fraction(3, 2)})
    source, frames = read(path)
    assert source.size == (240, 96)
    assert frames[0].image.shape == (96, 240, 3)
    assert numbers(media, frames) == list(range(30))


@pytest.mark.parametrize(("start", "end"), [(0.5, 1.5), (1.21, 1.99), (2.0, None), (None, 0.3)])
@pytest.mark.parametrize("ending", ["mp4", "mkv", "ts"])
def test_start_and_end_are_exact(media, start, end, ending):
    path = media.clip(f"clip.{ending}", times=np.arange(75) / 30, gop=20)
    _, frames = read(path, start, end)
    times = np.arange(75) / 30
    wanted = np.flatnonzero((times >= (start or 0) - 1e-3) & (times < (end or 9) - 1e-3))
    assert numbers(media, frames) == wanted.tolist()
    np.testing.assert_allclose([frame.time for frame in frames], times[wanted], atol=2e-3)
    assert frames[0].index == 0


def test_a_clock_that_starts_late_starts_at_zero(media):
    _, frames = read(media.clip("late.ts", times=100 + np.arange(10) / 30))
    assert frames[0].time == pytest.approx(0, abs=0.01)


def test_one_frame(media):
    source, frames = read(media.clip(times=[0.0]))
    assert len(frames) == 1
    assert source.fps > 0


def test_unicode_and_spaces(media):
    source, frames = read(media.clip("Ünï cödé 1.mp4"))
    assert source.name == "Ünï cödé 1"
    assert len(frames) == 30


def test_cut_in_the_middle_gives_what_is_there(media, caplog):
    path = media.clip("cut.mkv", times=np.arange(120) / 30)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    _, frames = read(path)
    assert 20 < len(frames) < 120
    assert numbers(media, frames)[:20] == list(range(20))


def test_a_damaged_packet_is_passed_over(media, caplog):
    path = media.clip("hurt.mp4", times=np.arange(60) / 30, options={"bf": "0"}, gop=10)
    data = bytearray(path.read_bytes())
    import av

    with av.open(str(path)) as clip:
        packet = [p for p in clip.demux(video=0) if p.pts is not None][25]
        place, length = packet.pos, packet.size
    data[place : place + length] = b"\xff" * length
    path.write_bytes(data)
    with caplog.at_level(logging.WARNING):
        _, frames = read(path)
    assert "damaged" in caplog.text
    assert len(frames) >= 55
    assert numbers(media, frames)[-10:] == list(range(50, 60))
    assert frames[-1].time == pytest.approx(59 / 30, abs=1e-3)


def test_the_containers_count_is_not_trusted(media):
    """An edit list hides the first second: the container still counts its frames."""
    import av

    path = media.clip(times=np.arange(60) / 30, options={"bf": "0"}, gop=60)
    hidden = media.folder / "edited.mp4"
    with av.open(str(path)) as clip, av.open(str(hidden), "w") as out:
        stream = out.add_stream_from_template(clip.streams.video[0])
        for packet in clip.demux(video=0):
            if packet.pts is not None:
                packet.stream = stream
                packet.pts -= int(1 / packet.time_base)
                packet.dts -= int(1 / packet.time_base)
                out.mux(packet)
    source, frames = read(hidden)
    assert numbers(media, frames) == list(range(30, 60))
    assert frames[0].time == pytest.approx(0, abs=1e-3)
    assert source.fps == pytest.approx(30, rel=0.02)


def write(path, data):
    path.write_bytes(data)
    return path


def wrong(media, kind):
    folder = media.folder
    if kind == "missing":
        media.clip("clip.mp4")
        return folder / "clip.mp5"
    if kind == "empty":
        return write(folder / "e.mp4", b"")
    if kind == "text":
        return write(folder / "t.mp4", b"once upon a time\n" * 50)
    if kind == "no moov":
        data = media.clip(times=np.arange(60) / 30).read_bytes()
        return write(folder / "m.mp4", data[: data.index(b"moov") - 4])
    if kind == "audio only":
        import av

        clip = media.clip("with.mp4", audio="aac")
        with av.open(str(clip)) as source, av.open(str(folder / "only.m4a"), "w") as out:
            stream = out.add_stream_from_template(source.streams.audio[0])
            for packet in source.demux(audio=0):
                if packet.pts is not None:
                    packet.stream = stream
                    out.mux(packet)
        return folder / "only.m4a"
    (folder / "nothing").mkdir()
    return folder / "nothing"


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("missing", "No such file"), ("empty", "is empty"), ("text", "not a video"),
        ("no moov", "truncated"), ("audio only", "sound but no picture"), ("folder", "no pictures"),
    ],
)  # fmt: skip
def test_what_is_not_a_video_is_told(media, kind, words):
    with pytest.raises(PoseliftError, match=words) as caught:
        open_source(wrong(media, kind))
    assert caught.value.hint


def test_a_near_name_is_offered(media):
    media.clip("dance.mp4")
    with pytest.raises(PoseliftError) as caught:
        open_source(media.folder / "danse.mp4")
    assert "dance.mp4" in caught.value.hint


def test_start_behind_the_end(media):
    with pytest.raises(PoseliftError, match="ends at"):
        open_source(media.clip(), start=5)
    with pytest.raises(PoseliftError, match="not after"):
        open_source(media.folder / "clip.mp4", start=0.5, end=0.5)


def test_an_address_that_does_not_answer():
    with pytest.raises(PoseliftError, match="Cannot read"):
        open_source("http://127.0.0.1:9/clip.mp4")


def test_an_address(media):
    import functools
    import http.server
    import threading

    media.clip()

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    handler = functools.partial(Quiet, directory=str(media.folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_address[1]}/clip.mp4"
        source, frames = read(address)
        server.shutdown()
    assert source.name == "clip"
    assert numbers(media, frames) == list(range(30))
