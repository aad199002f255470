"""A browser tab that notes everything a page does: requests, console, dialogs, errors, reports of the CSP."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, Request

PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True, "device_scale_factor": 2}
LAPTOP = {"viewport": {"width": 1280, "height": 720}}
_REPORT = "CSP report: "
_WATCH = (
    "addEventListener('securitypolicyviolation', event => console.warn("
    f"'{_REPORT}' + event.violatedDirective + ' ' + (event.blockedURI || event.sample)), true)"
)


@dataclass
class Tab:
    """A tab of a context of its own; `page` is Playwright's. What it saw is in the lists."""

    page: Page
    context: BrowserContext
    requests: list[str] = field(default_factory=list)
    console: list[str] = field(default_factory=list)
    csp: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    @classmethod
    def open(cls, browser: Browser, *, phone: bool = False, javascript: bool = True, **settings: Any) -> Tab:
        """A new tab; `settings` go to Playwright's new_context (`color_scheme="dark"`, `locale="zh-CN"`)."""
        context = browser.new_context(**{**(PHONE if phone else LAPTOP), **settings, "java_script_enabled": javascript})
        context.add_init_script(_WATCH)
        tab = cls(context.new_page(), context)
        tab._listen()
        return tab

    def _listen(self) -> None:
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("requestfailed", self._fails)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda message: self._says(message.type, message.text))
        self.context.on("dialog", self._asked)

    def _fails(self, request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":  # what the page itself gave up
            self.failed.append(f"{request.url} {request.failure}")

    def _says(self, kind: str, text: str) -> None:
        if text.startswith(_REPORT):
            self.csp.append(text.removeprefix(_REPORT))
        else:
            self.console.append(f"{kind}: {text}")

    def _asked(self, dialog: Any) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def goto(self, url: str, wait: str = "load") -> Tab:
        """Open an address and wait for `load` or `networkidle`."""
        self.page.goto(url, wait_until=wait)  # type: ignore[arg-type]
        return self

    def foreign(self, origin: str) -> list[str]:
        """The requests that went elsewhere."""
        return [url for url in self.requests if not url.startswith((origin, "data:", "blob:", "about:"))]

    def assert_quiet(self, origin: str) -> None:
        """Nothing happened that a reader would not want: no dialog, error, CSP report, failed or foreign request."""
        complaints = [each for each in self.console if each.startswith(("error", "warning"))]
        seen = (self.dialogs, self.errors, self.csp, complaints, self.failed, self.foreign(origin))
        assert seen == ([], [], [], [], [], []), seen

    def axe(self, **options: Any) -> list[str]:
        """What axe-core finds wrong with the page as it stands, one line a node."""
        self.page.evaluate(_axe())
        found = self.page.evaluate(f"axe.run(document, {json.dumps({**AXE, **options})})")
        return [
            f"{each['id']}: {node['html'][:160]} {node['any'][0]['message'] if node['any'] else ''}"
            for each in found["violations"]
            for node in each["nodes"]
        ]

    def close(self) -> None:
        self.context.close()


AXE = {
    "resultTypes": ["violations"],
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]},
}
"""WCAG 2.2 AA and the rules that axe calls best practice."""


@cache
def _axe() -> str:
    import axe_playwright_python

    return (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
