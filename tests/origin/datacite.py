"""DataCite's REST API as it behaves on /dois: cursors, pages by relevance, queries it cannot read, changes by day."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from connectors.testing import Answer, Asked

Json = dict[str, Any]

_SINCE = re.compile(r"\A\((.*)\) AND updated:\[(\d{4}-\d{2}-\d{2}) TO \*\]\Z", re.DOTALL)
_OPERATORS = set('():"[]{}/^~*?')


def item(number: int, **changed: Any) -> Json:
    """One DOI as the listing gives it; `changed` replaces attributes."""
    doi = f"10.5072/set.{number}"
    attributes: Json = {
        "doi": doi,
        "creators": [{"name": f"Author {number}", "nameType": "Personal"}],
        "titles": [{"title": f"Ocean survey {number}", "titleType": None}],
        "publisher": "Example archive",
        "publicationYear": 2021,
        "subjects": [{"subject": "ocean"}, {"subject": "salinity, temperature"}],
        "dates": [{"date": "2021-03-04", "dateType": "Issued"}],
        "language": "en",
        "types": {"resourceTypeGeneral": "Dataset"},
        "relatedIdentifiers": [],
        "sizes": ["12 MB"],
        "formats": ["text/csv"],
        "version": "1.0",
        "rightsList": [
            {
                "rights": "Creative Commons Attribution 4.0 International",
                "rightsUri": "https://creativecommons.org/licenses/by/4.0/legalcode",
                "rightsIdentifier": "cc-by-4.0",
                "rightsIdentifierScheme": "SPDX",
            },
            {"rights": "Open Access", "rightsUri": "info:eu-repo/semantics/openAccess"},
        ],
        "descriptions": [{"description": f"Measured on cruise {number}.", "descriptionType": "Abstract"}],
        "url": f"https://archive.example/set/{number}",
        "contentUrl": [f"https://archive.example/set/{number}/data.csv"],
        "state": "findable",
        "created": f"2021-03-04T00:00:{number % 60:02}.000Z",
        "updated": "2021-03-05T00:00:00.000Z",
        "downloadCount": number,
    }
    client = changed.pop("client", "example.archive")
    attributes.update(changed)
    relations = {"client": {"data": {"id": client, "type": "clients"}}}
    return {"id": attributes["doi"], "type": "dois", "attributes": attributes, "relationships": relations}


class DataCite:
    """Plays the service for `connectors.testing`: `items` in the order of their creation, `size` of them a page at
    most. It cannot read a query with an open bracket or quote."""

    def __init__(self, items: Sequence[Json], size: int = 3) -> None:
        self.items = list(items)
        self.size = size

    def __call__(self, asked: Asked) -> Any:
        if asked.path != "/dois":
            return None
        query = asked.query.get("query", "")
        changes = _SINCE.match(query)
        words, since = (changes[1], changes[2]) if changes else (query, "")
        if not _readable(words):
            return Answer(400, {"Content-Type": "application/json"}, b'{"errors": [{"title": "cannot parse"}]}')
        found = [each for each in self.items if each["attributes"]["updated"] >= since]
        return self._listing(asked.base, asked.query, found)

    def _listing(self, base: str, query: Mapping[str, str], found: list[Json]) -> Json:
        size = min(self.size, int(query.get("page[size]", "25")))
        if "page[cursor]" in query:
            start = 0 if query["page[cursor]"] == "1" else int(query["page[cursor]"].removeprefix("at"))
            following = f"{base}/dois?page[cursor]=at{start + size}"
        else:
            start = (int(query.get("page[number]", "1")) - 1) * size
            following = f"{base}/dois?page[number]={start // size + 2}"
        links = {"self": base, **({"next": following} if start + size < len(found) else {})}
        return {"data": found[start : start + size], "meta": {"total": len(found)}, "links": links}


def _readable(query: str) -> bool:
    pairs = query.count("(") == query.count(")") and query.count('"') % 2 == 0
    return pairs or not _OPERATORS & set(query)
