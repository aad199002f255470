"""What one dataset's page needs beyond the listing: its card and the columns that the dataset viewer found."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from catalog.errors import NotFound
from catalog.record import Column, Record
from catalog.web import HttpStatus, Web
from connectors.huggingface import columns as shapes
from connectors.huggingface import settings
from connectors.huggingface.links import ask, explained
from connectors.huggingface.mapping import is_id

CARD_BYTES: Final = 1 << 20


def card(web: Web, record: Record) -> str:
    """The text of README.md at the record's revision, cut at 1 MiB; "" where the repository has none.

    Raises `Gated` and `NotFound` as `files` does.
    """
    settings.check_online()
    if not is_id(record.id):
        raise NotFound(f"{record.id[:100]!r} is not the name of a dataset on the Hub.")
    url = f"{settings.resolver()}/datasets/{record.id}/resolve/{quote(record.revision or 'main', safe='')}/README.md"
    kept = bytearray()
    try:
        with web.stream(url, token=settings.token_for(url)) as stream:
            for chunk in stream.chunks():
                kept += chunk
                if len(kept) >= CARD_BYTES:
                    break
    except HttpStatus as error:
        if error.headers.get("x-error-code") == "EntryNotFound":
            return ""
        raise explained(error, record.id, record.revision) from None
    return kept[:CARD_BYTES].decode("utf-8", "replace")


def columns(web: Web, record: Record) -> tuple[Column, ...]:
    """The columns of every subset as the dataset viewer converted it (GET /info); none where it has no answer."""
    settings.check_online()
    try:
        info = ask(web, f"{settings.viewer()}/info", {"dataset": record.id}).value
    except HttpStatus as error:
        if error.status in (401, 403, 404, 422, 501):
            return ()
        raise
    return shapes.columns(shapes.configs(info.get("dataset_info"))) if isinstance(info, dict) else ()
