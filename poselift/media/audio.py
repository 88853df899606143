"""The sound of the source beside the picture that was made of it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from fractions import Fraction

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet

from poselift.clock import Clock, longest_step
from poselift.errors import PoseliftError
from poselift.media.video import is_joined_anyhow, open_container, packets_of

_log = logging.getLogger(__name__)

# What MP4 may hold and what browsers and QuickTime both play; everything else becomes AAC.
_COPIED = frozenset({"aac", "mp3"})
_AAC_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)


class AudioTrack:
    """Feeds the first audio stream of a file into an MP4, as far as the picture has come.

    Sound is a companion: where it is damaged it ends with a warning, and the picture goes on.
    """

    def __init__(self, source: av.container.InputContainer, output: OutputContainer) -> None:
        self._source, self._output = source, output
        self._stream: AudioStream = source.streams.audio[0]
        self._zero = Fraction(source.start_time or 0, 1_000_000)
        context = self._stream.codec_context
        step = (context.frame_size or 1024) / (context.sample_rate or 48000)
        self._clock = Clock(step, longest_step(is_joined_anyhow(source)))
        self._copy = self._stream.codec_context.codec.canonical_name in _COPIED
        self._offset = Fraction(0)
        self._last = -1
        self._packets: Iterator[Packet[AudioStream]] | None = None
        self._waiting: Packet[AudioStream] | None = None
        if self._copy:
            self._out: AudioStream = output.add_stream_from_template(self._stream)
        else:
            rate = self._stream.codec_context.sample_rate
            fits = min(_AAC_RATES, key=lambda known: abs(known - rate))
            layout = "mono" if self._stream.codec_context.channels == 1 else "stereo"
            self._out = output.add_stream("aac", rate=fits, layout=layout)
            self._resampler = av.AudioResampler("fltp", layout, fits)

    @classmethod
    def open(cls, path: str, output: OutputContainer) -> AudioTrack | None:
        """The sound of `path`, or None where there is none that can be read."""
        try:
            source = open_container(path)
        except PoseliftError as error:
            _log.warning("no sound: %s", error)
            return None
        streams = source.streams.audio
        if not streams or not streams[0].codec_context or not streams[0].codec_context.sample_rate:
            source.close()
            return None
        return cls(source, output)

    def begin(self, offset: float) -> None:
        """Start at `offset` seconds of the source, which become 0 in the output."""
        self._offset = Fraction(offset).limit_denominator(90_000)
        # Where the clock may jump, all of the sound before is read instead.
        if offset > 0 and not is_joined_anyhow(self._source):
            try:
                self._source.seek(int((self._offset + self._zero) * 1_000_000))
            except av.error.FFmpegError as error:
                _log.debug("the sound cannot be sought in: %s", error)
        self._packets = packets_of(self._source, self._stream)

    def write_until(self, time: float) -> None:
        """Write the sound up to `time`, in seconds of the output."""
        try:
            while (packet := self._next()) is not None:
                if self._time(packet) >= time:
                    return
                self._waiting = None
                if self._time(packet) >= 0:
                    self._write(packet)
        except (av.error.InvalidDataError, av.error.ArgumentError) as error:
            _log.warning("the sound is damaged and stops at %.1f s: %s", time, error)
            self._packets = self._waiting = None

    def _next(self) -> Packet[AudioStream] | None:
        while self._waiting is None and self._packets is not None:
            packet = next(self._packets, None)
            if packet is None:
                self._packets = None
            elif packet.pts is not None:
                time = self._clock.show(float(packet.pts * packet.time_base - self._zero))
                packet.pts = round((Fraction(time) - self._offset) / packet.time_base)
                self._waiting = packet
        return self._waiting

    def _time(self, packet: Packet[AudioStream]) -> Fraction:
        return (packet.pts or 0) * packet.time_base

    def _write(self, packet: Packet[AudioStream]) -> None:
        if not self._copy:
            for frame in packet.decode():
                self._encode(frame)
            return
        if (
            packet.pts is None or packet.pts <= self._last
        ):  # a damaged clock: MP4 refuses times that go back
            return
        packet.dts = self._last = packet.pts
        packet.stream = self._out
        self._output.mux(packet)

    def _encode(self, frame: AudioFrame) -> None:
        if frame.pts is not None and frame.time_base:
            frame.pts = max(0, frame.pts)
        for piece in self._resampler.resample(frame):
            self._output.mux(self._out.encode(piece))

    def finish(self, time: float) -> None:
        """Write what is left before `time` and flush."""
        self.write_until(time)
        if not self._copy:
            for piece in self._resampler.resample(None):
                self._output.mux(self._out.encode(piece))
            self._output.mux(self._out.encode(None))
        self.close()

    def close(self) -> None:
        """Close the file that the sound comes from."""
        self._packets = self._waiting = None
        self._source.close()
