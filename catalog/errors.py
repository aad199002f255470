"""The error tree: classes say what to do next, not where the trouble arose.

    CatalogError
    ├── Usage        the request is wrong: say it differently (exit 2)
    ├── NotFound     nothing has that name or matches (exit 3)
    ├── Gated        the publisher asks for terms, a login or a request (exit 4)
    ├── Fatal        cannot go on; what is stored is whole (exit 1)
    ├── Retriable    may work later; what came is kept (exit 1)
    └── Skipped      one record is unusable; the others go on

Every message is one sentence that says what happened; `hint` says what to do next.
"""

from __future__ import annotations


class CatalogError(Exception):
    """Something went wrong that the user can be told in one sentence.

    `message` says what happened, `hint` the next step (a command where there is one).
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class Usage(CatalogError):
    """The request itself is wrong."""

    exit_code = 2


class NotFound(CatalogError):
    """Nothing has that name, or the address has nothing."""

    exit_code = 3


class Gated(CatalogError):
    """The publisher asks for accepted terms, a login, a request, or has withdrawn the files."""

    exit_code = 4


class Fatal(CatalogError):
    """This cannot go on; nothing that was stored is lost."""


class Retriable(CatalogError):
    """A passing fault: the same call may work later.

    `wait` is how many seconds the other side asked for, when it said so.
    """

    def __init__(self, message: str, hint: str = "", wait: float | None = None) -> None:
        super().__init__(message, hint)
        self.wait = wait


class Skipped(CatalogError):
    """One record cannot be used; it is counted with its reason and the rest goes on."""
