"""The logins that Kaggle documents, read by ourselves: its client would print, ask the network and make folders.

In the order in which Kaggle's own client takes them:
1. an API token: the file that `KAGGLE_API_V1_TOKEN` names (in a Kaggle notebook), `KAGGLE_API_TOKEN` (the token, or a
   file of it), `~/.kaggle/access_token` or `access_token.txt`;
2. a user name and key: `KAGGLE_USERNAME` and `KAGGLE_KEY`, else `kaggle.json` in `KAGGLE_CONFIG_DIR`, `~/.kaggle` or
   `$XDG_CONFIG_HOME/kaggle` (`~/.config/kaggle`);
3. the OAuth login of `kaggle auth login`: `~/.kaggle/credentials.json`, whose tokens last twelve hours.
"""

from __future__ import annotations

import base64
import json
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from catalog.connector import Credential

MAX_FILE: Final = 65_536  # bytes of a file of credentials
SOON: Final = timedelta(minutes=5)  # a token that ends within it is renewed
TOKEN: Final = "API token"  # noqa: S105 - a name
KEY: Final = "user name and key"
OAUTH: Final = "OAuth login"
NO_TOKEN: Final = "it holds characters that no token has"  # noqa: S105 - a sentence


@dataclass(frozen=True)
class Login:
    """One login that was found. `authorization` is the value of the header, "" where it must first be renewed or
    cannot be used; `problem` says why."""

    name: str
    where: str
    authorization: str = field(default="", repr=False)
    problem: str = ""
    expired: bool = False


def logins() -> Iterator[Login]:
    """Every login that is there, usable or not, best first. No network, nothing printed."""
    yield from _tokens()
    yield from _keys()
    yield from _oauth()


def best() -> Login | None:
    """The login that would be used: the first without a problem; one that must be renewed counts."""
    return next((login for login in logins() if login.authorization or login.expired), None)


def report() -> tuple[Credential, ...]:
    """What was found of each kind of login, never its value."""
    found = list(logins())
    shown = []
    for name in (TOKEN, KEY, OAUTH):
        here = [login for login in found if login.name == name]
        chosen = next((login for login in here if login.authorization or login.expired), here[0] if here else None)
        shown.append(Credential(name, chosen.where, chosen.problem) if chosen else Credential(name))
    return tuple(shown)


def _tokens() -> Iterator[Login]:
    notebook = "KAGGLE_KERNEL_RUN_TYPE" in os.environ
    if notebook and (name := _variable("KAGGLE_API_V1_TOKEN")):
        yield from _token_file(Path(name), "KAGGLE_API_V1_TOKEN")
    if value := _variable("KAGGLE_API_TOKEN"):
        if _is_file(value):
            yield from _token_file(Path(value), "KAGGLE_API_TOKEN")
        else:
            yield _token(value, "KAGGLE_API_TOKEN")
    if home := _home():
        for name in ("access_token", "access_token.txt"):
            if _is_file(path := home / name):
                yield from _token_file(path, f"~/.kaggle/{name}")


def _token_file(path: Path, where: str) -> Iterator[Login]:
    text, problem = _text(path)
    if text.strip():
        yield _token(text.strip(), where)
    else:
        yield Login(TOKEN, where, problem=problem or "the file is empty")


def _token(value: str, where: str) -> Login:
    if not _fits_header(value):
        return Login(TOKEN, where, problem=NO_TOKEN)
    return Login(TOKEN, where, f"Bearer {value}")


def _fits_header(value: str) -> bool:
    return value.isascii() and value.isprintable() and " " not in value


def _keys() -> Iterator[Login]:
    user, key = _variable("KAGGLE_USERNAME"), _variable("KAGGLE_KEY")
    if user and key:
        yield _key(user, key, "KAGGLE_USERNAME and KAGGLE_KEY")
    elif user or key:
        missing = "KAGGLE_KEY" if user else "KAGGLE_USERNAME"
        yield Login(KEY, "KAGGLE_USERNAME and KAGGLE_KEY", problem=f"{missing} is not set")
    for path, where in _key_files():
        if _is_file(path):
            yield _key_file(path, where)


def _key_files() -> list[tuple[Path, str]]:
    """Where kaggle.json may be. A folder that was named is the only one."""
    if named := _variable("KAGGLE_CONFIG_DIR"):
        return [(Path(named) / "kaggle.json", "kaggle.json in KAGGLE_CONFIG_DIR")]
    places = []
    if home := _home():
        places.append((home / "kaggle.json", "~/.kaggle/kaggle.json"))
    if config := _variable("XDG_CONFIG_HOME"):
        places.append((Path(config) / "kaggle" / "kaggle.json", "$XDG_CONFIG_HOME/kaggle/kaggle.json"))
    elif home:
        places.append((home.parent / ".config" / "kaggle" / "kaggle.json", "~/.config/kaggle/kaggle.json"))
    return places


def _key_file(path: Path, where: str) -> Login:
    values, problem = _json(path)
    user, key = values.get("username"), values.get("key")
    if isinstance(user, str) and isinstance(key, str) and user and key:
        return _key(user, key, where, _open_to_others(path))
    return Login(KEY, where, problem=problem or "it does not hold username and key")


def _key(user: str, key: str, where: str, problem: str = "") -> Login:
    pair = base64.b64encode(f"{user.strip()}:{key.strip()}".encode("utf-8", "replace")).decode("ascii")
    return Login(KEY, where, f"Basic {pair}", problem)


def _oauth() -> Iterator[Login]:
    home = _home()
    if home is None or not _is_file(path := home / "credentials.json"):
        return
    where = "~/.kaggle/credentials.json"
    values, problem = _json(path)
    token, renewal = values.get("access_token"), values.get("refresh_token")
    if isinstance(token, str) and not _fits_header(token):
        yield Login(OAUTH, where, problem=NO_TOKEN)
    elif isinstance(token, str) and token and _lasts(values.get("access_token_expiration")):
        yield Login(OAUTH, where, f"Bearer {token}", _open_to_others(path))
    elif isinstance(renewal, str) and renewal:
        yield Login(OAUTH, where, problem="its token has run out and is renewed when it is needed", expired=True)
    else:
        yield Login(OAUTH, where, problem=problem or "it does not hold a login; run: kaggle auth login")


def _lasts(expiration: object) -> bool:
    try:
        end = datetime.fromisoformat(expiration) if isinstance(expiration, str) else None
    except ValueError:
        return False
    if end is None:
        return False
    return (end if end.tzinfo else end.replace(tzinfo=UTC)) > datetime.now(UTC) + SOON


def _open_to_others(path: Path) -> str:
    """A warning for a file that other users of this machine can read."""
    try:
        readable = os.name == "posix" and path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH)
    except OSError:
        return ""
    return "other users of this machine can read it; run: chmod 600 on it" if readable else ""


def _home() -> Path | None:
    """`~/.kaggle`, None for a user without a home."""
    path = os.path.expanduser("~")  # noqa: PTH111 - Path.home raises where there is none
    return Path(path) / ".kaggle" if Path(path).is_absolute() else None


def _json(path: Path) -> tuple[dict[str, Any], str]:
    text, problem = _text(path)
    if problem:
        return {}, problem
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}, "it is not JSON"
    return (value, "") if isinstance(value, dict) else ({}, "it is not a JSON object")


def _text(path: Path) -> tuple[str, str]:
    """A small file's text, or why it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_FILE).decode("utf-8-sig", "replace"), ""
    except OSError as error:
        return "", f"it cannot be read ({error.strerror})"


def _is_file(value: str | Path) -> bool:
    """Whether a file is there, as far as this user may look."""
    try:
        return Path(value).is_file()
    except (OSError, ValueError):
        return False


def _variable(name: str) -> str:
    return os.environ.get(name, "").strip()
