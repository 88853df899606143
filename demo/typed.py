"""What the command was called, so that usage lines and hints can be typed as they stand."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Typed:
    """How the user called us.

    The library writes commands as `poselift weights get NAME` and settings as `start`, both between
    backticks; `spoken` turns them into what works where the user is.

    Attributes:
        program: "poselift", "python -m poselift" or "python demo/vis.py".
        options: names of settings and the options that set them, {"max_people": "--max-people"}.

    >>> typed = Typed("python demo/vis.py", {"start": "--start"})
    >>> typed.spoken("Give another `start`, or run `poselift video CLIP`.")
    'Give another --start, or run `python demo/vis.py --video CLIP`.'
    >>> typed.spoken("`poselift weights list`")
    '`python demo/vis.py weights list`'
    """

    program: str = "poselift"
    options: Mapping[str, str] = field(default_factory=dict)

    def command(self, name: str) -> str:
        """What to type for one of our commands."""
        if self.program.endswith("vis.py"):
            name = {"video": "--video", "live": "--webcam"}.get(name, name)
        return f"{self.program} {name}"

    def spoken(self, text: str) -> str:
        """`text` with commands and settings as they are typed here."""
        # In examples a command begins a line of its own.
        text = re.sub(
            r"(`|^  )poselift ([a-z]+)",
            lambda found: found[1] + self.command(found[2]),
            text,
            flags=re.MULTILINE,
        )
        return re.sub(
            r"`([a-z0-9_]+(?:=False)?)`", lambda found: self.options.get(found[1], found[0]), text
        )


def program() -> str:
    """How this process was started: "poselift", "python -m poselift", "python demo/vis.py"."""
    path = Path(sys.argv[0])
    if path.name == "vis.py":
        return f"python {sys.argv[0]}"
    as_module = path.name == "__main__.py" and path.parent.name == "poselift"
    return "python -m poselift" if as_module else "poselift"
