"""Object stores (`s3://`, `gs://`, `az://`), through obstore.

Where and with which key is said by the environment that the store's own tools use (for S3
`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, `AWS_REGION`, `AWS_ENDPOINT_URL`;
on machines with a role of their own, nothing). obstore repeats a request that the store refused for
the moment; a download that breaks is taken up again here.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from poselift.errors import PoseliftError

if TYPE_CHECKING:
    from obstore.store import ObjectStore

_ADDRESS = re.compile(r"(?i)(s3|s3a|gs|az|abfss?)://([^/]+)/?(.*)", re.DOTALL)
#: So much is asked for at once; what breaks is repeated from there.
PIECE = 16 << 20
#: How often a download is taken up again that has made no progress.
TRIES = 4
#: How often obstore repeats a request, over some seconds.
RETRIES = 6
_WAIT = 0.5  # seconds before the second try, twice as long before each later one
_TIMEOUT = "60s"  # of a request, whole; a piece takes a second or two


class NetworkError(PoseliftError):
    """A store could not be reached, or broke off again and again."""


@dataclass(frozen=True)
class Found:
    """What a store says about an object.

    Attributes:
        key: its name in the bucket.
        bytes: its size.
        modified: nanoseconds since 1970.
        tag: changes with its bytes.
    """

    key: str
    bytes: int
    modified: int
    tag: str


def is_object(address: str | Path) -> bool:
    """Whether an address lies in an object store.

    >>> is_object("s3://bucket/clips"), is_object("/clips/a.mp4"), is_object("http://s3/a.mp4")
    (True, False, False)
    """
    return _ADDRESS.fullmatch(str(address)) is not None


def at(address: str) -> tuple[Bucket, str]:
    """The bucket of an address, and the key in it, without a slash at its end."""
    found = _ADDRESS.fullmatch(address)
    if found is None:
        raise ValueError(f"not in an object store: {address}")
    return _bucket(f"{found[1].lower()}://{found[2]}"), found[3].strip("/")


def reader(address: str) -> Any:
    """An object as a file that can be sought in; only what is read is fetched."""
    bucket, key = at(address)
    return bucket.open(key)


@lru_cache(maxsize=64)
def _bucket(root: str) -> Bucket:
    return Bucket(root)


class Bucket:
    """A bucket or container. Every call but `list` is one request; errors say what to do.

    Args:
        root: its address, such as `s3://clips`.
    """

    def __init__(self, root: str) -> None:
        self.root = root
        self._store: ObjectStore = _open(root)

    def head(self, key: str) -> Found | None:
        """What is known about an object; None where there is none."""
        import obstore

        try:
            return _found(obstore.head(self._store, key))
        except FileNotFoundError:
            return None
        except Exception as error:
            self._refuse(key, "read", error)

    def read(self, key: str) -> bytes | None:
        """A small object's bytes; None where there is none."""
        import obstore

        try:
            return bytes(obstore.get(self._store, key).bytes())
        except FileNotFoundError:
            return None
        except Exception as error:
            self._refuse(key, "read", error)

    def write(self, key: str, content: bytes | Path) -> None:
        """Write an object, or a file's bytes as one: whole or not at all."""
        import obstore

        try:
            obstore.put(self._store, key, content)
        except Exception as error:
            self._refuse(key, "written", error)

    def remove(self, keys: list[str]) -> None:
        """Remove objects; those that are not there are no error."""
        import obstore

        try:
            obstore.delete(self._store, keys)
        except FileNotFoundError:
            return
        except Exception as error:
            self._refuse(keys[0], "removed", error)

    def below(self, folder: str) -> Iterator[Found]:
        """All objects below a folder at any depth, in the order of their keys."""
        import obstore

        try:
            for some in obstore.list(self._store, folder or None, chunk_size=1000):
                yield from map(_found, some)
        except Exception as error:
            self._refuse(folder, "listed", error)

    def inside(self, folder: str) -> list[Found]:
        """The objects in a folder itself."""
        import obstore

        try:
            listed = obstore.list_with_delimiter(self._store, folder or None)
        except Exception as error:
            self._refuse(folder, "listed", error)
        return [_found(one) for one in listed["objects"]]

    def open(self, key: str) -> Any:
        """An object as a file to read from."""
        import obstore

        try:
            return obstore.open_reader(self._store, key)
        except Exception as error:
            self._refuse(key, "read", error)

    def fetch(self, found: Found, target: Path) -> None:
        """Download an object. It has to stay as `found` says; a broken connection is resumed."""
        done, failures = 0, 0
        with target.open("wb") as file:
            while done < found.bytes:
                try:
                    piece = self._piece(found, done)
                except PoseliftError as error:
                    failures += 1
                    if failures >= TRIES or not isinstance(error, NetworkError):
                        raise
                    time.sleep(_WAIT * 2 ** (failures - 1))
                    continue
                file.write(piece)
                done, failures = done + len(piece), 0

    def _piece(self, found: Found, start: int) -> bytes:
        import obstore
        from obstore.exceptions import PreconditionError

        options: dict[str, Any] = {"range": (start, min(start + PIECE, found.bytes))}
        if found.tag:
            options["if_match"] = found.tag
        try:
            return bytes(obstore.get(self._store, found.key, options=options).bytes())  # type: ignore[arg-type]
        except (PreconditionError, FileNotFoundError) as error:
            raise PoseliftError(
                f"{self.root}/{found.key} changed while it was read.",
                "Run again when it is complete.",
            ) from error
        except Exception as error:
            self._refuse(found.key, "read", error)

    def _refuse(self, key: str, verb: str, error: Exception) -> NoReturn:
        from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError

        address = f"{self.root}/{key}"
        if isinstance(error, ValueError):
            raise PoseliftError(f"{address} cannot be a name: {error}.", "Check it.") from error
        if not isinstance(error, (BaseError, OSError)):
            raise error
        cause = _cause(error)
        if isinstance(error, (PermissionDeniedError, UnauthenticatedError)):
            raise PoseliftError(
                f"Not allowed: {address} could not be {verb}.",
                "The keys are those of the environment (AWS_ACCESS_KEY_ID and so on); check them, "
                "and what they may do.",
            ) from error
        if isinstance(error, FileNotFoundError) or "404 Not Found" in cause:
            raise PoseliftError(
                f"{address} could not be {verb}: there is no such bucket or object.",
                "Check the address.",
            ) from error
        raise NetworkError(
            f"{address} could not be {verb}: {cause}.", "Check the network and the environment."
        ) from error


def _open(root: str) -> ObjectStore:
    try:
        from obstore.store import from_url
    except ImportError as error:
        raise PoseliftError(
            f"{root} needs obstore, which is not installed.", "pip install 'poselift[stores]'"
        ) from error
    from datetime import timedelta

    try:
        return from_url(
            root,
            # Used only where the environment names an endpoint without TLS, as inside a cluster.
            client_options={"timeout": _TIMEOUT, "allow_http": True},
            retry_config={"max_retries": RETRIES, "retry_timeout": timedelta(minutes=2)},
        )
    except Exception as error:  # the environment is wrong, and obstore says how
        raise PoseliftError(
            f"{root} cannot be used: {_cause(error)}.",
            "Check the environment (AWS_REGION, AWS_ENDPOINT_URL and so on).",
        ) from error


def _cause(error: Exception) -> str:
    """The end of an error's first line; before it is how often what was tried, after it a dump."""
    text = str(error).strip() or type(error).__name__
    last = text.splitlines()[0].rpartition(" - ")[2]
    return last.partition(": <")[0].rstrip(".: ")


def _found(meta: Any) -> Found:
    modified = round(meta["last_modified"].timestamp() * 1e6) * 1000
    return Found(meta["path"], meta["size"], modified, meta["e_tag"] or "")
