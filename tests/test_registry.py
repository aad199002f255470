"""The registry file: migrations, settings, pages, round trips, two writers, damage and repair."""

from __future__ import annotations

import json
import os
import re
import shlex
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyroaring import BitMap

from catalog.errors import CatalogError, Fatal, NotFound, Retriable
from catalog.index.maintain import LOOK_UPS
from catalog.migrations import STEPS, VERSION, migrate, require_current, split_statements, version_of
from catalog.record import (
    Amount,
    Column,
    Distribution,
    Entry,
    LicenseClaim,
    Relation,
    Statement,
    Tag,
    Verdict,
    decode,
    encode,
)
from catalog.registry import Registry
from catalog.registry.check import check
from catalog.registry.clusters import LOOK_UPS as CLUSTER_LOOK_UPS
from catalog.registry.lines import import_lines, read_lines
from catalog.search.query import Query
from catalog.search.run import run
from catalog.sqlite import (
    READ_SETTINGS,
    WRITE_SETTINGS,
    connect_for_reading,
    connect_for_writing,
    has_wal_reset_bug,
    settings_of,
)
from tests.conftest import Command


def entry(name: str = "a/b", **fields: object) -> Entry:
    values: dict[str, object] = {"source": "test", "id": name, "name": name.rpartition("/")[2], "tags": ()}
    return Entry(**{**values, "verdict": Verdict(), "made_by": "test", **fields})  # type: ignore[arg-type]


def store(path: Path, *entries: Entry) -> None:
    with Registry.open(path, create=True) as registry:
        registry.commit_page(registry.begin_run("test", "test"), entries)


def keys(path: Path, query: str = "") -> list[str]:
    connection = connect_for_reading(path)
    try:
        return [hit.key for hit in run(connection, Query.parse(query, limit=100))]
    finally:
        connection.close()


# -- schema and settings --------------------------------------------------------------------------------------------


def _shape(connection: sqlite3.Connection) -> dict[str, object]:
    names = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'search_%' AND name NOT LIKE 'sqlite_%'"
    ).fetchall()
    shape: dict[str, object] = {}
    for (name,) in names:
        columns = [
            (row[1], _affinity(row[2]), row[3], row[5]) for row in connection.execute(f"PRAGMA table_info({name})")
        ]
        indexes = {
            (row[1] if row[3] == "c" else "", row[2], row[4]): [
                part[2] for part in connection.execute(f"PRAGMA index_info({row[1]})")
            ]
            for row in connection.execute(f"PRAGMA index_list({name})")
        }
        parents = {(row[2], row[3], row[4]) for row in connection.execute(f"PRAGMA foreign_key_list({name})")}
        sql = connection.execute("SELECT sql FROM sqlite_master WHERE name = ?", (name,)).fetchone()[0]
        shape[name] = (columns, indexes, parents, "WITHOUT ROWID" in sql)
    return shape


def _affinity(declared: str) -> str:
    kinds = {"VARCHAR": "TEXT", "BOOLEAN": "INTEGER", "FLOAT": "REAL"}
    return kinds.get(declared, declared)


def test_migrations_lead_to_the_tables() -> None:
    from sqlalchemy import create_engine
    from sqlmodel import SQLModel

    import catalog.tables  # noqa: F401 - fills the metadata

    ours = sqlite3.connect(":memory:", isolation_level=None)
    migrate(ours)
    for statement in (*LOOK_UPS, *CLUSTER_LOOK_UPS):
        ours.execute(statement)
    engine = create_engine("sqlite://")
    with engine.connect() as theirs:
        SQLModel.metadata.create_all(theirs)
        assert _shape(ours) == _shape(theirs.connection.dbapi_connection)  # type: ignore[arg-type]
    engine.dispose()
    ours.close()


def test_each_step_leaves_its_receipt(tmp_path: Path) -> None:
    store(tmp_path / "r.db", entry())
    connection = connect_for_reading(tmp_path / "r.db")
    receipts = connection.execute("SELECT number, title FROM migration ORDER BY number").fetchall()
    connection.close()
    assert receipts == [(step.number, step.title) for step in STEPS]


def test_settings_in_force(tmp_path: Path) -> None:
    store(tmp_path / "r.db", entry())
    for connect, wanted in ((connect_for_writing, WRITE_SETTINGS), (connect_for_reading, READ_SETTINGS)):
        connection = connect(tmp_path / "r.db")
        assert settings_of(connection, wanted) == wanted
        connection.close()


def test_reading_cannot_write(tmp_path: Path) -> None:
    store(tmp_path / "r.db", entry())
    connection = connect_for_reading(tmp_path / "r.db")
    with pytest.raises(sqlite3.OperationalError):
        connection.execute("DELETE FROM dataset")
    connection.close()


@pytest.mark.parametrize(
    ("version", "buggy"),
    [
        ((3, 40, 1), True),
        ((3, 44, 5), True),
        ((3, 44, 6), False),
        ((3, 50, 7), False),
        ((3, 51, 2), True),
        ((3, 51, 3), False),
    ],
)
def test_wal_reset_bug_is_known(version: tuple[int, ...], buggy: bool) -> None:
    assert has_wal_reset_bug(version) is buggy


OLD = 1
"""The version of a registry without a search index."""


def _older(path: Path) -> None:
    """Take all migrations but the first back: a registry as an early version left it."""
    connection = sqlite3.connect(path, isolation_level=None)
    kept = {match[1] for match in re.finditer(r"CREATE TABLE (\w+)", STEPS[0].statements)} | {"migration"}
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name DESC").fetchall()
    shadows = tuple(f"search_index_{part}" for part in ("data", "idx", "content", "docsize", "config"))
    for name in [name for (name,) in tables if name not in kept and name not in shadows]:
        connection.execute(f"DROP TABLE {name}")
    connection.execute("DELETE FROM migration WHERE number > ?", (OLD,))
    connection.execute("DELETE FROM meta WHERE name IN ('document', 'derived')")
    connection.execute(f"PRAGMA user_version = {OLD}")
    connection.close()


def test_older_registry_is_backed_up_and_migrated(tmp_path: Path) -> None:
    path = tmp_path / "r.db"
    store(path, entry("a/wombat", description="marsupials"))
    _older(path)
    with pytest.raises(Fatal, match=r"needs .* catalog init"):
        require_current(OLD, str(path))
    with Registry.open(path) as registry:
        assert version_of(registry.connection) == VERSION
        assert registry.get("test:a/wombat") == entry("a/wombat", description="marsupials")
    assert keys(path, "marsupials") == ["test:a/wombat"]
    backup = sqlite3.connect(tmp_path / f"r.db.v{OLD}.bak")
    assert backup.execute("PRAGMA user_version").fetchone()[0] == OLD
    backup.close()


def test_newer_registry_is_refused_with_a_sentence(tmp_path: Path, catalog_command: Command) -> None:
    path = tmp_path / "registry.db"
    store(path, entry())
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    connection.close()
    for arguments in (("search", "a"), ("info",), ("check",), ("init",)):
        done = catalog_command(*arguments)
        assert done.returncode == 1
        assert f"has version {VERSION + 1}" in done.stderr
        assert "Upgrade" in done.stderr
        assert "Traceback" not in done.stderr


def test_an_older_registry_elsewhere_is_brought_up_to_date_as_told(tmp_path: Path, catalog_command: Command) -> None:
    path = tmp_path / "my registry.db"
    store(path, entry())
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {VERSION - 1}")
    connection.close()
    done = catalog_command("search", "a", "--registry", str(path))
    assert done.returncode == 1
    told = done.stderr.strip().rpartition(" with: catalog ")[2]
    assert shlex.split(told) == ["init", "--registry", str(path)]


@pytest.mark.parametrize("step", range(len(STEPS)))
def test_a_failing_step_is_undone(step: int) -> None:
    assert split_statements(STEPS[step].statements)
    connection = sqlite3.connect(":memory:", isolation_level=None)

    def fail_late(done: object) -> None:
        if getattr(done, "number", 0) == step + 1:
            raise sqlite3.OperationalError("disk I/O error")

    with pytest.raises(Fatal, match="was undone"):
        migrate(connection, after=fail_late)
    assert version_of(connection) == step
    assert len(migrate(connection)) == len(STEPS) - step
    connection.close()


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE theirs (x)")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    with pytest.raises(Fatal, match="not made by catalog"):
        Registry.open(path)
    assert path.read_bytes() == before


def test_no_registry_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="catalog init"):
        Registry.open(tmp_path / "none.db")
    with pytest.raises(NotFound, match="catalog init"):
        connect_for_reading(tmp_path / "none.db")


# -- pages ----------------------------------------------------------------------------------------------------------


def test_new_changed_same_and_history(tmp_path: Path) -> None:
    with Registry.open(tmp_path / "r.db", create=True) as registry:
        number = registry.begin_run("test", "test")
        counts = registry.commit_page(number, [entry("a/x", description="walrus"), entry("a/y")])
        assert (counts.new, counts.changed, counts.same) == (2, 0, 0)
        changed = entry("a/x", description="narwhal", access="gated")
        counts = registry.commit_page(number, [changed, entry("a/y")])
        assert (counts.new, counts.changed, counts.same) == (0, 1, 1)
        assert registry.get("test:a/x") == changed
        changes = registry.connection.execute("SELECT field, old, new FROM change").fetchall()
        assert changes == [("access", "unknown", "gated")]
    assert keys(tmp_path / "r.db", "walrus --") == []
    assert keys(tmp_path / "r.db", "narwhal") == ["test:a/x"]
    assert check(str(tmp_path / "r.db")).clean


def test_the_last_of_a_repeated_key_wins(tmp_path: Path) -> None:
    store(tmp_path / "r.db", entry("a/x", description="first"), entry("a/x", description="second"))
    assert keys(tmp_path / "r.db", "second") == ["test:a/x"]
    assert keys(tmp_path / "r.db", "first") == []


def test_a_rename_keeps_the_dataset_and_its_old_name(tmp_path: Path) -> None:
    path = tmp_path / "r.db"
    store(path, entry("old/name", upstream_id="64ab"))
    store(path, entry("new/title", upstream_id="64ab"))
    assert keys(path) == ["test:new/title"]
    from catalog.search.names import resolve

    connection = connect_for_reading(path)
    assert [each.key for each in resolve(connection, "old/name")] == ["test:new/title"]
    connection.close()
    assert check(str(path)).clean


def test_popularity_moves_a_slot_only_when_it_moved_much(tmp_path: Path) -> None:
    path = tmp_path / "r.db"
    store(path, entry("a/x", popularity=100), entry("a/y", popularity=120))
    assert keys(path) == ["test:a/y", "test:a/x"]
    store(path, entry("a/x", popularity=104))
    assert keys(path) == ["test:a/y", "test:a/x"]
    store(path, entry("a/x", popularity=180))
    assert keys(path) == ["test:a/x", "test:a/y"]
    assert check(str(path)).clean


def test_an_undone_page_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "r.db"
    with Registry.open(path, create=True) as registry:
        number = registry.begin_run("test", "test")
        registry.connection.execute(
            "CREATE TEMP TRIGGER full BEFORE INSERT ON tag BEGIN SELECT raise(ABORT, 'database or disk is full'); END"
        )
        tagged = entry("a/x", tags=(Tag("domain", "medical", "test rule"), Tag("language", "tlh", "test rule")))
        with pytest.raises(Fatal, match="could not be written"):
            registry.commit_page(number, [tagged])
        registry.connection.execute("DROP TRIGGER full")
        assert len(registry) == 0
        registry.commit_page(number, [tagged])
        assert registry.get("test:a/x") == tagged
    assert check(str(path)).clean


def test_a_full_disk_is_told_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "r.db"
    with Registry.open(path, create=True) as registry:
        number = registry.begin_run("test", "test")
        pages = registry.connection.execute("PRAGMA page_count").fetchone()[0]
        registry.connection.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(Fatal, match=r"disk is full") as caught:
            registry.commit_page(number, [entry(f"a/{count}", description="x" * 5_000) for count in range(50)])
        assert caught.value.hint.startswith("Free some space")
        registry.connection.execute("PRAGMA max_page_count = 1000000")
        registry.commit_page(number, [entry("a/x")])
    assert check(str(path)).clean


# -- round trips ----------------------------------------------------------------------------------------------------

_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=30)
_word = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=20)
_count = st.none() | st.integers(0, 2**63 - 1)
_amount = st.none() | st.builds(Amount, st.integers(0, 2**63 - 1), _text, st.booleans())
_sure = st.floats(0, 1, allow_nan=False)
_claims = st.builds(
    LicenseClaim, raw=_text, by=_text, scope=st.sampled_from(["dataset", "packaging", "content"]), evidence=_text
)
_places = st.builds(
    Distribution, url=_text, kind=st.sampled_from(["file", "repo", "page"]), path=_text, bytes=_count, digest=_text
)
entries = st.builds(
    Entry,
    source=st.sampled_from(["test", "other-1"]),
    id=_word,
    name=_word,
    title=_text,
    title_zh=_text,
    description=_text,
    aliases=st.lists(_text, max_size=3).map(tuple),
    year=st.none() | st.integers(1000, 9999),
    access=st.sampled_from(["unknown", "open", "gated"]),
    popularity=st.integers(0, 255),
    downloads=_count,
    rows=_amount,
    bytes=_amount,
    statements=st.lists(st.builds(Statement, _text, _text, _text), max_size=3).map(tuple),
    keywords=st.lists(_text, max_size=3).map(tuple),
    licenses=st.lists(_claims, max_size=2).map(tuple),
    columns=st.lists(st.builds(Column, _text, _text, _text, _text), max_size=3).map(tuple),
    distributions=st.lists(_places, max_size=2).map(tuple),
    relations=st.lists(st.builds(Relation, st.sampled_from(["same-as", "part-of"]), _text), max_size=2).map(tuple),
    tags=st.lists(st.builds(Tag, st.sampled_from(["domain", "language"]), _word, _word, _text, _sure), max_size=3).map(
        tuple
    ),
    verdict=st.builds(
        Verdict, st.sampled_from(["yes", "no"]), _text, _text, _text, st.lists(_text, max_size=2).map(tuple)
    ),
    made_by=_text,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(entries, min_size=1, max_size=5, unique_by=lambda each: each.key), st.data())
def test_any_entry_comes_back_and_leaves_no_trace_when_it_changes(
    tmp_path: Path, first: list[Entry], data: st.DataObject
) -> None:
    """Stored, read back, replaced by others under the same keys: entries equal, tables and index agree."""
    path = tmp_path / "r.db"
    path.unlink(missing_ok=True)
    store(path, *first)
    second = [data.draw(entries.map(lambda new, old=old: _under(new, old))) for old in first]
    store(path, *second)
    with Registry.open(path) as registry:
        assert {each.key: encode(each) for each in registry.entries()} == {each.key: encode(each) for each in second}
    report = check(str(path))
    assert report.clean, report


def _under(new: Entry, old: Entry) -> Entry:
    fields = {name: getattr(new, name) for name in Entry.__struct_fields__}
    return Entry(**{**fields, "source": old.source, "id": old.id})


@given(entries)
def test_any_entry_is_the_same_after_json(each: Entry) -> None:
    line = encode(each)
    assert decode(line) == each
    assert encode(decode(line)) == line


def test_one_bad_line_costs_itself_alone(tmp_path: Path) -> None:
    good = [encode(entry(f"a/{number}")) for number in range(200)]
    bad = [
        b"", b"{", b"null", b"[]", b'{"source":"test"}', b'{"source":"test","id":"x","name":"x","what":1}',
        b'{"source":"test","id":"\\ud800","name":"x"}', b'{"source":"test","id":"x","name":"x","downloads":1e400}',
        b'{"source":"test","id":"x","name":"x","downloads":9223372036854775808}', b"\xff\xfe", b"[" * 100_000,
        b'{"source":"test","id":"x","name":"x","downloads":NaN}', b'{"source":"TEST !","id":"x","name":"x"}',
        b'{"source":"test","id":"x","name":"x","created":"yesterday"}', b"x" * 400_000,
    ]  # fmt: skip
    lines = [
        line for number, line in enumerate(good) for line in ([line, bad[number]] if number < len(bad) else [line])
    ]
    file = tmp_path / "records.jsonl"
    file.write_bytes(b"\n".join(lines) + b"\n")
    with Registry.open(tmp_path / "r.db", create=True) as registry, file.open("rb") as stream:
        done = import_lines(registry, read_lines(stream))
        assert (done.new, done.skipped) == (200, len(bad) - 1)  # an empty line counts for nothing
        reasons = registry.connection.execute("SELECT record, reason FROM skip").fetchall()
    assert len(reasons) == done.skipped
    assert all(reason for _record, reason in reasons)


def test_known_lines_are_passed_over(tmp_path: Path) -> None:
    lines = [encode(entry(f"a/{number}")) for number in range(50)]
    with Registry.open(tmp_path / "r.db", create=True) as registry:
        assert import_lines(registry, lines).new == 50
        lines[7] = encode(entry("a/7", title="new"))
        done = import_lines(registry, lines)
    assert (done.new, done.changed, done.same) == (0, 1, 49)


def test_untagged_lines_are_tagged(tmp_path: Path, catalog_command: Command) -> None:
    line = {
        "source": "test",
        "id": "a/b",
        "name": "b",
        "description": "clinical notes of patients",
        "title": "Clinical",
    }
    done = catalog_command("import", "records", "-", stdin=json.dumps(line).encode())
    assert done.returncode == 0, done.stderr
    shown = json.loads(catalog_command("show", "a/b", "--json").stdout)
    assert "medical" in [tag["term"] for tag in shown["tags"]]
    assert shown["verdict"]["commercial"] == "unknown"


# -- two processes --------------------------------------------------------------------------------------------------

_HOLD = """
import sys
from catalog.registry import Registry
with Registry.open(sys.argv[1], create=True, verb="sync elsewhere") as registry:
    print("held", flush=True)
    sys.stdin.read()
"""


def _holder(path: Path) -> subprocess.Popen[str]:
    """A process that writes to a registry until its stdin is closed."""
    command = [sys.executable, "-c", _HOLD, str(path)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_writer_waits_or_says_who_holds_it(tmp_path: Path) -> None:
    path = tmp_path / "r.db"
    with _holder(path) as first:
        with pytest.raises(Retriable, match=rf"`catalog sync elsewhere` \(process {first.pid}\) is writing"):
            Registry.open(path, wait=0.1)
        waited: list[str] = []

        def release(holder: str) -> None:
            waited.append(holder)
            assert first.stdin is not None
            first.stdin.close()

        with Registry.open(path, wait=60, on_wait=release) as registry:
            registry.begin_run("test", "test")
        assert waited == [f"`catalog sync elsewhere` (process {first.pid})"]


def test_a_dead_writers_lock_is_free(tmp_path: Path) -> None:
    path = tmp_path / "r.db"
    with _holder(path) as first:
        first.kill()
        first.wait()
        with Registry.open(path, wait=5):  # raises where the lock is not free
            pass


def test_readers_go_on_beside_a_writer(tmp_path: Path) -> None:
    path = tmp_path / "r.db"
    store(path, entry("a/x", description="walrus"))
    with Registry.open(path) as registry:
        number = registry.begin_run("test", "test")
        registry.commit_page(number, [entry("a/y", description="walrus", tags=(Tag("domain", "medical", "test"),))])
        connection = connect_for_reading(path)
        found = run(connection, Query.parse("walrus"), facets=["domain"])
        assert found.total == 2  # bitmaps are behind here, so they are counted on the spot
        assert found.facets is not None
        assert [(each.term, each.count) for each in found.facets["domain"]] == [("medical", 1)]
        connection.close()


def test_the_lock_file_is_no_way_out_of_the_folder(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("keep")
    (tmp_path / "r.db.lock").symlink_to(precious)
    with pytest.raises(Fatal, match="cannot be locked"):
        Registry.open(tmp_path / "r.db", create=True)
    assert precious.read_text() == "keep"


# -- damage ---------------------------------------------------------------------------------------------------------


def _damage(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()


def test_check_sees_a_changed_value_and_a_lost_row(tmp_path: Path) -> None:
    path = tmp_path / "r.db"
    store(path, entry("a/x", title="true"), entry("a/y", licenses=(LicenseClaim(raw="mit", by="card"),)))
    assert check(str(path)).clean
    _damage(path, "UPDATE dataset SET title = 'false' WHERE native_id = 'a/x'")
    assert any("a/x" in fault for fault in check(str(path)).faults)
    _damage(path, "UPDATE dataset SET title = 'true' WHERE native_id = 'a/x'", "DELETE FROM license_claim")
    assert any("a/y" in fault for fault in check(str(path)).faults)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO search_index (search_index) VALUES ('delete-all')",
        "DELETE FROM search_index_data WHERE id > 10",
        "INSERT INTO search_index (rowid, name, facets) VALUES (99, 'ghost', char(0xE001))",
        "UPDATE search_index_data SET block = zeroblob(length(block)) WHERE id > 10",
        "UPDATE facet_bitmap SET ids = x'3a30000000000000'",
        "DELETE FROM word",
    ],
)
def test_repair_rebuilds_the_index_from_the_tables(tmp_path: Path, catalog_command: Command, statement: str) -> None:
    path = tmp_path / "registry.db"
    store(path, *(entry(f"a/wombat{number}", description="walrus", popularity=number) for number in range(60)))
    wanted = keys(path, "walrus")
    _damage(path, statement)
    found = catalog_command("check")
    assert found.returncode == 1, found.stdout
    assert "catalog check --repair" in found.stderr
    assert "Traceback" not in found.stderr
    mended = catalog_command("check", "--repair")
    assert mended.returncode == 0, mended.stderr
    assert keys(path, "walrus") == wanted


@pytest.mark.parametrize("damage", ["truncate", "zero", "noise", "empty", "text"])
def test_a_broken_file_is_told_in_a_sentence(tmp_path: Path, catalog_command: Command, damage: str) -> None:
    path = tmp_path / "registry.db"
    store(path, *(entry(f"a/x{number}", description="walrus " * 50) for number in range(300)))
    data = bytearray(path.read_bytes())
    middle = len(data) // 2 // 4096 * 4096
    if damage == "truncate":
        data = data[:middle]
    elif damage == "zero":
        data[middle : middle + 8192] = bytes(8192)
    elif damage == "noise":
        data[4096:12288] = os.urandom(8192)
    else:
        data = bytearray() if damage == "empty" else bytearray(b"this is no database, just some text. " * 300)
    path.write_bytes(data)
    for arguments in (("check",), ("search", "walrus"), ("info",), ("facets", "domain"), ("show", "a/x1")):
        done = catalog_command(*arguments)
        assert "Traceback" not in done.stderr, (arguments, done.stderr)
        assert "fault of catalog" not in done.stderr, (arguments, done.stderr)
    if damage != "empty":
        assert catalog_command("check").returncode == 1


def test_single_bit_flips_never_change_data_silently(tmp_path: Path) -> None:
    path = tmp_path / "r.db"
    store(path, *(entry(f"a/x{n}", title=f"title {n}", description="walrus " * 20) for n in range(40)))
    data, wanted = path.read_bytes(), None
    with Registry.open(path) as registry:
        wanted = [encode(each) for each in registry.entries()]
    missed = []
    for position in range(101, len(data), len(data) // 60):
        broken = tmp_path / "broken.db"
        flipped = bytearray(data)
        flipped[position] ^= 1 << position % 8
        broken.write_bytes(flipped)
        try:
            if check(str(broken)).clean:
                with Registry.open(broken) as registry:
                    if [encode(each) for each in registry.entries()] != wanted:
                        missed.append(position)
        except CatalogError:
            pass
    assert missed == []


def test_backup_is_whole_and_readable(tmp_path: Path, catalog_command: Command) -> None:
    store(tmp_path / "registry.db", entry("a/x", description="walrus"))
    assert catalog_command("backup", "copy.db").returncode == 0
    assert keys(tmp_path / "copy.db", "walrus") == ["test:a/x"]
    again = catalog_command("backup", "copy.db")
    assert again.returncode == 2
    assert "--force" in again.stderr
    assert catalog_command("backup", "copy.db", "--force").returncode == 0
    assert [path.name for path in tmp_path.iterdir() if ".tmp" in path.name] == []


# -- what is derived ------------------------------------------------------------------------------------------------


def _derived(path: Path) -> tuple[dict[int, tuple[int, set[int]]], set[str]]:
    connection = connect_for_reading(path)
    rows = connection.execute("SELECT term_id, total, ids FROM facet_bitmap")
    bitmaps = {number: (total, set(BitMap.deserialize(ids))) for number, total, ids in rows}
    words = {word for (word,) in connection.execute("SELECT word FROM word")}
    forms = connection.execute("SELECT count(*) FROM word_deletion").fetchone()[0]
    assert forms >= len(words)
    connection.close()
    return bitmaps, words


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(entries, min_size=1, max_size=3), min_size=2, max_size=3))
def test_little_changes_lead_where_making_all_anew_leads(tmp_path: Path, pages: list[list[Entry]]) -> None:
    """Bitmaps and words kept up by each session's changes are those of a registry whose index is built at once."""
    path = tmp_path / "r.db"
    path.unlink(missing_ok=True)
    for page in pages:
        store(path, *(_under(each, entry(f"a/{n}")) for n, each in enumerate(page)))
    kept_bitmaps, kept_words = _derived(path)
    with Registry.open(path) as registry:
        registry.rebuild_index()
    bitmaps, words = _derived(path)
    assert kept_bitmaps == bitmaps
    assert kept_words >= words
    assert check(str(path)).clean


def test_top_counts_are_the_first_of_all_counts(embedded: Path) -> None:
    connection = connect_for_reading(embedded)
    for text in ("", "medical", "dialogue", "task:sft", "lang:zh"):
        whole = run(connection, Query.parse(text), facets=[])
        for top in (1, 3, 6, 50):
            some = run(connection, Query.parse(text), facets=[], top=top)
            assert whole.facets is not None
            assert some.facets == {facet: counts[:top] for facet, counts in whole.facets.items()}
            assert some.total == whole.total == run(connection, Query.parse(text)).total
    connection.close()
