"""The user's login as the value of the Authorization header; Kaggle's package renews an OAuth login that has run out.

The package is imported here alone, and only for that. `import kaggle` would log in, print on stdout and make a folder
below the home; its parts in `kagglesdk` do none of it. They have no time limits, so they are given one here.
"""

from __future__ import annotations

import contextlib
import io
import threading
from typing import Any, Final

from catalog.errors import CatalogError, Fatal, Gated, Retriable
from connectors.kaggle.credentials import Login, best

PATIENCE: Final = 30.0  # seconds for a renewal
MEND: Final = "Mend it with: pip install --upgrade kaggle six"
LOGIN: Final = "run `kaggle auth login`, or set KAGGLE_API_TOKEN"


def authorization() -> str | None:
    """`Bearer ...` or `Basic ...` of the best login, None where there is none.

    Asks the network only to renew an OAuth login that has run out. Raises `Fatal` where Kaggle's package is missing or
    broken, `Gated` where Kaggle no longer takes the login, `Retriable` where it does not answer.
    """
    login = best()
    if login is None:
        return None
    return login.authorization or f"Bearer {renewed(login)}"


def renewed(login: Login) -> str:
    """A fresh access token for an OAuth login; the package stores it where it found the login."""
    outcome: list[str | CatalogError] = []
    thread = threading.Thread(target=lambda: outcome.append(_outcome(login)), daemon=True, name="kaggle-login")
    thread.start()
    thread.join(PATIENCE)
    if not outcome:
        raise Retriable("Kaggle did not renew the login in time.", "Try again later, or set KAGGLE_API_TOKEN.")
    if isinstance(outcome[0], CatalogError):
        raise outcome[0]
    return outcome[0]


def _outcome(login: Login) -> str | CatalogError:
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            return _renew(login)
    except CatalogError as error:
        return error


def _renew(login: Login) -> str:
    client, stored = _sdk()
    try:
        with client(user_agent="dataset-catalog") as session:
            found = stored.load(client=session)
            if found:
                with contextlib.suppress(OSError):  # a home that cannot be written to: the token still counts
                    found.refresh_access_token()
            token = found.get_access_token() if found else None
    except Exception as error:  # whatever the package and its HTTP library raise
        status = getattr(getattr(error, "response", None), "status_code", None)
        if status in (400, 401, 403):
            raise Gated(f"Kaggle no longer takes the {login.name} of {login.where}.", f"To go on, {LOGIN}.") from None
        raise Retriable(
            f"Kaggle did not renew the {login.name} ({type(error).__name__}).", f"Try again later, or {LOGIN}."
        ) from None
    if not isinstance(token, str) or not token:
        raise Gated(f"Kaggle gave no token for the {login.name} of {login.where}.", f"To go on, {LOGIN}.")
    return token


def _sdk() -> tuple[Any, Any]:
    """The classes of Kaggle's package that a renewal needs. Raises `Fatal` where it cannot be imported."""
    try:
        from kagglesdk.kaggle_client import KaggleClient
        from kagglesdk.kaggle_creds import KaggleCredentials
    except Exception as error:  # a broken package may raise anything while it is imported
        said = " ".join(str(error).split())[:200]
        raise Fatal(f"Kaggle's own package cannot be used ({type(error).__name__}: {said}).", MEND) from None
    return KaggleClient, KaggleCredentials
