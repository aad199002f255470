"""Logins for Kaggle: every place that it documents, in its order; its own package is used to renew one, and quietly."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.kaggle import connector, credentials, to_record
from connectors.kaggle.listing import rows_of
from connectors.kaggle.mapping import is_view
from tests.conftest import Command
from tests.origin.kaggle import Kaggle

CANARY = "canary-0123456789"
NAMES = (
    *("KAGGLE_API_TOKEN", "KAGGLE_USERNAME", "KAGGLE_KEY", "KAGGLE_CONFIG_DIR", "KAGGLE_API_V1_TOKEN"),
    *("KAGGLE_KERNEL_RUN_TYPE", "XDG_CONFIG_HOME", "CATALOG_KAGGLE_ENDPOINT"),
)
BASIC = "Basic " + base64.b64encode(b"ann:key").decode()
PAIR = json.dumps({"username": "ann", "key": "key"})


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without any login."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def kaggle() -> Iterator[Kaggle]:
    with Kaggle() as kaggle:
        yield kaggle


def write(path: Path, text: str, mode: int = 0o600) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path


def authorization() -> str:
    best = credentials.best()
    return best.authorization if best else ""


class TestPlaces:
    def test_none(self, home: Path) -> None:
        assert credentials.best() is None
        assert [(found.name, found.where, found.problem) for found in connector.credentials()] == [
            ("API token", "", ""),
            ("user name and key", "", ""),
            ("OAuth login", "", ""),
        ]

    def test_the_order_is_kaggle_s_own(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Each place added wins over those before it."""
        expiration = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        login = {"refresh_token": "r", "access_token": "oauth", "access_token_expiration": expiration}
        write(home / ".kaggle" / "credentials.json", json.dumps(login))
        assert authorization() == "Bearer oauth"
        write(home / ".config" / "kaggle" / "kaggle.json", json.dumps({"username": "old", "key": "config"}))
        assert authorization() == "Basic " + base64.b64encode(b"old:config").decode()
        write(home / ".kaggle" / "kaggle.json", PAIR)
        assert authorization() == BASIC
        write(home / "elsewhere" / "kaggle.json", json.dumps({"username": "named", "key": "folder"}))
        monkeypatch.setenv("KAGGLE_CONFIG_DIR", str(home / "elsewhere"))
        assert authorization() == "Basic " + base64.b64encode(b"named:folder").decode()
        monkeypatch.setenv("KAGGLE_USERNAME", "env")
        monkeypatch.setenv("KAGGLE_KEY", "pair")
        assert authorization() == "Basic " + base64.b64encode(b"env:pair").decode()
        write(home / ".kaggle" / "access_token.txt", "KGAT_txt\n")
        assert authorization() == "Bearer KGAT_txt"
        write(home / ".kaggle" / "access_token", "KGAT_file\n")
        assert authorization() == "Bearer KGAT_file"
        monkeypatch.setenv("KAGGLE_API_TOKEN", "KGAT_env")
        assert authorization() == "Bearer KGAT_env"
        monkeypatch.setenv("KAGGLE_API_TOKEN", str(write(home / "t", " KGAT_named ")))
        assert authorization() == "Bearer KGAT_named"
        monkeypatch.setenv("KAGGLE_API_V1_TOKEN", str(write(home / "v1", "notebook")))
        assert authorization() == "Bearer KGAT_named"
        monkeypatch.setenv("KAGGLE_KERNEL_RUN_TYPE", "Interactive")
        assert authorization() == "Bearer notebook"

    def test_xdg(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        write(home / "xdg" / "kaggle" / "kaggle.json", PAIR)
        monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "xdg"))
        assert authorization() == BASIC

    def test_problems_are_told_without_the_secret(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        write(home / ".kaggle" / "kaggle.json", json.dumps({"username": "ann", "key": CANARY}), 0o644)
        monkeypatch.setenv("KAGGLE_API_TOKEN", f"{CANARY} with words")
        write(home / ".kaggle" / "credentials.json", "{")
        found = {each.name: each for each in connector.credentials()}
        assert "characters" in found["API token"].problem
        assert "chmod 600" in found["user name and key"].problem
        assert "not JSON" in found["OAuth login"].problem
        assert authorization().startswith("Basic ")
        assert CANARY not in repr(found)
        assert CANARY not in repr(list(credentials.logins()))
        assert base64.b64encode(f"ann:{CANARY}".encode()).decode() not in repr(list(credentials.logins()))

    @pytest.mark.parametrize(
        ("text", "problem"),
        [
            ("[]", "not a JSON object"),
            ("{}", "does not hold"),
            ("", "not JSON"),
            ('{"username": 3, "key": "x"}', "hold"),
        ],
    )
    def test_bad_files(self, home: Path, text: str, problem: str) -> None:
        write(home / ".kaggle" / "kaggle.json", text)
        assert problem in connector.credentials()[1].problem
        assert credentials.best() is None

    def test_half_a_pair(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("KAGGLE_USERNAME", "ann")
        assert connector.credentials()[1].problem == "KAGGLE_KEY is not set"

    def test_the_login_goes_to_kaggle_alone(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("KAGGLE_API_TOKEN", "KGAT_x")
        assert connector.token("https://www.kaggle.com/api/v1/datasets/view/a/b") == "Bearer KGAT_x"
        for other in ("https://storage.googleapis.com/x", "https://kaggle.com.evil.example/", "http://www.kaggle.com/"):
            assert connector.token(other) is None
        monkeypatch.setenv("CATALOG_KAGGLE_ENDPOINT", "https://mirror.example:8443/k")
        assert connector.token("https://mirror.example:8443/k/api/v1/x") == "Bearer KGAT_x"
        assert connector.token("https://www.kaggle.com/api") is None
        assert connector.hosts() == {"mirror.example"}

    def test_an_address_that_is_none(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        from catalog.errors import Usage

        for value in ("kaggle", "ftp://x.example", "https://"):
            monkeypatch.setenv("CATALOG_KAGGLE_ENDPOINT", value)
            with pytest.raises(Usage, match="CATALOG_KAGGLE_ENDPOINT"):
                connector.hosts()


RENEW = """
import sys
from kagglesdk.kaggle_env import KaggleEnv, _env_to_endpoint
_env_to_endpoint[KaggleEnv.PROD] = sys.argv[1]
from connectors.kaggle import connector
from catalog.errors import CatalogError
try:
    token = connector.token("https://www.kaggle.com/api/v1/x")
except CatalogError as error:
    token = f"{type(error).__name__}: {error}"
print(token, file=sys.stderr)
"""

REAL = """
import json, os, sys
from kagglesdk.kaggle_env import KaggleEnv, _env_to_endpoint
_env_to_endpoint[KaggleEnv.PROD] = sys.argv[1]
from kaggle.api.kaggle_api_extended import KaggleApi
api = KaggleApi()
found = api.dataset_list_with_response(search="set", sort_by="votes", page=1, page_size=20)
rows = [type(row).to_dict(row) for row in found.datasets]
with api.build_kaggle_client() as client:
    from kagglesdk.datasets.types.dataset_api_service import ApiGetDatasetRequest
    request = ApiGetDatasetRequest()
    request.owner_slug, request.dataset_slug = "acme", "set-00003"
    view = client.datasets.dataset_api_client.get_dataset(request)
api.dataset_download_files("acme/set-00003", path=sys.argv[2], quiet=True)
json.dump({"rows": rows, "view": type(view).to_dict(view)}, open(sys.argv[3], "w"))
"""


def run(script: str, *arguments: str, home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    plain = {"HOME": str(home), "PATH": os.environ["PATH"], "NO_PROXY": "127.0.0.1", "PYTHONPATH": str(Path.cwd())}
    return subprocess.run(
        [sys.executable, "-c", script, *arguments],
        env={**plain, **environment},
        cwd=home,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


class TestTheRealPackage:
    """Kaggle's own client against the loopback."""

    def expired(self, home: Path, renewal: str = "refresh") -> Path:
        past = (datetime.now(UTC) - timedelta(hours=3)).isoformat()
        login = {"refresh_token": renewal, "access_token": "old", "access_token_expiration": past, "username": "ann"}
        return write(home / ".kaggle" / "credentials.json", json.dumps({**login, "scopes": []}))

    def test_it_renews_a_login_and_prints_nothing(self, kaggle: Kaggle, home: Path) -> None:
        path = self.expired(home)
        kaggle.tokens["refresh"] = "KGAT_fresh"
        done = run(RENEW, kaggle.site.url, home=home, VERBOSE="1")
        assert (done.stdout, done.stderr.strip().splitlines()[-1]) == ("", "Bearer KGAT_fresh")
        assert json.loads(path.read_text())["access_token"] == "KGAT_fresh"
        assert [request.path for request in kaggle.site.requests] == ["/v1/users.AccountService/GenerateAccessToken"]
        again = run(RENEW, kaggle.site.url, home=home)
        assert again.stderr.strip().endswith("Bearer KGAT_fresh")
        assert len(kaggle.site.requests) == 1

    def test_a_login_that_is_no_longer_taken(self, kaggle: Kaggle, home: Path) -> None:
        self.expired(home, CANARY)
        done = run(RENEW, kaggle.site.url, home=home)
        assert "Gated: Kaggle no longer takes the OAuth login" in done.stderr
        assert "kaggle auth login" in done.stderr
        assert CANARY not in done.stderr + done.stdout

    def test_a_broken_package_is_one_sentence(self, home: Path, tmp_path: Path) -> None:
        self.expired(home)
        broken = tmp_path / "broken"
        write(broken / "kagglesdk" / "__init__.py", "import no_such_module_at_all", 0o644)
        script = RENEW.replace("from kagglesdk.kaggle_env import KaggleEnv, _env_to_endpoint\n", "").replace(
            "_env_to_endpoint[KaggleEnv.PROD] = sys.argv[1]\n", f"sys.path.insert(0, {str(broken)!r})\n"
        )
        done = run(script, home=home)
        assert "Fatal: Kaggle's own package cannot be used (ModuleNotFoundError" in done.stderr
        assert "pip install --upgrade kaggle six" in done.stderr
        assert "Traceback" not in done.stderr

    def test_its_rows_make_the_same_records(self, kaggle: Kaggle, home: Path, tmp_path: Path) -> None:
        """The RPC messages, as the client reads and writes them, and the REST rows say the same of a dataset."""
        kaggle.load(5)
        shelf = kaggle.shelves["acme/set-00003"]
        shelf.fields["tags"] = [
            {"ref": "x", "name": "cancer", "fullPath": "subject > health and fitness > health > cancer"}
        ]
        done = run(REAL, kaggle.site.url, str(tmp_path / "data"), str(tmp_path / "out.json"), home=home)
        assert done.returncode == 0, done.stderr
        found = json.loads((tmp_path / "out.json").read_text())
        mine = {record.id: record for record in (to_record(kaggle._row(each)) for each in kaggle.shelves.values())}
        rows, _ = rows_of({"datasets": found["rows"]})
        theirs = {record.id: record for record in map(to_record, rows)}
        assert theirs == mine
        assert is_view(found["view"])
        assert to_record(found["view"]).statements == mine["acme/set-00003"].statements
        assert (tmp_path / "data" / "set-00003.zip").read_bytes() == shelf.bundle(1)

    def test_nothing_of_it_is_imported_without_need(self, kaggle: Kaggle, home: Path) -> None:
        script = """
import sys
from catalog.web import Web, WebSettings
from catalog.connector import Cursor
from catalog.record import Record
from connectors.kaggle import connector
with Web(WebSettings(allow_private_hosts=connector.hosts())) as web:
    for page in connector.pages(web, Cursor({"query": "set"})):
        pass
    connector.details(web, page.records[0] if page.records else Record(source="kaggle", id="acme/set", name="x"))
    connector.bundle(web, Record(source="kaggle", id="acme/set", name="x"))
connector.credentials()
print([name for name in sys.modules if name.startswith(("kaggle", "requests", "six"))])
"""
        kaggle.add("acme/set")
        environment = {"CATALOG_KAGGLE_ENDPOINT": kaggle.endpoint, "KAGGLE_API_TOKEN": "KGAT_x"}
        kaggle.logins["Bearer KGAT_x"] = set()
        done = run(script, home=home, **environment)
        assert (done.stdout.strip(), done.returncode) == ("[]", 0), done.stderr
        assert not (home / ".config").exists()

    def test_without_a_home(self, kaggle: Kaggle, tmp_path: Path) -> None:
        kaggle.add("acme/set")
        command = Command(tmp_path)
        environment: dict[str, Any] = {**kaggle.environment, "HOME": "/nonexistent/home"}
        done = command("fetch", "kaggle:acme/set", "--out", str(tmp_path / "out"), env=environment)
        assert done.returncode == 0, done.stderr
        assert (tmp_path / "out" / "archive.zip").is_file()


def test_logins_that_no_header_can_hold_are_told(home: Path) -> None:
    token = {"access_token": "a\r\nX: y", "access_token_expiration": "2099-01-01T00:00:00Z"}
    write(home / ".kaggle" / "credentials.json", json.dumps(token))
    write(home / ".kaggle" / "kaggle.json", json.dumps({"username": "u", "key": "\ud800"}))
    found = {login.name: login for login in credentials.logins()}
    assert found[credentials.OAUTH].problem == credentials.NO_TOKEN
    assert found[credentials.OAUTH].authorization == ""
    assert found[credentials.KEY].authorization.startswith("Basic ")
