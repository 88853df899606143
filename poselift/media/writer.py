"""H.264 in MP4: the source's own timestamps and sound, fit for browsers and QuickTime."""

from __future__ import annotations

from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Literal

import av
import cv2
import numpy as np
from av.container import OutputContainer
from av.video.stream import VideoStream

from poselift.errors import PoseliftError
from poselift.files import Unfinished, refuse_special
from poselift.media.audio import AudioTrack
from poselift.media.picture_writer import PictureWriter

Quality = Literal["draft", "good", "best"]

# x264's preset and rate factor; docs/media.md says what they cost. Without B-frames, as then
# pictures are stored in the order in which they are shown: with them, MP4 cannot say exactly how
# long a clip of uneven times is, and some players leave out its end.
_X264: dict[str, dict[str, str]] = {
    "draft": {"preset": "ultrafast", "crf": "26", "bf": "0"},
    "good": {"preset": "superfast", "crf": "23", "bf": "0"},
    "best": {"preset": "medium", "crf": "18", "bf": "0"},
}
_ENDINGS = (".mp4", ".mov", ".m4v", ".mkv")
_UNIT = Fraction(1, 90_000)  # seconds per tick: exact for every usual rate, fine for phones' clocks
_BT601, _LIMITED = 6, 1  # the YUV that OpenCV makes; named in the file so that players agree


class VideoWriter(PictureWriter[av.VideoFrame]):
    """Writes pictures with the times that they have, to `path` when all is done.

    The first picture's time becomes 0 and everything else keeps its distance from it, sound
    included, which is cut to the time of the pictures. Until `close` the file has a hidden name.
    As a context manager it closes when the block ends or is interrupted by Ctrl-C, so that what
    was done can be played, and aborts on any other exception.

    Args:
        path: ends in .mp4, .mov, .m4v or .mkv; folders are made.
        size: (width, height) of the pictures; an odd side is padded by one pixel.
        fps: the mean rate: tells how long the last picture stands, and guides the encoder.
        audio_from: the source whose sound goes with it; None, or one without sound, is silent.
        quality: draft, good or best.
        threads: of the encoder; None takes one, which costs least in all, and for "best" as many
            as there are cores.
    """

    def __init__(
        self,
        path: str | Path,
        size: tuple[int, int],
        fps: float,
        audio_from: str | Path | None = None,
        quality: Quality = "good",
        threads: int | None = None,
    ) -> None:
        if quality not in _X264:
            raise PoseliftError(f"No quality is called {quality!r}.", f"Use {', '.join(_X264)}.")
        self.path = video_target(path)
        self.size = size
        self.frames_written = 0
        self._unfinished = Unfinished(self.path)
        self._tail = 1 / fps if fps > 0 else 0.04  # how long the last picture stands
        self._container: OutputContainer | None = None
        self._audio: AudioTrack | None = None
        self._first_time = 0.0
        self._last_tick = -1
        with self._mending():
            part = str(self._unfinished.path)
            self._container = av.open(part, "w", options=_muxer_options(self.path))
            self._stream = self._add_video(self._container, fps, quality, threads)
            if audio_from is not None:
                self._audio = AudioTrack.open(str(audio_from), self._container)

    def _add_video(
        self, container: OutputContainer, fps: float, quality: str, threads: int | None
    ) -> VideoStream:
        rate = Fraction(max(fps, 1.0)).limit_denominator(1001)
        stream = container.add_stream("libx264", rate=rate, options=dict(_X264[quality]))
        stream.width, stream.height = (side + side % 2 for side in self.size)
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.time_base = stream.time_base = _UNIT
        context.thread_count = threads if threads is not None else int(quality != "best")
        context.colorspace, context.color_range = _BT601, _LIMITED
        return stream

    @property
    def first_time(self) -> float:
        """The time of the first picture, in the clip's clock: 0 in the file."""
        return self._first_time

    def prepared(self, image: np.ndarray) -> av.VideoFrame:
        """The picture in the colours of the file."""
        if (image.shape[1], image.shape[0]) != self.size:
            raise ValueError(f"expected a picture of {self.size}, got {image.shape[1::-1]}")
        return av.VideoFrame.from_ndarray(_to_yuv(image), "yuv420p")

    def write(self, image: np.ndarray | av.VideoFrame, time: float) -> None:
        """Add a picture, (H, W, 3) BGR uint8, that is shown from `time` on (the clip's clock)."""
        if self._container is None:
            raise ValueError(f"{self.path} is closed")
        frame = image if isinstance(image, av.VideoFrame) else self.prepared(image)
        with self._mending():
            if self.frames_written == 0:
                self._first_time = time
                if self._audio:
                    self._audio.begin(time)
            tick = max(self._last_tick + 1, round((time - self._first_time) / _UNIT))
            frame.pts, frame.time_base = tick, _UNIT
            for packet in self._stream.encode(frame):
                self._container.mux(packet)
            self.frames_written += 1
            self._last_tick = tick
            if self._audio:
                self._audio.write_until(float(tick * _UNIT))

    def close(self) -> Path | None:
        """Finish the file and give it its name; None, and no file, when no picture was written."""
        if self._container is None:
            return self.path if self.frames_written else None
        if not self.frames_written:
            self.abort()
            return None
        with self._mending():
            packets = self._stream.encode(None)
            if packets:  # the container would guess how long the last picture stands
                packets[-1].duration = round(self._tail / _UNIT)
            self._container.mux(packets)
            if self._audio:
                self._audio.finish(float(self._last_tick * _UNIT) + self._tail)
            self._container.close()
            self._container = None
            self._unfinished.keep()
        return self.path

    def abort(self) -> None:
        """Stop and remove what was written; a file that had the name before stays."""
        if self._audio:
            self._audio.close()
        container, self._container = self._container, None
        if container is not None:
            # The disk may be full: what could not be finished is removed all the same.
            with suppress(av.error.FFmpegError, OSError):
                container.close()
        self._unfinished.drop()


def video_target(path: str | Path) -> Path:
    """A path that a video can be written to; refused is a folder, a device or another ending."""
    target = Path(path)
    if target.suffix.lower() not in _ENDINGS:
        raise PoseliftError(
            f"A video cannot be written to {str(path)!r}.",
            f"Name a file that ends in {', '.join(_ENDINGS)}.",
        )
    refuse_special(target)
    return target


def _muxer_options(path: Path) -> dict[str, str]:
    # The index goes to the front, so that a browser can start before all has come.
    return {"movflags": "+faststart"} if path.suffix.lower() in (".mp4", ".mov", ".m4v") else {}


def _to_yuv(image: np.ndarray) -> np.ndarray:
    """BGR to planar YUV 4:2:0, padded to even sides by repeating the last row or column."""
    height, width = image.shape[:2]
    if height % 2 or width % 2:
        image = cv2.copyMakeBorder(image, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
    # OpenCV does this two to three times as fast as swscale.
    return cv2.cvtColor(image, cv2.COLOR_BGR2YUV_I420)
