"""What one dataset's page needs beyond the listing: its card and the columns that the dataset viewer found."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

import msgspec

from catalog.errors import Gated, NotFound, Skipped
from catalog.record import Column, LicenseClaim, Record, clean
from catalog.web import HttpStatus, Web
from connectors.huggingface import columns as shapes
from connectors.huggingface import settings
from connectors.huggingface.card import front_matter
from connectors.huggingface.links import API, ask, bad_token, explained, is_bad_token
from connectors.huggingface.listing import EXPAND
from connectors.huggingface.mapping import PAGE, is_id, to_record

CARD_BYTES: Final = 1 << 20
SECTION: Final = 1_500  # characters kept of a card's section
_HEADING: Final = re.compile(r"^#{1,6}[ \t]*licens(?:e|es|ing)(?:[ \t]+information)?[ \t:]*#*[ \t]*$", re.M | re.I)
_NEXT: Final = re.compile(r"^#{1,6}[ \t]*\S", re.M)
_COMMENT: Final = re.compile(r"<!--.*?-->", re.S)
_NOTHING: Final = re.compile(r"\[?(?:more information needed|needs more information|todo|n/?a|none)\]?\.?", re.I)


def details(web: Web, record: Record) -> Record:
    """The record as the Hub has it now, with the license section of its card, and the columns that the viewer found
    where the card names none.

    Raises `NotFound` for what is not there or private, `Gated` for a refused login.
    """
    settings.check_online()
    if not is_id(record.id):
        raise NotFound(f"{record.id[:100]!r} is not the name of a dataset on the Hub.")
    try:
        found = to_record(_payload(web, record.id))
    except Skipped as reason:
        raise NotFound(f"The record of {record.id} cannot be used: {reason.message}") from None
    claim = license_section(_card(web, found))
    if claim and claim.raw not in {known.raw for known in found.licenses}:
        claim = msgspec.structs.replace(claim, evidence=f"{PAGE}{found.id}", revision=found.revision)
        found = msgspec.structs.replace(found, licenses=(*found.licenses, claim))
    return found if found.columns else msgspec.structs.replace(found, columns=columns(web, found))


def _payload(web: Web, id: str) -> object:
    """What GET /api/datasets/{id} says; a mirror that does not know a field we ask for is asked for all it has."""
    url = f"{settings.endpoint()}{API}/{id}"
    try:
        try:
            return ask(web, url, {"expand": EXPAND}).value
        except HttpStatus as error:
            if error.status != 400:
                raise
            return ask(web, url).value
    except HttpStatus as error:
        raise bad_token() if is_bad_token(error) else explained(error, id) from None


def _card(web: Web, record: Record) -> str:
    """The card; "" where it may not be read, which is no reason to do without the rest."""
    try:
        return card(web, record)
    except (Gated, NotFound):
        return ""


def license_section(text: str) -> LicenseClaim | None:
    """What a card says under a heading License, "Licensing Information" and the like; None where it says nothing."""
    body = _COMMENT.sub("", text[len(front_matter(text)) :])
    heading = _HEADING.search(body)
    if heading is None:
        return None
    following = _NEXT.search(body, heading.end())
    said = " ".join(clean(body[heading.end() : following.start() if following else None], SECTION).split())
    return None if not said or _NOTHING.fullmatch(said) else LicenseClaim(raw=said, by="card section License")


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
