"""The datasets page as a person sees it: what a test may read of it and do to it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Locator, Page

from tests.site.watched import Tab

_SETTLED = """() => {
  const seen = selector => [...document.querySelectorAll(selector)];
  return /\\d/.test(seen('.s-total')[0]?.textContent)
    && seen('.s-hits')[0].ariaBusy === 'false'
    && !(seen('.s-shelf')[0].open
      && (!seen('.s-facet')[0] || seen('.s-facet[open] small').some(each => each.textContent === '…')));
}"""


@dataclass
class Datasets:
    """`datasets/index.html` in a tab; each step waits until the total and the counts in sight are there."""

    tab: Tab
    root: str

    @property
    def page(self) -> Page:
        return self.tab.page

    def open(self, query: str = "") -> Datasets:
        self.tab.goto(f"{self.root}datasets/index.html{query}")
        return self.settled()

    def settled(self) -> Datasets:
        self.page.wait_for_function(_SETTLED)
        return self

    @property
    def box(self) -> Locator:
        return self.page.get_by_role("combobox", name=re.compile("Search datasets|搜索数据集"))

    def search(self, text: str) -> Datasets:
        """Type a text in the place of what is there, as fast as it goes."""
        self.box.fill(text)
        self.page.wait_for_function("asked => new URLSearchParams(location.search).get('search') === asked", arg=text)
        return self.settled()

    def press(self, *keys: str) -> Datasets:
        for key in keys:
            self.page.keyboard.press(key)
        return self.settled()

    def facet(self, name: str) -> Locator:
        return self.page.get_by_role("group", name=name, exact=True)

    def wanted(self, facet: str, term: str) -> Locator:
        """The checkbox of a term."""
        return self.facet(facet).get_by_role("checkbox", name=re.compile(rf"^{re.escape(term)} [\d,]+$"))

    def choose(self, facet: str, term: str) -> Datasets:
        """Tick a term or take its tick away."""
        self.wanted(facet, term).click()
        return self.settled()

    def leave_out(self, facet: str, term: str) -> Datasets:
        self.facet(facet).get_by_role("button", name=f"Leave out {term}", exact=True).click()
        return self.settled()

    @property
    def total(self) -> int:
        return int(re.sub(r"\D", "", self.page.locator(".s-total").inner_text()))

    @property
    def keys(self) -> list[str]:
        """The keys of the results on this page."""
        return self.page.locator(".s-hits .s-key code").all_inner_texts()

    @property
    def titles(self) -> list[str]:
        return self.page.locator(".s-hits h2").all_inner_texts()

    @property
    def chips(self) -> list[str]:
        return self.page.locator(".s-chips button").all_inner_texts()

    def counts(self, facet: str) -> dict[str, int]:
        """The counts on screen of a facet, by label; the terms in sight only."""
        rows = self.facet(facet).locator("label").all()
        pairs = [(row.locator("span").inner_text(), row.locator("small").inner_text()) for row in rows]
        return {label: int(re.sub(r"\D", "", count)) for label, count in pairs}

    @property
    def asked(self) -> dict[str, str]:
        """What the address bar asks for."""
        return {name: values[0] for name, values in parse_qs(urlsplit(self.page.url).query).items()}

    @property
    def focused(self) -> str:
        """The text or the id of what has the focus."""
        found: str = self.page.evaluate("document.activeElement.id || document.activeElement.textContent")
        return found
