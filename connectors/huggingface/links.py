"""Following the Hub's pages: Link addresses that may be used, and the Hub's refusals in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from catalog.endpoints import origin
from catalog.errors import CatalogError, Fatal, Gated, NotFound
from catalog.web import HttpStatus, MiB, Reply, Web
from connectors.huggingface.settings import HUB, endpoint, token_for

API: Final = "/api/datasets"
PAGE_BYTES: Final = 64 * MiB
MAX_EMPTY: Final = 10  # empty pages in a row
LOGIN: Final = "set HF_TOKEN or run `hf auth login`"


def ask(web: Web, url: str, params: dict[str, str | list[str]] | None = None) -> Reply:
    """One page of JSON from the Hub's API, with the user's token."""
    return web.get_json(url, params=params, token=token_for(url), max_bytes=PAGE_BYTES, deadline=120)


def follow(web: Web, reply: Reply) -> Iterator[tuple[Reply, str]]:
    """The pages of a listing from its first one on, each with the address of the next ("" on the last).

    Raises `Fatal` for a listing that leads in a circle or away, or that is no list.
    """
    used = {reply.url}
    empty = 0
    while True:
        following = next_url(reply)
        empty = empty + 1 if reply.value == [] else 0
        if following in used or empty > MAX_EMPTY:
            raise Fatal("The Hub's listing leads in a circle.", "Try again later; what came is kept.")
        if not isinstance(reply.value, list):
            raise Fatal("The Hub sent something else where a list was expected.", "Check HF_ENDPOINT.")
        yield reply, following
        if not following:
            return
        used.add(following)
        reply = ask(web, following)


def next_url(reply: Reply) -> str:
    """Where the next page is, "" on the last one.

    Only the Hub's own dataset API is followed. A mirror may pass on links to huggingface.co: they are read as links
    to the mirror. Raises `Fatal` for any other address.
    """
    link = reply.links.get("next", "")
    if not link:
        return ""
    base, parts = endpoint(), urlsplit(link)
    if is_api(link):
        return link
    if origin(link) == origin(HUB) and parts.path.startswith(API):
        return f"{base}{parts.path}?{parts.query}"
    raise Fatal(f"The Hub's listing leads away from {base}.", "Check HF_ENDPOINT; the other address was not called.")


def is_api(url: str) -> bool:
    """Whether an address belongs to the dataset API of the endpoint."""
    base = endpoint()
    return origin(url) == origin(base) and urlsplit(url).path.startswith(urlsplit(base).path + API)


def explained(error: HttpStatus, id: str, revision: str = "") -> CatalogError:
    """A refusal of the Hub in one sentence and with the next step; the error itself where it says nothing more."""
    code = error.headers.get("x-error-code", "")
    said = error.headers.get("x-error-message", "").lower()
    page = f"{HUB}/datasets/{id}"
    if is_bad_token(error):
        return bad_token()
    if "disabled" in said:
        return disabled(id)
    if code == "GatedRepo" and error.status == 401:
        return Gated(f"{id} is gated: its files need a login.", f"Accept the terms at {page}, then {LOGIN}.")
    if code == "GatedRepo":
        step = f"Accept the terms or ask for access at {page}, then try again."
        return Gated(f"{id} is gated, and your account has no access to it.", step)
    if code == "RevisionNotFound":
        return NotFound(f"{id} has no revision {revision!r}.", f"Its revisions are listed at {page}/tree/main.")
    if code == "EntryNotFound":
        return NotFound(f"{id} has no such file.", f"Its files are listed at {page}/tree/main.")
    if code == "RepoNotFound" or error.status in (401, 404):
        step = f"Check the name; if it is private, {LOGIN} with an account that may read it."
        return NotFound(f"The Hub has no dataset {id} that you may see.", step)
    return error


def is_bad_token(error: HttpStatus) -> bool:
    """Whether the Hub refused the token itself."""
    return error.status == 401 and "invalid credentials" in error.headers.get("x-error-message", "").lower()


def bad_token() -> Gated:
    """The Hub refuses even public datasets to a token it does not know."""
    return Gated("The Hub does not accept your token.", f"Unset HF_TOKEN to read without one, or {LOGIN}.")


def disabled(id: str) -> Gated:
    """The Hub took the files down."""
    return Gated(f"{id} has been disabled by the Hub.", f"The reason may be given at {HUB}/datasets/{id}.")
