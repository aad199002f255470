"""What `catalog sync` does: one source, or several of which each fails alone; and what it would send."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from catalog.cli import output
from catalog.cli.options import open_for_reading, open_for_writing
from catalog.cli.progress import progress_bar
from catalog.cli.words import said
from catalog.errors import CatalogError
from catalog.text import for_terminal

if TYPE_CHECKING:
    from catalog.config import Job
    from catalog.connector import Estimate
    from catalog.sync import Progress


@dataclass(frozen=True)
class Manner:
    """How to sync, whatever the source: which registry, and what the flags of the command say."""

    registry: str
    restart: bool = False
    offline: bool = False
    confirm_loss: bool = False


@dataclass
class Outcome:
    """What came of a job: its progress, or the error that ended it; neither where it was not begun."""

    job: Job
    progress: Progress | None = None
    error: CatalogError | None = None
    interrupted: bool = False
    requests: int = 0
    datasets: int = 0

    @property
    def status(self) -> str:
        """done, stopped, failed, interrupted or not begun."""
        if self.interrupted:
            return "interrupted"
        if self.error is not None:
            return "failed"
        if self.progress is None:
            return "not begun"
        return "stopped" if self.progress.stopped else "done"

    def to_dict(self) -> dict[str, Any]:
        """The outcome as JSON values."""
        facts: dict[str, Any] = {"source": self.job.source, "status": self.status, "request": dict(self.job.request)}
        if self.progress is not None:
            facts |= {**vars(self.progress), "requests": self.requests}
        if self.error is not None:
            facts["error"] = {"message": self.error.message, "hint": self.error.hint}
        return facts


def run_job(job: Job, manner: Manner) -> Outcome:
    """Sync one source. Raises what the connector raises; committed pages stay."""
    from catalog import plugins
    from catalog.connector import hosts_of
    from catalog.sync import sync
    from catalog.web import Web, WebSettings

    connector = plugins.load(job.source)
    settings = WebSettings(
        max_requests=job.max_requests,
        offline=manner.offline,
        allow_private_hosts=hosts_of(connector, job.request),
        on_wait=tell_wait,
    )
    first_use = plugins.about_of(connector).first_use
    with open_for_writing(manner.registry, f"sync {job.source}", create=True) as opened, Web(settings) as web:
        if first_use and not opened.told(job.source):
            output.say(for_terminal(first_use))
        with progress_bar(job.request.get("limit")) as tell:
            progress = sync(
                opened, connector, web, job.request,
                restart=manner.restart, confirm_loss=manner.confirm_loss, on_page=tell,
            )  # fmt: skip
        return Outcome(job, progress, requests=web.requests, datasets=len(opened))


def run_jobs(jobs: Sequence[Job], manner: Manner) -> Iterator[Outcome]:
    """Sync one source after the other; one that fails leaves the rest alone. An interrupt ends them all."""
    for number, job in enumerate(jobs):
        try:
            outcome = run_job(job, manner)
        except CatalogError as error:
            outcome = Outcome(job, error=error)
        except KeyboardInterrupt:
            yield Outcome(job, interrupted=True)
            yield from (Outcome(left) for left in jobs[number + 1 :])
            return
        yield outcome


def tell_wait(seconds: float, reason: str) -> None:
    """Say that the web client waits, and why."""
    if seconds >= 1:
        output.say(f"Waiting {seconds:.0f} s: {for_terminal(reason)}")


def report(outcome: Outcome) -> None:
    """Say what came of one source."""
    progress = outcome.progress
    if progress is None:
        if outcome.error is not None:
            output.say(
                f"{outcome.job.source}: {for_terminal(outcome.error.message)} {for_terminal(outcome.error.hint)}"
            )
        return
    resumed = " (went on from where it stopped)" if progress.resumed else ""
    output.say(
        f"{progress.source}: {progress.new:,} new, {progress.changed:,} changed, {progress.same:,} unchanged, "
        f"{progress.skipped:,} skipped{resumed}. The registry holds {outcome.datasets:,} datasets."
    )
    for name, reason in progress.reasons:
        output.say(f"  skipped {for_terminal(name)}: {for_terminal(reason)}")
    if progress.skipped > len(progress.reasons):
        output.say(f"  … and {progress.skipped - len(progress.reasons):,} more: catalog runs show {progress.run}")
    if progress.missing:
        gone = "1 dataset is gone from the source; it is kept and marked."
        many = f"{progress.missing:,} datasets are gone from the source; they are kept and marked."
        output.say(gone if progress.missing == 1 else many)
    if progress.message:
        output.say(for_terminal(progress.message))


def print_outcomes(outcomes: Sequence[Outcome], as_json: bool) -> None:
    """The summary of several sources."""
    failed = [each.job.source for each in outcomes if each.status == "failed"]
    if as_json:
        total = max((each.datasets for each in outcomes), default=0)
        output.print_json({"sources": [each.to_dict() for each in outcomes], "failed": failed, "datasets": total})
        return
    fields = (
        output.Field("source", 10, grow=1), output.Field("status", 11), output.Field("new", 4, right=True),
        output.Field("changed", 7, right=True), output.Field("unchanged", 9, rank=2, right=True),
        output.Field("skipped", 7, rank=1, right=True), output.Field("missing", 7, rank=3, right=True),
        output.Field("requests", 8, rank=2, right=True), output.Field("asked for", 16, rank=4, grow=1),
    )  # fmt: skip
    print("\n".join(output.table(fields, [_cells(each) for each in outcomes], output.window_width())))
    if failed:
        output.say(f"Failed: {', '.join(failed)}. What came is stored; the same command goes on from there.")


def _cells(outcome: Outcome) -> list[str]:
    progress = outcome.progress
    counts = ("new", "changed", "same", "skipped", "missing")
    numbers = [f"{getattr(progress, name):,}" if progress else "" for name in counts]
    sent = f"{outcome.requests:,}" if progress else ""
    return [outcome.job.source, said(outcome.status), *numbers, sent, request_words(outcome.job)]


def request_words(job: Job) -> str:
    """What a job asks for, as it would be typed: `--limit 100 --tag a --tag b`."""
    budget = f"--max-requests {job.max_requests}" if job.max_requests else ""
    return " ".join(each for each in (flags_of(job.request), budget) if each)


def flags_of(request: Mapping[str, object]) -> str:
    """A request as it would be typed."""
    words = []
    for name, value in request.items():
        flag = f"--{name.replace('_', '-')}"
        values = value if isinstance(value, list) else [value]
        words += [flag if each is True else f"{flag} {each}" for each in values]
    return " ".join(words)


# -- dry run --------------------------------------------------------------------------------------------------------


def print_estimates(jobs: Sequence[Job], manner: Manner, as_json: bool) -> int:
    """Say what would be sent, and send nothing; 1 where a source cannot be asked at all."""
    rows: list[dict[str, Any]] = []
    with _registry_as_it_is(manner.registry) as connection:
        for job in jobs:
            rows.append(_estimated(connection, job, manner.restart))
    if as_json:
        output.print_json(rows)
    else:
        _print_requests(rows, jobs)
        for row in rows:
            if row["error"]:
                output.say(f"{row['source']}: {for_terminal(row['error'])}")
        output.say("Nothing was sent.")
    return int(any(row["error"] for row in rows))


def _print_requests(rows: Sequence[dict[str, Any]], jobs: Sequence[Job]) -> None:
    """How many requests each source would get, then what they are."""
    width = output.window_width()
    fields = (
        output.Field("source", 10, grow=1), output.Field("requests", 10, grow=1),
        output.Field("asked for", 12, rank=1, grow=2),
    )  # fmt: skip
    cells = [[row["source"], _amount(row), request_words(job)] for row, job in zip(rows, jobs, strict=True)]
    print("\n".join(output.table(fields, cells, width)))
    left = 2 + max(len(row["source"]) for row in rows) if rows else 0
    told = dict.fromkeys((row["source"], row["says"]) for row in rows if row["says"] and not row["error"])
    if told:
        print()
    for source, says in told:
        print("\n".join(output.labelled(source, says, width, left)))


def _estimated(connection: sqlite3.Connection, job: Job, restart: bool) -> dict[str, Any]:
    from catalog import plugins
    from catalog.sync import estimate

    facts: dict[str, Any] = {"source": job.source, "request": dict(job.request), "max_requests": job.max_requests}
    facts |= {"at_least": None, "at_most": job.max_requests, "says": "", "error": ""}
    try:
        found = estimate(connection, plugins.load(job.source), job.request, restart=restart)
    except CatalogError as error:
        return {**facts, "error": str(error)}
    if found is None:
        return {**facts, "says": "This source cannot tell beforehand."}
    found = _within(found, job.max_requests)
    return {**facts, "at_least": found.at_least, "at_most": found.at_most, "says": found.says}


def _within(found: Estimate, budget: int | None) -> Estimate:
    if budget is None:
        return found
    most = budget if found.at_most is None else min(budget, found.at_most)
    return replace(found, at_least=min(found.at_least, budget), at_most=most)


def _amount(row: dict[str, Any]) -> str:
    """`12`, `1 to 40`, `12 or more`, `at most 40`, `unknown`."""
    least, most = row["at_least"], row["at_most"]
    if row["error"]:
        return "none"
    if least is None:
        return "unknown" if most is None else f"at most {most:,}"
    if least == most:
        return f"{least:,}"
    return f"{least:,} or more" if most is None else f"{least:,} to {most:,}"


def _registry_as_it_is(path: str) -> closing[sqlite3.Connection]:
    """The registry read-only; an empty one in memory where there is none yet."""
    from catalog.migrations import migrate

    if Path(path).is_file():
        return open_for_reading(path)
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection)
    return closing(connection)


# -- what to sync ---------------------------------------------------------------------------------------------------


def synced_before(registry: str) -> list[Job]:
    """The last sync of each source, as a job: what `catalog sync` repeats where nothing is configured."""
    from catalog import plugins
    from catalog.config import Job
    from catalog.registry.runs import last_runs

    installed = {source.name for source in plugins.sources()}
    with _registry_as_it_is(registry) as connection:
        last = last_runs(connection, registry, verb="sync")
    once = ("full", "since")
    return [
        Job(name, {key: value for key, value in run.request.items() if key not in once}, where="the last sync")
        for name, run in last.items()
        if name in installed
    ]


def words_of(jobs: Sequence[Job]) -> str:
    """The jobs in one line: `huggingface --limit 100, uci`."""
    return ", ".join(for_terminal(f"{job.source} {request_words(job)}".strip()) for job in jobs)
