"""`catalog search`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from catalog.cli import output
from catalog.cli.options import json_option, open_for_reading, registry_option
from catalog.cli.words import is_chinese, said
from catalog.search.hits import FacetCount, Hit, Result
from catalog.search.query import CLOSED, SORTS, Query
from catalog.search.run import run

if TYPE_CHECKING:
    import sqlite3

FACET_OPTIONS = {
    "domain": "Subject: medical, legal, finance, code ...",
    "task": "Task or training stage: sft, preference, rl, pretrain, eval, summarization ...",
    "license": "SPDX id or class: mit, cc-by-4.0, nc, permissive ...",
    "commercial": "Commercial verdict: yes, no, conditions, unknown.",
    "language": "Language: en, zh, french ...",
    "modality": "text, image, audio, tabular ...",
    "genre": "web, paper, news, report, dialogue ...",
    "format": "Training format: messages, prompt-completion, preference-pair ...",
    "source": "Where the entry comes from: catalog, huggingface ...",
    "access": "open, gated, agreement, withdrawn ...",
}
RANGE_OPTIONS = {
    "rows": "How many rows: 10k..1M",
    "size": "Size in bytes: ..2GB",
    "tokens": "How many tokens: 1B..",
    "updated": "When it last changed: 2024..",
    "year": "Year: 2019..2023",
    "downloads": "Downloads as the source counts them: 1000..",
}
COUNTED = ("domain", "task", "commercial", "license", "language", "modality")
"""Facets whose counts are shown under a result on a terminal."""

TERMS_SHOWN = 6
STAGES = ("pretrain", "sft", "preference", "rl", "eval")
"""Tasks that are training stages: they stand first in their column, as most people ask for them."""

FIELDS = (
    output.Field("dataset", 24, grow=3),
    output.Field("title", 16, rank=3, grow=1),
    output.Field("domain", 8, rank=4),
    output.Field("task", 12, rank=2, grow=2),
    output.Field("commercial", 10, rank=1),
    output.Field("license", 10, rank=5),
    output.Field("lang", 4, rank=6),
    output.Field("rows", 6, rank=7, right=True),
    output.Field("size", 7, rank=8, right=True),
)
CSV_FIELDS = (
    "key", "title", "domain", "task", "language", "commercial", "license", "license_reason", "access", "rows",
    "bytes", "tokens", "downloads", "likes", "modified", "url", "also_at",
)  # fmt: skip


def _facet_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for name, text in reversed(FACET_OPTIONS.items()):
        flags = [f"--{name}", name] if name != "language" else ["--lang", "--language", name]
        hidden = click.option(
            *(f"--not-{each}" for each in ((name,) if name != "language" else ("lang", name))),
            f"not_{name}",
            multiple=True,
            hidden=True,
        )
        shown = click.option(*flags, multiple=True, metavar="TERM", help=text, shell_complete=_complete(name))
        command = shown(hidden(command))
    return command


def _range_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for name, text in reversed(RANGE_OPTIONS.items()):
        command = click.option(f"--{name}", name, metavar="RANGE", help=text)(command)
    return command


def _complete(facet: str) -> Callable[[click.Context, click.Parameter, str], list[str]]:
    def terms(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
        from catalog import vocabulary

        if facet not in vocabulary.load().facets:
            return []
        return [term.id for term in vocabulary.load().terms(facet) if term.id.startswith(incomplete)]

    return terms


class _SearchCommand(click.Command):
    """Takes `-word` and `-task:sft` as words that exclude, as the query language does."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if "--" not in args:
            excluding = [each for each in args if self._excludes(each)]
            args = [*(each for each in args if not self._excludes(each)), "--", *excluding]
        return super().parse_args(ctx, args)

    def _excludes(self, argument: str) -> bool:
        """Whether an argument is a minus and a word, and neither short flags (-qn5) nor a long one short of a dash."""
        name = argument[1:].partition("=")[0]
        if argument[:1] != "-" or len(name) < 2 or name[0] == "-" or not name.lstrip("qn").lstrip("0123456789"):
            return False
        return not any(f"--{name}" in (*param.opts, *param.secondary_opts) for param in self.params)


@click.command("search", cls=_SearchCommand, short_help="Find datasets by words and filters.")
@click.argument("words", nargs=-1, metavar="[WORDS]...")
@_facet_options
@_range_options
@click.option("--gated/--no-gated", default=None, help="Only (or no) datasets that ask for terms or a request.")
@click.option("--sort", type=click.Choice(SORTS), default="relevance", show_default=True, help="Order of the hits.")
@click.option("-n", "--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="Hits on a page.")
@click.option("--page", type=click.IntRange(1, 100_000), default=1, help="Which page.")
@click.option("--facets/--no-facets", "facets", default=None, help="Counts by facet (on a terminal: shown).")
@click.option("--exact", is_flag=True, help="Search the words alone: no terms, no spelling help.")
@click.option("--merge/--no-merge", default=True, help="Show the copies of a dataset as one result, or each.")
@json_option
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
@click.option("-q", "--quiet", is_flag=True, help="Print only the keys, for xargs.")
@registry_option
def search_command(words: tuple[str, ...], **options: Any) -> int:
    """Find datasets by words and filters.

    Each filter may be given several times: any of its terms counts (OR); different filters are joined (AND), and
    --not-<filter> excludes (--not-license nc). The same fits into the words: "medical task:sft -license:nc lang:zh,en
    rows:10k..1M". Put a phrase in quotes, a minus before what is not wanted, end a word with * for any ending.

    \b
    Examples:
      catalog search --domain medical --task sft
      catalog search "preference pairs" --commercial yes --lang en
      catalog search 医疗 对话 --not-license nc
      catalog search --task sft --rows 10k..1M --sort size -q | xargs -n1 catalog show
    """
    query = read_query(words, options)
    on_terminal = sys.stdout.isatty()
    machine = options["as_json"] or options["as_csv"] or options["quiet"]
    wants = options["facets"] if options["facets"] is not None else on_terminal and not machine
    counted = (() if options["as_json"] else COUNTED) if wants else None
    with open_for_reading(options["registry"]) as connection:
        top = None if options["as_json"] else TERMS_SHOWN
        result = run(connection, query, facets=counted, top=top, help_spelling=not options["exact"])
        empty = not result.total and connection.execute("SELECT 1 FROM dataset LIMIT 1").fetchone() is None
        conditional = 0 if result.total else _conditional(connection, query, not options["exact"])
    if options["as_json"]:
        output.print_json(result.to_dict())
    elif options["as_csv"]:
        print("\n".join(output.csv_lines(CSV_FIELDS, map(csv_row, result))))
    elif options["quiet"]:
        print("".join(f"{key_for_pipe(hit)}\n" for hit in result), end="")
    else:
        print("\n".join(lines_of(result, output.window_width())))
    for line in talk(query, result):
        output.say(line)
    if empty:
        output.say(said("The registry holds no datasets yet. Fill it with: catalog init"))
    if conditional:
        name = "--commercial conditions"
        output.say(f"  {said('with {name} as well: {count:,}', name=name, count=conditional)}")
    return 0 if result.hits else 3


def _conditional(connection: sqlite3.Connection, query: Query, understood: bool) -> int:
    """How many there would be if commercial use under conditions counted beside the plain yes that is asked for."""
    asked = query.filters.get("commercial", ())
    if "yes" not in asked or "conditions" in asked:
        return 0
    wider = {**query.filters, "commercial": (*asked, "conditions")}
    return run(connection, replace(query, filters=wider, limit=1, offset=0), help_spelling=understood).total


def read_query(words: Sequence[str], options: dict[str, Any]) -> Query:
    """The query that words and flags make. Raises `Usage` for a range that cannot be read."""
    quoted = [
        f'"{word}"' if " " in word and '"' not in word and ":" not in word and len(words) > 1 else word
        for word in words
    ]
    query = Query.parse(" ".join(quoted))
    ranges = {name: options[name] for name in RANGE_OPTIONS if options[name]}
    wanted = {name: split_terms(options[name]) for name in FACET_OPTIONS}
    excluded = {name: split_terms(options[f"not_{name}"]) for name in FACET_OPTIONS}
    if options["gated"] is not None:
        side = wanted if options["gated"] else excluded
        side["access"] = [*side["access"], *CLOSED.split(",")]
    query = query.narrowed(wanted, excluded, ranges)
    limit = options["limit"]
    page = {"limit": limit, "offset": (options["page"] - 1) * limit}
    return replace(query, sort=options["sort"], merge=options["merge"], **page)


def split_terms(values: Iterable[str]) -> list[str]:
    """Flag values, each of which may hold several terms with commas between."""
    return [term.strip() for value in values for term in value.split(",") if term.strip()]


def lines_of(result: Result, width: int) -> Iterable[str]:
    """A result as text: the table, then the counts by facet."""
    if result.hits:
        yield from output.table(FIELDS, [cells_of(hit) for hit in result], width)
    if result.facets and result.total > 1:
        yield ""
        yield from facet_lines(result, width)


def cells_of(hit: Hit) -> list[str]:
    """The cells of a hit, in the order of `FIELDS`."""
    title = hit.title_zh if is_chinese() and hit.title_zh else hit.title or hit.summary
    copies = f" (+{len(hit.also_at)})" if hit.also_at else ""
    return [
        f"{hit.key} (gone)" if hit.missing_since else f"{hit.key}{copies}",
        title,
        ",".join(hit.tags.get("domain", ())[:2]),
        ",".join(sorted(hit.tags.get("task", ()), key=lambda term: term not in STAGES)[:3]),
        said(hit.commercial if hit.access not in ("refused", "withdrawn") else hit.access),
        hit.license or hit.license_class,
        ",".join(hit.tags.get("language", ())[:2]),
        output.count(hit.rows),
        output.size(hit.bytes),
    ]


def facet_lines(result: Result, width: int) -> Iterable[str]:
    """One line a facet: its most frequent terms with their counts."""
    from catalog.text import fit, for_terminal

    for facet in COUNTED:
        counts = (result.facets or {}).get(facet, [])
        shown = "  ".join(f"{for_terminal(_named(each))} {each.count:,}" for each in counts[:TERMS_SHOWN])
        if counts:
            yield output.paint(fit(f"{output.pad(said(facet), 11)} {shown}", width), "2")


def _named(count: FacetCount) -> str:
    return count.label_zh if is_chinese() and count.label_zh else count.term


def talk(query: Query, result: Result) -> Iterable[str]:
    """What is said beside the data: notes, spelling, how many there are, what to do about none."""
    from catalog.text import for_terminal

    yield from map(for_terminal, result.notes)
    if result.read_as:
        terms = ", ".join(map(term_said, result.read_as))
        yield said("Read as: {terms}. Search the words alone with --exact.", terms=for_terminal(terms))
    if result.left_out:
        yield said("Few hold every word; those without {word!r} follow.", word=for_terminal(result.left_out))
    if result.did_you_mean:
        asked, shown = for_terminal(query.text), for_terminal(result.did_you_mean)
        yield said(
            "Few or none for {asked!r}; showing {shown!r}. Use --exact to search as typed.", asked=asked, shown=shown
        )
    if result.hits:
        last = result.offset + len(result.hits)
        if last < result.total or result.offset:
            here = said("{first:,}-{last:,} of {total:,}.", first=result.offset + 1, last=last, total=result.total)
            more = said("Next: --page {page}", page=last // query.limit + 1) if last < result.total else ""
            yield f"{here} {more}".rstrip()
        else:
            yield said("1 dataset." if result.total == 1 else "{total:,} datasets.", total=result.total)
    elif query.offset:
        yield said("No more hits on this page.")
    else:
        yield said("Nothing found.")
        for name, count in result.emptied_by:
            said_of = "without {name}: {count:,}" if count else "nothing at all for {name}"
            yield f"  {said(said_of, name=for_terminal(name), count=count)}"
        if not result.emptied_by:
            yield said("Try fewer words, or list what there is with: catalog facets")


def term_said(term: str) -> str:
    """A term that words were read as: `domain:legal or genre:legal-document` is what a person reads aloud."""
    parts = (part.partition(":") for part in term.removeprefix("-").split(" or "))
    read = f" {said('or')} ".join(f"{said(facet)} {id}" for facet, _colon, id in parts)
    return said("not {term}", term=read) if term.startswith("-") else read


def key_for_pipe(hit: Hit) -> str:
    """A key on a line of its own, whatever characters it holds."""
    return "".join(character if character.isprintable() else "?" for character in hit.key)


def csv_row(hit: Hit) -> list[Any]:
    """The cells of `CSV_FIELDS`."""
    joined = {facet: " ".join(hit.tags.get(facet, ())) for facet in ("domain", "task", "language")}
    values = {**hit.to_dict(), **joined, "also_at": " ".join(hit.also_at)}
    return [values[name] for name in CSV_FIELDS]
