"""Importing Meta Kaggle: `python -m bench.meta_kaggle --rows 1000000`.

The tables are made up in the shape of the published ones: thirty users for a dataset (Kaggle has above twenty million
of them and above half a million datasets), three versions, of which one is current, and two tags. Beside
the import walks `csv.reader`, which reads the same files and throws each row away: what any reader in Python is bound
by. The join alone makes records and stores nothing; the import tags, judges, stores and indexes them as well.
"""

from __future__ import annotations

import argparse
import csv
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from bench.measure import DATA, ROUNDS, alternate, keep, process, python, say, table
from bench.stores import remove, scratch

WORDS = (
    *("data", "of", "the", "and", "rate", "sales", "image", "text", "patients", "city", "year", "model", "score"),
    *("price", "train", "test", "label", "news", "music"),
)
LICENSES = ("CC0: Public Domain", "Unknown", "Attribution 4.0 International (CC BY 4.0)", "MIT", "Apache 2.0")
TABLES = ("Datasets.csv", "DatasetVersions.csv", "DatasetTags.csv", "Users.csv", "Organizations.csv", "Tags.csv")
USERS = 30  # for a dataset
PER_DATASET = USERS + 6  # rows of all tables for a dataset
COUNT = "from pathlib import Path; from connectors.kaggle import connector; import sys\n"
COUNT += "print(sum(len(page.records) for page in connector.imported(Path(sys.argv[1]))))"


def write_tables(folder: Path, datasets: int, seed: int = 0) -> int:
    """Write the tables of so many datasets; how many rows they have in all. The same bytes for the same numbers."""
    rng = random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    users = datasets * USERS
    rows = _write(folder / "Users.csv", "Id,UserName,DisplayName,RegisterDate", _users(users))
    rows += _write(folder / "Organizations.csv", "Id,Name,Slug", ([n, f"Org {n}", f"org{n}"] for n in range(1, 51)))
    paths = [f"subject > area {n // 20} > topic {n}" for n in range(400)]
    tags = ([n, "", f"topic {n}", path] for n, path in enumerate(paths, 1))
    rows += _write(folder / "Tags.csv", "Id,ParentTagId,Name,FullPath", tags)
    tagged = ([n, n // 2 + 1, rng.randrange(1, 401)] for n in range(datasets * 2))
    rows += _write(folder / "DatasetTags.csv", "Id,DatasetId,TagId", tagged)
    rows += _write(folder / "Datasets.csv", DATASETS, (_dataset(rng, n, users) for n in range(1, datasets + 1)))
    versions = (_version(rng, dataset, k) for dataset in range(1, datasets + 1) for k in range(1, 4))
    return rows + _write(folder / "DatasetVersions.csv", VERSIONS, versions)


DATASETS = (
    "Id,CreatorUserId,OwnerUserId,OwnerOrganizationId,CurrentDatasetVersionId,CurrentDatasourceVersionId,ForumId,Type,"
    "CreationDate,LastActivityDate,TotalViews,TotalDownloads,TotalVotes,TotalKernels"
)
VERSIONS = (
    "Id,DatasetId,DatasourceVersionId,CreatorUserId,LicenseName,CreationDate,VersionNumber,Title,Slug,Subtitle,"
    "Description,VersionNotes,TotalCompressedBytes,TotalUncompressedBytes"
)


def _users(count: int) -> Iterator[Sequence[object]]:
    return ([n, f"user{n}", f"User {n}", "06/03/2019"] for n in range(1, count + 1))


def _dataset(rng: random.Random, number: int, users: int) -> Sequence[object]:
    organization = rng.randrange(1, 51) if number % 20 == 0 else ""
    owner = "" if organization else rng.randrange(1, users + 1)
    current = "" if number % 50 == 0 else number * 3
    downloads = int(rng.paretovariate(0.6))
    days = ("06/03/2019 00:56:47", "07/03/2019")
    return [number, owner or 1, owner, organization, current, number, number, 2, *days, downloads * 9, downloads, 3, 1]


def _version(rng: random.Random, dataset: int, number: int) -> Sequence[object]:
    title = " ".join(rng.choices(WORDS, k=4)).title()
    about = " ".join(rng.choices(WORDS, k=min(400, int(rng.paretovariate(0.7) * 8)))) + ",\nand more."
    size = rng.randrange(1000, 10**9)
    slug = f"{title.lower().replace(' ', '-')}-{dataset}"
    start = [dataset * 3 - 3 + number, dataset, dataset, 1, rng.choice(LICENSES), "06/04/2019 10:00:00", number]
    return [*start, title, slug, about[:80], about, "notes", size, size * 3]


def _write(path: Path, header: str, rows: Iterator[Sequence[object]]) -> int:
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header.split(","))
        for row in rows:
            writer.writerow(row)
            count += 1
    return count


def read_all(folder: Path) -> int:
    """Every row of the tables by `csv.reader`, thrown away."""
    count = 0
    for name in TABLES:
        with (folder / name).open(encoding="utf-8", newline="") as file:
            count += sum(1 for _ in csv.reader(file)) - 1
    return count


def measure(rows: int, rounds: int) -> str:
    """Each reading of the same tables, turn about."""
    folder = DATA / f"meta-kaggle-{rows}"
    count = write_tables(folder, rows // PER_DATASET)
    say(f"{count:,} rows in {folder}")
    memory: dict[str, int] = {}
    least: dict[str, float] = {}

    def ended(name: str, command: Sequence[str]) -> float:
        done = process(command, {})
        memory[name] = max(memory.get(name, 0), done.memory)
        least[name] = min(least.get(name, done.cpu), done.cpu)
        say(f"  {name}: {done.wall:.1f} s, {done.cpu:.1f} s of CPU, {done.memory >> 20} MiB")
        return done.wall

    def whole() -> float:
        target = scratch("meta-kaggle")
        seconds = ended("import", python("-m", "bench.meta_kaggle", "--import", str(folder), str(target)))
        remove(target)
        return seconds

    cases: dict[str, Callable[[], float]] = {
        "the join: tables to records": lambda: ended("join", python("-c", COUNT, str(folder))),
        "csv.reader over the same files": lambda: ended(
            "reader", python("-m", "bench.meta_kaggle", "--read", str(folder))
        ),
        "the whole import, tagged, stored and indexed": whole,
    }
    names = dict(zip(cases, ("join", "reader", "import"), strict=True))
    found = alternate(cases, rounds, drop=int(rounds > 1))
    rates = {name: figure.rate(count) for name, figure in found.items()}
    limit = rates["csv.reader over the same files"]
    lines = [
        [
            *(name, rate.show(1, 0), f"{count / least[names[name]]:,.0f}", f"{memory[names[name]] >> 20} MiB"),
            "" if rate is limit else rate.over(limit).show(),
        ]
        for name, rate in rates.items()
    ]
    heads = ["reading", "rows of the tables a second", "rows a second of CPU", "memory at most", "against csv.reader"]
    return table(heads, lines)


def _import(folder: Path, target: Path) -> None:
    from catalog.registry import Registry
    from catalog.sync import import_pages
    from connectors.kaggle import connector

    with Registry.open(target, create=True) as registry:
        done = import_pages(registry, connector, lambda: connector.imported(folder), {"file": folder.name})
    say(f"  {done.new:,} new")


def main(given: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Measure an import of Meta Kaggle.")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--read", metavar="DIR", help=argparse.SUPPRESS)
    parser.add_argument("--import", dest="into", nargs=2, metavar=("DIR", "DB"), help=argparse.SUPPRESS)
    options = parser.parse_args(given)
    if options.read:
        print(read_all(Path(options.read)))
    elif options.into:
        _import(*(Path(each) for each in options.into))
    else:
        command = f"python -m bench.meta_kaggle --rows {options.rows} --rounds {options.rounds}"
        keep(f"meta_kaggle {options.rows}", measure(options.rows, options.rounds), command)


if __name__ == "__main__":
    main()
