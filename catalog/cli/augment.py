"""`catalog augment`."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from catalog.cli import output
from catalog.cli.options import json_option
from catalog.errors import Fatal, Usage
from catalog.text import for_terminal

if TYPE_CHECKING:
    from catalog.augment import Words
    from catalog.augment.eda import Settings
    from catalog.augment.rows import Augmenter, Maker, Row
    from catalog.augment.words import Segmenter
    from catalog.datafile.writing import Counts

METHODS = ("eda", "aeda", "backtranslate", "mlm")
LABELS_SEEN = 1000
"""Rows whose labels are looked at for words to keep."""
MOST_LABELS = 200
REASONS_SHOWN = 8


@dataclass
class Done:
    """What was written, and by what settings."""

    method: str
    settings: Settings
    counts: Counts
    augmenter: Augmenter
    out: Path
    notes: list[str]


@click.command("augment")
@click.argument("path", type=click.Path(path_type=Path), metavar="FILE|FOLDER")
@click.option("--method", type=click.Choice(METHODS), default="eda", show_default=True, help="What makes new texts.")
@click.option("--column", required=True, metavar="C", help="The column of the text.")
@click.option("--n", "count", type=click.IntRange(1, 1000), metavar="K", help="New texts a row (default: by rows).")
@click.option("--seed", type=int, default=0, show_default=True, help="Another seed makes other texts.")
@click.option("--alpha", type=click.FloatRange(0, 1, min_open=True), help="The share of words that change.")
@click.option("--label", default="", metavar="COL", help="The column of the label, whose words are kept.")
@click.option("--protect", multiple=True, metavar="TEXT", help="Keep this text, or /pattern/ (repeatable).")
@click.option("--all-words", is_flag=True, help="Also change negations, names, numbers and words of labels.")
@click.option("--synonyms", type=click.Path(path_type=Path), metavar="FILE", help="Synonyms of yours (Chinese).")
@click.option("--segment", type=click.Choice(["characters", "jieba"]), help="How Chinese is cut into words.")
@click.option("--model", type=click.Path(path_type=Path), metavar="FOLDER", help="The model of mlm or backtranslate.")
@click.option("--back", type=click.Path(path_type=Path), metavar="FOLDER", help="The model that translates back.")
@click.option("--no-original", is_flag=True, help="Write the new rows only.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="The file: .jsonl, .csv or .parquet.")
@json_option
def augment_command(path: Path, as_json: bool, **options: Any) -> int:
    """Write more training rows out of those there are, by rule or by model.

    eda replaces words by synonyms, inserts synonyms, swaps and deletes words (Wei and Zou 2019); --alpha and --n follow
    the number of rows as the paper recommends (500: 0.05 and 16; 2,000: 0.05 and 8; more: 0.1 and 4). aeda puts
    punctuation before words (Karimi et al. 2021). mlm lets a masked language model fill in words, backtranslate
    translates there and back; both read models in folders here, need the extra `augment`, and download nothing. The
    same seed gives the same rows. Case and punctuation stay; negations with what they deny, names, numbers, addresses
    and the words of labels are kept, as they carry the label. Each row tells in aug_op what made it and in aug_row
    which row it comes from. Evaluation splits are refused. English synonyms are WordNet's; those of other languages
    come from a file of yours.

    \b
    Examples:
      catalog augment train.jsonl --method eda --column text --label label --n 4 --seed 7
      catalog augment reviews.csv --method aeda --column review --out more.csv
      catalog augment zh.jsonl --column text --synonyms tongyici.txt
      catalog augment train.parquet --method mlm --column text --model models/bert-base
    """
    done = _augmented(path, options)
    if as_json:
        output.print_json(done_json(done))
    else:
        print("\n".join(done_lines(done)))
    return 0 if done.counts.written else 1


def _augmented(path: Path, options: dict[str, Any]) -> Done:
    from catalog.augment import Guard, Synonyms
    from catalog.augment.rows import Augmenter, check_columns, refuse_evaluation
    from catalog.datafile import first_rows, read_rows
    from catalog.datafile.writing import check_suffix, write_converted

    refuse_evaluation(path.name)
    sample = first_rows(path, LABELS_SEEN)
    if not sample:
        raise Usage(f"there is no row in {path} that can be read.", "Look at it with: catalog lint FILE")
    check_columns(
        list(dict.fromkeys(str(name) for row in sample for name in row)), [options["column"], options["label"]]
    )
    if not any(isinstance(row.get(options["column"]), str) for row in sample):
        step = f"Turns become plain texts by: catalog convert {path} --to prompt-completion --form plain"
        raise Usage(f"the column {options['column'][:60]!r} holds no text.", step)
    out = options["out"] or path.with_name(f"{path.resolve().name.partition('.')[0]}.{options['method']}.jsonl")
    check_suffix(out)
    if out.exists() and out.samefile(path):
        raise Usage("the rows would be written over what they are read from.", "Name another file with --out.")
    settings = _settings(path, options)
    synonyms = Synonyms(options["synonyms"])
    guard = Guard(options["protect"], _labels(sample, options["label"]), label_safe=not options["all_words"])
    augmenter = Augmenter(
        options["column"], _maker(options, settings, synonyms), guard, options["seed"],
        segmenter=_segmenter(options["segment"], synonyms), label=options["label"],
        original=not options["no_original"], checked=options["method"] == "backtranslate",
    )  # fmt: skip
    progress = _progress if sys.stderr.isatty() else None
    counts = write_converted(read_rows(path), augmenter.rows, out, progress)
    return Done(options["method"], settings, counts, augmenter, out, _notes(sample, options))


def _progress(number: int) -> None:
    print(f"\r{number:,} rows", end="", file=sys.stderr, flush=True)


def _settings(path: Path, options: dict[str, Any]) -> Settings:
    """Alpha and the number of new texts: as asked for, else those of the method."""
    from catalog.augment.eda import Settings, settings
    from catalog.augment.models import MASKED

    alpha, count = options["alpha"], options["count"]
    if options["method"] != "eda":
        return Settings(MASKED if alpha is None else alpha, count or 1)
    usual = settings(_rows_of(path)) if alpha is None or count is None else Settings(alpha, count)
    return Settings(usual.alpha if alpha is None else alpha, count or usual.texts)


def _rows_of(path: Path) -> int:
    """How many rows there are, counted no further than it matters."""
    from catalog.augment.eda import BY_SIZE
    from catalog.datafile import first_rows

    return len(first_rows(path, BY_SIZE[-1][0] + 1))


def _labels(sample: Sequence[Row], column: str) -> list[str]:
    """The labels of the first rows, where they are words and not many."""
    found = {value for row in sample if column and isinstance(value := row.get(column), str)}
    return sorted(found) if len(found) <= MOST_LABELS else []


def _maker(options: dict[str, Any], settings: Settings, synonyms: Any) -> Maker:
    from catalog.augment import aeda, eda

    alpha, count = settings
    if options["method"] == "eda":
        return lambda words, chance: eda(words, alpha, count, chance, synonyms)
    if options["method"] == "aeda":
        return lambda words, chance: aeda(words, count, chance)
    model = _model(options)

    def texts(words: Words, chance: random.Random) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = model.texts(words, alpha, count, chance)
        return found

    return texts


def _model(options: dict[str, Any]) -> Any:
    from catalog.augment.models import BackTranslation, MaskedWords

    if options["model"] is None:
        raise Usage(f"{options['method']} needs a model in a folder here.", "Name it with: --model FOLDER")
    if options["method"] == "mlm":
        return MaskedWords(options["model"])
    if options["back"] is None:
        raise Usage("backtranslate needs a second model, which translates back.", "Name it with: --back FOLDER")
    return BackTranslation(options["model"], options["back"])


def _segmenter(named: str | None, synonyms: Any) -> Segmenter | None:
    """By characters, by jieba, or, where nothing is said, by the words of the user's synonyms."""
    if named == "characters":
        return None
    if named is None:
        found: Segmenter | None = synonyms.segmenter()
        return found
    try:
        import rjieba
    except ImportError as error:
        raise Fatal(
            "cutting Chinese by words needs rjieba.", "Add it with: pip install 'dataset-catalog[zh]'"
        ) from error

    def cut(run: str) -> list[str]:
        return list(rjieba.cut(run))

    return cut


def _notes(sample: Sequence[Row], options: dict[str, Any]) -> list[str]:
    from catalog.augment.words import is_wide

    texts = [value for row in sample[:200] if isinstance(value := row.get(options["column"]), str)]
    if options["method"] == "eda" and options["synonyms"] is None and sum(map(is_wide, texts)) > len(texts) / 2:
        return ["there are no Chinese or Japanese synonyms; name a file of them with --synonyms"]
    return []


# -- what is said ------------------------------------------------------------------------------------------------------


def done_json(done: Done) -> dict[str, Any]:
    """What was done, as the object of `--json`."""
    from catalog.datafile.writing import rejects_of

    return {
        "method": done.method,
        "alpha": done.settings.alpha if done.method in ("eda", "mlm") else None,
        "n": done.settings.texts,
        "out": str(done.out),
        "read": done.counts.read,
        "written": done.counts.written,
        "made": dict(sorted(done.augmenter.counts.items())),
        "without_new_text": done.augmenter.silent,
        "dropped": done.augmenter.lost,
        "rejected": dict(done.counts.rejected.most_common()),
        "rejects": str(rejects_of(done.out)) if done.counts.rejected else None,
        "notes": done.notes,
    }


def done_lines(done: Done) -> Iterator[str]:
    """What was done, as text."""
    from catalog.datafile.writing import rejects_of

    alpha = f", alpha {done.settings.alpha:g}" if done.method in ("eda", "mlm") else ""
    yield f"method   {done.method}{alpha}, up to {output.counted(done.settings.texts, 'new text')} a row"
    yield f"rows     {done.counts.read:,} read, {done.counts.written:,} written to {for_terminal(str(done.out))}"
    made = ", ".join(f"{name} {number:,}" for name, number in sorted(done.augmenter.counts.items())) or "none"
    yield f"new      {output.counted(done.augmenter.counts.total(), 'text')}: {made}"
    if done.augmenter.silent:
        yield f"         of {output.counted(done.augmenter.silent, 'row')} none came"
    if done.augmenter.lost:
        yield f"dropped  {output.counted(done.augmenter.lost, 'text')} that had lost a word to keep"
    for reason, number in done.counts.rejected.most_common(REASONS_SHOWN):
        yield f"rejected {number:,}: {for_terminal(reason)}"
    if done.counts.rejected:
        yield f"         They are in {for_terminal(str(rejects_of(done.out)))}"
    yield from (f"note     {note}" for note in done.notes)
