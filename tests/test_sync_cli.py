"""`catalog sync` over several sources, strangers' ones too: their options, their failures, what it would cost."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import click
import pytest

from catalog.cli.sync import sync_command
from tests.conftest import Command
from tests.origin import Hub
from tests.origin.records import records
from tests.shelf import Person, items

Done = subprocess.CompletedProcess[str]


@pytest.fixture
def person(catalog_command: Command) -> Person:
    return Person(catalog_command)


class TestOptions:
    def test_a_strangers_options_are_flags(self, person: Person) -> None:
        (person.command.folder / "names.txt").write_text("a\n")
        told = person.types("sync", "shelf", "--help").stdout
        for flag in ("--colour COLOUR", "--depth INTEGER", "--deep-down", "--titles FILE", "--limit", "--since DATE"):
            assert flag in told
        assert "Pull metadata of The shelf of shelf into the registry." in told
        assert "Take what you like." in told
        person.types(
            "sync", "shelf", "--colour", "red", "--colour", "blue", "--colour", "red", "--depth", "3", "--deep-down",
            "--titles", "names.txt", "--limit", "7", "--since", "2026-11", "--full",
        )  # fmt: skip
        assert person.shelf.asked() == {
            "colour": ["blue", "red"], "depth": 3, "deep_down": True, "titles": "names.txt", "limit": 7,
            "since": "2026-11-01T00:00:00Z", "full": True,
        }  # fmt: skip
        person.types("sync", "shelf")
        assert person.shelf.asked() == {}

    def test_what_is_common_may_stand_before_the_source(self, person: Person) -> None:
        person.shelf.tells(items(5))
        assert person.json("sync", "--limit", "2", "shelf")["new"] == 2

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (("shelff",), "Did you mean 'shelf'? See: catalog sources"),
            (("nothing-like-it",), "See: catalog sources"),
            (("shelf", "--query", "x"), "No such option"),
            (("shelf", "--depth", "0"), "0 is not in the range"),
            (("shelf", "--titles", "absent"), "does not exist"),
            (("shelf", "--since", "soon"), "'soon' is no date."),
            (("shelf", "--config", "x"), "No such option"),
            (("--config", "absent.toml"), "there is no file absent.toml."),
        ],
    )
    def test_what_cannot_be(self, person: Person, arguments: tuple[str, ...], said: str) -> None:
        assert said in person.types("sync", *arguments, code=2).stderr

    def test_the_list_of_sources_imports_none(self, person: Person) -> None:
        person.shelf.breaks()
        told = person.types("sync", "--help")
        assert "  shelf " in told.stdout
        assert "an import that talks" not in told.stdout + told.stderr
        assert "cannot be loaded" in person.types("sync", "shelf", code=1).stderr
        person.shelf.breaks("raise SystemExit('no account')\n")
        assert "cannot be loaded (SystemExit: no account)" in person.types("sync", "shelf", code=1).stderr

    def test_an_option_that_can_be_none(self, person: Person) -> None:
        text = person.shelf.module.read_text()
        person.shelf.breaks(text.replace('"colour"', '"--col our"'))
        assert "has an option that cannot be one" in person.types("sync", "shelf", code=1).stderr

    def test_names_are_completed(self, person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.syspath_prepend(person.installed)
        found = sync_command.shell_complete(click.Context(sync_command), "sh")
        assert [item.value for item in found] == ["shelf"]
        assert "shelf_connector" not in sys.modules

    def test_what_a_module_prints_spoils_no_json(self, person: Person) -> None:
        done = person.types("sync", "shelf", "--json")
        json.loads(done.stdout)
        assert "an import that talks" in done.stderr


class TestBounds:
    def test_a_limit_that_the_source_ignores(self, person: Person) -> None:
        person.shelf.tells(items(10), items(10, 10), items(10, 20), complete=True)
        said = person.json("sync", "shelf", "--limit", "15")
        assert (said["new"], said["stopped"], said["message"]) == (15, True, "It stopped at the limit of 15 records.")
        assert len(person.keys()) == 15
        said = person.json("sync", "shelf", "--limit", "15")
        assert (said["same"], said["resumed"]) == (15, False)
        said = person.json("sync", "shelf", "--limit", "30")
        assert (said["new"], said["same"], said["stopped"]) == (15, 15, False)
        assert person.json("sync", "shelf")["missing"] == 0

    def test_a_limited_walk_that_failed_goes_on(self, person: Person) -> None:
        person.shelf.tells(items(4), fail="Retriable")
        done = person.types("sync", "shelf", "--limit", "6", code=1)
        assert done.stderr.endswith(
            "Error: the shelf fell over.\n"
            "Put it up again. 4 records came and are stored. The same command goes on from there.\n"
        )
        person.shelf.tells(items(4), items(4, 4))
        said = person.json("sync", "shelf", "--limit", "6")
        assert (said["resumed"], said["before"], said["new"], said["stopped"]) == (True, 4, 2, True)

    def test_since_leaves_out_what_says_it_is_older(self, person: Person) -> None:
        dates = ["2026-10-31", "2026-11", "2026-11-02T00:00:00Z", "", "2025"]
        person.shelf.tells([{**item, "modified": date} for item, date in zip(items(5), dates, strict=True)])
        assert person.json("sync", "shelf", "--since", "2026-11-01")["new"] == 3
        assert person.keys() == ["shelf:set-1", "shelf:set-2", "shelf:set-3"]

    def test_the_hub_is_asked_for_what_changed_since(self, person: Person, hub: Hub) -> None:
        hub.load(records(60))
        days = sorted(str(repo.record["lastModified"]) for repo in hub.repos.values())
        done = person.types("sync", "huggingface", "--since", days[40][:10], HF_HUB_OFFLINE="", **hub.environment)
        (asked,) = hub.origin.seen("/api/datasets")
        assert asked.first("sort") == "lastModified"
        wanted = sum(day[:10] >= days[40][:10] for day in days)
        assert f"{wanted} new" in done.stderr

    def test_first_use_is_said_once_a_registry(self, person: Person) -> None:
        assert "The shelf of shelf is a file." in person.types("sync", "shelf").stderr
        assert "is a file" not in person.types("sync", "shelf").stderr
        assert "The shelf of other is a file." in person.types("sync", "other").stderr
        assert "The shelf of shelf is a file." in person.types("sync", "shelf", "--registry", "new.db").stderr

    def test_a_request_that_makes_no_sense_leaves_no_run(self, person: Person) -> None:
        for source in ("kaggle", "google"):
            assert person.types("sync", source, code=2).returncode == 2
        assert person.json("runs") == []
        person.types("sync", "shelf")
        person.types("sync", "kaggle", code=2)
        assert [run["source"] for run in person.json("runs")] == ["shelf"]

    def test_words_that_are_no_text(self, person: Person) -> None:
        done = person.types("sync", "kaggle", "--query", "a\udcff", code=2)
        assert "what query names is no text in UTF-8." in done.stderr


class TestDryRun:
    def test_one_source(self, person: Person) -> None:
        person.shelf.tells(items(2), items(2, 2), items(2, 4), fail="Retriable")
        done = person.types("sync", "shelf", "--dry-run")
        assert re.search(r"^shelf +1 to 3$", done.stdout, re.MULTILINE)
        assert done.stdout.endswith("shelf  One for each board.\n")
        assert done.stderr.endswith("Nothing was sent.\n")
        assert not (person.command.folder / "registry.db").exists()
        assert not (person.installed / "shelf.asked").exists()
        person.types("sync", "shelf", "--limit", "9", code=1)
        (row,) = person.json("sync", "shelf", "--dry-run", "--limit", "9")
        assert (row["at_least"], row["at_most"]) == (1, 0)  # the walk would go on behind the third board
        (row,) = person.json("sync", "shelf", "--dry-run", "--max-requests", "2")
        assert (row["at_least"], row["at_most"], row["request"]) == (1, 2, {})

    def test_one_that_cannot_tell(self, person: Person) -> None:
        person.shelf.breaks(person.shelf.module.read_text().replace("def estimate", "def guess"))
        (row,) = person.json("sync", "shelf", "--dry-run")
        assert (row["at_least"], row["at_most"]) == (None, None)
        assert "cannot tell" in row["says"]

    def test_one_that_refuses_is_told_whole(self, person: Person) -> None:
        done = person.types("sync", "kaggle", "--dry-run", code=1, COLUMNS="60")
        assert "--query WORDS" in done.stderr.replace("\n", " ")
        assert done.stderr.endswith("Nothing was sent.\n")

    def test_the_hub(self, person: Person, hub: Hub) -> None:
        environment = {**hub.environment, "HF_HUB_OFFLINE": ""}
        ask = ("sync", "huggingface", "--dry-run")
        assert person.json(*ask, "--limit", "2500")[0] | {"says": ""} == {
            "source": "huggingface", "request": {"limit": 2500}, "max_requests": None, "at_least": 1, "at_most": 3,
            "says": "", "error": "",
        }  # fmt: skip
        assert person.json(*ask)[0]["at_most"] is None
        hub.load(records(1100))
        person.types("sync", "huggingface", **environment)
        assert person.json(*ask)[0]["at_least"] == 1
        assert person.json(*ask, "--full")[0]["at_least"] == 2
        assert len(hub.requests) == 2


class TestAll:
    def test_nothing_to_sync(self, person: Person) -> None:
        told = person.types("sync", code=2).stderr
        assert "no source is named, none is configured, and none was synced before." in told

    def test_what_was_synced_before_is_repeated(self, person: Person) -> None:
        person.shelf.tells(items(3))
        person.types("sync", "shelf", "--colour", "red", "--full")
        person.types("sync", "other")
        done = person.types("sync")
        assert "the last sync of each is repeated: shelf --colour red, other." in done.stderr
        assert person.shelf.asked() == {"colour": ["red"]}

    def test_each_fails_alone(self, person: Person) -> None:
        person.config('[sync.shelf]\ncolour = "red"\n[[sync.other]]\ndepth = 1\n[[sync.other]]\ndepth = 2\n')
        person.shelf.tells(items(3), fail="Retriable")
        person.other.tells(items(2))
        done = person.types("sync", code=1)
        rows = [line.split()[:3] for line in done.stdout.splitlines()[1:]]
        assert rows == [["shelf", "failed", "--colour"], ["other", "done", "2"], ["other", "done", "0"]]
        assert "shelf: the shelf fell over. Put it up again. 3 records came" in done.stderr
        assert "Failed: shelf." in done.stderr
        assert len(person.keys()) == 5
        said = person.json("sync", code=1)
        assert said["failed"] == ["shelf"]
        assert [each["status"] for each in said["sources"]] == ["failed", "done", "done"]
        assert said["sources"][0]["error"]["message"] == "the shelf fell over."
        assert [each["request"] for each in said["sources"]] == [{"colour": ["red"]}, {"depth": 1}, {"depth": 2}]
        assert said["datasets"] == 5

    def test_a_broken_connector_fails_alone(self, person: Person) -> None:
        person.config("[sync.shelf]\nanything = 1\n[sync.other]\n")
        person.shelf.breaks()
        person.other.tells(items(2))
        done = person.types("sync", code=1)
        assert "shelf: the connector 'shelf' cannot be loaded" in done.stderr
        assert person.keys() == ["other:set-0", "other:set-1"]

    def test_the_flags_count_for_all(self, person: Person) -> None:
        person.config("[sync.shelf]\nlimit = 9\n[sync.other]\n")
        person.shelf.tells(items(5))
        person.other.tells(items(5))
        said = person.json("sync", "--limit", "2")
        assert [each["new"] for each in said["sources"]] == [2, 2]
        rows = person.json("sync", "--dry-run", "--max-requests", "1")
        assert [(row["source"], row["request"], row["at_most"]) for row in rows] == [
            ("shelf", {"limit": 9}, 1), ("other", {}, 1),
        ]  # fmt: skip

    def test_an_interrupt_stops_them_all(self, person: Person) -> None:
        person.config("[sync.shelf]\n[sync.other]\n")
        person.shelf.tells(items(3), fail="wait")
        running = subprocess.Popen(
            [sys.executable, "-m", "catalog", "sync"], cwd=person.command.folder, text=True,
            env=person.command.environment(person.environment), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        deadline = time.monotonic() + 120
        while not (person.installed / "shelf.waits").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        running.send_signal(signal.SIGINT)
        out, told = running.communicate(timeout=120)
        assert running.returncode == 130, told
        assert [line.split()[:2] for line in out.splitlines()[1:]] == [["shelf", "interrupted"], ["other", "not"]]
        assert "Traceback" not in told
        assert not (person.installed / "other.asked").exists()
        assert person.json("runs")[0]["status"] == "stopped"
        assert len(person.keys()) == 3


class TestLoss:
    def test_a_great_loss_can_be_confirmed(self, person: Person) -> None:
        """Two walks must agree all the same, and what only one of them lost is not believed."""
        person.shelf.tells(items(100), complete=True)
        person.types("sync", "shelf")
        person.shelf.tells(items(40), complete=True)
        done = person.types("sync", "shelf")
        assert "none was marked missing. If they are really gone: catalog sync shelf --confirm-loss" in done.stderr
        person.shelf.tells(items(41), complete=True)
        done = person.types("sync", "shelf", "--confirm-loss")
        assert "59 datasets are gone from the source" in done.stderr
        assert person.shelf.asked() == {"full": True}
        assert person.json("info")["sources"][0]["missing"] == 59
        assert person.json("sync", "shelf")["missing"] == 0

    def test_a_first_walk_confirms_nothing(self, person: Person) -> None:
        person.shelf.tells(items(100))
        person.types("sync", "shelf")
        person.shelf.tells(items(40), complete=True)
        assert person.json("sync", "shelf", "--confirm-loss")["missing"] == 0
        assert person.json("sync", "shelf", "--confirm-loss")["missing"] == 60

    def test_a_kill_behind_the_last_page_costs_no_vote(self, person: Person) -> None:
        person.shelf.tells(items(100), complete=True)
        person.types("sync", "shelf")
        person.shelf.tells(items(98), complete=True)
        code = (
            "import os, signal\n"
            "from catalog import plugins\n"
            "from catalog.registry import Registry\n"
            "from catalog.sync import sync\n"
            "with Registry.open('registry.db') as registry:\n"
            "    sync(registry, plugins.load('shelf'), None, on_page=lambda _: os.kill(os.getpid(), signal.SIGKILL))\n"
        )
        killed = subprocess.run(
            [sys.executable, "-c", code], cwd=person.command.folder, check=False,
            env=person.command.environment(person.environment), capture_output=True,
        )  # fmt: skip
        assert killed.returncode == -signal.SIGKILL
        said = person.json("sync", "shelf")
        assert (said["resumed"], said["missing"]) == (False, 2)
        assert [run["status"] for run in person.json("runs")] == ["done"] * 3


class TestImport:
    def test_a_source_that_reads_its_own_dump(self, person: Person) -> None:
        folder = person.command.folder / "dump"
        folder.mkdir()
        for number in range(3):
            (folder / f"{number}.json").write_text(json.dumps(items(5, 5 * number)))
        assert person.types("import", "shelf", "dump").stderr.endswith("15 new, 0 changed, 0 unchanged, 0 skipped.\n")
        assert "5 unchanged" in person.types("import", "shelf", "dump/1.json").stderr
        assert "there is no file nowhere." in person.types("import", "shelf", "nowhere", code=2).stderr
        assert "cannot be read" in person.types("import", "records", "dump", code=2).stderr
        (folder / "9.json").write_text("{")
        assert "the connector shelf failed (JSONDecodeError" in person.types("import", "shelf", "dump", code=1).stderr
        assert [run["status"] for run in person.json("runs", "-n", "2")] == ["stopped", "done"]

    def test_an_interrupted_import_closes_its_run(self, person: Person) -> None:
        ours, theirs = os.pipe()
        running = subprocess.Popen(
            [sys.executable, "-m", "catalog", "import", "records", "-"], cwd=person.command.folder, stdin=ours,
            env=person.command.environment(person.environment), stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        deadline = time.monotonic() + 120
        while not self._has_begun(person) and time.monotonic() < deadline:
            time.sleep(0.02)
        running.send_signal(signal.SIGINT)
        _out, told = running.communicate(timeout=120)
        os.close(theirs)
        assert running.returncode == 130, told
        (run,) = person.json("runs")
        assert (run["status"], run["message"], bool(run["finished"])) == ("stopped", "interrupted", True)

    @staticmethod
    def _has_begun(person: Person) -> bool:
        done = person.command("runs", "--json", env=person.environment)
        return done.returncode == 0 and '"running"' in done.stdout


class TestRefresh:
    def test_all_that_the_source_tells(self, person: Person) -> None:
        person.shelf.tells(items(2), details={"set-1": {**items(2)[1], "description": "All of it.", "rows": 12}})
        person.types("sync", "shelf")
        assert "All of it." in person.types("show", "set-1", "--refresh").stdout
        shown = person.json("show", "shelf:set-1")
        assert (shown["description"], shown["rows"]["value"]) == ("All of it.", 12)
        assert [run["verb"] for run in person.json("runs")] == ["refresh", "sync"]
        assert person.types("check").returncode == 0

    def test_what_was_never_synced(self, person: Person) -> None:
        person.shelf.tells(items(1), details={"far/away": {"id": "far/away"}})
        person.types("sync", "shelf")
        assert person.json("show", "shelf:far/away", "--refresh")["key"] == "shelf:far/away"
        assert "failed (KeyError: 'nowhere')" in person.types("show", "shelf:nowhere", "--refresh", code=1).stderr
        assert "nothing is named 'far'" in person.types("show", "far", "--refresh", code=3).stderr

    def test_the_embedded_catalog(self, person: Person, embedded: Path) -> None:
        done = person.types("show", "catalog:gsm8k", "--refresh", "--registry", str(embedded), code=2)
        assert "is of the embedded catalog" in done.stderr
        assert "catalog show huggingface:openai/gsm8k --refresh" in done.stderr

    def test_the_hub(self, person: Person, hub: Hub) -> None:
        card = (
            "---\nlicense: other\n---\n# A\n\n## Licensing Information\n\nThe data are under CC BY-NC 4.0.\n\n# B\nMIT"
        )
        hub.add("a/b", {"README.md": card.encode()}, cardData={"license": "other"}, tags=["license:other"])
        features = {"question": {"dtype": "string", "_type": "Value"}}
        hub.viewer_info["a/b"] = {"dataset_info": {"default": {"features": features}}}
        environment = {**hub.environment, "HF_HUB_OFFLINE": ""}
        person.types("sync", "huggingface", **environment)
        shown = person.json("show", "a/b", "--refresh", **environment)
        claim = shown["licenses"][-1]
        assert (claim["raw"], claim["by"]) == ("The data are under CC BY-NC 4.0.", "card section License")
        assert shown["verdict"]["commercial"] == "no"
        assert [column["name"] for column in shown["columns"]] == ["question"]
        done = person.types("show", "huggingface:a/none", "--refresh", code=3, **environment)
        assert "The Hub has no dataset a/none that you may see." in done.stderr


# -- closed networks ------------------------------------------------------------------------------------------------


class Relay:
    """A proxy: forwards what it is asked for in absolute form, and tunnels what it is asked to CONNECT to. With an
    `ssl` context it is a TLS door to one server instead."""

    def __init__(self, door: ssl.SSLContext | None = None, behind: int = 0) -> None:
        self.asked: list[str] = []
        self._door, self._behind = door, behind
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._socket.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            if self._door is not None:
                client = self._door.wrap_socket(client, server_side=True)
                self._join(client, socket.create_connection(("127.0.0.1", self._behind)))
            else:
                self._forward(client)
        except OSError:
            pass
        finally:
            client.close()

    def _forward(self, client: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(65536)
        method, target, rest = head.split(b" ", 2)
        self.asked.append(f"{method.decode()} {target.decode()}")
        host = re.match(rb"(?:http://)?([^/:]+):(\d+)", target)
        assert host is not None
        server = socket.create_connection((host[1].decode(), int(host[2])))
        if method == b"CONNECT":
            client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        else:
            server.sendall(method + b" " + target[host.end() :] + b" " + rest)
        self._join(client, server)

    @staticmethod
    def _join(one: socket.socket, two: socket.socket) -> None:
        with closing(two):
            while True:
                pending = isinstance(one, ssl.SSLSocket) and one.pending()
                ready = [one] if pending else select.select([one, two], [], [], 20)[0]
                if not ready:
                    return
                for side in ready:
                    data = side.recv(65536)
                    if not data:
                        return
                    (two if side is one else one).sendall(data)


@contextmanager
def relay(**settings: Any) -> Iterator[Relay]:
    with closing(Relay(**settings)) as running:
        yield running


class TestClosedNetworks:
    def test_through_a_proxy(self, person: Person, hub: Hub) -> None:
        hub.load(records(40))
        with relay() as proxy:
            environment = {
                "HF_HUB_OFFLINE": "", "CATALOG_HUGGINGFACE_ENDPOINT": hub.endpoint,
                "HTTP_PROXY": f"http://127.0.0.1:{proxy.port}",
            }  # fmt: skip
            done = person.types("sync", "huggingface", **environment)
        assert "40 new" in done.stderr
        assert len(proxy.asked) == 1
        assert proxy.asked[0].startswith(f"GET {hub.endpoint}/api/datasets?")

    def test_with_a_certificate_authority_of_ones_own(self, person: Person, hub: Hub) -> None:
        trustme = pytest.importorskip("trustme")
        authority = trustme.CA()
        door = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(door)
        bundle = person.command.folder / "authority.pem"
        authority.cert_pem.write_to_path(str(bundle))
        hub.load(records(40))
        hub.page_size = 25
        with relay(door=door, behind=hub.origin.port) as server, relay() as proxy:
            hub.links = f"https://127.0.0.1:{server.port}"
            environment = {"HF_HUB_OFFLINE": "", "HF_ENDPOINT": hub.links, "NO_PROXY": "127.0.0.1"}
            done = person.types("sync", "huggingface", code=1, **environment)
            assert "is not trusted" in done.stderr
            assert "set SSL_CERT_FILE to its bundle" in done.stderr
            environment["SSL_CERT_FILE"] = str(bundle)
            assert "25 new" in person.types("sync", "huggingface", "--max-requests", "1", **environment).stderr
            through = {"NO_PROXY": "", "HTTPS_PROXY": f"http://127.0.0.1:{proxy.port}"}
            assert "15 new" in person.types("sync", "huggingface", **{**environment, **through}).stderr
        assert proxy.asked == [f"CONNECT 127.0.0.1:{server.port}"]
