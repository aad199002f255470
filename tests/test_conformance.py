"""Every built-in connector passes the suite that third parties are given, and the suite sees what is wrong.

A new connector is one more line in `SOURCES`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import pytest

from connectors.huggingface import to_record as huggingface_record
from connectors.kaggle import to_record as kaggle_record
from connectors.testing import CANARY, CHECKS, Answer, Asked, Source
from connectors.uci import to_record as uci_record
from tests.origin import Hub, Request, Response
from tests.origin.content import chunks
from tests.origin.kaggle import Kaggle
from tests.origin.records import records
from tests.origin.uci import Uci, announced, record


def played(answer: Callable[[Request], Response]) -> Callable[[Asked], Answer]:
    """One of our own origins as the suite's."""

    def plays(asked: Asked) -> Answer:
        query = tuple(parse_qsl(asked.target.partition("?")[2], keep_blank_values=True))
        request = Request(asked.number, asked.method, asked.target, asked.path, query, asked.headers)
        response = answer(request)
        return Answer(response.status, response.headers, b"".join(chunks(response.body)))

    return plays


def huggingface() -> Source:
    hub = Hub()
    hub.origin.close()
    hub.page_size = 20
    hub.tokens = {CANARY: set()}
    for made in records(45, seed=3):
        hub.add(
            str(made["id"]), {"data.csv": b"a,b\n1,2\n"}, **{k: v for k, v in made.items() if k not in ("id", "gated")}
        )

    def plays(asked: Asked) -> Answer:
        hub.links = asked.base
        return played(hub.origin.app)(asked)

    payloads = [repo.record for repo in hub.repos.values()]
    variable, quiet = "CATALOG_HF_ENDPOINT", 1
    return Source("huggingface", variable, plays, huggingface_record, payloads, secrets=("HF_TOKEN",), quiet=quiet)


def uci(*speaks: str) -> Source:
    site = Uci(speaks)
    site.origin.close()
    site.fill(range(1, 25))
    made = [record(1), announced(record(2)), {"status": 200, "data": record(3)}]
    quiet = 1 if "current" in speaks else 2
    return Source("uci", "CATALOG_UCI_ENDPOINT", played(site.answer), uci_record, made, quiet=quiet)


def kaggle() -> Source:
    site = Kaggle()
    site.close()
    site.logins = {f"Bearer {CANARY}": set()}
    site.now = datetime(2025, 1, 1, tzinfo=UTC)
    site.load(45)
    payloads = [shelf.fields for shelf in site.shelves.values()]
    nowhere = {"KAGGLE_CONFIG_DIR": "/nonexistent"}
    return Source(
        "kaggle",
        "CATALOG_KAGGLE_ENDPOINT",
        played(site.site.app),
        kaggle_record,
        payloads,
        secrets=("KAGGLE_API_TOKEN",),
        quiet=1,
        request={"user": "acme"},
        environment=nowhere,
    )


SOURCES: dict[str, Callable[[], Source]] = {
    "huggingface": huggingface,
    "kaggle": kaggle,
    "uci": lambda: uci("current"),
    "uci, announced": lambda: uci("next"),
}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", SOURCES)
def test_a_built_in_connector_conforms(name: str, check: Callable[[Source], Any]) -> None:
    check(SOURCES[name]())
