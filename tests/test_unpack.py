"""Unpacking: archives of every hostile kind leave nothing outside, no link, and nothing half done."""

from __future__ import annotations

import gzip
import io
import os
import shutil
import stat
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.errors import CatalogError, Fatal, NotFound, Usage
from catalog.fetch.archives import is_archive, stem_of
from catalog.fetch.unpack import MARK, Limits, Unpacked, listing, unpack

Made = tuple[str, bytes]

BAD_NAMES = (
    *("../evil", "../../etc/passwd", "/etc/passwd", "a/../../evil", "..", "a/..", "//x", "C:/evil"),
    *("..\\evil", "a\\..\\..\\evil", "\\evil", "C:\\evil", "a/b/../../../c"),
)
ODD_NAMES = (
    *("CON", "nul.txt", "a:b.csv", "2020-01-01T00:00.csv", ".hidden", ".git/config", "-rf", " lead", "trail ", "dot."),
    *(
        "a" * 300 + ".csv",
        "tab\tname",
        "bell\x07",
        "\u202egnp.exe",
        "\xe9.csv",
        "e\u0301.csv",
        "dir/sub/file",
        "数据.csv",
    ),
    *("/".join("d" * 30) + "/deep", "a b/c d.csv", "x" * 250, "emoji😀.txt", ".catalog-unpacked.json"),
)


def zip_of(*members: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            info = name if isinstance(name, zipfile.ZipInfo) else raw_name(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, data)
    return target.getvalue()


def raw_name(name: str, mode: int = 0) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("x")
    info.filename = name
    info.external_attr = mode << 16
    return info


def tar_of(*members: tuple[tarfile.TarInfo | str, bytes], packed: bool = False) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, data in members:
            info = tarfile.TarInfo(name) if isinstance(name, str) else name
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return gzip.compress(target.getvalue(), mtime=0) if packed else target.getvalue()


def special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def link_members() -> list[tuple[str, bytes]]:
    """Archives with links and devices, alone and as steps of an escape."""
    made = [
        ("link.zip", zip_of((raw_name("evil", stat.S_IFLNK | 0o777), b"/etc/passwd"), ("ok.csv", b"1"))),
        ("step.zip", zip_of((raw_name("a", stat.S_IFLNK | 0o777), b".."), ("a/evil", b"1"), ("ok.csv", b"1"))),
        ("device.zip", zip_of((raw_name("dev", stat.S_IFCHR | 0o666), b""), ("ok.csv", b"1"))),
        ("fifo.zip", zip_of((raw_name("fifo", stat.S_IFIFO | 0o666), b""), ("ok.csv", b"1"))),
    ]
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE):
        for packed in (False, True):
            name = f"special-{kind.decode()}.tar{'.gz' if packed else ''}"
            members = (special("a", kind, ".."), b""), ("a/evil", b"1"), ("ok.csv", b"1")
            made.append((name, tar_of(*members, packed=packed)))
    return made


def archives() -> list[Made]:
    """Every archive that is hostile but has one good file, ok.csv."""
    made: list[Made] = [(f"name-{n}.zip", zip_of((name, b"x"), ("ok.csv", b"1"))) for n, name in enumerate(BAD_NAMES)]
    made += [
        (f"name-{n}.tar.gz", tar_of((name, b"x"), ("ok.csv", b"1"), packed=True)) for n, name in enumerate(BAD_NAMES)
    ]
    made += [(f"odd-{n}.zip", zip_of((name, b"x"), ("ok.csv", b"1"))) for n, name in enumerate(ODD_NAMES)]
    return made + link_members()


ARCHIVES = archives()


def put(folder: Path, name: str, data: bytes) -> Path:
    path = folder / "inside" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    return path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def outside(folder: Path, archive: Path) -> list[str]:
    """Everything below the test's folder but the archive and what it unpacked to."""
    home = archive.parent / stem_of(archive.name)
    return [
        str(path)
        for path in folder.rglob("*")
        if path not in (archive, archive.parent, home) and home not in path.parents
    ]


class TestHostile:
    @pytest.mark.parametrize(("name", "data"), ARCHIVES, ids=[name for name, _ in ARCHIVES])
    def test_nothing_outside_and_no_link(self, tmp_path: Path, name: str, data: bytes) -> None:
        archive = put(tmp_path, name, data)
        done = unpack(archive)
        assert outside(tmp_path, archive) == []
        found = [Path(root, each) for root, folders, files in os.walk(done.folder) for each in (*folders, *files)]
        assert not any(path.is_symlink() for path in found)
        assert all(path.is_dir() or stat.S_ISREG(path.lstat().st_mode) for path in found)
        assert (Path(done.folder) / "ok.csv").read_bytes() == b"1"
        assert len([path for path in found if path.is_file()]) == done.files + 1
        assert not any(path.stat().st_mode & 0o111 for path in found if path.is_file())

    def test_there_are_enough_of_them(self) -> None:
        assert len(ARCHIVES) >= 60

    def test_bad_names_are_left_out_and_told(self, tmp_path: Path) -> None:
        for name in BAD_NAMES:
            (tmp_path / "inside").mkdir(exist_ok=True)
            archive = put(tmp_path, "a.tar", tar_of((name, b"x"), ("ok.csv", b"1")))
            assert [reason for _, reason in unpack(archive).left_out] == ["its name leads out of the folder"]
            shutil.rmtree(tmp_path / "inside" / "a")

    def test_odd_names_are_kept_under_safe_ones(self, tmp_path: Path) -> None:
        members = [(name, str(number).encode()) for number, name in enumerate(ODD_NAMES)]
        done = unpack(put(tmp_path, "odd.tar", tar_of(*members)))
        assert done.left_out == ()
        files = [path for path in Path(done.folder).rglob("*") if path.is_file() and path.name != MARK]
        assert sorted(path.read_bytes() for path in files) == sorted(data for _, data in members)
        assert not any(path.name.startswith((".", "-")) for path in files)

    def test_names_that_a_disk_may_take_for_one(self, tmp_path: Path) -> None:
        done = unpack(put(tmp_path, "twins.zip", zip_of(("A.csv", b"1"), ("a.csv", b"2"), ("a.csv/x", b"3"))))
        assert done.files == 3
        assert len({str(path).casefold() for path in Path(done.folder).rglob("*") if path.is_file()}) == 4

    @pytest.mark.filterwarnings("ignore:Duplicate name")
    def test_a_member_twice(self, tmp_path: Path) -> None:
        done = unpack(put(tmp_path, "twice.zip", zip_of(("a.csv", b"first"), ("a.csv", b"second"))))
        assert (Path(done.folder) / "a.csv").read_bytes() == b"first"
        assert done.left_out == (("a.csv", "it is in the archive twice; the first one counts"),)

    def test_encrypted_and_unknown_packing(self, tmp_path: Path) -> None:
        data = bytearray(zip_of(("secret.csv", b"x" * 100), ("ok.csv", b"1")))
        for place in (data.index(b"PK\x03\x04") + 6, data.index(b"PK\x01\x02") + 8):
            data[place] |= 1
        done = unpack(put(tmp_path, "locked.zip", bytes(data)))
        assert done.left_out == (("secret.csv", "it is encrypted"),)
        assert done.files == 1


class TestBombs:
    def refused(self, tmp_path: Path, name: str, data: bytes, match: str, limits: Limits | None = None) -> None:
        archive = put(tmp_path, name, data)
        with pytest.raises((Fatal, Usage), match=match) as told:
            unpack(archive, limits=limits)
        assert told.value.hint
        assert names(archive.parent) == [name]

    def test_ratio(self, tmp_path: Path) -> None:
        self.refused(tmp_path, "bomb.zip", zip_of(("zeros", bytes(64 << 20))), "200 times its size")
        self.refused(tmp_path / "x", "bomb.tgz", tar_of(("zeros", bytes(64 << 20)), packed=True), "200 times")

    @pytest.fixture(autouse=True)
    def _folders(self, tmp_path: Path) -> None:
        for name in ("x", "y", "z"):
            (tmp_path / name).mkdir()

    def test_count_and_size(self, tmp_path: Path) -> None:
        many = zip_of(*((f"{n}.csv", b"") for n in range(11)))
        self.refused(tmp_path, "many.zip", many, "more than 10 members", Limits(files=10))
        self.refused(tmp_path / "x", "big.zip", zip_of(("a", b"x" * 2000)), "more than 1.0 KiB", Limits(bytes=1024))
        tarred = tar_of(("a", b"x" * 2000))
        self.refused(tmp_path / "y", "big.tar", tarred, "more than 1.0 KiB", Limits(bytes=1024))

    def test_members_that_overlap(self, tmp_path: Path) -> None:
        """Two entries of the list for one member: each is read, and a thousand would unfold to anything."""
        data = zip_of(("a.csv", b"x" * 1000))
        start = data.index(b"PK\x01\x02")
        end = data.index(b"PK\x05\x06")
        listed = data[start:end]
        other = listed.replace(b"a.csv", b"b.csv")
        fixed = data[end : end + 8] + struct.pack("<HHLLH", 2, 2, len(listed) * 2, start, 0)
        self.refused(tmp_path, "overlap.zip", data[:start] + listed + other + fixed, "overlap")

    def test_a_member_longer_than_it_says(self, tmp_path: Path) -> None:
        data = bytearray(zip_of(("a.csv", b"x" * 1000), ("b.csv", b"y")))
        place = data.index(b"PK\x01\x02") + 24
        data[place : place + 4] = struct.pack("<L", 10)
        self.refused(tmp_path, "liar.zip", bytes(data), "damaged|says")

    def test_a_list_without_end(self, tmp_path: Path) -> None:
        data = bytearray(zip_of(("a.csv", b"x")))
        place = data.index(b"PK\x05\x06") + 12
        data[place : place + 4] = struct.pack("<L", 0x7FFFFFFF)
        self.refused(tmp_path, "list.zip", bytes(data), "more members than can be read")

    def test_headers_without_end(self, tmp_path: Path) -> None:
        info = tarfile.TarInfo("x")
        info.type, info.size = tarfile.XHDTYPE, 1 << 40
        self.refused(tmp_path, "pax.tar", info.tobuf(tarfile.GNU_FORMAT), "longer than any")
        huge = tarfile.TarInfo("x")
        huge.size = 1 << 50
        self.refused(tmp_path / "x", "huge.tar", huge.tobuf(tarfile.GNU_FORMAT), "unfolds to more")

    def test_sizes_of_a_pax_header_count(self, tmp_path: Path) -> None:
        record = b"28 size=1152921504606846976\n"
        head = tarfile.TarInfo("x")
        head.type, head.size = tarfile.XHDTYPE, len(record)
        body = head.tobuf(tarfile.USTAR_FORMAT) + record.ljust(512, b"\0") + tarfile.TarInfo("x").tobuf()
        self.refused(tmp_path, "size.tar", body, "unfolds to more")


class TestOrdinary:
    def test_zip_and_tar_come_out_whole(self, tmp_path: Path) -> None:
        files = {f"deep/{'n' * 90}/part-{n}.csv": os.urandom(3000 * n) for n in range(12)}
        made: dict[str, bytes] = {
            "a.zip": zip_of(*files.items()),
            "b.tar": tar_of(*files.items()),
            "c.tar.gz": tar_of(*files.items(), packed=True),
        }
        for name, data in made.items():
            archive = put(tmp_path, name, data)
            done = unpack(archive)
            assert (done.files, done.bytes) == (12, sum(map(len, files.values())))
            for path, content in files.items():
                assert (Path(done.folder) / path).read_bytes() == content
            assert archive.read_bytes() == data

    def test_gnu_long_names(self, tmp_path: Path) -> None:
        target = io.BytesIO()
        name = "/".join(["long" * 10] * 6) + "/ü.csv"
        with tarfile.open(fileobj=target, mode="w", format=tarfile.GNU_FORMAT) as archive:
            info = tarfile.TarInfo(name)
            info.size = 3
            archive.addfile(info, io.BytesIO(b"abc"))
        done = unpack(put(tmp_path, "gnu.tar", target.getvalue()))
        assert (Path(done.folder) / name).read_bytes() == b"abc"

    def test_sparse_files_are_left_out(self, tmp_path: Path) -> None:
        head = bytearray(special("holes.bin", tarfile.GNUTYPE_SPARSE).tobuf(tarfile.GNU_FORMAT))
        head[124:136] = b"00000000004\0"
        head[482] = 1
        head[148:156] = b" " * 8
        head[148:156] = b"%06o\0 " % sum(head)
        more, last = bytearray(512), bytes(512)
        more[504] = 1
        data = bytes(head) + bytes(more) + last + b"data".ljust(512, b"\0") + tar_of(("ok.csv", b"1"))
        done = unpack(put(tmp_path, "sparse.tar", data))
        assert (done.files, [name for name, _ in done.left_out]) == (1, ["holes.bin"])

    def test_the_recorded_bundle(self, shared_fixtures: Path, tmp_path: Path) -> None:
        data = (shared_fixtures / "kaggle" / "croissant" / "catechol-benchmark_archive.zip").read_bytes()
        done = unpack(put(tmp_path, "archive.zip", data))
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for info in archive.infolist():
                assert (Path(done.folder) / info.filename).read_bytes() == archive.read(info)
            assert done.files == len(archive.infolist())

    def test_nothing_is_overwritten(self, tmp_path: Path) -> None:
        archive = put(tmp_path, "a.zip", zip_of(("x.csv", b"1")))
        mine = archive.parent / "a"
        mine.mkdir()
        (mine / "x.csv").write_bytes(b"mine")
        with pytest.raises(Usage, match="is there already"):
            unpack(archive, digest="sha256:1")
        assert (mine / "x.csv").read_bytes() == b"mine"
        mine.joinpath("x.csv").unlink()
        mine.rmdir()
        mine.write_bytes(b"a file")
        with pytest.raises(Usage, match="is there already"):
            unpack(archive)
        mine.unlink()
        mine.symlink_to(tmp_path)
        with pytest.raises(Usage, match="is there already"):
            unpack(archive)

    def test_a_second_call_finds_it_done(self, tmp_path: Path) -> None:
        archive = put(tmp_path, "a.zip", zip_of(("x.csv", b"1"), ("../y", b"2")))
        first = unpack(archive, digest="sha256:1")
        assert unpack(archive, digest="sha256:1") == Unpacked(first.folder, 1, 1, first.left_out, already=True)
        with pytest.raises(Usage, match="is there already"):
            unpack(archive, digest="sha256:2")

    def test_what_a_kill_left_is_swept(self, tmp_path: Path) -> None:
        archive = put(tmp_path, "a.zip", zip_of(("x.csv", b"1")))
        left = archive.parent / ".unpacking-999999999-00000000"
        left.mkdir()
        (left / "half.csv").write_bytes(b"1")
        unpack(archive)
        assert names(archive.parent) == ["a", "a.zip"]

    def test_listing_writes_nothing(self, tmp_path: Path) -> None:
        archive = put(tmp_path, "a.zip", zip_of(("x.csv", b"123"), ("../y", b"2"), ("d/", b"")))
        shown = [(member.name, member.size, bool(member.refusal), member.is_folder) for member in listing(archive)]
        assert shown == [("x.csv", 3, False, False), ("../y", 1, True, False), ("d/", 0, False, True)]
        assert names(archive.parent) == ["a.zip"]

    @pytest.mark.parametrize(
        ("name", "data"),
        [
            ("a.zip", b"<html>"),
            ("a.zip", b""),
            ("a.zip", b"PK\x05\x06" + bytes(10)),
            ("a.tar", b"<html>" * 200),
            ("a.tar", b"short"),
            ("a.tar.gz", b"<html>"),
            ("a.tar.gz", gzip.compress(b"<html>" * 200)),
            ("a.tgz", gzip.compress(tar_of(("x", b"1" * 9000)))[:-400]),
            ("a.zip", zip_of(("x", b"1" * 9000))[:-5]),
        ],
    )
    def test_what_is_no_archive(self, tmp_path: Path, name: str, data: bytes) -> None:
        with pytest.raises((Usage, Fatal)):
            unpack(put(tmp_path, name, data))
        assert names(tmp_path / "inside") == [name]

    def test_other_files(self, tmp_path: Path) -> None:
        with pytest.raises(Usage, match="no archive that is read"):
            unpack(put(tmp_path, "a.csv", b"x"))
        with pytest.raises(NotFound):
            unpack(tmp_path / "inside" / "none.zip")
        assert [is_archive(name) for name in ("A.ZIP", "a.tar.GZ", "a.csv.zip", "a.gz", "zip")] == [True] * 3 + [
            False
        ] * 2

    def test_memory_stays_flat(self, tmp_path: Path) -> None:
        import tracemalloc

        archive = put(tmp_path, "a.tar", tar_of(("big.bin", os.urandom(1 << 20) * 24)))
        tracemalloc.start()
        try:
            unpack(archive)
            assert tracemalloc.get_traced_memory()[1] < 8 << 20
        finally:
            tracemalloc.stop()


@settings(max_examples=150, deadline=None)
@given(st.data(), st.sampled_from(["a.zip", "a.tar", "a.tar.gz"]))
def test_damage_ends_in_a_sentence(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, name: str) -> None:
    """Bytes changed anywhere in an archive: it unpacks, or says why not; never anything outside."""
    makers: dict[str, Callable[[], bytes]] = {
        "a.zip": lambda: zip_of(("x.csv", b"1" * 500), ("d/y.csv", b"2")),
        "a.tar": lambda: tar_of(("x.csv", b"1" * 500), ("d/y.csv", b"2")),
        "a.tar.gz": lambda: tar_of(("x.csv", b"1" * 500), ("d/y.csv", b"2"), packed=True),
    }
    raw = bytearray(makers[name]())
    for _ in range(data.draw(st.integers(1, 6))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    folder = tmp_path_factory.mktemp("damage")
    archive = put(folder, name, bytes(raw))
    try:
        unpack(archive)
    except CatalogError:
        assert names(archive.parent) == [name]
    assert outside(folder, archive) == []


def test_a_name_that_is_not_the_utf8_it_says_is_damage(tmp_path: Path) -> None:
    data = zip_of(("é.txt", b"x")).replace("é".encode(), b"\xff\xfe")
    with pytest.raises(Fatal, match="damaged"):
        unpack(put(tmp_path, "a.zip", data))
