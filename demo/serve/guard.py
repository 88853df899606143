"""Who may talk to the server: the right host, the page's own origin, and the token."""

from __future__ import annotations

import ipaddress
import logging
import secrets
from dataclasses import dataclass
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
#: Of the server's own pages. Those of results carry one of their own, which is stricter.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' blob:; media-src 'self' blob:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


@dataclass(frozen=True)
class Guard:
    """Checks every request.

    Attributes:
        token: whoever has it may come in.
        host: the name or address that the server listens at.
        secure: whether it speaks HTTPS.
    """

    token: str
    host: str
    secure: bool = False

    def refusal(self, request: web.Request) -> str:
        """Why a request is refused; "" where it is not."""
        if not self.knows_host(request.headers.get("Host", "")):
            return "This server does not answer to that name."
        origin = request.headers.get("Origin")
        changes = request.method not in ("GET", "HEAD") or "Upgrade" in request.headers
        if (origin is not None or changes) and origin != self.own_origin(request):
            return "Requests from other pages are not answered."
        given = request.query.get("token") or request.cookies.get(self.cookie(request)) or ""
        if not secrets.compare_digest(given.encode(), self.token.encode()):
            return "Open the address that `poselift serve` printed: it ends in a token."
        return ""

    def knows_host(self, header: str) -> bool:
        """Whether a Host header names this server; other names are DNS rebinding.

        >>> guard = Guard("", "127.0.0.1")
        >>> guard.knows_host("localhost:8080"), guard.knows_host("evil.example:8080")
        (True, False)
        """
        try:
            parts = urlsplit(f"//{header}")
            name, _ = parts.hostname or "", parts.port  # a port that is none is a ValueError
        except ValueError:
            return False
        if name in ("localhost", self.host):
            return True
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return False
        # A rebound name is a name: addresses are what the user typed.
        return address.is_loopback or not is_loopback(self.host)

    def own_origin(self, request: web.Request) -> str:
        """The origin of the server's pages, as this browser sees it."""
        return f"{'https' if self.secure else 'http'}://{request.headers.get('Host', '')}"

    def cookie(self, request: web.Request) -> str:
        """Its name; cookies do not tell ports apart, names do."""
        port = urlsplit(f"//{request.headers.get('Host', '')}").port
        return f"poselift-{port or 0}"


def is_loopback(host: str) -> bool:
    """Whether a name or address to listen at is this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def guarding(guard: Guard) -> Middleware:
    """The middleware: refuses, lets no traceback out, and adds the headers of every answer."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        refused = guard.refusal(request)
        response: web.StreamResponse
        if refused:
            response = web.Response(status=403, text=refused)
        elif "token" in request.query and request.method == "GET" and request.path == "/":
            response = _let_in(guard, request)
        else:
            try:
                response = await handler(request)
            except web.HTTPException as error:
                response = web.Response(status=error.status, text=error.text)
            except Exception:
                logging.getLogger(__name__).exception("%s %s failed", request.method, request.path)
                response = web.Response(status=500, text="This did not work; the log says why.")
        if not response.prepared:
            for name, value in _HEADERS.items():
                response.headers.setdefault(name, value)
            if not request.path.startswith("/results/"):
                response.headers.setdefault("Content-Security-Policy", POLICY)
        return response

    return middleware


def _let_in(guard: Guard, request: web.Request) -> web.Response:
    """Keep the token as a cookie, so that it does not stay in the address."""
    rest = request.rel_url.without_query_params("token")
    response = web.Response(status=303, headers={"Location": str(rest)})
    response.set_cookie(
        guard.cookie(request), guard.token, httponly=True, samesite="Strict", secure=guard.secure
    )
    return response
