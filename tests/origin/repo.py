"""A dataset repository as the Hub holds it: a record for the listing, and commits of files behind refs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from tests.origin.content import Body, git_sha1, sha256, size

LFS_SUFFIXES = (".parquet", ".arrow", ".zip", ".gz", ".tar", ".xz", ".zst", ".bin", ".npy", ".jpg", ".png", ".wav")
LFS_SIZE = 10 * 1024 * 1024  # bytes: larger files are LFS whatever their name
PARQUET = "refs/convert/parquet"

Json = dict[str, Any]


@dataclass(frozen=True)
class File:
    """One file of a commit; LFS files live on the second origin under `store`, their CDN name."""

    body: Body
    lfs: bool

    @property
    def size(self) -> int:
        return size(self.body)

    @cached_property
    def sha256(self) -> str:
        return sha256(self.body)

    @cached_property
    def oid(self) -> str:
        """The git id of the blob, for an LFS file of its pointer."""
        return git_sha1(self.pointer if self.lfs else self.body)

    @cached_property
    def pointer(self) -> bytes:
        text = f"version https://git-lfs.github.com/spec/v1\noid sha256:{self.sha256}\nsize {self.size}\n"
        return text.encode()

    @cached_property
    def store(self) -> str:
        """The name of the bytes on the CDN, and its ETag there: neither the sha256 nor the git id."""
        return hashlib.sha256(b"store " + self.sha256.encode()).hexdigest()


@dataclass
class Repo:
    """`record` is the payload of GET /api/datasets/{id}, less what the files give (siblings)."""

    record: Json
    refs: dict[str, str] = field(default_factory=dict)
    commits: dict[str, dict[str, File]] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return str(self.record["id"])

    @property
    def private(self) -> bool:
        return bool(self.record.get("private"))

    @property
    def gated(self) -> bool:
        return bool(self.record.get("gated"))

    @property
    def disabled(self) -> bool:
        return bool(self.record.get("disabled"))

    def commit(self, files: Mapping[str, Body], *, lfs: set[str] | None = None, ref: str = "main") -> str:
        """Make a commit of exactly these files the head of `ref`; `lfs` overrides which are LFS. Returns its sha."""
        held = {path: File(body, _is_lfs(path, body) if lfs is None else path in lfs) for path, body in files.items()}
        seed = "\n".join([self.id, ref, str(len(self.commits)), *sorted(held)])
        sha = hashlib.sha1(seed.encode(), usedforsecurity=False).hexdigest()
        self.refs[ref] = sha
        self.commits[sha] = held
        if ref == "main":
            self.record["sha"] = sha
        return sha

    def at(self, revision: str) -> tuple[str, dict[str, File]] | None:
        """The sha and files of a ref or of a full sha; None when there is no such revision."""
        if not self.commits:
            sha = str(self.record.get("sha") or "")
            return (sha, {}) if revision in ("main", sha) else None
        sha = self.refs.get(revision, revision)
        return (sha, self.commits[sha]) if sha in self.commits else None


def _is_lfs(path: str, body: Body) -> bool:
    return path.endswith(LFS_SUFFIXES) or size(body) > LFS_SIZE


def entries(files: Mapping[str, File], under: str, recursive: bool) -> Iterator[Json]:
    """The rows of a tree listing below a folder ("" for the root), folders included, sorted by path."""
    prefix = f"{under}/" if under else ""
    folders: set[str] = set()
    for path in sorted(path for path in files if path.startswith(prefix)):
        parts = path[len(prefix) :].split("/")
        for depth in range(1, len(parts) if recursive else min(2, len(parts))):
            folder = prefix + "/".join(parts[:depth])
            if folder not in folders:
                folders.add(folder)
                oid = hashlib.sha1(folder.encode(), usedforsecurity=False).hexdigest()
                yield {"type": "directory", "oid": oid, "size": 0, "path": folder}
        if recursive or len(parts) == 1:
            yield file_entry(path, files[path])


def file_entry(path: str, file: File) -> Json:
    """One file of a tree listing."""
    row: Json = {"type": "file", "oid": file.oid, "size": file.size, "path": path}
    if file.lfs:
        row["lfs"] = {"oid": file.sha256, "size": file.size, "pointerSize": len(file.pointer)}
    return row
