"""A fetch that is made to be killed: started by fork from a process that has everything imported."""

from __future__ import annotations

import multiprocessing
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from catalog.fetch import fetch, make_plan
from catalog.record import Distribution
from catalog.web import Web, WebSettings


def bring(items: list[dict[str, Any]], out: str) -> None:
    """Fetch the files to a folder; any error ends the process with another code than 0."""
    plan = make_plan([Distribution(**each) for each in items], key="test:set", name="set", out=out)
    with Web(WebSettings(allow_private_hosts=frozenset({"127.0.0.1"}))) as web:
        fetch(web, plan, Path(out))


def context() -> ForkServerContext:
    """Where `started` gets its processes from."""
    found = multiprocessing.get_context("forkserver")
    found.set_forkserver_preload(["tests.killed"])
    return found


def started(where: ForkServerContext, items: list[dict[str, Any]], out: Path) -> BaseProcess:
    """A running fetch."""
    process = where.Process(target=bring, args=(items, str(out)))
    process.start()
    return process
