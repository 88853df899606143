"""Which options only clips or only live know, and what is different by default."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from poselift.errors import PoseliftError

Mode = Literal["video", "live"]

#: Settings whose default depends on the mode. A camera's picture is small, and drawing takes time.
MODE_DEFAULTS: dict[Mode, dict[str, Any]] = {"video": {}, "live": {"height": 480}}

_WHOLE_CLIP = "It needs the whole clip: record the camera first, then use --video."
_NO_FILES = "Live writes no result files; --record FILE.mp4 keeps what is shown."
_LEAVE_OUT = "Leave it out."

#: What live ignores, by the name in `Settings`, and what to do instead.
CLIPS_ONLY = {
    "start": "Live begins with the newest frame. Leave it out, or use --video.",
    "end": "Ctrl-C or q ends live. Leave it out, or use --video.",
    "fps": "It is the rate of a picture sequence; a camera has its own. Leave it out.",
    "upright": f"Live takes the camera as level. {_LEAVE_OUT}",
    "up": f"Live takes the camera as level. {_LEAVE_OUT}",
    "place": f"Live leaves everybody on the spot. {_LEAVE_OUT}",
    "field_of_view": f"Live leaves everybody on the spot and needs none. {_LEAVE_OUT}",
    "save": _NO_FILES,
    "layout": f"Live always shows the video beside the 3D. {_LEAVE_OUT}",
    "audio": f"Live records no sound. {_LEAVE_OUT}",
    "report": _WHOLE_CLIP,
    "cache": f"Live keeps nothing. {_LEAVE_OUT}",
}
#: What clips ignore.
LIVE_ONLY = {
    "lookahead": "Clips are lifted with all frames ahead. Leave it out, or use --webcam.",
    "record": "A clip's video goes to --out. Leave it out, or use --webcam.",
}
_NEGATED = ("place", "audio", "cache", "mirror")


def refuse_ignored(given: Iterable[str], mode: Mode) -> None:
    """Raise a `PoseliftError` for an option that `mode` would ignore.

    `given` are the names in `Settings` of the options on the command line. A `--config` is not
    among them: it may hold the settings of another run, of which a mode takes what it knows.

    >>> refuse_ignored(["people", "lookahead"], "live")
    """
    ignored = CLIPS_ONLY if mode == "live" else LIVE_ONLY
    for name in given:
        if name in ignored:
            option = ("no-" if name in _NEGATED else "") + name.replace("_", "-")
            other = "clips (--video)" if mode == "live" else "live (--webcam)"
            raise PoseliftError(f"--{option} is for {other} only.", ignored[name])
