"""`catalog doctor`: a line for what is in order, and what to do for what is not."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.conftest import Command
from tests.origin import Hub, Origin, Request, Response
from tests.shelf import Person, items


@pytest.fixture
def person(catalog_command: Command) -> Person:
    person = Person(catalog_command)
    person.environment["NO_COLOR"] = "1"
    return person


@pytest.fixture
def site() -> Iterator[Origin]:
    def answers(request: Request) -> Response:
        return Response(404 if request.path == "/" else 200)

    with closing(Origin(answers)) as origin:
        yield origin


def checks(person: Person, *arguments: str, code: int, **more: str) -> dict[str, dict[str, str]]:
    said = person.json("doctor", *arguments, code=code, **more)
    assert said["ok"] == (code == 0)
    found: dict[str, dict[str, str]] = {}
    for each in said["checks"]:
        found.setdefault(each["name"], each)
        if each["state"] != "ok":
            found[each["name"]] = each
    return found


def test_all_is_well(person: Person) -> None:
    person.shelf.tells(items(3))
    person.types("sync", "shelf")
    found = checks(person, "--offline", code=0, SHELF_KEY="secret-canary")
    for name in ("registry", "version", "quick check", "index", "journal", "disk", "configuration", "python", "sqlite"):
        assert found[name]["state"] == "ok", found[name]
    assert found["shelf"]["text"] == "Take what you like."
    assert found["shelf key"]["text"] == "found in SHELF_KEY"
    assert "shelf address" not in found
    shown = person.types("doctor", "--offline", SHELF_KEY="secret-canary").stdout
    assert "canary" not in shown
    assert "found in SHELF_KEY" in shown


def test_no_registry(person: Person) -> None:
    found = checks(person, "--offline", code=1)
    assert (found["registry"]["state"], found["registry"]["hint"]) == ("fail", "Make one with: catalog init")
    assert found["disk"]["state"] == "ok"
    done = person.types("doctor", "--offline", code=1)
    assert "→ Make one with: catalog init" in done.stdout
    assert "1 to mend" in done.stderr


class TestRegistry:
    def test_damage(self, person: Person) -> None:
        person.shelf.tells(items(300))
        person.types("sync", "shelf")
        path = person.command.folder / "registry.db"
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 3])
        assert "fail" in {each["state"] for each in checks(person, "--offline", code=1).values()}
        path.write_bytes(b"not a database at all, but long enough to be read as one" * 99)
        assert "is no SQLite file" in checks(person, "--offline", code=1)["registry"]["text"]
        assert not re.search(r"^ok +registry", person.types("doctor", "--offline", code=1).stdout, re.MULTILINE)

    def test_versions(self, person: Person) -> None:
        person.types("sync", "shelf")
        path = person.command.folder / "registry.db"
        for version, todo in ((1, "catalog init"), (999, "pip install -U")):
            with closing(sqlite3.connect(path)) as connection:
                connection.execute(f"PRAGMA user_version = {version}")
            found = checks(person, "--offline", code=1)["version"]
            assert found["state"] == "fail"
            assert todo in found["hint"]

    def test_a_write_ahead_log_of_another_program(self, person: Person) -> None:
        person.types("sync", "shelf")
        with closing(sqlite3.connect(person.command.folder / "registry.db")) as connection:
            connection.execute("PRAGMA journal_mode = wal")
        said = person.command("doctor", "--offline", "--json", env=person.environment)
        assert "write-ahead log" in said.stdout
        person.types("sync", "shelf")
        assert checks(person, "--offline", code=0)["journal"]["text"] == "delete"

    def test_counts_that_are_behind(self, person: Person) -> None:
        person.shelf.tells(items(3))
        person.types("sync", "shelf")
        with closing(sqlite3.connect(person.command.folder / "registry.db")) as connection:
            connection.execute("UPDATE meta SET value = value + 1 WHERE name = 'generation'")
            connection.commit()
        assert checks(person, "--offline", code=0)["index"]["state"] == "warn"


class TestSources:
    def test_one_that_answers_and_one_that_does_not(self, person: Person, site: Origin) -> None:
        """Whatever a source answers, it is there; one that is used fails the diagnosis, another one is only told of."""
        person.types("sync", "shelf")
        away = {"HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": "127.0.0.1"}
        there = {"CATALOG_SHELF_ENDPOINT": site.url, **away}
        found = checks(person, code=0, **there)
        assert found["shelf address"]["text"] == f"{site.url} answers (set by CATALOG_SHELF_ENDPOINT)"
        assert [request.method for request in site.requests] == ["HEAD"]
        assert found["other address"]["state"] == "warn"
        site.close()
        found = checks(person, code=1, **there)
        assert found["shelf address"]["state"] == "fail"
        assert "CATALOG_SHELF_ENDPOINT names another address." in found["shelf address"]["hint"]

    def test_the_hub(self, person: Person, hub: Hub) -> None:
        away = {"HTTPS_PROXY": "http://127.0.0.1:9", **hub.environment, "HF_TOKEN": "hf_canary"}
        person.types("sync", "shelf", CATALOG_SHELF_ENDPOINT=hub.endpoint)
        found = checks(person, code=0, **away, CATALOG_SHELF_ENDPOINT=hub.endpoint)
        assert found["huggingface address"]["state"] == "ok"
        assert found["huggingface token"]["text"] == "found in HF_TOKEN"
        assert {request.token for request in hub.requests} == {""}

    def test_a_broken_connector(self, person: Person) -> None:
        person.types("sync", "shelf")
        person.other.breaks()
        found = checks(person, "--offline", code=0)
        assert (found["other"]["state"], found["other"]["hint"]) == ("warn", "Reinstall other-connector.")
        person.shelf.breaks()
        assert checks(person, "--offline", code=1)["shelf"]["state"] == "fail"


class TestSurroundings:
    @pytest.mark.parametrize(
        ("name", "environment", "said"),
        [
            ("certificates", {"SSL_CERT_FILE": "absent.pem"}, "cannot be read"),
            ("proxy", {"HTTPS_PROXY": "socks5://127.0.0.1:1"}, "https by socks5://127.0.0.1:1"),
        ],
    )
    def test_settings_that_cannot_work(self, person: Person, name: str, environment: dict[str, str], said: str) -> None:
        person.types("sync", "shelf")
        found = checks(person, "--offline", code=1, **environment)[name]
        assert found["state"] == "fail"
        assert said in found["text"]
        assert found["hint"]

    def test_a_proxys_password_is_not_shown(self, person: Person) -> None:
        person.types("sync", "shelf")
        found = checks(person, "--offline", code=0, HTTPS_PROXY="http://me:canary@proxy.example:3128", NO_PROXY="a.b")
        assert found["proxy"]["text"] == "https by http://proxy.example:3128, but not for a.b"

    def test_a_configuration_that_is_wrong(self, person: Person) -> None:
        person.types("sync", "shelf")
        person.config("[sync.shelf]\nlimt = 1\n")
        found = checks(person, "--offline", code=1)["configuration"]
        assert "did you mean limit?" in found["text"]
        person.config("[sync.shelf]\nlimit = 1\n")
        assert checks(person, "--offline", code=0)["configuration"]["text"].endswith("catalog.toml names shelf")

    def test_kaggle_without_what_it_does_not_declare(self, person: Person) -> None:
        person.types("sync", "shelf")
        found = checks(person, "--offline", code=0)
        assert found["kaggle"]["state"] in ("ok", "warn")
        assert found["pyarrow"]["state"] == "ok"
