"""A query as an FTS5 MATCH expression: pure text building, every word quoted.

Words are looked for in all text columns. A word that is a spelling of a facet term also matches what carries the
term; a CJK run is a phrase of overlapping pairs, and where it is made of known terms (医疗对话) it also matches
those terms one by one.
"""

from __future__ import annotations

from collections.abc import Mapping

from catalog.index.keys import EVERY, bigrams, cjk_runs, name_norm, token_of
from catalog.search.query import Query, Range, Word
from catalog.search.terms import LONGEST_NAME, Filters, segments, together
from catalog.text import for_fts

TermsOf = Mapping[str, tuple[int, ...]]

_CUT = "\x00"
"""Stands where a CJK run was; no text holds it."""


def match_expression(query: Query, filters: Filters, terms: TermsOf) -> str:
    """The MATCH expression of a whole query. Without any positive part it matches every document."""
    positive = words_expressions(query, filters, terms)
    positive.extend(_either([term_string(number) for number in numbers]) for numbers in filters.wanted.values())
    negative = [word_expression(word, {}) for word in query.words if word.negated]
    negative.extend(term_string(number) for numbers in filters.unwanted.values() for number in numbers)
    negative = [each for each in negative if each]
    whole = " AND ".join(positive) if positive else f'"{EVERY}"'
    return f"({whole}) NOT ({' OR '.join(negative)})" if negative else whole


def words_expressions(query: Query, filters: Filters, terms: TermsOf) -> list[str]:
    """One expression for each free word that has letters or digits; neighbours that name a term together are one."""
    words = [word for word in query.words if not word.negated]
    found: list[str] = []
    while words:
        size = max((n for n in range(2, LONGEST_NAME + 1) if together(words[:n], n) in terms), default=1)
        each = [expression for word in words[:size] if (expression := word_expression(word, terms))]
        if size > 1:
            numbers = terms[together(words[:size], size)]
            each = [_either([f"({' AND '.join(each)})", *(term_string(number) for number in numbers)])]
        found.extend(each)
        words = words[size:]
    loose = (word_expression(Word(text), terms) for text in filters.text)
    return found + [expression for expression in loose if expression]


def word_expression(word: Word, terms: TermsOf) -> str:
    """The expression of one word: each piece that is not CJK as a phrase, each CJK run as a phrase of pairs, all of
    them."""
    runs = cjk_runs(word.text)
    rest = word.text
    for run in runs:
        rest = rest.replace(run, _CUT, 1)
    pieces = [piece for piece in rest.split(_CUT) if any(map(str.isalnum, piece))]
    parts = [_plain_expression(piece, word.kind) for piece in pieces]
    parts.extend(_run_expression(run, terms) for run in runs)
    if not parts:
        return ""
    expression = parts[0] if len(parts) == 1 else f"({' AND '.join(parts)})"
    numbers = terms.get(name_norm(word.text), ()) if word.kind == "word" else ()
    return _either([expression, *(term_string(number) for number in numbers)])


def _plain_expression(text: str, kind: str) -> str:
    if kind == "prefix":
        return f"{for_fts(text)} *"
    joined = name_norm(text)
    if kind == "word" and joined != text.casefold() and joined.isalnum():
        return _either([for_fts(text), for_fts(joined)])
    return for_fts(text)


def _run_expression(run: str, terms: TermsOf) -> str:
    if len(run) == 1:
        return f"{for_fts(run)} *"
    phrase = for_fts(bigrams(run).rpartition(" ")[0])
    parts = segments(run, terms)
    if parts is None:
        return phrase
    each = (_either([_run_expression(part, {}), *(term_string(n) for n in terms[part])]) for part in parts)
    return _either([phrase, f"({' AND '.join(each)})"])


def term_string(number: int) -> str:
    """The token of a term as an FTS5 string."""
    return f'"{token_of(number)}"'


def _either(expressions: list[str]) -> str:
    return expressions[0] if len(expressions) == 1 else f"({' OR '.join(expressions)})"


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
