"""The page that tells users what each tag means, how it is made, and how often it is right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from catalog import tagging
from catalog.tagging import SHOWN, model
from catalog.tagging.weigh import ALONE

PAGE: Final = Path(__file__).resolve().parents[2] / "site" / "docs" / "accuracy.md"


@dataclass(frozen=True, slots=True)
class Line:
    """One figure of one facet over so many annotated rows."""

    facet: str
    figure: str
    value: str
    rows: int


def table(lines: Sequence[Line]) -> str:
    """The figures as a Markdown table."""
    head = "| facet | figure | value | rows |\n| --- | --- | --- | --- |\n"
    return head + "\n".join(f"| {line.facet} | {line.figure} | {line.value} | {line.rows} |" for line in lines)


def page(lines: Sequence[Line], *, seen: bool) -> str:
    """The whole page. `seen` says that the model had learned from the rows it is scored on."""
    how = "by the shipped model, which has learned from these rows: too good to be believed" if seen else (
        "by five-fold cross-validation, the mean of three with other folds; no name is both learned from and scored"
    )  # fmt: skip
    measured = (
        f"Measured {datetime.now(UTC):%Y-%m-%d} with rules `{tagging.RULES}` and the model of "
        f"{model.load().head['about']}, domain, task and stage from text {how}."
    )
    return "\n\n".join(
        [_INTRO, _FACETS, _MAKING, f"## How often they are right\n\n{measured}\n\n{table(lines)}", _LIMITS]
    )


_INTRO: Final = f"""# Tags and how far to trust them

A tag is a term of a fixed vocabulary that the catalog gives to a dataset. Each has a rule that gave it, the words it
rests on and a confidence from 0 to 1. `catalog show NAME` prints them. Nothing under {SHOWN} is shown, but for a
dataset's only task (from {ALONE} on).

<!-- Written by `python -m bench.tagging --docs`; edit bench/tagging/page.py instead. -->"""

_FACETS: Final = """## What each tag means

| facet | says |
| --- | --- |
| domain | what the data are about: 30 subjects, up to three, the closest first; `general` where no subject stands out |
| task | what the data train a model to do: 78 tasks, the closest one rather than the family above it |
| stage (a task term) | which step of making a language model it serves: `pretrain`, `sft`, `preference`, `rl`, `eval` |
| language | BCP 47 codes: declared by the source, named in the title, or detected from the text |
| genre | what kind of text it is: web page, paper, news, dialogue, exam and fifteen more |
| modality | text, image, audio, video, tabular and six more |
| format | how a row of a training set is laid out, by its columns |
| license | the verdict on commercial use, with its evidence; see [Licenses and verdicts](guide/licenses.md) |"""

_MAKING: Final = f"""## How a tag is made

The rule of a tag is one of these, from the surest to the least sure:

- `catalog`: the embedded catalog states it; people read the source. 1.0.
- `source tag`: the hub or the author states it for this facet. 0.95.
- `columns`: the column names fit one layout of training data. 0.5 to 0.95.
- `free tag`: one of the author's own keywords means the term. 0.8. Of authors who claim four domains or more, only what
  the text supports is taken.
- `text`: phrases of a word list occur in name, title or description. Weighed with the model, as below.
- `model`: no list has the phrase, but the words together speak for the term. The words that weigh most are shown.
- `name`, `detected`, `task`, `rows`: a benchmark's name, the script and stop words of a language, what a task needs,
  the number of rows.

Word lists and model are weighed together for domain, task and stage. The model is one linear regression a term over
hashed words, four-letter pieces of title words, and what the word lists found; for tasks also over pairs of words in a
row. It has learned from annotated lists, dataset cards and the tags of hubs, whose text is not in the package: only
numbers are, and pairs of words that examples share. It needs no network and no library, gives the same answer on every
machine, and is trained anew by `python -m bench.tagging.train`. The confidence of such a tag is the share of right
answers among held-out tags of the same score, so of those at 0.5 about half are right. Where no task reaches {SHOWN},
the best one is still given from {ALONE} on, where one of five is right."""

_LIMITS: Final = """The rows are a development set that others annotated: lists of datasets by subject, card authors,
corpus surveys of several languages. For a domain, an answer is accepted that the annotator's own hierarchy allows. With
parents, a task stands for those above it too. A row of stage `classic` expects no stage at all.

## Limits

- The word lists were written with these rows in view; the model never sees the rows that it is scored on, but how much
  it counts beside the lists, and the confidence below which nothing is shown, were chosen on them. Expect somewhat less
  on other data.
- Annotators agree on the stage of a dataset in about nine of ten cases. No figure can be far above that.
- A title alone says little. With fewer than a handful of words the domain is often missing, which is meant.
- Text is read in English and Chinese; other languages are served by titles, tags and columns, and else get no answer.
- What the source says is taken at its word. A dataset tagged wrongly by its author stays wrong until `catalog tag set`
  corrects it.
- A stage is a use, not a property: a benchmark can be trained on, and often is.
"""
