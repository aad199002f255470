"""Score the license reader on strings that others annotated.

    python -m bench.tagging.license --truth FILE.jsonl [--json] [--errors N]

A row has `raw`, `expected_spdx` (null where no single license is named), `expected_class`, `commercial` (yes, no,
unspecified) and `kind`. Only `raw` reaches the reader. The annotators know no "conditions": use restrictions count as
yes for them and model terms as no, and so they are folded here. False permission is the share of rows that are not
"yes" for the annotators and are for us: the one error that harms.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from catalog.license import Recognised, recognise

Row = dict[str, Any]

_FAMILIES: Final = {"odc-by": "odc-by-1.0", "odbl": "odbl-1.0", "pddl": "pddl-1.0", "cc0": "cc0-1.0"}


def predicted(raw: str) -> Row:
    """What the reader says of one string, in the annotators' terms; of several licenses the first named."""
    said = recognise(raw)
    return {"spdx": first_id(said.expression), "class": said.cls, "commercial": folded(said)}


def first_id(expression: str) -> str | None:
    """The first SPDX id of an expression, None where it has only references of its own."""
    ids = re.findall(r"[A-Za-z0-9.+-]+", re.sub(r"\b(?:AND|OR|WITH)\b", " ", expression))
    return next((id for id in ids if not id.startswith("LicenseRef-")), None)


def folded(said: Recognised) -> str:
    """Yes, no or unspecified."""
    if said.commercial == "conditions":
        return "no" if said.cls == "model-terms" else "yes"
    return "unspecified" if said.commercial == "unknown" else said.commercial


def same_license(one: str | None, other: str | None) -> bool:
    """Whether two SPDX ids name the same license, `-only` and `-or-later` aside."""
    return _plain(one) == _plain(other)


def _plain(id: str | None) -> str:
    bare = re.sub(r"-(only|or-later)$", "", (id or "").lower()).rstrip("+")
    return _FAMILIES.get(bare, bare)


def score(rows: Sequence[Row]) -> Row:
    """Accuracy, false permission, SPDX precision, recall and F1, and the same by kind."""
    read = [(row, predicted(row["raw"])) for row in rows]
    kinds = Counter(row["kind"] for row in rows)
    by = {kind: _figures([pair for pair in read if pair[0]["kind"] == kind]) for kind, _ in kinds.most_common()}
    wrong = [_error(row, said) for row, said in read if not _right(row, said)]
    return {**_figures(read), "by": by, "wrong": wrong}


def _figures(read: Sequence[tuple[Row, Row]]) -> Row:
    named = [pair for pair in read if pair[0]["expected_spdx"]]
    given = [pair for pair in read if pair[1]["spdx"]]
    hits = sum(same_license(row["expected_spdx"], said["spdx"]) for row, said in named)
    limited = [said for row, said in read if row["commercial"] != "yes"]
    permitted = sum(said["commercial"] == "yes" for said in limited)
    precision, recall = _share(hits, len(given)), _share(hits, len(named))
    return {
        "rows": len(read),
        "commercial": _share(sum(row["commercial"] == said["commercial"] for row, said in read), len(read)),
        "false_permission": _share(permitted, len(limited)) or 0.0,
        "class": _share(sum(row["expected_class"] == said["class"] for row, said in read), len(read)),
        "spdx_p": precision,
        "spdx_r": recall,
        "spdx_f1": _share(2 * hits, len(given) + len(named)),
    }


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _right(row: Row, said: Row) -> bool:
    named = not row["expected_spdx"] or same_license(row["expected_spdx"], said["spdx"])
    return named and row["commercial"] == said["commercial"]


def _error(row: Row, said: Row) -> Row:
    harm = said["commercial"] == "yes" != row["commercial"]
    expected = {"spdx": row["expected_spdx"], "commercial": row["commercial"]}
    return {"kind": row["kind"], "raw": row["raw"], "expected": expected, "said": said, "false_permission": harm}


def table(found: Row, errors: int) -> str:
    """The figures as lines of text, then the first errors."""
    lines = [f"{'kind':24} rows  commercial  false perm.  class   SPDX P   R      F1"]
    lines += [_line(kind, figures) for kind, figures in (("all", found), *found["by"].items())]
    for each in found["wrong"][:errors]:
        mark = "!" if each["false_permission"] else " "
        lines.append(f"{mark} {each['kind']}: {each['expected']} but {each['said']}: {each['raw'][:100]!r}")
    return "\n".join(lines)


def _line(kind: str, figures: Row) -> str:
    shares = [figures[key] for key in ("commercial", "false_permission", "class", "spdx_p", "spdx_r", "spdx_f1")]
    shown = [f"{share:.3f}" if share is not None else "-" for share in shares]
    return f"{kind:24} {figures['rows']:4}  {shown[0]:10}  {shown[1]:11}  " + "  ".join(
        f"{each:6}" for each in shown[2:]
    )


def main() -> None:
    """Read the arguments, score, print."""
    parser = argparse.ArgumentParser(description="Score the license reader on annotated strings.")
    parser.add_argument("--truth", required=True, type=Path)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--errors", type=int, default=0, metavar="N", help="print the first N errors")
    asked = parser.parse_args()
    with asked.truth.open(encoding="utf-8") as lines:
        found = score([json.loads(line) for line in lines if line.strip()])
    print(json.dumps(found, ensure_ascii=False) if asked.json else table(found, asked.errors))


if __name__ == "__main__":
    main()
