"""`catalog tag` and `catalog retag`."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from catalog.cli import output
from catalog.cli.options import json_option, open_for_reading, open_for_writing, registry_option
from catalog.errors import NotFound, Usage
from catalog.search.named import one_named
from catalog.text import for_terminal

if TYPE_CHECKING:
    from catalog.record import Entry, Tag
    from catalog.registry.corrections import Correction

ACTS = {"+=": "add", "-=": "remove", "=": "set"}


@click.group("tag")
def tag_command() -> None:
    """Tell why a dataset has its tags, and correct them.

    \b
    Examples:
      catalog tag explain gsm8k
      catalog tag set casehold domain=legal --because https://arxiv.org/abs/2104.08671
    """


@tag_command.command("explain")
@click.argument("name")
@click.option("--facet", help="Only this facet.")
@json_option
@registry_option
def explain(name: str, facet: str | None, as_json: bool, registry: str | None) -> int:
    """Tell which rule gave each tag, the words it rests on, and what was not given.

    \b
    Examples:
      catalog tag explain gsm8k
      catalog tag explain huggingface:openai/gsm8k --facet task
    """
    from catalog.registry.corrections import load_corrections
    from catalog.registry.preparing import record_of
    from catalog.registry.reader import read_entries, terms_of
    from catalog.tagger import complete

    with open_for_reading(registry) as connection:
        named = one_named(connection, name)
        entry = read_entries(connection, [named.id], terms_of(connection))[named.id]
        said = load_corrections(connection).get(entry.key, [])
    today = complete(record_of(entry))
    rows = [row for row in _explained(entry, today) if facet in (None, row["facet"])]
    if as_json:
        output.print_json({"key": entry.key, "made_by": entry.made_by, "rules_of_today": today.made_by, "tags": rows,
                           "corrections": [each._asdict() for each in said]})  # fmt: skip
        return 0
    print("\n".join(_explain_lines(entry, rows, said)))
    if entry.made_by != today.made_by:
        output.say(f"Made by {for_terminal(entry.made_by)}; today's rules are {today.made_by}. See: catalog retag")
    return 0


def _explained(entry: Entry, today: Entry) -> list[dict[str, Any]]:
    """Every tag that the entry has, or would have by the rules of today or were they less strict, one row each."""
    from catalog.registry.corrections import RULE
    from catalog.tagging.candidates import candidates

    has = {(tag.facet, tag.term): tag for tag in entry.tags or ()}
    now = {(tag.facet, tag.term): tag for tag in today.tags or ()}
    rows = [_row(tag, "corrected" if tag.rule == RULE else "shown") for tag in has.values()]
    rows += [_row(tag, "by today's rules") for name, tag in now.items() if name not in has]
    unsure = [tag for tag in candidates(today) if (tag.facet, tag.term) not in {*has, *now}]
    return rows + [_row(tag, "not given") for tag in unsure]


def _row(tag: Tag, state: str) -> dict[str, Any]:
    return {
        "facet": tag.facet,
        "term": tag.term,
        "rule": tag.rule,
        "evidence": tag.evidence,
        "confidence": tag.confidence,
        "state": state,
    }


def _explain_lines(entry: Entry, rows: list[dict[str, Any]], said: list[Correction]) -> Iterable[str]:
    fields = (
        output.Field("facet", 8), output.Field("term", 16, grow=2), output.Field("state", 10),
        output.Field("rule", 12, grow=1), output.Field("rests on", 16, rank=1, grow=2),
        output.Field("sure", 4, rank=2, right=True),
    )  # fmt: skip
    cells = [
        [row["facet"], row["term"], row["state"], row["rule"], row["evidence"], f"{row['confidence']:.2f}"]
        for row in rows
    ]
    yield output.paint(for_terminal(entry.key), "1")
    yield from output.table(fields, cells, output.window_width())
    for each in said:
        because = f" - {for_terminal(each.because)}" if each.because else ""
        terms = for_terminal(", ".join(each.terms)) or "nothing"
        yield f"{for_terminal(each.at[:10])} {each.act} {each.facet}: {terms}{because}"


@tag_command.command("set")
@click.argument("name")
@click.argument("tags", nargs=-1, required=True, metavar="FACET=TERM...")
@click.option("--because", default="", metavar="URL", help="What it rests on: an address, or words.")
@registry_option
def set_tags(name: str, tags: tuple[str, ...], because: str, registry: str | None) -> int:
    """Correct the tags of a dataset; the correction outlives every sync.

    FACET=TERM,TERM sets the terms of a facet (domain, task, language, genre, modality, format), FACET+=TERM adds one,
    FACET-=TERM takes one away. `catalog export corrections` hands them on.

    \b
    Examples:
      catalog tag set casehold domain=legal --because https://arxiv.org/abs/2104.08671
      catalog tag set gsm8k task+=rl task-=pretrain
    """
    from catalog.registry.corrections import Correction
    from catalog.registry.registry import now
    from catalog.retag import retag_one

    acts = [_act(text) for text in tags]
    with open_for_writing(registry, "tag set") as opened:
        key = one_named(opened.connection, name).key
        opened.correct([Correction(key, facet, act, terms, because, now()) for facet, act, terms in acts])
        retag_one(opened, key)
    output.say(f"{for_terminal(key)} is corrected. See: catalog tag explain {for_terminal(key)}")
    return 0


@tag_command.command("unset")
@click.argument("name")
@click.argument("facet", required=False)
@registry_option
def unset(name: str, facet: str | None, registry: str | None) -> int:
    """Take corrections back, of one facet or of all; the rules count again.

    \b
    Examples:
      catalog tag unset casehold domain
      catalog tag unset casehold
    """
    from catalog.retag import retag_one

    with open_for_writing(registry, "tag unset") as opened:
        key = one_named(opened.connection, name).key
        count = opened.forget_corrections(key, _facet(facet) if facet else "")
        if count:
            retag_one(opened, key)
    if not count:
        raise NotFound(f"there is no such correction of {key}.", "List them with: catalog tag list")
    output.say(f"{output.counted(count, 'correction')} of {for_terminal(key)} taken back.")
    return 0


@tag_command.command("list")
@json_option
@registry_option
def list_corrections(as_json: bool, registry: str | None) -> int:
    """List every correction there is.

    \b
    Example:
      catalog tag list
    """
    from catalog.registry.corrections import load_corrections

    with open_for_reading(registry) as connection:
        found = [each for several in load_corrections(connection).values() for each in several]
    if as_json:
        output.print_json([each._asdict() for each in found])
        return 0
    fields = (
        output.Field("dataset", 24, grow=2), output.Field("facet", 8), output.Field("act", 6),
        output.Field("terms", 16, grow=1), output.Field("because", 16, grow=2, rank=1),
        output.Field("date", 10, rank=2),
    )  # fmt: skip
    rows = [[e.key, e.facet, e.act, ", ".join(e.terms), e.because, e.at[:10]] for e in found]
    if rows:
        print("\n".join(output.table(fields, rows, output.window_width())))
    output.say(f"{output.counted(len(rows), 'correction')}.")
    return 0


def _act(text: str) -> tuple[str, Any, tuple[str, ...]]:
    """`task+=sft,rl` as (facet, act, terms). Raises `Usage` for another form, facet or term."""
    from catalog import vocabulary

    sign = next((sign for sign in ACTS if sign in text), "")
    if not sign:
        raise Usage(f"{text[:60]!r} is no correction.", "Write it as domain=legal, task+=sft or task-=eval.")
    facet, _sign, values = text.partition(sign)
    facet = _facet(facet.strip())
    known = vocabulary.load()
    terms = tuple(dict.fromkeys(known.require(facet, value.strip()) for value in values.split(",") if value.strip()))
    if not terms and sign != "=":
        raise Usage(f"{text[:60]!r} names no term.", f"List them with: catalog facets {facet}")
    return facet, ACTS[sign], terms


def _facet(text: str) -> str:
    """A facet that may be corrected, by its name or alias. Raises `Usage`."""
    from catalog.registry.corrections import FACETS

    facet = {"lang": "language", "stage": "task"}.get(text, text)
    if facet not in FACETS:
        raise Usage(f"{facet[:40]!r} is no facet to correct.", f"There are {', '.join(FACETS)}.")
    return facet


@click.command("retag")
@click.option("--source", default="", help="Only entries of this source.")
@registry_option
def retag_command(source: str, registry: str | None) -> int:
    """Make all tags and license verdicts anew by the rules of today.

    After an upgrade, entries keep the tags that older rules gave them until their source sends them again; this brings
    all up to date, page by page, each stored whole. Corrections stay.

    \b
    Example:
      catalog retag
    """
    from catalog.retag import Retagged, retag
    from catalog.workers import Workers

    def tell(done: Retagged) -> None:
        if sys.stderr.isatty():
            print(f"\r{done.looked_at:,} entries", end="", file=sys.stderr, flush=True)

    with Workers.of_this_machine() as workers, open_for_writing(registry, "retag") as opened:
        known = [name for (name,) in opened.connection.execute("SELECT DISTINCT source FROM dataset ORDER BY source")]
        if source and source not in known:
            raise Usage(f"the registry has nothing of {source[:40]!r}.", f"It has {', '.join(known) or 'nothing yet'}.")
        done = retag(opened, source, workers=workers, on_page=tell)
    if sys.stderr.isatty():
        print("\r", end="", file=sys.stderr)
    output.say(f"{done.looked_at:,} entries were looked at, {done.changed:,} changed.")
    return 0
