"""Fetching from UCI: the table and the archive; linked datasets; certificates that cannot be verified."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from catalog.connector import Detailed
from catalog.errors import Fatal, NotFound
from catalog.record import Distribution, Record
from catalog.web import Web, WebSettings
from connectors.testing import check_files
from connectors.uci import connector, to_record
from tests.conftest import Command
from tests.origin import faults
from tests.origin.tunnel import tunnel
from tests.origin.uci import Uci, record

HOST = "archive.ics.uci.edu"
KAGGLE = "https://www.kaggle.com/datasets/a/b"


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Uci]:
    with Uci() as site:
        site.records[17] = record(17, name="Connect-4 ")
        site.records[18] = record(18, external_url=KAGGLE)
        site.records[19] = record(19, external_url=KAGGLE, data_url=None)
        site.records[20] = record(20, data_url=None)
        for name, value in site.environment.items():
            monkeypatch.setenv(name, value)
        yield site


@pytest.fixture
def web() -> Iterator[Web]:
    settings = WebSettings(allow_private_hosts=frozenset({"127.0.0.1"}), sleep=lambda _seconds: None)
    with Web(settings) as web:
        yield web


def files(web: Web, id: str) -> list[Distribution]:
    return connector.files(web, Record(source="uci", id=id, name="x"), None)


class TestFiles:
    def test_the_table_and_the_archive_with_their_sizes(self, web: Web, site: Uci) -> None:
        table, archive = check_files(connector, web, to_record(site.records[17]))
        assert (table.url, table.path, table.bytes) == (f"{site.url}/static/public/17/data.csv", "data.csv", 45)
        assert archive.url == f"{site.url}/static/public/17/connect+4.zip"
        assert (archive.path, archive.format, archive.bytes) == ("connect+4.zip", "zip", 60)

    def test_what_is_not_there_is_left_out(self, web: Web, site: Uci) -> None:
        assert [each.path for each in files(web, "20")] == ["harbour+measurements+20.zip"]
        site.script("*.zip", faults.status(404))
        assert [each.path for each in files(web, "17")] == ["data.csv"]
        with pytest.raises(NotFound, match="no files of uci:20") as caught:
            files(web, "20")
        assert "/dataset/20" in caught.value.hint

    def test_a_site_that_answers_no_head_costs_the_size_alone(self, web: Web, site: Uci) -> None:
        site.script("/static/*", faults.status(405), method="HEAD")
        assert [(each.path, each.bytes) for each in files(web, "17")] == [("data.csv", None), ("connect+4.zip", None)]

    def test_a_linked_dataset_is_where_it_is_linked_to(self, web: Web, site: Uci) -> None:
        assert [each.path for each in files(web, "18")] == ["data.csv"]
        with pytest.raises(NotFound, match="it links to them") as caught:
            files(web, "19")
        assert KAGGLE in caught.value.hint

    def test_names_that_are_none(self, web: Web, site: Uci) -> None:
        with pytest.raises(NotFound, match="no dataset 999"):
            files(web, "999")
        with pytest.raises(NotFound, match="is no dataset of UCI"):
            files(web, "../../etc")
        with pytest.raises(NotFound, match="keeps one version"):
            connector.files(web, to_record(site.records[17]), "v2")

    def test_the_announced_api_leads_to_both(self, web: Web, site: Uci) -> None:
        site.speaks = {"next"}
        assert [each.path for each in files(web, "17")] == ["data.csv", "connect+4.zip"]
        site.script("/static/*", faults.status(405), method="HEAD")
        assert [each.path for each in files(web, "17")] == ["connect+4.zip"]

    def test_details_are_those_of_the_site(self, web: Web, site: Uci) -> None:
        assert isinstance(connector, Detailed)
        assert connector.details(web, Record(source="uci", id="17", name="x")) == to_record(site.records[17])
        assert connector.token("https://archive.ics.uci.edu/") is None

    def test_the_command_fetches_both(self, catalog_command: Command, site: Uci) -> None:
        plan = catalog_command("fetch", "uci:17", "--dry-run", "--json", env=site.environment)
        assert sorted(each["bytes"] for each in json.loads(plan.stdout)["files"]) == [45, 60]
        done = catalog_command("fetch", "uci:17", "--out", "c4", env=site.environment)
        assert done.returncode == 0, done.stderr
        assert (catalog_command.folder / "c4" / "data.csv").read_text() == "data.csv of 17\n" * 3
        assert (catalog_command.folder / "c4" / "connect+4.zip").is_file()


class TestCertificates:
    """The remedy is named, nothing is sent, and what is stored stays of use."""

    def test_an_untrusted_one_is_said_with_the_remedy(self, catalog_command: Command) -> None:
        with Uci() as site, tunnel(site.origin, HOST) as (proxy, bundle):
            site.fill([1, 2])
            trusting = {"HTTPS_PROXY": proxy, "SSL_CERT_FILE": bundle}
            done = catalog_command("sync", "uci", "--max-requests", "2", env=trusting)
            assert (done.returncode, "1 new" in done.stderr) == (0, True), done.stderr
            site.origin.forget()
            for arguments in (["sync", "uci"], ["fetch", "uci:1", "--dry-run"]):
                done = catalog_command(*arguments, env={"HTTPS_PROXY": proxy})
                assert done.returncode == 1
                assert f"The certificate of https://{HOST}/api/dataset" in done.stderr
                assert "is not trusted" in done.stderr
                assert "set SSL_CERT_FILE to its bundle" in done.stderr
                assert "Traceback" not in done.stderr
            assert site.origin.requests == []
            assert catalog_command("search", "--source", "uci", "-q").stdout == "uci:1\n"
            done = catalog_command("sync", "uci", env=trusting)
            assert (done.returncode, "1 new" in done.stderr) == (0, True), done.stderr

    def test_one_of_another_name_is_no_better(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("CATALOG_UCI_ENDPOINT", raising=False)
        with Uci() as site, tunnel(site.origin, HOST, named="other.example") as (proxy, bundle):
            monkeypatch.setenv("HTTPS_PROXY", proxy)
            monkeypatch.setenv("SSL_CERT_FILE", bundle)
            with Web() as web, pytest.raises(Fatal, match="is not trusted"):
                files(web, "1")
            assert site.origin.requests == []
