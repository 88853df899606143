"""The one exception for all errors that the user can fix."""

from __future__ import annotations


class PoseliftError(Exception):
    """An error that the user can fix: `message` says what is wrong, `hint` what to do about it.

    The command line prints them on two lines and exits with code 2.

    >>> error = PoseliftError("No such file: clip.mp4", "Check the path.")
    >>> str(error)
    'No such file: clip.mp4'
    >>> error.hint
    'Check the path.'
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __reduce__(self) -> tuple[type[PoseliftError], tuple[str, str]]:
        # Worker processes send their errors home by pickle; the default would lose the hint.
        return (type(self), (self.message, self.hint))
