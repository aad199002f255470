"""The command line. `main` is the entry point; everything else is imported when a command needs it."""

from __future__ import annotations

import gc
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TextIO

    from catalog.errors import CatalogError

HELP = "help.txt"
"""The text of `catalog --help`, kept beside this module so that asking for it costs no import (a test compares)."""

RESUMED = ("init", "sync", "fetch", "import", "pull", "retag")
"""The commands that go on where they were stopped."""

GARBAGE = 20_000
"""Objects made before Python looks for cycles among them: its own 700 are made many times over by imports alone."""


def main() -> None:
    """Run the command line and leave with its exit code.

    0 done, 1 failed, 2 usage, 3 nothing found, 4 gated or terms, 130 interrupted.
    """
    sys.stdout, sys.stderr = sys.stdout or _nowhere(), sys.stderr or _nowhere()
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]  # a terminal without Chinese shows ?
    if sys.argv[1:] in ([], ["--help"], ["-h"]) and "_CATALOG_COMPLETE" not in os.environ:
        with open(f"{__file__.rpartition(os.sep)[0]}{os.sep}{HELP}", encoding="utf-8") as file:  # noqa: PTH123
            _leave(_write(file.read()))
    _leave(_run())


def _nowhere() -> TextIO:
    """What stands for a stream that the caller has closed."""
    return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123


def _run() -> int:
    from catalog.errors import CatalogError

    gc.set_threshold(GARBAGE)
    try:
        from catalog.cli.app import app

        code = app.main(standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except CatalogError as error:
        return _say(error)
    except (BrokenPipeError, SystemExit):  # click ends the process where nobody reads its output
        return _quiet_pipe()
    except KeyboardInterrupt:
        return _interrupted()
    except Exception as error:
        return _other(error)


def _other(error: Exception) -> int:
    """Errors of the command-line library itself, of a full disk, and what nobody foresaw."""
    import sqlite3

    import click

    if isinstance(error, sqlite3.Error) and "malformed" in str(error):
        from catalog.sqlite import RESTORE

        print(f"Error: the registry is damaged ({error}).\n{RESTORE}", file=sys.stderr)
        return 1
    if isinstance(error, sqlite3.Error):
        print(f"Error: the registry cannot be read ({error}).\nLook at it with: catalog check", file=sys.stderr)
        return 1
    if isinstance(error, OSError):
        where = f" ({error.filename})" if error.filename else ""
        print(f"Error: {error.strerror or error}{where}.\nWhat was stored is whole; try again.", file=sys.stderr)
        return 1
    if isinstance(error, click.exceptions.Exit):
        return error.exit_code
    if isinstance(error, click.exceptions.Abort):  # what click makes of an interrupt
        return _interrupted()
    if isinstance(error, click.exceptions.NoSuchOption) and error.option_name == "--ui":
        print("Error: --ui stands before the command.\nSay it as: catalog --ui zh search", file=sys.stderr)
        return 2
    if isinstance(error, click.ClickException):
        error.show()
        return error.exit_code
    if os.environ.get("CATALOG_DEBUG"):
        raise error
    kind = type(error).__name__
    print(f"Error: {kind}: {' '.join(str(error).split())[:500]}", file=sys.stderr)
    print("This is a fault of catalog; CATALOG_DEBUG=1 shows where.", file=sys.stderr)
    return 1


def _interrupted() -> int:
    from catalog.cli.words import LANGUAGES

    words = [each for each in sys.argv[1:] if not each.startswith("-") and each not in LANGUAGES]
    then = "The same command starts anew."
    if words and words[0] in RESUMED:
        then = "What was stored is whole; the same command goes on from there."
    print(f"\nStopped. {then}", file=sys.stderr)
    return 130


def _say(error: CatalogError) -> int:
    from catalog.text import for_terminal

    print(f"Error: {for_terminal(error.message)}", file=sys.stderr)
    for line in error.hint.splitlines():
        print(for_terminal(line), file=sys.stderr)
    return error.exit_code


def _write(text: str) -> int:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        return _quiet_pipe()
    except OSError as error:
        return _other(error)
    return 0


def _quiet_pipe() -> int:
    """The reader of our output went away: say nothing, as `head` expects."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 141


def _leave(code: int) -> None:
    """End the process. Interpreter tear-down is skipped: nothing is open, and it costs as much as the start."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except BrokenPipeError:
        code = code or 141
    except (OSError, ValueError):  # a full disk, a closed stdout
        code = code or 1
    os._exit(code)
