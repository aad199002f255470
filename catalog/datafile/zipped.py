"""Rows of a member of a ZIP archive, of which only the directory and the beginning of that member are read."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any, Final

from catalog.datafile.reading import suffix_of
from catalog.datafile.remote import BUDGET, growing
from catalog.errors import Fatal, NotFound, Usage

READ_AHEAD: Final = 128 << 10
MOST: Final = 100_000
"""Members of an archive that are looked at."""
WHOLE: Final = 16 << 20
"""Bytes of a Parquet member, which is read to its end."""
_FORMS: Final = {".jsonl": 0, ".ndjson": 0, ".csv": 0, ".tsv": 0, ".parquet": 1, ".json": 1, ".txt": 2}
_ABOUT: Final = ("readme", "license", "licence", "requirements", "dataset_info", "croissant", ".")
_INSTEAD: Final = "Bring it whole with: catalog fetch NAME --unpack"


def rows_of_zip(file: Any, where: str) -> Iterator[dict[str, Any]]:
    """The rows of the member that holds rows and is the smallest, those first that hold nothing else; `file` is a
    readable, seekable binary file, `where` says what it is in messages. The rows end with the budget.

    Raises `NotFound` where no member holds rows, `Usage` for one that cannot be read, `Fatal` for a broken archive.
    """
    try:
        with zipfile.ZipFile(io.BufferedReader(file, READ_AHEAD)) as archive:
            member = member_with_rows(archive.infolist(), where)
            with archive.open(member) as content:
                yield from _rows(content, member)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError) as error:
        raise Fatal(f"{where} is a broken ZIP archive ({' '.join(str(error).split())[:100]}).") from error
    except NotImplementedError as error:
        raise Usage(f"{where} is packed in a way that is not read ({error}).", _INSTEAD) from error


def member_with_rows(members: list[zipfile.ZipInfo], where: str) -> zipfile.ZipInfo:
    """The member to look into. Raises `NotFound` for none, `Usage` for an encrypted one."""
    known = [each for each in members[:MOST] if not each.is_dir() and _form(each) is not None and _is_data(each)]
    if not known:
        listed = ", ".join(each.filename for each in members[:8])
        raise NotFound(f"no member of {where} has rows that can be read.", f"It has {listed[:300]}.")
    found = min(known, key=lambda each: (_form(each), each.file_size, each.filename))
    if found.flag_bits & 1:
        raise Usage(f"{found.filename} in {where} is encrypted.", _INSTEAD)
    return found


def _form(member: zipfile.ZipInfo) -> int | None:
    """How sure it is that a member holds rows alone, 0 the surest; None where it is not read."""
    suffix = _suffix(member)
    return None if suffix == ".parquet" and member.file_size > WHOLE else _FORMS.get(suffix)


def _suffix(member: zipfile.ZipInfo) -> str:
    return suffix_of(PurePosixPath(member.filename))


def _is_data(member: zipfile.ZipInfo) -> bool:
    parts = [part.lower() for part in member.filename.split("/")]
    return not any(part.startswith(("__macosx", ".")) for part in parts) and not parts[-1].startswith(_ABOUT)


def _rows(content: Any, member: zipfile.ZipInfo) -> Iterator[Any]:
    """The rows of a member from its first bytes on."""
    came = b""
    suffix = _suffix(member)

    def first(wanted: int) -> tuple[bytes, bool]:
        nonlocal came
        if suffix == ".parquet":
            wanted = WHOLE
        came += content.read(wanted - len(came))
        return came, len(came) < wanted or len(came) >= member.file_size

    yield from growing(first, suffix, lambda: len(came) >= BUDGET)
