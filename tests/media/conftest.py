"""Small clips of every awkward kind, made on the spot."""

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

SAMPLES = Path(__file__).parents[2] / "sample_videos"


def numbered(index: int, size: tuple[int, int] = (160, 96)) -> np.ndarray:
    """A picture that tells its number: 8 wide bars are its bits; red is top left."""
    width, height = size
    image = np.full((height, width, 3), 60, np.uint8)
    for bit in range(8):
        level = 220 if index >> bit & 1 else 30
        image[height // 2 :, bit * width // 8 : (bit + 1) * width // 8] = level
    image[: height // 4, : width // 4] = (30, 30, 220)
    return image


def number_of(image: np.ndarray) -> int:
    height, width = image.shape[:2]
    row = image[height * 3 // 4, :, 1].astype(int)
    return sum(int(row[int((bit + 0.5) * width / 8)] > 125) << bit for bit in range(8))


def encode(
    path: Path,
    times=None,
    size=(160, 96),
    codec="libx264",
    pix_fmt="yuv420p",
    audio=None,
    options=None,
    rotate=None,
    color=None,
    images=None,
    gop=12,
    audio_seconds=None,
    unit=Fraction(1, 90000),
):
    """Write numbered pictures at `times` (seconds); with a tone in the codec `audio`."""
    times = np.arange(30) / 30 if times is None else times
    with av.open(str(path), "w") as out:
        rate = 30 if unit < Fraction(1, 1000) else 1 / unit
        video = out.add_stream(codec, rate=rate, options=options or {})
        video.width, video.height, video.pix_fmt = *size, pix_fmt
        video.gop_size = gop
        video.codec_context.time_base = unit
        for name, value in (color or {}).items():
            setattr(video.codec_context, name, value)
        if rotate is not None:
            video.set_display_rotation(rotate)
        if audio:
            sound = out.add_stream(audio, rate=48000, layout="stereo")
        for index, time in enumerate(times):
            image = numbered(index, size) if images is None else images[index]
            frame = av.VideoFrame.from_ndarray(image, "bgr24").reformat(format=pix_fmt)
            frame.pts, frame.time_base = round(time / unit), unit
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
        if audio:
            seconds = audio_seconds or times[-1] + 1 / 30
            samples = int(seconds * 48000)
            # Its loudness rises with time, so that a test can tell which part it hears.
            ramp = np.linspace(0, 0.9, samples)
            tone = (ramp * np.sin(np.arange(samples) * 2 * np.pi * 440 / 48000)).astype(np.float32)
            chunk = av.AudioFrame.from_ndarray(np.stack([tone, tone]), "fltp", "stereo")
            chunk.sample_rate, chunk.pts, chunk.time_base = 48000, 0, Fraction(1, 48000)
            resampler = av.AudioResampler(sound.format.name, "stereo", 48000, 1024)
            for piece in [*resampler.resample(chunk), *resampler.resample(None)]:
                out.mux(sound.encode(piece))
            out.mux(sound.encode(None))
    return path


def packets(path: Path, kind: str) -> list[float]:
    """Times of a stream's packets, in order of time."""
    with av.open(str(path)) as clip:
        stream = next(stream for stream in clip.streams if stream.type == kind)
        found = [p.pts * p.time_base for p in clip.demux(stream) if p.pts is not None]
    return sorted(float(time) for time in found)


@pytest.fixture
def media(tmp_path):
    """The helpers above, with a folder of the test's own."""

    class Media:
        folder = tmp_path
        samples = SAMPLES
        number_of = staticmethod(number_of)
        numbered = staticmethod(numbered)
        packets = staticmethod(packets)

        @staticmethod
        def clip(name="clip.mp4", **options):
            return encode(tmp_path / name, **options)

        @staticmethod
        def pictures(count, folder="pictures", size=(160, 96), pattern="{:05d}.png"):
            (tmp_path / folder).mkdir(exist_ok=True)
            for index in range(count):
                name = tmp_path / folder / pattern.format(index)
                assert cv2.imwrite(str(name), numbered(index, size))
            return tmp_path / folder

    return Media
