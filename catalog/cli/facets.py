"""`catalog facets`."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

import click

from catalog.cli import output
from catalog.cli.options import json_option, open_for_reading, registry_option
from catalog.cli.words import said
from catalog.errors import Usage
from catalog.search.facets import count_facets
from catalog.search.query import FACETS, storable

FIELDS = (
    output.Field("term", 12, grow=3),
    output.Field("count", 6, right=True),
    output.Field("label", 16, rank=1, grow=2),
    output.Field("中文", 8, rank=2, grow=2),
    output.Field("group", 10, rank=4),
    output.Field("aliases", 20, rank=3, grow=1),
)


@click.command("facets")
@click.argument("facet", required=False)
@click.option("--all", "everything", is_flag=True, help="Also terms that no dataset has.")
@json_option
@registry_option
def facets_command(facet: str | None, everything: bool, as_json: bool, registry: str | None) -> int:
    """List facets, their terms, aliases and counts.

    Without FACET: the facets with how many terms are in use. With FACET, in English or Chinese: its terms in both, what
    may be typed for them, and how many datasets have them (terms above include those below).

    \b
    Examples:
      catalog facets
      catalog facets domain
      catalog facets task --json
    """
    with open_for_reading(registry) as connection:
        if facet is None:
            return _overview(connection, as_json)
        asked = storable(facet).lower()
        name = FACETS.get(asked) or _in_chinese(asked) or asked
        rows = terms_of(connection, name)
    if not rows:
        raise Usage(
            f"there is no facet {facet[:40]!r}.", f"The facets are: {', '.join(dict.fromkeys(FACETS.values()))}."
        )
    shown = [row for row in rows if row["count"] or everything or row["group"] or row["label_zh"]]
    if as_json:
        output.print_json({"facet": name, "terms": shown})
    else:
        print("\n".join(output.table(FIELDS, [_cells(row) for row in shown], output.window_width())))
    return 0


def terms_of(connection: sqlite3.Connection, facet: str) -> list[dict[str, Any]]:
    """The terms of a facet, in the order of the vocabulary and then by count, with their counts."""
    counts = {
        each.term: each.count for each in count_facets(connection, _EVERYTHING, "", (), [facet])[0].get(facet, [])
    }
    rows = connection.execute(
        "SELECT term, label, label_zh, grouping, description, aliases, parents, position FROM term WHERE facet = ?",
        (facet,),
    ).fetchall()
    terms = [
        {
            "term": term, "count": counts.get(term, 0), "label": label, "label_zh": label_zh, "group": group,
            "description": about, "aliases": json.loads(aliases), "parents": json.loads(parents),
            "position": position,
        }
        for term, label, label_zh, group, about, aliases, parents, position in rows
    ]  # fmt: skip
    terms.sort(key=lambda each: (each["position"], -each["count"], each["term"]))
    return [{name: value for name, value in term.items() if name != "position"} for term in terms]


_EVERYTHING = '"\ue001"'


def _in_chinese(asked: str) -> str:
    """The facet of a Chinese name, "" where there is none."""
    from catalog import vocabulary
    from catalog.index.han import simplified

    known = vocabulary.load()
    names = {} if asked.isascii() else {known.heading(facet).label_zh: facet for facet in known.facets}
    return names.get(simplified(asked), "")


def _overview(connection: sqlite3.Connection, as_json: bool) -> int:
    counts, _total = count_facets(connection, _EVERYTHING, "", (), ())
    rows = connection.execute("SELECT facet, count(*) FROM term GROUP BY facet ORDER BY min(id)").fetchall()
    known = [(facet, len(counts.get(facet, [])), total) for facet, total in rows]
    if as_json:
        output.print_json([{"facet": name, "in_use": used, "terms": total} for name, used, total in known])
        return 0
    fields = (
        output.Field("facet", 10),
        output.Field("in use", 6, right=True),
        output.Field("terms", 6, right=True),
        output.Field("most", 30, grow=1),
    )
    cells = [
        [name, str(used), str(total), ", ".join(f"{each.term} {each.count:,}" for each in counts.get(name, [])[:5])]
        for name, used, total in known
    ]
    print("\n".join(output.table(fields, cells, output.window_width())))
    output.say(said("List the terms of one with: catalog facets domain"))
    return 0


def _cells(row: dict[str, Any]) -> list[str]:
    return [
        row["term"], f"{row['count']:,}", row["label"], row["label_zh"], row["group"], ", ".join(row["aliases"])
    ]  # fmt: skip
