"""`catalog show`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from catalog.cli import output
from catalog.cli.options import json_option, open_for_reading, registry_option
from catalog.cli.words import said
from catalog.search.fold import Voice, voice_of
from catalog.search.named import one_named
from catalog.search.names import resolve
from catalog.text import fit, for_terminal, for_url

if TYPE_CHECKING:
    import sqlite3

    from catalog.record import Amount, Entry

COLUMNS_SHOWN = 30


@click.command("show")
@click.argument("name")
@click.option("--full", is_flag=True, help="The whole description and every column.")
@click.option("--refresh", is_flag=True, help="Ask its source for all it tells of it first, and store that.")
@json_option
@registry_option
def show_command(name: str, full: bool, refresh: bool, as_json: bool, registry: str | None) -> int:
    """Show everything known of a dataset, with the evidence.

    NAME is a key (huggingface:openai/gsm8k), an id (openai/gsm8k), a short name or an alias (gsm-8k). Each tag comes
    with the rule that gave it and the words it rests on, each license claim with who says so.

    \b
    Examples:
      catalog show gsm8k
      catalog show huggingface:openai/gsm8k --json
      catalog show huggingface:openai/gsm8k --refresh
    """
    from catalog.record import encode
    from catalog.registry.reader import read_entries, terms_of

    if refresh:
        from catalog.cli.refresh import refreshed

        name = refreshed(name, registry)
    with open_for_reading(registry) as connection:
        named = one_named(connection, name)
        entry = read_entries(connection, [named.id], terms_of(connection))[named.id]
        seen = connection.execute("SELECT first_seen, changed, missing_since FROM dataset WHERE id = ?", (named.id,))
        dates = dict(zip(("first_seen", "changed", "missing_since"), seen.fetchone(), strict=True))
        copies = copies_of(connection, named.id)
        apart = {named.id, *(number for number, _key, _reason in copies)}
        voice = voice_of(connection, named.id) if copies else None
        also = [each.key for each in resolve(connection, name) if each.id not in apart]
    if as_json:
        import json

        same = [{"key": key, "because": reason} for _number, key, reason in copies]
        output.print_json({"key": entry.key, **json.loads(encode(entry)), **dates, "same_as": same})
        return 0
    print("\n".join((*lines_of(entry, dates, also, full=full), *copy_lines(copies, voice))))
    return 0


def copies_of(connection: sqlite3.Connection, number: int) -> list[tuple[int, str, str]]:
    """The other members of a dataset's cluster: (id, key, why they are taken for one)."""
    rows = connection.execute(
        "SELECT b.dataset_id, d.key, a.reason, b.reason FROM cluster_member a JOIN cluster_member b "
        "ON b.cluster_id = a.cluster_id AND b.dataset_id <> a.dataset_id JOIN dataset d ON d.id = b.dataset_id "
        "WHERE a.dataset_id = ? ORDER BY b.rank",
        (number,),
    )
    return [(other, key, theirs or ours) for other, key, ours, theirs in rows]


def copy_lines(copies: list[tuple[int, str, str]], voice: Voice | None) -> Iterable[str]:
    """Where the same dataset stands as well, why it is taken for the same, and the strictest verdict of them all."""
    if not copies:
        return
    yield ""
    yield said("The same dataset elsewhere:")
    for _number, key, reason in copies:
        yield f"  {for_terminal(key)}"
        yield f"      {for_terminal(reason)}"
    if voice is not None:
        verdict = f"{said(voice.commercial)} - {for_terminal(voice.key)}: {for_terminal(voice.reason)}"
        yield from output.wrap(f"{said('Commercial use')}: {verdict}", output.window_width())
    yield said("If one is not the same: {command}", command=f"catalog unmerge {for_terminal(copies[0][1])}")


def lines_of(entry: Entry, dates: dict[str, str], also: list[str], *, full: bool) -> Iterable[str]:
    """An entry as text."""
    width = output.window_width()
    yield output.paint(for_terminal(entry.key), "1")
    title = "  ".join(for_terminal(each) for each in (entry.title, entry.title_zh) if each)
    if title:
        yield title
    text = for_terminal(entry.summary or entry.description)
    body = for_terminal(entry.description) if full and entry.summary else ""
    for paragraph in (text if full else fit(text, 4 * width), body):
        yield from output.wrap(paragraph, width)
    yield ""
    for name, value in facts_of(entry, dates, also):
        yield from _indented(output.pad(said(name), 12), value, width)
    yield ""
    yield from verdict_lines(entry, width)
    yield from tag_lines(entry, width)
    yield from place_lines(entry)
    yield from column_lines(entry, None if full else COLUMNS_SHOWN, width)
    yield from (
        f"  {said('evidence')}  {for_url(url) or for_terminal(url)}" for url in (entry.evidence if full else ())
    )
    yield said("Fetch it with: {command}", command=f"catalog fetch {for_terminal(entry.key)}")


def _indented(head: str, text: str, width: int) -> Iterable[str]:
    """A text behind its head, its further lines below its first."""
    lines = list(output.wrap(text, max(20, width - 12)))
    yield from (f"{head if not number else ' ' * 12}{line}" for number, line in enumerate(lines))


def facts_of(entry: Entry, dates: dict[str, str], also: list[str]) -> Iterable[tuple[str, str]]:
    """What is known in one line each; empty where unknown."""
    yield "page", for_url(entry.url)
    yield "by", for_terminal(", ".join(entry.creators) or entry.publisher)
    yield "year", str(entry.year or "")
    yield "rows", _amount(entry.rows, output.count)
    yield "size", _amount(entry.bytes, output.size)
    yield "tokens", _amount(entry.tokens, output.count)
    yield "access", " - ".join(for_terminal(each) for each in (entry.access, entry.access_note) if each)
    yield "downloads", output.count(entry.downloads)
    yield "likes", output.count(entry.likes)
    yield "modified", for_terminal(entry.modified)
    yield "revision", for_terminal(entry.revision)
    yield "paper", for_url(entry.paper) or (f"https://arxiv.org/abs/{for_terminal(entry.arxiv)}" if entry.arxiv else "")
    yield "doi", for_terminal(entry.doi)
    yield "aliases", for_terminal(", ".join(entry.aliases))
    since = dates["missing_since"]
    yield "missing", said("not listed by its source since {date}", date=since) if since else ""
    yield "also", for_terminal(", ".join(also[:5]))


def _amount(amount: Amount | None, show: Any) -> str:
    if amount is None:
        return ""
    shown = said("at least {amount}", amount=show(amount.value)) if amount.lower_bound else show(amount.value)
    return f"{shown} ({amount.value:,}; {for_terminal(amount.source)})"


def verdict_lines(entry: Entry, width: int) -> Iterable[str]:
    """The license verdict with its reason, then every claim."""
    verdict = entry.verdict
    if verdict is None:
        return
    colour = {"yes": "32", "no": "31", "conditions": "33"}.get(verdict.commercial, "2")
    named = for_terminal(verdict.expression or verdict.cls)
    yield f"{said('Commercial use')}: {output.paint(said(verdict.commercial), colour)}  ({named})"
    yield from (f"  {line}" for line in output.wrap(for_terminal(verdict.reason), width - 2))
    yield from (f"  {said('conflict')}: {for_terminal(each)}" for each in verdict.conflicts)
    for claim in entry.licenses:
        note = f" ({claim.note})" if claim.note else ""
        scope = f" [{claim.scope}]" if claim.scope != "dataset" else ""
        claimed = said("{who} says {what!r}", who=f"{for_terminal(claim.by)}{scope}", what=for_terminal(claim.raw))
        yield f"  - {claimed}{for_terminal(note)}"
        if claim.evidence:
            yield f"      {for_url(claim.evidence) or for_terminal(claim.evidence)}"
    yield ""


def tag_lines(entry: Entry, width: int) -> Iterable[str]:
    """The tags by facet, each with its rule and the words it rests on."""
    if not entry.tags:
        return
    fields = (
        output.Field("facet", 8), output.Field("term", 16, grow=2), output.Field("rule", 12, grow=1),
        output.Field("rests on", 16, rank=1, grow=1), output.Field("sure", 4, rank=2, right=True),
    )  # fmt: skip
    rows = [[tag.facet, tag.term, tag.rule, tag.evidence, f"{tag.confidence:.2f}"] for tag in entry.tags]
    yield from output.table(fields, rows, width)
    yield ""


def place_lines(entry: Entry) -> Iterable[str]:
    """Where it is to be had, and its ties to other datasets."""
    for place in entry.distributions:
        facts = ", ".join(
            for_terminal(each) for each in (place.format, output.size(place.bytes), place.digest[:19]) if each
        )
        part = f" {for_terminal(place.path)}" if place.kind == "repo" and place.path else ""
        yield f"  {place.kind:<5} {for_terminal(place.url)}{part}{f'  ({facts})' if facts else ''}"
    for tie in entry.relations:
        if tie.kind != "same-as":
            yield f"  {tie.kind}  {for_terminal(tie.target)}"
    if entry.distributions or entry.relations:
        yield ""


def column_lines(entry: Entry, limit: int | None, width: int) -> Iterable[str]:
    """The columns with their types."""
    if not entry.columns:
        return
    shown = entry.columns[:limit]
    text = ", ".join(f"{column.name}{f': {column.type}' if column.type else ''}" for column in shown)
    hidden = len(entry.columns) - len(shown)
    more = f" {said('… and {count} more', count=hidden)}" if hidden else ""
    yield from output.wrap(f"{said('columns')}: {for_terminal(text)}{more}", width)
    yield ""
