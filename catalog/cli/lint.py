"""`catalog lint`."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from catalog.cli import output
from catalog.cli.options import json_option
from catalog.errors import Usage
from catalog.text import for_terminal

if TYPE_CHECKING:
    from catalog.formats import Detected
    from catalog.formats.lint import Finding, Report
    from catalog.tokens import Tokenizer

COLOURS = {"error": "31", "warning": "33", "note": "2"}


@click.command("lint")
@click.argument("path", type=click.Path(path_type=Path), metavar="FILE|FOLDER")
@click.option("-n", "--rows", type=click.IntRange(1), help="Look at the first rows only.")
@click.option(
    "--against",
    "evaluation",
    multiple=True,
    type=click.Path(path_type=Path),
    help="An evaluation set here that must not be in it (repeatable).",
)
@click.option("--tokenizer", metavar="T", default="estimate", help="What counts tokens, as for catalog tokens.")
@json_option
def lint_command(path: Path, rows: int | None, evaluation: tuple[Path, ...], tokenizer: str, as_json: bool) -> int:
    """Check the rows of a training set: its format, and what would spoil a training.

    Reads JSON Lines, JSON, CSV, TSV, Parquet and text, packed or not; a folder as one dataset. Tells the training
    format that columns and values show, then rows that break it, copies, unbalanced labels, personal data (masked),
    token lengths, and rows that share 13 words in a row with an evaluation set. The exit code is 0 for a clean set and
    1 where something was found.

    \b
    Examples:
      catalog lint data/train.jsonl
      catalog lint gsm8k/ --rows 10000 --json
      catalog lint train.parquet --against test.jsonl
    """
    from catalog.datafile.linting import linted
    from catalog.tokens.tokenizers import tokenizer_named

    counting = tokenizer_named(tokenizer)
    report = linted(path, counting, rows, evaluation, _progress if sys.stderr.isatty() else None)
    if not report.rows:
        raise Usage(f"there are no rows in {path}.", "Name a data file, or a folder of them.")
    if as_json:
        output.print_json(report_json(report, counting))
    else:
        print("\n".join(report_lines(report, counting)))
    return 0 if report.is_clean else 1


def _progress(number: int) -> None:
    print(f"\r{number:,} rows", end="", file=sys.stderr, flush=True)


def report_json(report: Report, tokenizer: Tokenizer) -> dict[str, Any]:
    """The report as the object of `--json`."""
    return {
        "rows": report.rows,
        "format": detected_json(report.detected),
        "clean": report.is_clean,
        "findings": [{**asdict(each), "severity": each.severity, "says": each.says} for each in report.findings],
        "tokens": {**report.lengths, "tokenizer": tokenizer.name, "method": tokenizer.says},
        "scripts": report.scripts,
        "languages": report.languages,
        "labels": report.labels,
        "personal_data": report.personal,
        "personal_examples": report.masked,
        "overlap": report.overlaps,
        "length_ratio": report.ratio,
    }


def detected_json(detected: Detected | None) -> dict[str, Any] | None:
    """A format as JSON values."""
    return None if detected is None else {**asdict(detected), "mapping": dict(detected.mapping)}


def report_lines(report: Report, tokenizer: Tokenizer) -> Iterable[str]:
    """The report as text."""
    width = output.window_width()
    yield from format_lines(report.detected, width)
    yield output.counted(report.rows, "row")
    if report.lengths and (report.detected or report.lengths["max"]):
        told = ", ".join(f"{name} {output.count(value)}" for name, value in report.lengths.items())
        yield from output.labelled("tokens", f"{told} ({tokenizer.says})", width, 8)
    if report.scripts:
        yield "scripts " + ", ".join(f"{name} {share:.0%}" for name, share in report.scripts.items())
    if [*report.languages] == ["unclear"]:
        yield "language unclear: the texts are short, or in none known"
    elif report.languages:
        yield "language " + ", ".join(f"{name} {share:.0%}" for name, share in report.languages.items())
    if report.ratio is not None:
        yield f"lengths the chosen answer is {report.ratio:.2f} times as long as the rejected one, in the middle"
    if report.labels:
        labels = ", ".join(f"{for_terminal(name)} {count:,}" for name, count in list(report.labels.items())[:8])
        yield from output.wrap(f"labels  {labels}", width)
    yield ""
    for finding in report.findings:
        yield from output.wrap(_finding(finding), width)
    if report.is_clean:
        yield "Nothing is wrong with these rows."


def format_lines(detected: Detected | None, width: int) -> Iterable[str]:
    """What format rows show, and why."""
    if detected is None:
        yield "format  unknown: no rule fits these columns"
        return
    stages = f" for {', '.join(detected.stage)}" if detected.stage else ""
    yield f"format  {detected.format}{stages} ({detected.confidence:.0%} sure)"
    for reason in detected.reasons:
        yield from (f"        {line}" for line in output.wrap(for_terminal(reason), width - 8))


def _finding(finding: Finding) -> str:
    more = " …" if finding.more else ""
    where = f" (row{'s' if len(finding.rows) > 1 or more else ''} {', '.join(map(str, finding.rows))}{more})"
    severity = output.paint(output.pad(finding.severity, 8), COLOURS[finding.severity])
    detail = f": {for_terminal(finding.detail)}" if finding.detail else ""
    if finding.check in ("length ratio", "unbalanced"):
        return (
            f"{severity}{for_terminal(finding.detail)} {finding.says}"
            if finding.check == "length ratio"
            else (f"{severity}{finding.count}{for_terminal(finding.detail)}: labels are unbalanced")
        )
    return f"{severity}{finding.count:,} {finding.says}{detail}{where if finding.rows else ''}"
