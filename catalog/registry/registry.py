"""`Registry`: open, commit_page, get, walks and runs. The only writer.

One process writes at a time (`catalog.lock`), each page in one BEGIN IMMEDIATE transaction with its cursor, its counts
and its index documents, so that a kill at any moment leaves a registry that is whole and knows where to go on.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from catalog import vocabulary
from catalog.errors import CatalogError, Fatal, NotFound
from catalog.index.document import VERSION as DOCUMENT_VERSION
from catalog.index.document import document
from catalog.index.maintain import (
    FIRST_LOAD,
    SETTINGS,
    Delta,
    clear,
    is_fresh,
    next_generation,
    refresh,
    tune,
)
from catalog.index.segments import IndexWriter
from catalog.lock import writer_lock
from catalog.migrations import migrate, pending, require_current, version_of
from catalog.record import Entry, clean
from catalog.registry.backup import back_up
from catalog.registry.clusters import is_clustered, refresh_clusters
from catalog.registry.corrections import (
    Correction,
    apply_to,
    forget_corrections,
    load_corrections,
    store_correction,
)
from catalog.registry.missing import ids_of, mark_gone, mark_missing, record_sighting, seen_again
from catalog.registry.pages import Counts, End, PageWriter
from catalog.registry.places import Places, RegistryQueue, store_places
from catalog.registry.reader import all_entries, read_entries
from catalog.registry.runs import walk_state
from catalog.registry.terms import VOCABULARY_MARK, Terms, vocabulary_digest, write_vocabulary
from catalog.rows import Prepared, prepare
from catalog.sqlite import connect_for_writing

MAX_SKIPS = 10_000
"""Skipped records that one run keeps with their reason; beyond it they are only counted."""

_DOCUMENT_MARK = "document"
_REBUILD_BATCH = 20_000


class Registry:
    """A registry opened for writing. Use as a context manager: `with Registry.open(path) as registry:`."""

    def __init__(self, path: str, connection: sqlite3.Connection, closing: ExitStack) -> None:
        self.path = path
        self.connection = connection
        self._closing = closing
        self._vocabulary = vocabulary.load()
        self._delta = Delta(fresh=False)
        self._index = IndexWriter(connection)
        self._bring_up_to_date()
        self._terms = Terms(connection, self._vocabulary)
        filled = connection.execute("SELECT 1 FROM dataset LIMIT 1").fetchone() is not None
        tune(connection, SETTINGS if filled else FIRST_LOAD)
        self._delta = Delta(fresh=filled and is_fresh(connection))
        self._pages = PageWriter(connection, self._terms, self._index, self._delta)
        self._clustered = is_clustered(connection)
        self.corrections = load_corrections(connection)

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        *,
        create: bool = False,
        verb: str = "write",
        wait: float = 10.0,
        on_wait: Callable[[str], None] | None = None,
    ) -> Self:
        """Open a registry for writing; an older one is backed up and migrated first.

        `verb` is what other processes are told while they wait, `wait` the seconds to wait for them. Raises `NotFound`
        (no file and not `create`), `Retriable` (another writer), `Fatal` (newer version, no registry, unreadable).
        """
        name = os.fspath(path)
        if not create and not Path(name).is_file():
            raise NotFound(f"there is no registry at {name}.", "Make one with: catalog init")
        if create:
            _make_folder(Path(name).parent)
        with ExitStack() as closing:
            closing.enter_context(writer_lock(name, verb, wait=wait, on_wait=on_wait))
            connection = connect_for_writing(name)
            closing.callback(connection.close)
            registry = cls(name, connection, closing)
            registry._closing = closing.pop_all()
            return registry

    def close(self) -> None:
        """Bring what is derived from the rows up to date, close the file and let other writers in."""
        try:
            refresh(self.connection, self._delta, self._index.gathered())
            refresh_clusters(self.connection, sorted(self._pages.touched) if self._clustered else None)
        except sqlite3.Error as error:
            raise Fatal(f"the index of {self.path} could not be brought up to date ({error}).", _SEE_CHECK) from error
        finally:
            self._leave()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if kind is None or issubclass(kind, (CatalogError, KeyboardInterrupt)):
            self.close()
        else:
            self._leave()

    def _leave(self) -> None:
        self._index.work_alone()
        self._closing.close()

    # -- transactions ---------------------------------------------------------------------------------------------

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One BEGIN IMMEDIATE transaction; anything raised inside undoes it. Raises `Fatal` for a failing disk."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield self.connection
            self.connection.execute("COMMIT")
        except BaseException as error:
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            self._terms.reload()
            self._delta.forget()
            self._index.work_alone()
            if isinstance(error, UnicodeEncodeError):
                raise Fatal("a text that came cannot be stored: it holds half a character.", _SEE_RUNS) from error
            if isinstance(error, sqlite3.Error):
                full = getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_FULL
                hint = "Free some space, and run it again; what was stored is whole." if full else _SEE_CHECK
                raise Fatal(f"the registry {self.path} could not be written ({error}).", hint) from error
            raise

    def index_beside(self) -> None:
        """Have the index made by another process from here on, if it is empty yet. The registry is the same without."""
        self._index.get_help()

    def _bring_up_to_date(self) -> None:
        version = version_of(self.connection)
        if version and pending(version):
            back_up(self.connection, f"{self.path}.v{version}.bak")
        migrate(self.connection)
        require_current(version_of(self.connection), self.path)
        marks = dict(self.connection.execute("SELECT name, value FROM meta"))
        current = {_DOCUMENT_MARK: DOCUMENT_VERSION, VOCABULARY_MARK: vocabulary_digest(self._vocabulary)}
        if any(marks.get(name) != value for name, value in current.items()):
            self._terms = Terms(self.connection, self._vocabulary)
            self.rebuild_index()

    def rebuild_index(self, on_progress: Callable[[int], None] | None = None) -> int:
        """Write vocabulary and index anew from the tables, in one transaction. Returns how many entries there are."""
        done = 0
        with self.transaction() as connection:
            self._delta.forget()
            write_vocabulary(connection, self._vocabulary)
            self._terms.reload()
            clear(connection)
            batch: list[tuple[int, Entry]] = []
            for number, entry in all_entries(connection, self._terms.name):
                batch.append((number, entry))
                if len(batch) == _REBUILD_BATCH:
                    done += self._index_again(batch)
                    if on_progress is not None:
                        on_progress(done)
            done += self._index_again(batch)
            connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (_DOCUMENT_MARK, DOCUMENT_VERSION))
            next_generation(connection)
        return done

    def _index_again(self, batch: list[tuple[int, Entry]]) -> int:
        """Put a batch of entries into the index and empty the batch. Returns how many there were."""
        slots = dict(self.connection.execute("SELECT id, slot FROM dataset WHERE id BETWEEN ? AND ?", _span(batch)))
        documents = [(slots[number], document(entry, self._terms.tokens)) for number, entry in batch]
        self._index.write([], documents)
        count = len(batch)
        batch.clear()
        return count

    # -- runs, walks, pages ---------------------------------------------------------------------------------------

    def begin_run(self, source: str, verb: str, request: Mapping[str, object] | None = None) -> int:
        """Start a run of sync or import; returns its number. Runs that a kill left open are closed as interrupted."""
        with self.transaction() as connection:
            connection.execute(_INTERRUPTED)
            row = connection.execute(
                "INSERT INTO run (source, verb, request, started, finished, status, pages, new, changed, same, "
                "skipped, message) VALUES (?, ?, ?, ?, '', 'running', 0, 0, 0, 0, 0, '') RETURNING id",
                (source, verb, _json(request or {}), now()),
            ).fetchone()
        return int(row[0])

    def commit_page(
        self,
        run: int,
        entries: Sequence[Entry | Prepared],
        *,
        skipped: Sequence[tuple[str, str]] = (),
        walk: tuple[str, str, Mapping[str, object]] | None = None,
        sight: bool = False,
        known_same: int = 0,
        listed: Sequence[str] = (),
        places: Places | None = None,
        end: End | None = None,
    ) -> Counts:
        """Write a page of entries with its skips, its counts and where the walk goes on, in one transaction.

        `walk` is (source, request as JSON, state); `sight` notes which datasets the page listed, for the end of a
        complete walk; `known_same` counts entries that the caller knew to be stored already, `listed` are keys that the
        source still lists, `places` what was found and visited. `end` closes the run and counts its vote on what is
        missing: that neither this complete walk nor the one before it listed.
        Entries must be tagged. Raises `Fatal` when the disk fails; nothing of the page is stored then.
        """
        with self.transaction() as connection:
            counts, seen = self._pages.write(map(self._prepared, entries), now())
            counts = replace(counts, same=counts.same + known_same)
            page = self._count(run, counts, skipped)
            if places is not None:
                now_gone = store_places(connection, run, places.source, places.found, places.visited)
                mark_gone(connection, ids_of(connection, now_gone), now())
            if sight:
                record_sighting(connection, run, page, [*seen, *seen_again(connection, listed, now())])
            if walk is not None:
                self._store_walk(run, *walk)
            if end is not None:
                counts = self._end_walk(run, counts, end)
        return counts

    def _count(self, run: int, counts: Counts, skipped: Sequence[tuple[str, str]]) -> int:
        """Add a page to the books of its run; returns the number of the page."""
        page, before = self.connection.execute(
            "UPDATE run SET pages = pages + 1, new = new + ?, changed = changed + ?, same = same + ?, "
            "skipped = skipped + ? WHERE id = ? RETURNING pages, skipped",
            (counts.new, counts.changed, counts.same, len(skipped), run),
        ).fetchone()
        room = max(0, MAX_SKIPS - (before - len(skipped)))
        rows = [(run, clean(record, 500), clean(reason, 500)) for record, reason in skipped[:room]]
        self.connection.executemany("INSERT INTO skip (run_id, record, reason) VALUES (?, ?, ?)", rows)
        return int(page)

    def _end_walk(self, run: int, counts: Counts, end: End) -> Counts:
        missing, message = 0, end.message
        if end.complete:
            missing, message = mark_missing(self.connection, run, end.source, now(), confirmed=end.confirmed)
        self._close_run(run, "done", message)
        return replace(counts, missing=missing, message=message)

    def _close_run(self, run: int, status: str, message: str) -> None:
        self.connection.execute(
            "UPDATE run SET finished = ?, status = ?, message = ? WHERE id = ?",
            (now(), status, clean(message, 1000), run),
        )

    def _prepared(self, entry: Entry | Prepared) -> Prepared:
        return prepare(self.corrected(entry)) if isinstance(entry, Entry) else entry

    def corrected(self, entry: Entry) -> Entry:
        """The entry with what people said of its tags; it is how every entry goes in."""
        return apply_to(entry, self.corrections) if self.corrections else entry

    def correct(self, corrections: Sequence[Correction]) -> None:
        """Keep corrections, of datasets that are there or may come; those of what is there count once it is tagged."""
        with self.transaction() as connection:
            for correction in corrections:
                store_correction(connection, correction)
        self.corrections = load_corrections(self.connection)

    def forget_corrections(self, key: str, facet: str = "") -> int:
        """Forget corrections of a dataset, of one facet or of all. Returns how many these were."""
        with self.transaction() as connection:
            count = forget_corrections(connection, key, facet)
        self.corrections = load_corrections(self.connection)
        return count

    def _store_walk(self, run: int, source: str, request: str, state: Mapping[str, object]) -> None:
        self.connection.execute(
            "INSERT INTO walk (source, request, state, run_id, complete_walks, updated) VALUES (?, ?, ?, ?, 0, ?) "
            "ON CONFLICT (source, request) DO UPDATE SET state = excluded.state, run_id = excluded.run_id, "
            "updated = excluded.updated",
            (source, request, _json(state), run, now()),
        )

    def queue(self, source: str) -> RegistryQueue:
        """What is to be visited of a source that is read place by place."""
        return RegistryQueue(self.connection, source)

    def walk_state(self, source: str, request: str) -> tuple[dict[str, object], int] | None:
        """Where the walk of this source for this request stands: (state, run it belongs to), or None."""
        return walk_state(self.connection, source, request)

    def reopen_run(self, run: int) -> bool:
        """Go on with a run that was killed or stopped. Returns False for one that was done, or is not there."""
        with self.transaction() as connection:
            connection.execute(_INTERRUPTED)
            row = connection.execute(
                "UPDATE run SET status = 'running', message = '', finished = '' WHERE id = ? AND status <> 'done' "
                "RETURNING id",
                (run,),
            ).fetchone()
        return row is not None

    def finish_run(self, run: int, status: str, message: str = "") -> None:
        """Close the books of a run; `status` is done, stopped or failed."""
        with self.transaction():
            self._close_run(run, status, message)

    def forget_run(self, run: int) -> None:
        """Take back a run that brought nothing and asked nobody."""
        with self.transaction() as connection:
            connection.execute("DELETE FROM run WHERE id = ? AND pages = 0", (run,))

    # -- remarks --------------------------------------------------------------------------------------------------

    def told(self, name: str) -> bool:
        """Whether the person was told of this before; from now on they were."""
        with self.transaction() as connection:
            row = (f"told:{name}", now())
            return connection.execute("INSERT OR IGNORE INTO meta (name, value) VALUES (?, ?)", row).rowcount == 0

    # -- reading --------------------------------------------------------------------------------------------------

    def get(self, key: str) -> Entry | None:
        """The entry of a key, or None."""
        row = self.connection.execute("SELECT id FROM dataset WHERE key = ?", (key,)).fetchone()
        return None if row is None else read_entries(self.connection, [row[0]], self._terms.name)[row[0]]

    def entries(self) -> Iterator[Entry]:
        """Every entry, in the order it was first stored."""
        for _number, entry in all_entries(self.connection, self._terms.name):
            yield entry

    def __len__(self) -> int:
        count: int = self.connection.execute("SELECT count(*) FROM dataset").fetchone()[0]
        return count

    def backup(self, target: str | os.PathLike[str]) -> Path:
        """Write a consistent, checked copy to `target`. Raises `Fatal` when it cannot be written."""
        return back_up(self.connection, target)


_SEE_CHECK = "See: catalog check"
_SEE_RUNS = "Tell the author of the connector. What came before is stored."
_INTERRUPTED = "UPDATE run SET status = 'interrupted' WHERE status = 'running'"
"""There is one writer: whatever still counts as running when it begins something was killed."""


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Fatal(
            f"the folder {folder} cannot be made ({error.strerror}).", "Name another with --registry."
        ) from error


def now() -> str:
    """The time as the registry writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _json(value: Mapping[str, object]) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False).encode("utf-8", "replace").decode()


def _span(batch: Sequence[tuple[int, Entry]]) -> tuple[int, int]:
    return (batch[0][0], batch[-1][0]) if batch else (0, 0)
