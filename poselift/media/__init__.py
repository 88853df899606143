"""Frames in and pictures out: video files, streams, cameras and pictures; MP4 and GIF."""

from poselift.media.camera import LiveCamera
from poselift.media.gif import GifWriter
from poselift.media.opening import expand_sources, list_videos, open_source
from poselift.media.prefetch import prefetch
from poselift.media.source import Source
from poselift.media.writer import VideoWriter

__all__ = [
    "GifWriter",
    "LiveCamera",
    "Source",
    "VideoWriter",
    "expand_sources",
    "list_videos",
    "open_source",
    "prefetch",
]
