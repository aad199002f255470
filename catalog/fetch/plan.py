"""What a fetch would bring, worked out before the first byte: pure, no network, no disk."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import unquote, urlsplit

from catalog.errors import NotFound
from catalog.record import Distribution, Verdict
from catalog.text import nearest_path
from catalog.web import stored_url

CAP_BYTES: Final = 5 << 30  # a fetch above this, or above CAP_FILES, needs a yes
CAP_FILES: Final = 1_000
SHOWN: Final = 8  # names that a sentence lists
_CODE: Final = (
    "bat",
    "cmd",
    "dll",
    "dylib",
    "exe",
    "jar",
    "js",
    "msi",
    "ps1",
    "py",
    "pyc",
    "pyd",
    "sh",
    "so",
    "vbs",
    "whl",
)
_PICKLES: Final = ("bin", "ckpt", "dill", "joblib", "pickle", "pkl", "pt", "pth", "rds")
EXECUTABLE: Final = frozenset([*_CODE, *_PICKLES])
ARCHIVES: Final = frozenset(["warc", "wat", "wet"])
PACKED: Final = frozenset(["bz2", "gz", "lz4", "xz", "zst"])


@dataclass(frozen=True)
class PlannedFile:
    """One file to bring. `name` is what the source calls it, `path` where it goes below the output folder (safe on
    every system). `digest` is `sha256:`, `sha1:`, `md5:` or `git-sha1:` with hex digits, or ""; `kind` is the
    format, or "". An address with `#bytes=100-199` at its end means these bytes alone."""

    url: str
    name: str
    path: str
    bytes: int | None = None
    digest: str = ""
    kind: str = ""

    @property
    def verified_by(self) -> str:
        """What the bytes can be checked against: sha256, sha1, md5, git-sha1, records (those of a web archive have
        digests of their own), size or none."""
        if self.digest:
            return self.digest.partition(":")[0]
        if self.is_archive:
            return "records"
        return "none" if self.bytes is None else "size"

    @property
    def is_archive(self) -> bool:
        """Whether it is a web archive (WARC, WAT, WET)."""
        return self.kind in ARCHIVES


@dataclass(frozen=True)
class FetchPlan:
    """The files of one dataset at one revision, with what a person should know before they come.

    `license` and `access` are lines for people, `free` the free bytes where `out` will be (None when unknown).
    `estimate` is about how many bytes come where not every file says its size, `asked` what the user asked the source
    for, as it is typed, `elsewhere` the other places of the dataset.
    """

    key: str
    name: str
    out: str
    files: tuple[PlannedFile, ...]
    revision: str = ""
    license: str = ""
    access: str = ""
    free: int | None = None
    estimate: int | None = None
    asked: str = ""
    elsewhere: tuple[str, ...] = ()

    @property
    def total_bytes(self) -> int:
        """The sum of the known sizes."""
        return sum(file.bytes or 0 for file in self.files)

    @property
    def expected_bytes(self) -> int:
        """What will come: the sum of the known sizes, or the estimate where that is more."""
        return max(self.total_bytes, self.estimate or 0)

    @property
    def unknown_sizes(self) -> int:
        """How many files do not say their size."""
        return sum(file.bytes is None for file in self.files)

    @property
    def executable(self) -> tuple[str, ...]:
        """Names of files that hold code, or that the usual readers run code from (pickles). They are only stored."""
        return tuple(file.name for file in self.files if _is_executable(file.name))

    @property
    def over_cap(self) -> str:
        """Why this fetch needs a yes; "" when it does not."""
        if self.expected_bytes > CAP_BYTES:
            size = f"{'About ' * bool(self.unknown_sizes)}{size_text(self.expected_bytes)}"
            return f"{size} is more than {size_text(CAP_BYTES)}."
        if len(self.files) > CAP_FILES:
            return f"{len(self.files):,} files are more than {CAP_FILES:,}."
        return ""

    @property
    def too_large(self) -> bool:
        """Whether what will come exceeds the free disk."""
        return self.free is not None and self.expected_bytes > self.free

    def to_dict(self) -> dict[str, object]:
        """The plan as JSON values; signatures in addresses are masked."""
        return {
            "key": self.key,
            "name": self.name,
            "revision": self.revision,
            "out": self.out,
            "license": self.license,
            "access": self.access,
            "total_bytes": self.total_bytes,
            "estimated_bytes": self.estimate,
            "unknown_sizes": self.unknown_sizes,
            "free_bytes": self.free,
            "over_cap": self.over_cap,
            "executable": list(self.executable),
            "asked": self.asked,
            "elsewhere": list(self.elsewhere),
            "files": [
                {
                    "name": file.name,
                    "path": file.path,
                    "url": stored_url(file.url),
                    "bytes": file.bytes,
                    "digest": file.digest,
                    "verified_by": file.verified_by,
                    "kind": file.kind,
                }
                for file in self.files
            ],
        }


def license_said(verdict: Verdict | None) -> str:
    """A verdict in words; of what is in no registry, that it is not."""
    if verdict is None:
        return "not in the registry"
    return f"commercial use: {verdict.commercial}{f' - {verdict.reason}' if verdict.reason else ''}"


def make_plan(
    distributions: Iterable[Distribution],
    *,
    key: str,
    name: str,
    out: str,
    revision: str = "",
    license: str = "",
    access: str = "",
    free: int | None = None,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    limit: int | None = None,
    estimate: int | None = None,
    asked: str = "",
    elsewhere: tuple[str, ...] = (),
) -> FetchPlan:
    """The plan for the files among `distributions` that match any of `include` (none: all) and none of `exclude`, in
    the order of their names, the first `limit` of them.

    Patterns are fnmatch on the name as the source writes it, case-sensitive; "dir/" means "dir/*". Raises `NotFound`
    where nothing is left.
    """
    files = [item for item in distributions if item.kind == "file"]
    named = [(file_name(item), item) for item in files]
    chosen = [(name_, item) for name_, item in named if selected(name_, include, exclude)]
    if not chosen:
        raise NotFound(*_nothing(key, [name_ for name_, _ in named]))
    chosen.sort(key=lambda pair: pair[0])
    chosen = chosen[:limit]
    paths = distinct_paths([name_ for name_, _ in chosen])
    planned = tuple(
        PlannedFile(item.url, name_, path, item.bytes, item.digest.lower(), _kind(name_, item.format))
        for (name_, item), path in zip(chosen, paths, strict=True)
    )
    estimate = estimate if len(planned) == len(files) else None
    return FetchPlan(key, name, out, planned, revision, license, access, free, estimate, asked, elsewhere)


def file_name(item: Distribution) -> str:
    """What a distribution's file is called: its path, else the last part of its address."""
    if item.path:
        return item.path
    try:
        return unquote(urlsplit(item.url).path).rstrip("/").rpartition("/")[2] or "data"
    except ValueError:
        return "data"


def selected(name: str, include: Sequence[str], exclude: Sequence[str]) -> bool:
    """Whether the globs let this name through."""
    return (not include or _matches(name, include)) and not _matches(name, exclude)


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern + "*" if pattern.endswith("/") else pattern) for pattern in patterns)


def _nothing(key: str, names: list[str]) -> tuple[str, str]:
    if not names:
        return f"{key} has no files to fetch.", "Its page may tell how to get it."
    listed = ", ".join(sorted(names)[:SHOWN]) + (f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else "")
    return f"No file of {key} matches.", f"It has {listed}."


def distinct_paths(names: Sequence[str]) -> list[str]:
    """A safe path for each name; names that a file system may take for one another (case, Unicode form), or that are
    at once a file and a folder, are told apart by a piece of their hash."""
    plain = [str(nearest_path(name)) for name in names]
    folders = {_folded(str(parent)) for path in plain for parent in PurePosixPath(path).parents}
    taken: set[str] = set()
    paths: list[str] = []
    for name, path in zip(names, plain, strict=True):
        if _folded(path) in taken or _folded(path) in folders:
            path = _marked(path, name)
        taken.add(_folded(path))
        paths.append(path)
    return paths


def _folded(path: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def _marked(path: str, name: str) -> str:
    mark = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:10]
    parent, slash, last = path.rpartition("/")
    stem, dot, suffix = last.rpartition(".")
    last = f"{stem}-{mark}{dot}{suffix}" if stem else f"{last}-{mark}"
    return str(nearest_path(f"{parent}{slash}{last}"))


def suffix_of(name: str) -> str:
    """The last suffix that is no compression, lower-case, without its dot."""
    parts = name.rpartition("/")[2].lower().split(".")[1:]
    while len(parts) > 1 and parts[-1] in PACKED:
        parts.pop()
    return parts[-1] if parts else ""


def _is_executable(name: str) -> bool:
    return suffix_of(name) in EXECUTABLE


def _kind(name: str, stated: str) -> str:
    return (stated or suffix_of(name)).lower()


def size_text(count: int) -> str:
    """Bytes for people: `512 B`, `1.5 GiB`."""
    value = float(count)
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if value < 1024 or unit == "TiB":
            break
        value /= 1024
    return f"{count} B" if unit == "B" else f"{value:.1f} {unit}"
