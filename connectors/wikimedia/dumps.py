"""One dump of one wiki: the dates that are there, the newest that is finished, and its files with their digests.

`/zhwiki/` lists the dates, `/zhwiki/20261101/dumpstatus.json` tells of each job of a dump whether it is done, and of
each of its files the size and the SHA-1.
"""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import quote, urlsplit

from catalog.connector import Asked, Selection
from catalog.errors import CatalogError, Fatal, NotFound, Retriable, Usage
from catalog.record import Distribution, Record, clean, clean_count
from catalog.web import HttpStatus, MiB, Web
from connectors.wikimedia import settings

JOB: Final = "articlesmultistreamdump"
LATEST: Final = "latest"
LOOKED_AT: Final = 6  # dates, newest first
MAX_LIST: Final = 2 * MiB
MAX_STATUS: Final = 16 * MiB
PROJECTS: Final = {
    "wikipedia": "wiki", "wiktionary": "wiktionary", "wikibooks": "wikibooks", "wikinews": "wikinews",
    "wikiquote": "wikiquote", "wikisource": "wikisource", "wikiversity": "wikiversity", "wikivoyage": "wikivoyage",
}  # fmt: skip
"""The projects, and how the names of their wikis end."""

_WIKI: Final = re.compile(rf"([a-z][a-z0-9_]{{0,30}}?)({'|'.join(PROJECTS.values())})\Z")
_LANG: Final = re.compile(r"[a-z]{2,12}(?:[-_][a-z0-9]{2,12}){0,3}\Z")
_DATE: Final = re.compile(r"20\d{6}\Z")
_DATES: Final = re.compile(r"""href=["'](?:[^"']*/)?(20\d{6})/?["']""")
_IN_URL: Final = re.compile(r"/[a-z0-9_]+/(20\d{6})/[^/]+\Z")
_FILE: Final = re.compile(r"[A-Za-z0-9._-]{1,200}\Z")
_SHA1: Final = re.compile(r"[0-9a-f]{40}\Z")

Json = dict[str, Any]


def select(web: Web, record: Record, revision: str | None, asked: Asked) -> Selection:
    """The files of a finished dump: of the date that is named, else of the newest.

    Raises `Usage` for no language or two dates, `NotFound` for a wiki, date or job that is not there, `Retriable` for a
    dump that is still being made.
    """
    wiki, project, lang = wiki_of(record.id, str(asked.get("lang", "")))
    job = str(asked.get("job", "")) or JOB
    words = dict.fromkeys(filter(None, (str(asked.get("date", "")), revision or "")))
    dates = [word for word in words if word != LATEST]
    if len(dates) > 1:
        raise Usage(f"Two dates are named: {dates[0][:20]} and {dates[1][:20]}.", "Name one.")
    if dates and not _DATE.match(dates[0]):
        raise Usage(f"{dates[0][:20]!r} is no date of a dump.", "Say it as: --date 20261101, or --date latest")
    date, found, note = _dated(web, wiki, dates[0], job) if dates else _newest(web, wiki, job)
    files = _files(wiki, date, found, _noted(note, project, lang))
    if not files:
        raise Fatal(f"The dump of {wiki} of {date} names no file that can be fetched.", "Take another with --date.")
    return Selection(tuple(files), Record(source="wikimedia", id=wiki, name=f"{project}-{lang}"))


def wiki_of(id: str, lang: str) -> tuple[str, str, str]:
    """The name of a wiki in the dumps with its project and language: of a project (`wikipedia`) and `lang`, or of the
    name itself (`zhwiki`). Raises `Usage`, `NotFound`."""
    if id in PROJECTS:
        if not lang:
            raise Usage(f"{id} has an edition for each language.", f"Name one: --lang zh, or catalog fetch {id}:zh")
        plain = lang.strip().lower()
        if not _LANG.match(plain):
            raise Usage(f"--lang {lang[:40]!r} is no language of Wikipedia.", "Say it as: --lang zh")
        return f"{plain.replace('-', '_')}{PROJECTS[id]}", id, plain.replace("_", "-")
    match = _WIKI.match(id)
    if match is None:
        raise NotFound(f"there is no wiki {id[:60]!r}.", "They are called like wikimedia:zhwiki")
    own = match[1].replace("_", "-")
    if lang and lang.strip().lower().replace("_", "-") != own:
        raise Usage(f"wikimedia:{id} is the edition {own}, not {lang[:20]}.", "Leave --lang out.")
    return id, next(name for name, end in PROJECTS.items() if end == match[2]), own


def date_in(url: str) -> str:
    """The date in the address of a file, "" for none."""
    match = _IN_URL.search(urlsplit(url).path)
    return match[1] if match else ""


def explained(error: HttpStatus) -> CatalogError | None:
    """What a refusal means: the dumps turn away clients that do not say who they are, and those that take too much."""
    if error.status != 403 or urlsplit(error.url).netloc != urlsplit(settings.endpoint()).netloc:
        return None
    return Fatal(
        "Wikimedia refuses this client or its network (403), so nothing more is asked.",
        f"Wait an hour, or name a mirror in {settings.VARIABLE}; what came is kept.",
    )


def _dated(web: Web, wiki: str, date: str, job: str) -> tuple[str, Json, str]:
    """The job of the dump of one date. Raises `Retriable` where it is not done, `NotFound`."""
    jobs = _jobs(web, wiki, date)
    if jobs is None:
        kept = _dates(web, wiki)
        listed = f"There are: {', '.join(kept[:LOOKED_AT])}." if kept else "There is none."
        raise NotFound(f"there is no dump of {wiki} of {date}; only the last few are kept.", listed)
    found = _job(jobs, job, wiki, date)
    if found.get("status") != "done":
        state = clean(found.get("status"), 40) or "unknown"
        raise Retriable(
            f"the dump of {wiki} of {date} is not finished ({job}: {state}).", "Take the newest that is: --date latest"
        )
    return date, found, ""


def _newest(web: Web, wiki: str, job: str) -> tuple[str, Json, str]:
    """The newest dump whose job is done, and a word on newer ones that are not."""
    dates = _dates(web, wiki)
    unfinished: list[str] = []
    for date in dates[:LOOKED_AT]:
        jobs = _jobs(web, wiki, date)
        if jobs is None:
            continue
        found = jobs.get(job)
        if isinstance(found, dict) and found.get("status") == "done":
            note = f"{', '.join(unfinished)} is still being made" if unfinished else ""
            return date, found, note
        if not isinstance(found, dict) and date == dates[min(len(dates), LOOKED_AT) - 1]:
            _job(jobs, job, wiki, date)
        unfinished.append(date)
    raise Retriable(f"no finished dump of {wiki} is there.", "Try again in some days.")


def _dates(web: Web, wiki: str) -> list[str]:
    """The dates that the page of a wiki lists, newest first."""
    try:
        reply = web.get_bytes(f"{settings.endpoint()}/{wiki}/", max_bytes=MAX_LIST)
    except HttpStatus as error:
        if error.status in (404, 410):
            hint = "The languages are those of Wikipedia's addresses: --lang zh for zh.wikipedia.org"
            raise NotFound(f"there is no wiki {wiki} among the dumps.", hint) from None
        raise (explained(error) or error) from None
    return sorted(set(_DATES.findall(reply.body.decode("utf-8", "replace"))), reverse=True)


def _jobs(web: Web, wiki: str, date: str) -> Json | None:
    """The jobs of a dump, None where there is no dump of that date."""
    try:
        reply = web.get_json(f"{settings.endpoint()}/{wiki}/{date}/dumpstatus.json", max_bytes=MAX_STATUS)
    except HttpStatus as error:
        if error.status in (404, 410):
            return None
        raise (explained(error) or error) from None
    jobs = reply.value.get("jobs") if isinstance(reply.value, dict) else None
    if not isinstance(jobs, dict):
        raise Fatal(f"The status of the dump of {wiki} of {date} cannot be read.", "Take another with --date.")
    return jobs


def _job(jobs: Json, job: str, wiki: str, date: str) -> Json:
    found = jobs.get(job)
    if not isinstance(found, dict):
        names = ", ".join(clean(name, 40) for name in list(jobs)[:40])
        raise NotFound(f"the dump of {wiki} of {date} has no job {job[:40]!r}.", f"It has {names}.")
    return found


def _files(wiki: str, date: str, job: Json, note: str) -> list[Distribution]:
    """The files of a job; the tables of contents beside the multistream files are left out. Where they come from is
    ours to say: of what the status tells, only names, sizes and digests are used."""
    rows = job.get("files")
    found = []
    for name, row in sorted(rows.items()) if isinstance(rows, dict) else ():
        if not isinstance(row, dict) or not isinstance(name, str) or not _FILE.match(name) or name.startswith("."):
            continue
        if re.search(r"-index\d*\.txt", name):
            continue
        digest = clean(row.get("sha1"), 40).lower()
        found.append(
            Distribution(
                url=f"{settings.endpoint()}/{wiki}/{date}/{quote(name)}",
                path=name,
                format=_format(name),
                bytes=clean_count(row.get("size")),
                digest=f"sha1:{digest}" if _SHA1.match(digest) else "",
                note=note,
            )
        )
    return found


def _format(name: str) -> str:
    """`xml.bz2` of `zhwiki-20261101-pages-articles-multistream1.xml-p1p187712.bz2`."""
    match = re.search(r"\.(xml|sql|txt|json)(?:-[^.]*)?(\.(?:bz2|gz|7z))?\Z", name)
    return f"{match[1]}{match[2] or ''}" if match else ""


def _noted(note: str, project: str, lang: str) -> str:
    ready = f'ready text: catalog fetch huggingface:wikimedia/{project} --include "*.{lang}/*"'
    usual = "the wikitext of the articles, in XML"
    if project in ("wikipedia", "wikisource"):
        usual += f"; {ready}"
    return "; ".join(filter(None, (note, usual)))
