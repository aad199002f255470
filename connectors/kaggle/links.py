"""Calls of Kaggle's REST API about one dataset, and its refusals in words."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import quote

from catalog.errors import CatalogError, Fatal, Gated, NotFound, Retriable
from catalog.record import clean
from catalog.web import BudgetSpent, HttpStatus, MiB, Stopped, Web
from connectors.kaggle import settings
from connectors.kaggle.account import LOGIN
from connectors.kaggle.credentials import best
from connectors.kaggle.mapping import is_ref, page_of

PAGE_BYTES: Final = 32 * MiB
FILE_PAGE: Final = 200  # files asked for a page; Kaggle gives 20 of its own
MAX_FILES: Final = 200_000
CROISSANT_TIME: Final = 20.0  # seconds
MAX_PAGES: Final = 10_000
SHORT_LIST: Final = 3_000  # files at which a list was seen to end too early

Json = dict[str, Any]

log = logging.getLogger(__name__)


def ask(web: Web, url: str, params: dict[str, str] | None = None) -> object:
    """The JSON at an address of Kaggle, with the user's login if there is one."""
    return web.get_json(url, params=params, token=token_for(url), max_bytes=PAGE_BYTES, deadline=120).value


def token_for(url: str) -> str | None:
    """The user's login as the value of the Authorization header where `url` is Kaggle's, None for any other."""
    from connectors.kaggle.account import authorization

    return authorization() if settings.is_ours(url) else None


def view(web: Web, ref: str, version: str = "") -> Json:
    """What Kaggle tells of one dataset, of one version where it is named. Raises `NotFound`, `Gated`, `Fatal`."""
    params = {"datasetVersionNumber": version} if version else None
    try:
        value = ask(web, settings.api("view", *_parts(ref)), params)
    except HttpStatus as error:
        raise explained(error, ref) from None
    if not isinstance(value, dict) or not is_ref(value.get("ref")):
        raise Fatal(f"Kaggle's answer about {ref} makes no sense.", f"Check {settings.VARIABLE}, or try again later.")
    return value


def file_rows(web: Web, ref: str, version: str = "") -> Iterator[Json]:
    """The files of a dataset, page by page. Raises as `view` does; a listing that leads in a circle is `Fatal`."""
    chosen = {"datasetVersionNumber": version} if version else {}
    token, used, count = "", {""}, 0
    for _ in range(MAX_PAGES):
        rows, token = _file_page(web, ref, {**chosen, **({"pageToken": token} if token else {})})
        yield from rows
        count += len(rows)
        if not token:
            break
        if token in used or count > MAX_FILES:
            raise Fatal(
                f"Kaggle's list of the files of {ref} leads in a circle.", "Fetch the bundle, without --include."
            )
        used.add(token)
    if count == SHORT_LIST:
        log.warning("Kaggle's list of the files of %s may end before the files do; the bundle has all of them.", ref)


def _file_page(web: Web, ref: str, asked: dict[str, str]) -> tuple[list[Json], str]:
    """One page of files, and the token of the next page."""
    try:
        value = ask(web, settings.api("list", *_parts(ref)), {**asked, "pageSize": str(FILE_PAGE)})
    except HttpStatus as error:
        raise explained(error, ref) from None
    answer: Json = value if isinstance(value, dict) else {}
    if said := clean(answer.get("errorMessage") or answer.get("errorMessageNullable"), 200):
        raise Fatal(f"Kaggle does not list the files of {ref}: {said}", "Fetch the whole bundle, without --include.")
    rows = answer.get("datasetFiles")
    found = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return found, clean(answer.get("nextPageToken"), 2000)


def croissant(web: Web, ref: str) -> object:
    """The Croissant document of a dataset, None where Kaggle has none, is too busy, or shows a page for people.

    It is asked for once or not at all: what depends on it can do without.
    """
    url = f"{settings.endpoint()}/datasets/{quote('/'.join(_parts(ref)))}/croissant/download"
    try:
        reply = web.get_bytes(url, token=token_for(url), max_bytes=PAGE_BYTES, deadline=CROISSANT_TIME)
        return json.loads(reply.body)
    except (BudgetSpent, Stopped):
        raise
    except (HttpStatus, Retriable, Fatal, ValueError, RecursionError):
        return None


def download_url(ref: str, version: str, name: str = "") -> str:
    """Where the bundle, or one file of it, is given out: an address that leads to a signed one, anew at each call."""
    parts = [*_parts(ref), name] if name else _parts(ref)
    address = settings.api("download", *parts)
    return f"{address}?datasetVersionNumber={version}" if version else address


def explained(error: HttpStatus, ref: str) -> CatalogError:
    """A refusal in one sentence and with the next step; the error itself where it says nothing more.

    Kaggle answers 403 as well as 404 for what is missing and for what is private, so neither is said for sure.
    """
    login = best()
    if error.status == 401:
        if login is None:
            return Gated(f"Kaggle gives out {ref} to its users alone.", f"Log in: {LOGIN}.")
        step = f"Renew it ({LOGIN}), or remove it to go on without a login."
        return Gated(f"Kaggle does not take the {login.name} of {login.where}.", step)
    if error.status in (403, 404):
        account = "your account may not see it" if login else f"it is private (then {LOGIN})"
        return NotFound(
            f"Kaggle has no dataset {ref} that you may see ({error.status}).",
            f"Check the name at {page_of(ref)}; it may be gone, or {account}.",
        )
    return error


def _parts(ref: str) -> list[str]:
    if not is_ref(ref):
        raise NotFound(f"{ref[:100]!r} is not the name of a dataset on Kaggle.", "Names look like owner/name.")
    return ref.split("/")
