"""Frames in and pictures out: video files, streams, cameras and pictures; MP4 and GIF."""

from demo.media.opening import expand_sources, list_videos, open_source
from demo.media.prefetch import prefetch
from demo.media.source import Source

__all__ = ["Source", "expand_sources", "list_videos", "open_source", "prefetch"]
