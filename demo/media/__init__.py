"""Frames in and pictures out: video files, streams, cameras and pictures; MP4 and GIF."""

from demo.media.camera import Camera
from demo.media.gif import GifWriter
from demo.media.opening import expand_sources, list_videos, open_source
from demo.media.prefetch import prefetch
from demo.media.source import Source
from demo.media.writer import VideoWriter

__all__ = [
    "Camera",
    "GifWriter",
    "Source",
    "VideoWriter",
    "expand_sources",
    "list_videos",
    "open_source",
    "prefetch",
]
