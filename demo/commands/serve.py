"""Live and clips in a browser: prints an address to open.

Only this machine is listened to, unless --host says otherwise; the address ends in a token, without
which nothing is answered. Cameras of other machines (phones) need HTTPS: --certificate and --key.

examples:
  poselift serve
  poselift serve --port 8090 --send vmc://127.0.0.1:39539
  poselift serve --host 0.0.0.0 --certificate cert.pem --key key.pem
"""

from __future__ import annotations

import argparse
import secrets
from pathlib import Path

from poselift.demo.logs import set_up_logging
from poselift.demo.parser import Parser
from poselift.errors import PoseliftError
from poselift.progress import Reporter


def add_options(parser: Parser) -> None:
    """Add the command's options."""
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="the address to listen at (default: 127.0.0.1)")
    add("--port", type=int, default=8060, help="the port (default: 8060; 0 takes a free one)")
    add("--out", type=Path, default=Path("output/serve"), metavar="DIR",
        help="folder for recordings and results (default: output/serve)")  # fmt: skip
    add("--certificate", type=Path, metavar="FILE", help="PEM, for HTTPS")
    add("--key", type=Path, metavar="FILE", help="its private key, PEM")
    add("--lifter", default="auto", metavar="NAME", help="2D to 3D (default: auto)")
    add("--pose", default="auto", metavar="NAME", help="the 2D keypointer (default: auto)")
    add("--device", default="auto", metavar="NAME", help="auto, cpu, cuda, cuda:1 or mps")
    add("--send", metavar="LIST", help="send live people on, as `poselift live --send` does")
    add("--debug", action="store_true", help="tracebacks and detailed logging")


def run(options: argparse.Namespace, reporter: Reporter) -> int:
    """Serve until Ctrl-C."""
    try:
        from aiohttp import web

        from poselift.demo.serve.app import Server
    except ImportError as error:
        raise PoseliftError(
            f"`poselift serve` needs a package that is not installed ({error.name}).",
            "pip install 'poselift[serve]'",
        ) from error
    from poselift.demo.serve.guard import Guard
    from poselift.files import make_folder
    from poselift.send import open_senders
    from poselift.settings import Settings

    set_up_logging(options.debug)
    context = _certificate(options)
    make_folder(options.out)
    settings = Settings().changed(
        lifter=options.lifter, pose=options.pose, device=options.device, out=str(options.out)
    )
    guard = Guard(secrets.token_urlsafe(24), options.host, context is not None)
    sender = open_senders(options.send) if options.send else None
    server = Server(settings, guard, options.out, sender=sender)
    socket = _listen(options.host, options.port)
    host, way = _shown(options.host), "https" if context else "http"
    port = socket.getsockname()[1]
    address = f"{way}://{host}:{port}"
    reporter.say(f"open {address}/?token={guard.token}", address=address, token=guard.token)
    if host not in (options.host, f"[{options.host}]"):
        reporter.say(f"on this machine also {way}://localhost:{port}/?token={guard.token}")
    reporter.say("Ctrl-C ends the server")
    web.run_app(server.app(), sock=socket, ssl_context=context, print=None, access_log=None)
    return 0


def _shown(host: str) -> str:
    """The host for an address to open: where all are listened to, the one of the network."""
    import ipaddress
    import socket

    try:
        everywhere = ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return host  # a name
    if everywhere:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        outside = "2001:db8::1" if ":" in host else "192.0.2.1"  # nobody's; nothing is sent there
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect((outside, 9))
                host = str(probe.getsockname()[0])
            except OSError:  # there is no network
                host = "::1" if ":" in host else "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def _listen(host: str, port: int):  # type: ignore[no-untyped-def]
    import socket

    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        raise PoseliftError(
            f"Cannot listen at {host}, port {port}: {error}.", "Choose another --port or --host."
        ) from error


def _certificate(options: argparse.Namespace):  # type: ignore[no-untyped-def]
    if options.certificate is None:
        return None
    import ssl

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(options.certificate, options.key)
    except (OSError, ssl.SSLError) as error:
        raise PoseliftError(
            f"The certificate {options.certificate} cannot be used: {error}.",
            "Give PEM files: --certificate cert.pem --key key.pem.",
        ) from error
    return context
