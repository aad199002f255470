"""`catalog convert`."""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from catalog.cli import output
from catalog.cli.options import json_option
from catalog.errors import CatalogError, Fatal, Usage
from catalog.text import for_terminal

if TYPE_CHECKING:
    from catalog.datafile.writing import Counts
    from catalog.formats.convert import Conversion

REASONS_SHOWN = 8


@click.command("convert")
@click.argument("path", type=click.Path(path_type=Path), metavar="FILE|FOLDER", required=False)
@click.option("--to", "target", metavar="FORMAT", help="The format to write.")
@click.option("--from", "named", metavar="FORMAT", help="The format of the rows (default: what they show).")
@click.option("--map", "roles", multiple=True, metavar="ROLE=COLUMN", help="The column of a role (repeatable).")
@click.option("--template", metavar="T", help="How task data become prompt and completion: a name or a text.")
@click.option("--form", type=click.Choice(["plain", "chat"]), help="Write plain texts or turns (default: as they are).")
@click.option("--keep", multiple=True, metavar="COLUMN", help="Carry this column as well (repeatable).")
@click.option("--threshold", type=float, metavar="X", help="The score from which an answer counts as good.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="The file: .jsonl, .csv or .parquet.")
@click.option("--list", "listing", is_flag=True, help="List the formats.")
@json_option
def convert_command(path: Path | None, target: str | None, listing: bool, as_json: bool, **options: Any) -> int:
    """Write rows in the format that a trainer reads.

    Reads what `catalog lint` reads, tells the format of the rows, and writes them for TRL, LLaMA-Factory, OpenRLHF,
    verl or ms-swift, or as a plain table. Rows that do not fit go to OUT.rejects.jsonl with the reason, and are
    counted. A pair of answers gives its better one to learn, or its prompt, or two judged rows; nothing becomes a pair
    that was none. LLaMA-Factory's dataset_info.json is written beside the file.

    \b
    Examples:
      catalog convert gsm8k/train.jsonl --to alpaca
      catalog convert pairs.parquet --to kto --out kto.jsonl
      catalog convert reviews.csv --to sft --template "Is it good? {text} => {label}"
      catalog convert --list
    """
    if listing:
        _list(as_json)
        return 0
    if path is None or target is None:
        raise Usage("convert needs a file and --to FORMAT.", "The formats are listed by: catalog convert --list")
    conversion, counts, out = convert_path(path, target, options["out"], options)
    if as_json:
        output.print_json(summary_json(conversion, counts, out))
    else:
        print("\n".join(summary_lines(conversion, counts, out)))
    return 0 if counts.written else 1


def convert_path(path: Path, to: str, out: Path | None, options: dict[str, Any]) -> tuple[Conversion, Counts, Path]:
    """Convert a file or folder; `options` as those of the command. Raises `Usage`, `Fatal`."""
    from catalog.datafile import first_rows, read_rows
    from catalog.datafile.writing import check_suffix, write_converted
    from catalog.formats.convert import plan_conversion
    from catalog.formats.targets import target_named
    from catalog.formats.training_source import LAYOUTS
    from catalog.formats.values import SAMPLE

    target = target_named(to)
    named = target_named(options["named"]).name if options.get("named") else ""
    if named and named not in LAYOUTS:
        raise Usage(f"rows of {named} cannot be read.", "Name the columns instead: --map prompt=COLUMN")
    stem = path.name.partition(".")[0] or path.resolve().name
    out = out or path.with_name(f"{stem}.{target.name}.jsonl")
    check_suffix(out)
    if out.exists() and out.samefile(path):
        raise Usage("the rows would be written over what they are read from.", "Name another file with --out.")
    form = options.get("form")
    conversion = plan_conversion(
        first_rows(path, SAMPLE),
        target,
        named=named,
        mapping=dict(_role(each) for each in options.get("roles") or ()),
        template=options.get("template") or "",
        chat=None if form is None else form == "chat",
        keep=options.get("keep") or (),
        threshold=options.get("threshold"),
        data_source=options.get("data_source") or path.resolve().name.partition(".")[0],
        split=next((each for each in ("test", "valid", "train") if each in path.name.lower()), "train"),
    )
    info = _info_beside(out) if target.trainer == "LLaMA-Factory" else None
    counts = write_converted(read_rows(path), conversion.convert, out, _progress if sys.stderr.isatty() else None)
    if info is not None and counts.written:
        _write_info(out, target.name, counts.columns, info)
    return conversion, counts, out


def _role(text: str) -> tuple[str, str]:
    role, equals, column = text.partition("=")
    if not equals or not role or not column:
        raise Usage(f"--map does not understand {text[:60]!r}.", "Say it as: --map prompt=question")
    return role, column


def _progress(number: int) -> None:
    print(f"\r{number:,} rows", end="", file=sys.stderr, flush=True)


def _info_beside(out: Path) -> dict[str, Any]:
    """The entries that stand in `dataset_info.json` already. Raises `Fatal` for a file that is none."""
    path = out.with_name("dataset_info.json")
    try:
        entries = json.loads(path.read_text("utf-8")) if path.exists() else {}
    except ValueError:
        entries = None
    if not isinstance(entries, dict):
        raise Fatal(f"{path} is there and is no list of datasets.", "Move it away, or write to another folder.")
    return entries


def _write_info(out: Path, target: str, columns: list[str], entries: dict[str, Any]) -> None:
    from catalog.datafile.writing import placed
    from catalog.formats.targets_factory import dataset_info

    entries[out.name.removesuffix(out.suffix)] = dataset_info(target, out.name, columns)
    with placed(out.with_name("dataset_info.json")) as beside:
        beside.write_text(json.dumps(entries, ensure_ascii=False, indent=2) + "\n", "utf-8")


def summary_json(conversion: Conversion, counts: Counts, out: Path) -> dict[str, Any]:
    """What was done, as the object of `--json`."""
    from catalog.datafile.writing import rejects_of

    refused = bool(counts.rejected or counts.ties)
    return {
        "from": conversion.source.kind,
        "to": conversion.target.name,
        "mapping": dict(conversion.source.mapping),
        "form": "chat" if conversion.style.chat else "plain",
        "out": str(out),
        "read": counts.read,
        "written": counts.written,
        "ties": counts.ties,
        "rejected": dict(counts.rejected.most_common()),
        "rejects": str(rejects_of(out)) if refused else None,
        "columns": counts.columns,
        "left_out": list(conversion.left_out),
    }


def summary_lines(conversion: Conversion, counts: Counts, out: Path) -> Iterator[str]:
    """What was done, as text."""
    from catalog.datafile.writing import rejects_of

    source = conversion.source
    roles = ", ".join(f"{role} = {for_terminal(column[:40])}" for role, column in source.mapping.items())
    yield f"from     {source.kind} ({roles})"
    yield f"to       {conversion.target.name} ({', '.join(map(for_terminal, counts.columns)) or 'no rows'})"
    yield f"rows     {counts.read:,} read, {counts.written:,} written to {for_terminal(str(out))}"
    if counts.ties:
        yield f"ties     {output.counted(counts.ties, 'row')} dropped, of which no answer is better"
    for reason, number in counts.rejected.most_common(REASONS_SHOWN):
        yield f"rejected {number:,}: {for_terminal(reason)}"
    if len(counts.rejected) > REASONS_SHOWN:
        yield f"rejected for {len(counts.rejected) - REASONS_SHOWN:,} more reasons"
    if counts.rejected or counts.ties:
        yield f"         They are in {for_terminal(str(rejects_of(out)))}"
    if conversion.left_out:
        names = ", ".join(for_terminal(name[:40]) for name in conversion.left_out[:12])
        yield f"left out the columns {names} (carry one with --keep)"
    if counts.written and conversion.target.trainer == "LLaMA-Factory":
        yield f"         Its entry is in {for_terminal(str(out.with_name('dataset_info.json')))}"


def _list(as_json: bool) -> None:
    from catalog.formats.targets import TARGETS
    from catalog.formats.training_template import TEMPLATES

    if as_json:
        formats = [{"format": each.name, "trainer": each.trainer, "columns": each.columns} for each in TARGETS.values()]
        output.print_json({"formats": formats, "templates": dict(TEMPLATES)})
        return
    fields = (output.Field("format", 20), output.Field("trainer", 13), output.Field("columns", 30, grow=1))
    rows = [[each.name, each.trainer, each.columns] for each in TARGETS.values()]
    print("\n".join(output.table(fields, rows, output.window_width())))
    print(f"\ntemplates for task data: {', '.join(TEMPLATES)}")


def convert_folder(
    folder: Path, to: str, suffix: str, options: dict[str, Any], own: Collection[str] = ()
) -> Iterable[tuple[Path, str, Counts | None]]:
    """Convert each data file of a fetched folder into a jsonl, csv or parquet file (`suffix`) in FOLDER/FORMAT/: its
    path, what to say of it, and the counts, None for a file that does not fit as a whole. Folders named for a format
    are what was converted before, unless a file in them is one of the dataset's `own`; `options` as of the command."""
    from catalog.datafile import data_files
    from catalog.formats.targets import TARGETS, target_named

    target = target_named(to)
    inside = folder / target.name
    inside.mkdir(exist_ok=True)
    used: set[str] = set()
    for file in data_files(folder):
        path = file.relative_to(folder)
        if path.parts[0] in TARGETS and path.as_posix() not in own:
            continue
        whole = "-".join(path.parts)
        stem = whole.partition(".")[0]
        stem = whole.replace(".", "-") if stem in used else stem
        used.add(stem)
        out = inside / f"{stem}.{suffix}"
        try:
            conversion, counts, out = convert_path(file, to, out, options)
        except CatalogError as error:
            yield out, for_terminal(str(error)), None
            continue
        refused = counts.read - counts.written if counts.read > counts.written else 0
        yield out, f"{output.counted(counts.written, 'row')} of {conversion.source.kind}, {refused:,} left out", counts
