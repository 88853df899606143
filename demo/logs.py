"""Where the library's log goes."""

from __future__ import annotations


def set_up_logging(debug: bool) -> None:
    """Warnings to standard error; with `debug` everything that we log."""
    import logging

    logging.basicConfig(
        level=logging.DEBUG if debug else logging.WARNING,
        format="%(levelname)s %(name)s: %(message)s",
    )
    if debug:
        for chatty in ("matplotlib", "PIL", "libav"):
            logging.getLogger(chatty).setLevel(logging.INFO)
