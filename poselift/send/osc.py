"""Messages of Open Sound Control 1.0, packed by hand."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence

_AT_ONCE = struct.pack(">Q", 1)
#: Bytes of a datagram that pass an Ethernet undivided.
LARGEST = 1472


def message(address: str, *values: str | int | float) -> bytes:
    """One message.

    >>> message("/a", 1)
    b'/a\\x00\\x00,i\\x00\\x00\\x00\\x00\\x00\\x01'
    """
    tags, data = ",", b""
    for value in values:
        if isinstance(value, str):
            tags, data = f"{tags}s", data + _text(value)
        elif isinstance(value, int):
            tags, data = f"{tags}i", data + struct.pack(">i", value)
        else:
            tags, data = f"{tags}f", data + struct.pack(">f", value)
    return _text(address) + _text(tags) + data


def bundles(messages: Sequence[bytes], largest: int = LARGEST) -> Iterator[bytes]:
    """The messages in as few bundles as fit into datagrams of `largest` bytes."""
    head = _text("#bundle") + _AT_ONCE
    packet = head
    for one in messages:
        if len(packet) > len(head) and len(packet) + 4 + len(one) > largest:
            yield packet
            packet = head
        packet += struct.pack(">I", len(one)) + one
    if len(packet) > len(head):
        yield packet


def _text(text: str) -> bytes:
    data = text.encode("utf-8") + b"\0"
    return data + b"\0" * (-len(data) % 4)
