"""What the home page says of the registry: a field to search it, its size, its stages and domains."""

from __future__ import annotations

from catalog.pages.browse import Browser, titled
from catalog.pages.figures import count
from catalog.text import for_html as esc

HOLE = '<div id="catalog-home"></div>'
"""Where a hand-written page has it."""

_STAGES = ("pretrain", "sft", "preference", "rl", "eval")
_DOMAINS = 12


def home_html(browser: Browser, *, offline: bool) -> str:
    """The part of the home page that is made of the registry."""
    index = "index.html" if offline else ""
    stages = {each.term: each for each in browser.terms["task"]}
    chips = [stages[stage] for stage in _STAGES if stage in stages] + browser.terms["domain"][:_DOMAINS]
    links = "".join(
        f'<li><a href="{esc(browser.at(each.path))}"{titled(each.label)}>{esc(each.label.en)} '
        f"<small>{count(each.total)}</small></a></li>"
        for each in chips
    )
    return (
        f'<div id="catalog-home"><form class="c-hero" role="search" action="datasets/{index}">'
        f'<input type="search" name="search" aria-label="Search {browser.total:,} datasets" '
        f'placeholder="Search {browser.total:,} datasets: medical sft, 医疗 对话, gsm8k" autocomplete="off">'
        f'<button type="submit">Search</button></form><ul class="c-chips">{links}</ul>'
        f'<p><a href="browse/{index}">Browse all lists</a></p></div>'
    )
