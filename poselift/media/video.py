"""Video files and network streams, read with FFmpeg through PyAV."""

from __future__ import annotations

import itertools
import logging
from collections import deque
from collections.abc import Generator, Iterator
from contextlib import closing
from fractions import Fraction
from pathlib import Path
from typing import TypeVar

import av
import cv2
import numpy as np
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from poselift.clock import Clock, longest_step, rate_of
from poselift.errors import PoseliftError
from poselift.media.deinterlace import deinterlaced
from poselift.media.frame_to_bgr import Orientation, orientation, square_size, to_bgr, turn
from poselift.media.lens import told_focal
from poselift.media.source import Source, is_address, refuse_too_large, safe_name
from poselift.types import Frame

_Stream = TypeVar("_Stream", VideoStream, AudioStream)
_Frames = Generator[VideoFrame, None, None]
_log = logging.getLogger(__name__)

_NETWORK_TIMEOUT = (10.0, 10.0)  # seconds to open, seconds without data
_SEEK_MARGIN = 0.5  # seconds before `start`: key frames are sought by decoding time
_PROBE_PACKETS = 3000  # to tell the rate: 100 s of ordinary video, milliseconds to read
_CLOCK_SLACK = 1e-4  # a time that was rounded when it was typed still means its frame
_LOST_PLACES = 100  # how often a damaged container is taken up again
_MICROSECONDS = 1_000_000  # FFmpeg's unit for a container's own times


class VideoSource(Source):
    """A video by PyAV. Times are those of the container, counted from where it starts."""

    def __init__(self, path: str, start: float | None = None, end: float | None = None) -> None:
        self.path, self.name = path, safe_name(path)
        self._start, self._end = start, end
        with open_container(path) as container:
            stream = _video_stream(container, path)
            if context := stream.codec_context:
                refuse_too_large(path, context.width, context.height)
            self._zero = _zero(container)
            self._longest = longest_step(is_joined_anyhow(container))
            self.has_audio = bool(container.streams.audio)
            self.live = is_address(path) and not container.duration
            length = container.duration / _MICROSECONDS if container.duration else None
            rate = float(stream.average_rate or stream.guessed_rate or 0)
            first = self._first_frame(container, stream)
            self._way: Orientation = orientation(first)
            self._stored = square_size(
                first.width, first.height, stream.sample_aspect_ratio or None
            )
            refuse_too_large(path, *self._stored)
            self.focal = told_focal({**stream.metadata, **container.metadata}, self._stored)
            self.size = self._stored if self._way[0] else self._stored[::-1]
        self.fps = (None if is_address(path) else self._measured_rate()) or rate or 25.0
        self._set_length(length)

    def _set_length(self, length: float | None) -> None:
        start = self._start or 0.0
        if length is not None and start >= length:  # by the container; it may be mistaken
            try:
                next(self.frames())
            except PoseliftError as error:
                raise PoseliftError(
                    f"{self.path} ends at {length:.2f} s, before the start at {start:g} s.",
                    "Give an earlier `start`.",
                ) from error
            length = None
        ends = [time for time in (self._end, length) if time is not None]
        self.duration = min(ends) - start if ends else None
        self.frame_count_estimate = (
            None if self.duration is None else max(1, round(self.duration * self.fps))
        )

    def _first_frame(self, container: InputContainer, stream: VideoStream) -> VideoFrame:
        with closing(_decoded(container, stream, self.path)) as decoded:
            for frame in decoded:
                return frame
        raise PoseliftError(
            f"{self.path} has no picture that can be decoded.",
            "The file is damaged or cut off; try to export or download it again.",
        )

    def _measured_rate(self) -> float | None:
        """The rate by the packets' timestamps; None where they cannot tell."""
        shown, decoded = [], []
        with open_container(self.path) as container:
            stream = _video_stream(container, self.path)
            for packet in itertools.islice(packets_of(container, stream), _PROBE_PACKETS):
                if packet.pts is not None and not packet.is_discard:
                    shown.append(packet.pts)
                if packet.dts is not None and packet.size:
                    decoded.append(packet.dts)
            unit = float(_unit(stream))
        in_order = np.all(np.diff(decoded) >= 0)
        if in_order and len(shown) >= len(decoded):
            return rate_of(np.sort(np.array(shown, float)) * unit)
        return rate_of(np.array(decoded, float) * unit)  # the clock jumps, or there is no other

    def frames(self) -> Iterator[Frame]:
        """Decode anew from `start` to before `end`; what is damaged is left out with a warning."""
        index = 0
        clock = Clock(1 / self.fps, self._longest)
        with closing(self._from_start()) as decoded:
            for frame in decoded:
                time = self._shown(frame, clock)
                if self._start is not None and time < self._start - _CLOCK_SLACK:
                    continue
                if self._end is not None and time >= self._end - _CLOCK_SLACK:
                    break
                yield Frame(index, time, self._as_displayed(frame))
                index += 1
        if clock.jumps:
            _log.warning("%s: %d jumps of its clock were closed up", self.path, clock.jumps)
        if index == 0:
            raise PoseliftError(
                f"{self.path} has no picture from {self._start or 0:g} to "
                f"{'its end' if self._end is None else f'{self._end:g}'} s.",
                "Give another `start` and `end`.",
            )

    def frames_before_start(self) -> int:
        """Counted by decoding them: rates vary, and not every packet becomes a frame."""
        if self._start is None:
            return 0
        count = 0
        clock = Clock(1 / self.fps, self._longest)
        with closing(self._decoded_from(None)) as decoded:
            for frame in decoded:
                if self._shown(frame, clock) >= self._start - _CLOCK_SLACK:
                    break
                count += 1
        return count

    def _shown(self, frame: VideoFrame, clock: Clock) -> float:
        """When a frame is shown, in seconds from the clip's start."""
        time = _time(frame, self._zero)
        return clock.show(clock.after() if time is None else time)

    def _as_displayed(self, frame: VideoFrame) -> np.ndarray:
        way = orientation(frame)
        image = turn(to_bgr(frame, self._stored), way)
        if (image.shape[1], image.shape[0]) != self.size:  # it turned over in mid-stream
            image = cv2.resize(image, self.size, interpolation=cv2.INTER_AREA)
        return image

    def _from_start(self) -> _Frames:
        """Decoded frames that begin at `start` or a little before."""
        target = (self._start or 0.0) - _SEEK_MARGIN
        if target <= 0 or is_address(self.path) or not self._can_seek(target):
            yield from self._decoded_from(None)
            return
        decoded = self._decoded_from(target)
        first = next(decoded, None)
        if first is None or (_time(first, self._zero) or 0.0) > (self._start or 0.0):
            decoded.close()  # the container's index lies: read from the beginning instead
            yield from self._decoded_from(None)
            return
        yield first
        yield from decoded

    def _can_seek(self, target: float) -> bool:
        """Whether seeking by time leads to where the frames of that time are."""
        with open_container(self.path) as container:
            if has_no_clock(container):
                return False
            if not is_joined_anyhow(container):
                return True
            # Up to the target, and over its margin, its clock must not jump.
            stream = _video_stream(container, self.path)
            clock = Clock(1 / self.fps, self._longest)
            for packet in packets_of(container, stream):
                if packet.dts is None:
                    continue
                time = clock.show(float(packet.dts * _unit(stream)) - self._zero)
                if clock.jumps:
                    return False
                if time > target + 2 * _SEEK_MARGIN:
                    return True
        return True

    def _decoded_from(self, seek_to: float | None) -> _Frames:
        with open_container(self.path) as container:
            stream = _video_stream(container, self.path)
            stream.thread_type = "AUTO"
            if seek_to is not None:
                try:
                    container.seek(int((seek_to + self._zero) * _MICROSECONDS))
                except av.error.FFmpegError as error:
                    _log.debug("%s cannot be sought in: %s", self.path, error)
            decoded = _decoded(container, stream, self.path)
            yield from deinterlaced(decoded, _unit(stream))


def open_container(path: str) -> InputContainer:
    """Open a file or address; a `PoseliftError` says what is wrong with it."""
    options = {"rtsp_transport": "tcp"} if path.lower().startswith("rtsp") else {}
    timeout = _NETWORK_TIMEOUT if is_address(path) else None
    try:
        return av.open(path, options=options, timeout=timeout, metadata_errors="replace")
    except av.error.InvalidDataError as error:
        raise _not_a_video(path) from error
    except (av.error.FFmpegError, OSError) as error:
        if is_address(path):
            raise PoseliftError(
                f"Cannot read {path}: {error.strerror or error}.",
                "Is the address right, and the network up? The address of a page that shows a "
                "video is not that of the video itself.",
            ) from error
        if isinstance(error, PermissionError):
            raise PoseliftError(f"Not allowed to read {path}.", "Check its permissions.") from error
        raise _not_a_video(path) from error


# FFmpeg's AVFMT_NOTIMESTAMPS and AVFMT_TS_DISCONT.
_NO_CLOCK, _JOINED_ANYHOW = 0x80, 0x200


def has_no_clock(container: InputContainer) -> bool:
    """Whether the format has no timestamps, as that of bare H.264."""
    return bool(container.format.flags & _NO_CLOCK)


def is_joined_anyhow(container: InputContainer) -> bool:
    """Whether the format may be joined from pieces that each have a clock of their own."""
    return bool(container.format.flags & _JOINED_ANYHOW)


def _not_a_video(path: str) -> PoseliftError:
    file = Path(path)
    if file.is_file() and file.stat().st_size == 0:
        return PoseliftError(f"{path} is empty.", "Export or download it again.")
    if file.is_file():
        with file.open("rb") as opened:
            head = opened.read(12)
        if head[4:8] in (b"ftyp", b"moov", b"mdat"):
            return PoseliftError(
                f"{path} is truncated: the index at its end (moov) is missing.",
                "The recording or the download did not finish; copy it again, or try a repair "
                "tool such as untrunc.",
            )
    return PoseliftError(
        f"{path} is not a video that FFmpeg can read.", "Check that it plays in a video player."
    )


def _video_stream(container: InputContainer, path: str) -> VideoStream:
    for stream in container.streams.video:
        # A picture of the cover in a music file counts as a video stream.
        if not stream.disposition & av.stream.Disposition.attached_pic:
            return stream
    has_audio = bool(container.streams.audio)
    raise PoseliftError(
        f"{path} has {'sound but no picture' if has_audio else 'no video in it'}.",
        "Give a file with a video stream.",
    )


def packets_of(container: InputContainer, stream: _Stream) -> Iterator[Packet[_Stream]]:
    """A stream's packets up to the end or to where the container cannot be followed any more."""
    for _ in range(_LOST_PLACES):
        try:
            yield from container.demux(stream)
            return
        except IndexError:
            return  # PyAV counts wrong, at the very end, when streams showed up in mid-file
        except av.error.InvalidDataError as error:
            _log.warning(
                "%s is damaged; looking for the next readable part: %s", container.name, error
            )
        except av.error.FFmpegError as error:
            _log.warning("%s: reading ends early: %s", container.name, error)
            return


def _decoded(container: InputContainer, stream: VideoStream, path: str) -> _Frames:
    """All frames that can be decoded; what cannot is left out and counted."""
    damaged = 0
    # AVI says only when frames are decoded. They are shown one after the other at these times.
    has_slots = container.format.name == "avi"
    slots: deque[int] = deque()
    for packet in packets_of(container, stream):
        if packet.size and packet.dts is not None:
            slots.append(packet.dts)
        try:
            frames = packet.decode()
        except av.error.EOFError:  # flushed twice, as the container was taken up again
            continue
        except av.error.FFmpegError as error:
            damaged += 1
            if damaged == 1:
                _log.warning("%s is damaged in places; continuing: %s", path, error)
            if slots:
                slots.pop()
            continue
        for frame in frames:
            if has_slots and slots:
                frame.pts, frame.time_base = slots.popleft(), _unit(stream)
            yield frame
        if not has_slots:
            slots.clear()
    if damaged:
        _log.warning("%s: %d damaged places were skipped", path, damaged)


def _unit(stream: VideoStream) -> Fraction:
    return stream.time_base or Fraction(1, _MICROSECONDS)


def _zero(container: InputContainer) -> float:
    return (container.start_time or 0) / _MICROSECONDS


def _time(frame: VideoFrame, zero: float) -> float | None:
    """Seconds from the container's start; None where the stream does not say."""
    if frame.pts is None:
        return None
    return float(frame.pts * (frame.time_base or 0)) - zero
