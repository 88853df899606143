"""One HTTP request that cannot hang: its blocks arrive through a thread that may be abandoned.

A socket's own time limit is not enough. It starts again with every byte, and neither the name
look-up nor a status line that arrives letter by letter is covered by it.
"""

from __future__ import annotations

import http.client
import queue
import re
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from email.message import Message
from typing import IO, Any

from poselift.errors import PoseliftError

_BLOCK = 1 << 18
_BLOCKS_AHEAD = 8
_NETWORK_TROUBLE = (
    urllib.error.URLError,
    http.client.HTTPException,
    ConnectionError,
    TimeoutError,
    ssl.SSLError,
)


class BrokenError(Exception):
    """This request ended early; what it brought so far is good."""


class Transfer:
    """A GET request under way.

    Attributes:
        answer: the status and headers.
    """

    def __init__(self, url: str, headers: dict[str, str], silence: float) -> None:
        """Send the request and wait for its headers.

        Args:
            url: an http or https address.
            headers: of the request.
            silence: seconds to wait for the headers, and afterwards for each block.

        Raises:
            BrokenError: no connection, no answer in time, or a connection that ended.
            urllib.error.HTTPError: the server answers with an error.
            PoseliftError: it redirects to where we do not follow.
        """
        self._silence = silence
        self._items: queue.Queue[Any] = queue.Queue(_BLOCKS_AHEAD)
        self._abandoned = threading.Event()
        request = urllib.request.Request(url, headers=headers)
        threading.Thread(target=self._receive, args=(request,), daemon=True).start()
        self.answer: http.client.HTTPResponse = self._next()

    def __iter__(self) -> Iterator[bytes]:
        """The body's blocks, each as soon as it is there."""
        while block := self._next():
            yield block

    def close(self) -> None:
        """Give up the request; the thread ends when its socket lets it."""
        self._abandoned.set()

    def _next(self) -> Any:
        try:
            item = self._items.get(timeout=self._silence)
        except queue.Empty:
            self.close()
            raise BrokenError(f"nothing came for {self._silence:g} s") from None
        if isinstance(item, PoseliftError | urllib.error.HTTPError):
            raise item
        if isinstance(item, _NETWORK_TROUBLE):
            reason = str(getattr(item, "reason", item)) or type(item).__name__
            raise BrokenError(reason) from item
        if isinstance(item, Exception):
            raise item
        return item

    def _receive(self, request: urllib.request.Request) -> None:
        try:
            with _OPENER.open(request, timeout=self._silence) as answer:
                self._put(answer)
                # read1 gives what is there; read would wait until a block is full.
                while not self._abandoned.is_set() and (block := answer.read1(_BLOCK)):
                    self._put(block)
                self._put(b"")
        except Exception as error:  # raised again in the thread that waits
            self._put(error)

    def _put(self, item: Any) -> None:
        while not self._abandoned.is_set():
            try:
                self._items.put(item, timeout=0.2)
                return
            except queue.Full:
                continue


class _Redirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: Message,
        newurl: str,
    ) -> urllib.request.Request | None:
        scheme = newurl.partition(":")[0].lower()
        if scheme != "https" and scheme != req.type:
            raise PoseliftError(
                f"{req.full_url} redirects to {newurl[:200]}, which is not followed.",
                "Only redirects that stay with http or lead to https are. Look for the file on "
                "its publisher's pages.",
            )
        return super().redirect_request(req, fp, code, msg, headers, newurl)  # type: ignore[arg-type]


_OPENER = urllib.request.build_opener(_Redirects)


def header_number(text: str | None) -> int | None:
    """A length as a header gives it; None for what is none.

    >>> header_number("1024"), header_number("²"), header_number("-5"), header_number(None)
    (1024, None, None, None)
    """
    # str.isdigit accepts other scripts' digits, and int() refuses thousands of them.
    return int(text) if text and re.fullmatch(r"[0-9]{1,15}", text) else None
