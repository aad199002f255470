"""Tide tables of harbours, from a site that answers GET /datasets?page=1 with a list, empty after the last page."""

import os
from urllib.parse import quote, urlsplit

from catalog.connector import About, Cursor, Page
from catalog.errors import Fatal, Skipped
from catalog.record import Distribution, LicenseClaim, Record, clean, clean_list


def base():
    return os.environ.get("SAMPLE_ENDPOINT", "https://tides.example.org").rstrip("/")


def to_record(item):
    if not isinstance(item, dict):
        raise Skipped("the item is not an object.")
    id, title, text = clean(item.get("slug"), 200), clean(item.get("title")), clean(item.get("about"), 20_000)
    claims = tuple(LicenseClaim(raw=raw, by="sample license") for raw in clean_list(item.get("license"))[:5])
    return Record(source="sample", id=id, name=id, title=title, description=text, licenses=claims)


class Sample:
    name = "sample"
    about = About("Sample tide tables", terms="Made for tests; anything may be stored.", variable="SAMPLE_ENDPOINT")
    options = ()

    def pages(self, web, cursor):
        number, last = cursor.state.get("page", 1), False
        while not last:
            items = web.get_json(f"{base()}/datasets", params={"page": number}).value
            if not isinstance(items, list):
                raise Fatal("the site sent something else than a list.", "Check SAMPLE_ENDPOINT.")
            records, skipped = [], []
            for item in items:
                try:
                    records.append(to_record(item))
                except Skipped as reason:
                    skipped.append((ascii(item)[:80], reason.message))
            last, number = not items, number + 1
            following = Cursor(cursor.request, {} if last else {"page": number})
            yield Page(tuple(records), following, tuple(skipped), last=last, complete=last)

    def files(self, web, record, revision):
        return [Distribution(url=f"{base()}/files/{quote(record.id, safe='')}.csv", path="data.csv", format="csv")]

    def hosts(self):
        return frozenset({urlsplit(base()).hostname})

    def token(self, url):
        return None


connector = Sample()
