"""Where motion is sent: `vmc://127.0.0.1:39539`, `osc://host:port`."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from poselift.errors import PoseliftError

#: The port of each kind where none is given; OSC has none of its own.
PORTS = {"vmc": 39539, "osc": 9000}


@dataclass(frozen=True)
class Address:
    """A program that takes motion.

    Attributes:
        kind: "vmc" or "osc".
        host: a name or an address.
        port: of UDP.
    """

    kind: str
    host: str
    port: int


def read_addresses(text: str) -> list[Address]:
    """The addresses of a comma-separated list.

    >>> read_addresses("vmc://127.0.0.1, osc://[::1]:9001")[1]
    Address(kind='osc', host='::1', port=9001)
    """
    return [_read(word.strip()) for word in text.split(",") if word.strip()]


def _read(text: str) -> Address:
    hint = "Write it as vmc://127.0.0.1:39539 or osc://127.0.0.1:9000."
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise PoseliftError(f"{text!r} is no address: {error}.", hint) from error
    if parts.scheme not in PORTS or not host or parts.path.strip("/") or parts.query:
        raise PoseliftError(f"Nothing can be sent to {text!r}.", hint)
    if port == 0:
        raise PoseliftError(f"{text!r} has no port.", hint)
    return Address(parts.scheme, host, port or PORTS[parts.scheme])
