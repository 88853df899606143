"""Sends the people of each frame by UDP. Nobody need listen: what is not taken is lost."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from poselift.errors import PoseliftError
from poselift.send.addresses import Address, read_addresses
from poselift.send.osc import bundles, message
from poselift.send.vmc import VmcBody
from poselift.skeleton import H36M17


@dataclass(frozen=True)
class SentPerson:
    """Somebody in a frame: number, pose (17, 3) metres z up, score (17,) in 0..1."""

    number: int
    pose3d: np.ndarray
    score: np.ndarray


class Sender(Protocol):
    """What sends frames."""

    def send(self, time: float, people: Sequence[SentPerson]) -> None:
        """Send the people of one frame."""
        ...

    def close(self) -> None:
        """Let go of the socket."""
        ...


class _Udp:
    def __init__(self, address: Address) -> None:
        try:
            found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_DGRAM)
        except OSError as error:
            raise PoseliftError(
                f"There is no computer called {address.host!r}: {error.strerror or error}.",
                "Check the address to send to.",
            ) from error
        self._where: tuple[Any, ...] = found[0][4]
        self._socket = socket.socket(found[0][0], socket.SOCK_DGRAM)
        self._socket.setblocking(False)

    def send(self, packet: bytes, port_after: int = 0) -> None:
        """Send to the address, or `port_after` ports later; a network that is down loses it."""
        host, port, *rest = self._where
        try:
            self._socket.sendto(packet, (host, int(port) + port_after, *rest))
        except OSError:
            # Live motion is worth nothing a moment later: as with a datagram lost on the way.
            return

    def close(self) -> None:
        self._socket.close()


class OscSender:
    """Raw joints: `/poselift/<person>/<joint> x y z score`, metres, z up.

    Each frame begins with `/poselift/frame time people`. Spaces in joints' names are underscores.
    """

    def __init__(self, address: Address) -> None:
        self._udp = _Udp(address)
        self._names = [name.replace(" ", "_") for name in H36M17.names]

    def send(self, time: float, people: Sequence[SentPerson]) -> None:
        """Send the people of one frame."""
        messages = [message("/poselift/frame", float(time), len(people))]
        for person in people:
            for name, place, score in zip(self._names, person.pose3d, person.score, strict=True):
                values = [float(value) for value in (*place, score)]
                messages.append(message(f"/poselift/{person.number}/{name}", *values))
        for packet in bundles(messages):
            self._udp.send(packet)

    def close(self) -> None:
        """Let go of the socket."""
        self._udp.close()


class VmcSender:
    """Avatars: the first person at the address's port, others at the ports after it.

    Somebody keeps their port as long as they are there; one that is free goes to the next who
    comes.
    """

    def __init__(self, address: Address) -> None:
        self._udp = _Udp(address)
        self._most = 65_536 - address.port
        self._slots: dict[int, int] = {}
        self._bodies: dict[int, VmcBody] = {}

    def send(self, time: float, people: Sequence[SentPerson]) -> None:
        """Send the people of one frame."""
        there = {person.number for person in people}
        self._slots = {number: slot for number, slot in self._slots.items() if number in there}
        self._bodies = {number: one for number, one in self._bodies.items() if number in there}
        for person in people:
            taken = self._slots.values()
            slot = self._slots.setdefault(
                person.number, next(i for i in range(len(people) + 1) if i not in taken)
            )
            if slot >= self._most:
                continue
            body = self._bodies.setdefault(person.number, VmcBody())
            for packet in bundles(body.messages(person.pose3d, time)):
                self._udp.send(packet, slot)

    def close(self) -> None:
        """Let go of the socket."""
        self._udp.close()


class _Several:
    def __init__(self, senders: Sequence[Sender]) -> None:
        self._senders = senders

    def send(self, time: float, people: Sequence[SentPerson]) -> None:
        for sender in self._senders:
            sender.send(time, people)

    def close(self) -> None:
        for sender in self._senders:
            sender.close()


def open_sender(address: Address) -> Sender:
    """What sends to one address."""
    return VmcSender(address) if address.kind == "vmc" else OscSender(address)


def open_senders(addresses: str) -> Sender:
    """What sends to all addresses of a comma-separated list."""
    return _Several([open_sender(address) for address in read_addresses(addresses)])
