"""GIF with a palette made for the clip."""

from __future__ import annotations

from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import av
import av.filter
import cv2
import numpy as np
from av.container import OutputContainer
from av.filter.context import FilterContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from poselift.files import Unfinished
from poselift.media.picture_writer import PictureWriter

_HUNDREDTH = Fraction(1, 100)  # seconds: GIF knows no finer clock
_MILLI = Fraction(1, 1000)


class GifWriter(PictureWriter[np.ndarray]):
    """Writes pictures as a GIF, at most `width` wide and `fps` pictures per second.

    The palette needs all pictures before the first can be written, so that they wait, made small,
    in a lossless file beside the target: memory does not grow with the clip. The GIF itself is
    made by `close`, and has its name only when it is whole.
    """

    def __init__(self, path: str | Path, width: int = 640, fps: float = 12.0) -> None:
        self.path = Path(path)
        self._width, self._gap = width, 1 / fps
        self._waiting: Unfinished | None = None
        self._part: Unfinished | None = None
        self._store: OutputContainer | None = None
        self._stream: VideoStream | None = None
        self._first_time = self._next_time = 0.0
        self._last_tick = -1
        self._closed = False
        self._frames_written = 0

    def write(self, image: np.ndarray, time: float) -> None:
        """Offer a picture, (H, W, 3) BGR uint8, shown from `time` on; not every one is taken."""
        if self._closed:
            raise ValueError(f"{self.path} is closed")
        if self._frames_written and time < self._next_time - 1e-6:
            return
        with self._mending():
            frame = self._shrunk(image)
            if not self._frames_written:
                self._first_time = self._next_time = time
                self._begin(frame)
            # Kept on a grid, so that 12 a second stays 12 a second whatever the source's rate.
            steps = int((time - self._next_time) / self._gap + 1e-6) + 1
            self._next_time += steps * self._gap
            tick = max(self._last_tick + 1, round((time - self._first_time) / _MILLI))
            frame.pts, frame.time_base = tick, _MILLI
            self._last_tick = tick
            self._keep(frame)
            self._frames_written += 1

    def _shrunk(self, image: np.ndarray) -> VideoFrame:
        height, width = image.shape[:2]
        if self._stream is not None:
            size = (self._stream.width, self._stream.height)
        else:
            scale = min(1.0, self._width / width)
            size = (max(1, round(width * scale)), max(1, round(height * scale)))
        if size != (width, height):
            image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        return VideoFrame.from_ndarray(image, "bgr24").reformat(format="bgr0")

    def _begin(self, frame: VideoFrame) -> None:
        self._part = Unfinished(self.path)
        self._waiting = Unfinished(self.path, ".mkv")
        self._store = av.open(str(self._waiting.path), "w")
        stream = self._store.add_stream("ffv1", rate=30)
        stream.width, stream.height, stream.pix_fmt = frame.width, frame.height, "bgr0"
        stream.codec_context.time_base = stream.time_base = _MILLI
        self._stream = stream
        self._palette_graph = _graph(frame, ("palettegen", "stats_mode=full"))

    def _keep(self, frame: VideoFrame) -> None:
        assert self._store is not None
        assert self._stream is not None
        self._palette_graph.vpush(frame)
        # Filters work when they are asked: until then every picture would wait in memory.
        with suppress(av.error.BlockingIOError):
            self._palette_graph.vpull()
        self._store.mux(self._stream.encode(frame))

    def close(self) -> Path | None:
        """Make the GIF; None, and no file, when no picture was written."""
        if self._closed:
            return self.path if self._frames_written else None
        if not self._frames_written:
            self.abort()
            return None
        with self._mending():
            assert self._store is not None
            assert self._stream is not None
            self._store.mux(self._stream.encode(None))
            self._store.close()
            self._palette_graph.vpush(None)
            self._make(self._palette_graph.vpull())
            assert self._part is not None
            assert self._waiting is not None
            self._part.keep()
            self._closed = True
            self._waiting.drop()
        return self.path

    def _make(self, palette: VideoFrame) -> None:
        assert self._part is not None
        assert self._waiting is not None
        kept, part = str(self._waiting.path), str(self._part.path)
        with av.open(kept) as waiting, av.open(part, "w", "gif") as out:
            stream = out.add_stream("gif", rate=100)
            graph: av.filter.Graph | None = None
            for frame in waiting.decode(video=0):
                if graph is None:
                    stream.width, stream.height, stream.pix_fmt = frame.width, frame.height, "pal8"
                    stream.codec_context.time_base = stream.time_base = _HUNDREDTH
                    graph = _painting_graph(frame, palette)
                graph.vpush(frame, at=0)
                _encode(graph, stream, out)
            if graph is not None:
                graph.vpush(None, at=0)
                _encode(graph, stream, out)
            out.mux(stream.encode(None))

    def abort(self) -> None:
        """Stop and remove what was written; a file that had the name before stays."""
        self._closed = True
        if self._store is not None:
            # The disk may be full: what could not be finished is removed all the same.
            with suppress(av.error.FFmpegError, OSError):
                self._store.close()
        for unfinished in (self._waiting, self._part):
            if unfinished is not None:
                unfinished.drop()


def _buffer(graph: av.filter.Graph, like: VideoFrame, name: str) -> FilterContext:
    return graph.add_buffer(
        width=like.width, height=like.height, format=like.format, time_base=_MILLI, name=name
    )


def _graph(frame: VideoFrame, step: tuple[str, str]) -> av.filter.Graph:
    graph = av.filter.Graph()
    graph.link_nodes(_buffer(graph, frame, "in"), graph.add(*step), graph.add("buffersink"))
    graph.configure()
    return graph


def _painting_graph(frame: VideoFrame, palette: VideoFrame) -> av.filter.Graph:
    """Pictures in, the same in the palette's 256 colours out."""
    graph = av.filter.Graph()
    pictures, colours = _buffer(graph, frame, "in"), _buffer(graph, palette, "palette")
    # Ordered dither stands still from picture to picture: it neither flickers nor fills the file.
    paint = graph.add("paletteuse", "dither=bayer:bayer_scale=4:diff_mode=rectangle")
    pictures.link_to(paint, 0, 0)
    colours.link_to(paint, 0, 1)
    paint.link_to(graph.add("buffersink"))
    graph.configure()
    palette.pts, palette.time_base = 0, _MILLI
    graph.vpush(palette, at=1)
    graph.vpush(None, at=1)
    return graph


def _encode(graph: av.filter.Graph, stream: VideoStream, out: OutputContainer) -> None:
    while True:
        try:
            frame = graph.vpull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return
        seconds = float((frame.pts or 0) * (frame.time_base or _MILLI))
        frame.pts, frame.time_base = round(seconds / _HUNDREDTH), _HUNDREDTH
        out.mux(stream.encode(frame))
