"""What is typed for videos in an object store: a video, a folder, or a pattern."""

from __future__ import annotations

import glob
import re
from collections.abc import Iterable
from pathlib import Path

from poselift.batch.objects import Bucket, Found, at
from poselift.errors import PoseliftError
from poselift.media.opening import natural_order
from poselift.media.source import VIDEO_ENDINGS, ending


class ObjectSources:
    """Finds videos in object stores.

    Args:
        results: the destination, whose videos are left out.
    """

    def __init__(self, results: str) -> None:
        self._results = results.rstrip("/") + "/"

    def named(self, typed: str) -> list[str]:
        """The addresses of the videos that `typed` stands for, in natural order."""
        bucket, key = at(typed)
        if glob.has_magic(key):
            folder = _before_magic(key)
            fits = re.compile(as_regex(key))
            found = [one for one in bucket.below(folder) if fits.fullmatch(one.key)]
            return self._videos(bucket, found, f"No video matches {typed}.")
        if ending(key) in VIDEO_ENDINGS and not typed.endswith("/"):
            if bucket.head(key) is None:
                raise PoseliftError(f"No such object: {typed}", "Check the address.")
            return [f"{bucket.root}/{key}"]
        found = bucket.inside(key)
        return self._videos(bucket, found, f"There is no video in the folder {typed}.")

    def _videos(self, bucket: Bucket, found: Iterable[Found], none: str) -> list[str]:
        keys = [one.key for one in found if ending(one.key) in VIDEO_ENDINGS]
        keys.sort(key=lambda key: (str(Path(key).parent), natural_order(Path(key))))
        addresses = [f"{bucket.root}/{key}" for key in keys]
        addresses = [one for one in addresses if not one.startswith(self._results)]
        if not addresses:
            raise PoseliftError(
                none, f"Its files should end in one of {', '.join(sorted(VIDEO_ENDINGS))}."
            )
        return addresses


def as_regex(pattern: str) -> str:
    """A glob pattern over keys as a regular expression; `**/` stands for folders at any depth.

    >>> bool(re.fullmatch(as_regex("a/**/*.mp4"), "a/b/c/d.mp4"))
    True
    >>> bool(re.fullmatch(as_regex("a/*.mp4"), "a/b/c.mp4"))
    False
    """
    words = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    made = ""
    for token in re.findall(r"\*\*/|\*\*|\*|\?|\[!?[^/\]]+\]|.", pattern, re.DOTALL):
        if len(token) > 1 and token.startswith("["):
            made += "[" + token[1:].replace("!", "^", token.startswith("[!")).replace("\\", "")
        else:
            made += words.get(token) or re.escape(token)
    return made


def _before_magic(pattern: str) -> str:
    """The folder that everything a pattern fits lies in."""
    whole = []
    for part in pattern.split("/")[:-1]:
        if glob.has_magic(part):
            break
        whole.append(part)
    return "/".join(whole)
