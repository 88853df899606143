"""Motion sent to other programs as it comes: VMC for avatars, plain OSC for everything else."""

from __future__ import annotations

from poselift.send.addresses import Address, read_addresses
from poselift.send.senders import Sender, SentPerson, open_sender, open_senders

__all__ = ["Address", "Sender", "SentPerson", "open_sender", "open_senders", "read_addresses"]
