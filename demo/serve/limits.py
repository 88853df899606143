"""What the server takes, at most."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Bounds on what browsers may ask for.

    Attributes:
        clients: live connections at a time.
        message: bytes of one message.
        pixels: of one picture, read from its header before it is decoded.
        idle: seconds without a message after which a connection is closed.
        upload: bytes of one clip.
        clips: that wait or are kept.
        disk: bytes that stay free.
        recording: seconds of one recording.
    """

    clients: int = 4
    message: int = 4_000_000
    pixels: int = 4_000_000
    idle: float = 60.0
    upload: int = 2_000_000_000
    clips: int = 50
    disk: int = 1_000_000_000
    recording: float = 3600.0
