"""The page of an entry as HTML, made of its `detail` and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from shlex import quote as quoted
from typing import Any
from urllib.parse import quote

from catalog.pages import figures
from catalog.pages.addresses import page_href
from catalog.text import for_html as esc
from catalog.text import for_terminal

Detail = Mapping[str, Any]
TermHref = Callable[[str, str], str]
"""The address of the page of a term, from the root of the site, by facet and term."""

FACETS = {
    "domain": "Domain", "task": "Task", "modality": "Modality", "language": "Language", "genre": "Genre",
    "format": "Training format", "library": "Library", "size": "Size", "license": "License", "access": "Access",
}  # fmt: skip
_SCOPES = {"packaging": "the packaging", "content": "the content", "annotations": "the annotations", "code": "the code"}
_TIES = {"derived-from": "Made from", "part-of": "Part of"}
_CHECKED = {"sha256": "checked by SHA-256", "md5": "checked by MD5", "size": "checked by size", "none": ""}


def entry_html(made: Detail, similar: Sequence[Detail], root: str, term_href: TermHref) -> str:
    """The content of the page. `similar` are other entries (`View.other`), `root` leads to the root of the site."""
    return "".join(
        (
            _head(made),
            _verdict(made),
            _chips(made, root, term_href),
            _facts(made, root, term_href),
            _fetch(made),
            _description(made),
            _tags(made, root, term_href),
            _claims(made),
            _columns(made),
            _locations(made),
            _mirrors(made, root),
            _relations(made, root),
            _similar(similar, root),
            _changes(made),
            _citation(made),
            _evidence(made),
        )
    )


def link(url: str, text: str) -> str:
    """A link to another host; `url` must have gone through `for_url`."""
    return f'<a href="{esc(url)}" rel="nofollow noopener">{esc(text)}</a>'


def _head(made: Detail) -> str:
    chinese = f' <span lang="zh">{esc(made["titleZh"])}</span>' if "titleZh" in made else ""
    summary = f'<p class="c-lead">{esc(made["summary"])}</p>' if "summary" in made else ""
    return f'<h1>{esc(made["title"])}{chinese}</h1><p class="c-key"><code>{esc(made["key"])}</code></p>{summary}'


def _verdict(made: Detail) -> str:
    license = made.get("license")
    if not license:
        return ""
    named = license.get("expression") or license.get("classLabel", "")
    chinese = "" if license.get("expression") else license.get("classZh", "")
    conflicts = "".join(f"<br>Conflict: {esc(each)}" for each in license.get("conflicts", ()))
    return (
        f'<p class="c-verdict c-{license["commercial"]}"><b>Commercial use: {esc(license["label"])}</b> '
        f"<span{_tooltip(chinese)}>{esc(named)}</span><br>{esc(license.get('reason', ''))}{conflicts}</p>"
    )


_CHIPS = ("domain", "task", "language", "format")


def _chips(made: Detail, root: str, term_href: TermHref) -> str:
    tags = [tag for facet in _CHIPS for tag in made.get("tags", ()) if tag["facet"] == facet]
    items = "".join(f"<li>{_term(tag, root, term_href)}</li>" for tag in tags)
    return f'<ul class="c-chips">{items}</ul>' if items else ""


def _term(tag: Mapping[str, Any], root: str, term_href: TermHref) -> str:
    return _term_link(f"{root}{term_href(tag['facet'], tag['term'])}", tag["label"], tag.get("zh", ""))


@lru_cache(maxsize=8192)
def _term_link(href: str, label: str, chinese: str) -> str:
    """A term as a link. Its Chinese label is a tooltip, which stands in its place for who reads Chinese."""
    return f'<a href="{esc(href)}"{_tooltip(chinese)}>{esc(label)}</a>'


_escaped = lru_cache(maxsize=8192)(esc)
"""For what is said of many entries."""


def _tooltip(chinese: str) -> str:
    return f' title="{esc(chinese)}"' if chinese else ""


def _facts(made: Detail, root: str, term_href: TermHref) -> str:
    rows = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in _fact_rows(made, root, term_href) if value)
    return f'<dl class="c-facts">{rows}</dl>'


def _fact_rows(made: Detail, root: str, term_href: TermHref) -> Iterable[tuple[str, str]]:
    source = f'<a href="{root}{esc(term_href("source", made["source"]))}">{esc(made["sourceLabel"])}</a>'
    yield "Source", f"{source}: {link(made['url'], 'the page there')}" if "url" in made else source
    yield "Rows", _amount(made.get("rows"), figures.count)
    yield "Size", _amount(made.get("bytes"), figures.size)
    yield "Tokens", _amount(made.get("tokens"), figures.count)
    yield "By", esc(", ".join(made.get("creators", ())) or made.get("publisher", ""))
    yield "Published", esc(str(made.get("created", "")[:10] or made.get("year", "")))
    yield "Modified", esc(made.get("modified", "")[:10])
    yield "Access", " - ".join(esc(made[each]) for each in ("accessLabel", "accessNote") if each in made)
    yield "Downloads", f"{made['downloads']:,}" if "downloads" in made else ""
    yield "Likes", f"{made['likes']:,}" if "likes" in made else ""
    yield "Votes", f"{made['votes']:,}" if "votes" in made else ""
    yield "Paper", link(made["paper"], made["paper"].partition("//")[2]) if "paper" in made else ""
    yield "DOI", link(f"https://doi.org/{_path(made['doi'])}", made["doi"]) if "doi" in made else ""
    yield "Also called", esc(", ".join(made.get("aliases", ())))
    since = made.get("missingSince")
    yield "Missing", f"not listed by its source since {esc(since)}" if since else ""


def _path(text: str) -> str:
    return quote(text, safe="/:.;()-_")


def _amount(amount: Mapping[str, Any] | None, show: Callable[[int], str]) -> str:
    if amount is None:
        return ""
    least = "at least " if "atLeast" in amount else ""
    exact = f' <small title="exactly as stated">({amount["value"]:,})</small>' if amount["value"] >= 1000 else ""
    return f"{least}{show(amount['value'])}{exact} <small>says {esc(amount['by'])}</small>"


def _fetch(made: Detail) -> str:
    command = f"catalog fetch {quoted(for_terminal(made['key']))}"
    return (
        f'<div class="c-copy"><pre><code id="c-fetch">{esc(command)}</code></pre>'
        '<button type="button" data-copy="c-fetch" hidden>Copy</button></div>'
    )


def _section(title: str, body: str) -> str:
    return f"<h2>{title}</h2>{body}" if body else ""


def _description(made: Detail) -> str:
    text = made.get("description", "")
    parts = [part.strip() for part in text.replace("\r\n", "\n").split("\n\n")]
    return _section("Description", "".join(f"<p>{esc(part)}</p>" for part in parts if part))


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of cells that are HTML already; "" without rows."""
    if not rows:
        return ""
    head = "".join(f"<th>{each}</th>" for each in heads)
    body = "".join(f"<tr><td>{'</td><td>'.join(row)}</td></tr>" for row in rows)
    return f'<div class="c-wide" tabindex="0"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _tags(made: Detail, root: str, term_href: TermHref) -> str:
    rows = [
        (
            f"<span>{_escaped(FACETS.get(tag['facet'], tag['facet']))}</span>",
            _term(tag, root, term_href),
            _escaped(tag["rule"]),
            _escaped(tag.get("evidence", "")),
            f"{tag['sure']:.2f}",
        )
        for tag in made.get("tags", ())
    ]
    return _section("Tags and their evidence", _table(("Facet", "Term", "Rule", "Rests on", "Sure"), rows))


def _claims(made: Detail) -> str:
    rows = []
    for claim in made.get("license", {}).get("claims", ()):
        proof = link(claim["url"], claim["url"].partition("//")[2]) if "url" in claim else esc(claim.get("quote", ""))
        note = f" ({esc(claim['note'])})" if "note" in claim else ""
        rows.append(
            (
                esc(claim.get("by", "")),
                esc(claim["raw"]) + note,
                f"<span>{_SCOPES.get(claim['scope'], 'all of it')}</span>",
                proof,
            )
        )
    return _section("License claims", _table(("Who says it", "What is said", "Of", "Evidence"), rows))


def _columns(made: Detail) -> str:
    columns = made.get("columns", ())
    configs = any("config" in column for column in columns)
    heads = ("Column", "Type", "Role", "Subset")[: 4 if configs else 3]
    names = ("name", "type", "role", "config")[: len(heads)]
    table = _table(heads, [tuple(esc(column.get(name, "")) for name in names) for column in columns])
    more = f'<p class="c-note">… and {made["moreColumns"]} more.</p>' if "moreColumns" in made else ""
    named = [tag for tag in made.get("tags", ()) if tag["facet"] == "format"]
    formats = ", ".join(f"<span{_tooltip(tag.get('zh', ''))}>{esc(tag['label'])}</span>" for tag in named)
    shape = f'<p class="c-note">Training format: {formats}.</p>' if formats else ""
    return _section("Columns", shape + table + more if table else shape)


def _locations(made: Detail) -> str:
    rows = []
    for place in made.get("locations", ()):
        shown = place.get("path") or place["at"]
        where = link(place["url"], shown) if "url" in place else f"<code>{esc(place['at'])}</code>"
        size = figures.size(place["bytes"]) if "bytes" in place else ""
        note = f"{_CHECKED[place['verified']]} {esc(place.get('note', ''))}".strip()
        rows.append((where, esc(place.get("format") or place["kind"]), size, note))
    return _section("Where to get it", _table(("Place", "Form", "Size", "Note"), rows))


def _mirrors(made: Detail, root: str) -> str:
    items = "".join(_other(each, root) for each in made.get("mirrors", ()))
    return _section("The same dataset elsewhere", f"<ul>{items}</ul>" if items else "")


def _similar(similar: Sequence[Detail], root: str) -> str:
    items = "".join(_other(each, root) for each in similar)
    return _section("Similar datasets", f"<ul>{items}</ul>" if items else "")


def _other(each: Mapping[str, Any], root: str) -> str:
    return f"{_linked(root, each['key'], each.get('title', ''), each.get('href', ''))}{_escaped(each['because'])}</li>"


@lru_cache(maxsize=8192)
def _linked(root: str, key: str, title: str, told: str | int) -> str:
    name = esc(key)
    return f'<li><a href="{root}{esc(page_href(key, told))}">{esc(title) or name}</a> <code>{name}</code>: '


def _relations(made: Detail, root: str) -> str:
    items = []
    for tie in made.get("relations", ()):
        if "href" in tie:
            where = f'<a href="{root}{esc(tie["href"])}">{esc(tie["target"])}</a>'
        else:
            where = link(tie["url"], tie["target"]) if "url" in tie else esc(tie["target"])
        note = f": {esc(tie['note'])}" if "note" in tie else ""
        items.append(f"<li>{_TIES.get(tie['kind'], esc(tie['kind']))} {where}{note}</li>")
    return _section("Ties to other datasets", f"<ul>{''.join(items)}</ul>" if items else "")


def _changes(made: Detail) -> str:
    rows = [
        (esc(each["at"][:10]), esc(each["field"]), esc(each.get("old", "")), esc(each.get("new", "")))
        for each in made.get("changes", ())
    ]
    first = f'<p class="c-note">First seen {esc(made["firstSeen"])}.</p>' if made.get("firstSeen") else ""
    return _section("Changes", first + _table(("When", "What", "Before", "After"), rows))


def _citation(made: Detail) -> str:
    return (
        f'<h2>Citation</h2><div class="c-copy"><pre><code id="c-cite">{esc(made["citation"])}</code></pre>'
        '<button type="button" data-copy="c-cite" hidden>Copy</button></div>'
    )


def _evidence(made: Detail) -> str:
    items = "".join(f"<li>{link(url, url.partition('//')[2])}</li>" for url in made.get("evidence", ()))
    notes = f"<p>{esc(made['notes'])}</p>" if "notes" in made else ""
    return _section("Sources of this page", (f"<ul>{items}</ul>" if items else "") + notes)
