"""A query as FTS5 MATCH expressions: pure text building, every word quoted.

Words are looked for in all text columns; a CJK run is a phrase of overlapping pairs, as typed or in simplified
characters. A part of the words that names facet terms also matches what carries one of them. So there are two answers:
the whole, where each part is held as a word or as a term, and within it the first, where each such part is held as a
term, or all are held by name and title.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from catalog.index.han import simplified
from catalog.index.keys import EVERY, bigrams, cjk_runs, name_norm, token_of
from catalog.search.query import Query, Range, Word
from catalog.search.terms import Filters
from catalog.search.understand import Part, Reading, Term, Unit
from catalog.text import for_fts

_CUT = "\x00"
"""Stands where a CJK run was; no text holds it."""
_COMMON = frozenset(("language", "modality", "license", "commercial"))


def match_expression(query: Query, filters: Filters, positive: Iterable[str], unwanted: Sequence[Term] = ()) -> str:
    """The MATCH expression of positive parts, filters and what is excluded; `unwanted` are terms that excluded words
    name. Without any positive part it matches every document."""
    wanted = [part for part in positive if part]
    wanted.extend(_either([term_string(number) for number in numbers]) for numbers in filters.wanted.values())
    negative = [word_expression(word) for word in query.words if word.negated]
    negative.extend(term_string(term.number) for term in unwanted)
    negative.extend(term_string(number) for numbers in filters.unwanted.values() for number in numbers)
    negative = [each for each in negative if each]
    whole = " AND ".join(wanted) if wanted else f'"{EVERY}"'
    return f"({whole}) NOT ({' OR '.join(negative)})" if negative else whole


def whole_expressions(reading: Reading) -> list[str]:
    """One expression for each unit that has letters or digits: each part as words or as a term."""
    silent = not any(part.says for unit in reading.units for part in unit.parts)
    found = (_unit_expression(unit, silent) for unit in reading.units)
    return [expression for expression in found if expression]


def first_expressions(reading: Reading) -> list[str]:
    """What matches hold that come first; [] where nothing in the words names a term."""
    if not reading.terms:
        return []
    tagged = [_either(_tokens(part)) if part.terms else words_expression(part) for part in reading.parts]
    held = " AND ".join(each for each in tagged if each)
    title = _title_expression(reading.parts)
    telling = Reading(tuple(unit for unit in reading.units if not all(map(_is_common, unit.parts))))
    return [f"(({held}) OR {title})" if title else held, *whole_expressions(telling)]


def _is_common(part: Part) -> bool:
    """Whether a part names terms that very many carry: their words tell nothing more, and cost most to look at."""
    return not part.says or any(term.facet in _COMMON for term in part.terms)


def _title_expression(parts: Sequence[Part]) -> str:
    """Several parts of Latin words, all in name and title; the pairs of CJK runs stand in a column of their own."""
    if len(parts) < 2 or any(cjk_runs(part.text) for part in parts):
        return ""
    return f"{{name title}} : ({' AND '.join(each for part in parts if (each := words_expression(part)))})"


def _unit_expression(unit: Unit, silent: bool) -> str:
    each = [_either([words_expression(part), *_tokens(part)]) for part in unit.parts if part.says or silent]
    joined = " AND ".join(expression for expression in each if expression)
    if unit.whole is None or len(unit.parts) == 1 or not joined:
        return joined if len(each) < 2 else f"({joined})"
    return _either([word_expression(unit.whole), f"({joined})"])


def _tokens(part: Part) -> list[str]:
    return [term_string(term.number) for term in part.terms]


def words_expression(part: Part) -> str:
    """All words of a part, as words, or one of the spellings near to it."""
    if part.near:
        return _either([*map(word_expression, part.words), *map(for_fts, part.near)])
    each = [expression for word in part.words if (expression := word_expression(word))]
    return each[0] if len(each) == 1 else f"({' AND '.join(each)})" if each else ""


def word_expression(word: Word) -> str:
    """The expression of one word: each piece that is not CJK as a phrase, each CJK run as a phrase of pairs, all of
    them."""
    runs = cjk_runs(word.text)
    rest = word.text
    for run in runs:
        rest = rest.replace(run, _CUT, 1)
    pieces = [piece for piece in rest.split(_CUT) if any(map(str.isalnum, piece))]
    parts = [_plain_expression(piece, word.kind) for piece in pieces]
    parts.extend(_run_expression(run) for run in runs)
    return parts[0] if len(parts) == 1 else f"({' AND '.join(parts)})" if parts else ""


def _plain_expression(text: str, kind: str) -> str:
    if kind == "prefix":
        return f"{for_fts(text)} *"
    joined = name_norm(text)
    if kind == "word" and joined != text.casefold() and joined.isalnum():
        return _either([for_fts(text), for_fts(joined)])
    return for_fts(text)


def _run_expression(run: str) -> str:
    """A CJK run as it is typed, or in simplified characters."""
    return _either([_pairs(each) for each in dict.fromkeys((run, simplified(run)))])


def _pairs(run: str) -> str:
    return f"{for_fts(run)} *" if len(run) == 1 else for_fts(bigrams(run).rpartition(" ")[0])


def term_string(number: int) -> str:
    """The token of a term as an FTS5 string."""
    return f'"{token_of(number)}"'


def _either(expressions: Sequence[str]) -> str:
    each = [expression for expression in expressions if expression]
    return each[0] if len(each) == 1 else f"({' OR '.join(each)})" if each else ""


def range_condition(ranges: Mapping[str, Range], *, missing: bool = False) -> tuple[str, list[int | str]]:
    """The ranges as a condition on the dataset table `d` ("" when there is none) and its values."""
    conditions, values = [], []
    for column, (low, high) in ranges.items():
        if low is not None:
            conditions.append(f"d.{column} >= ?")
            values.append(low)
        if high is not None:
            conditions.append(f"d.{column} <= ?")
            values.append(high)
        if column in ("modified", "created"):
            conditions.append(f"d.{column} <> ''")
    if missing:
        conditions.append("d.missing_since <> ''")
    return " AND ".join(conditions), values
