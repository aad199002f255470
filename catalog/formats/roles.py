"""What columns of training sets are called, by the role they play. Names are folded: lower case, letters and digits.

Collected from the documentation of TRL, LLaMA-Factory, axolotl, OpenRLHF, verl and ms-swift.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from catalog.record import Column

INSTRUCTION: Final = ("instruction", "instructions", "instruct", "custominstruction", "taskinstruction", "指令")
PROMPT: Final = (
    "prompt",
    "prompts",
    "userprompt",
    "query",
    "usermessage",
    "user",
    "human",
    "userinput",
    "promptmessages",
    "textprompt",
)
INPUT: Final = ("input", "inputs", "source", "src")
QUESTION: Final = ("question", "problem", "questions", "problemstatement", "task", "puzzle", "问题")
RESPONSE: Final = (
    "response", "completion", "output", "outputs", "generation", "demonstration", "reply", "assistant", "responses",
    "modelresponse", "modeloutput", "gptresponse", "botresponse", "generatedsolution", "generatedtext", "instances",
    "assistantmessage", "assistantresponse", "expectedoutput", "longanswer", "modelanswer", "completions", "bot",
    "输出",
)  # fmt: skip
ANSWER: Final = (
    "answer",
    "solution",
    "finalanswer",
    "expectedanswer",
    "target",
    "targets",
    "rationale",
    "explanation",
    "cot",
    "答案",
)
TRUTH: Final = (
    "groundtruth",
    "rewardmodel",
    "verificationinfo",
    "goldstandardsolution",
    "testcases",
    "tests",
    "verifier",
    "constraint",
)
CHAT: Final = (
    "messages",
    "conversations",
    "conversation",
    "chat",
    "chatml",
    "turns",
    "dialog",
    "dialogue",
    "dialogs",
    "dialogues",
    "log",
)
TEXT: Final = (
    "text", "content", "document", "rawcontent", "body", "code", "maintext", "fulltext", "articletext", "texts",
    "markdown",
)  # fmt: skip
LABEL: Final = (
    "label", "labels", "class", "category", "categories", "target", "sentiment", "polarity", "emotion", "relationship",
    "toxic", "toxicity", "stance", "intent", "rating", "stars", "entailmentjudgment", "goldlabel", "labeltext", "hate",
)  # fmt: skip
SCORE: Final = (
    "score",
    "reward",
    "rewardscore",
    "qualityscore",
    "overallscore",
    "humanrating",
    "preferencescore",
    "rewards",
)
FLAG: Final = ("label", "ktotag", "isgood", "thumbs", "thumbsup", "isaccepted", "accepted", "desirable", "isdesirable")
MANY: Final = (
    "responses",
    "completions",
    "answers",
    "summaries",
    "candidates",
    "outputs",
    "generations",
    "conversations",
)
VERDICT: Final = (
    "winner", "preference", "preferred", "choice", "betterresponseid", "saferresponseid", "label", "labels",
    "winnermodela", "preferredresponse", "chosen", "vote", "humanpreference", "overallpreference", "betterresponse",
    "ranking", "better",
    "preferencestrength", "scoreratio", "humanlabel", "gptpreference",
)  # fmt: skip
PASSAGE: Final = ("context", "passage", "article", "story", "paragraph", "document", "background", "table", "contexts")
OPTIONS: Final = (
    "choices",
    "options",
    "endings",
    "option1",
    "optiona",
    "a",
    "answerkey",
    "correctoption",
    "distractor1",
    "opa",
    "sol1",
)
IMAGE: Final = ("image", "images", "img", "pixelvalues", "photo", "picture")
SOUND: Final = ("audio", "speech", "wav", "sound")
META: Final = frozenset(
    ("id", "ids", "idx", "index", "uid", "uuid", "url", "urls", "date", "title", "meta", "metadata", "source",
     "timestamp", "domain", "lang", "language", "author", "authors", "license", "reponame", "path", "size",
     "filename", "file", "description", "headline", "imageurl", "created", "added", "version", "tokencount",
     "numtokens", "ntokens", "tokens", "length", "dump", "filepath", "languagescore", "subset", "name", "repo",
     "stars", "topic", "type", "year", "docid", "datasource", "dataset", "contenthash", "hash", "crawl", "warc",
     "publisher", "ext", "maxstarscount", "sha")
)  # fmt: skip
NUMERIC: Final = re.compile(
    r"u?int\d*|float\d*|double|number|integer|bool(?:ean)?|decimal.*|real|numeric|(?:sc:|xsd:|schema:)?(?:integer|float|number)"
)

_LANGUAGE: Final = re.compile(r"(?<=[a-z])[_-](?:en|zh|cn|ja|ko|de|fr|es|ru|ar|hi|vi|english|chinese)\Z", re.IGNORECASE)


@dataclass(frozen=True)
class Names:
    """The columns of one configuration by folded name, with their types."""

    columns: dict[str, Column]

    def first(self, *groups: Sequence[str]) -> str:
        """The first alias of the groups that is a column, or ""."""
        columns = self.columns
        for group in groups:
            for name in group:
                if name in columns:
                    return name
        return ""

    def has(self, *names: str) -> bool:
        """Whether every name is a column."""
        return all(name in self.columns for name in names)

    def without_languages(self) -> Names | None:
        """The columns with no language behind their names (`question_en`), None where none has one."""
        cut = {fold(_LANGUAGE.sub("", column.name)): column for column in self.columns.values()}
        return Names(cut) if len(cut) == len(self.columns) and cut.keys() != self.columns.keys() else None

    def starting(self, *starts: str) -> str:
        """The first column that begins with one of the words."""
        return next((name for start in starts for name in self.columns if name.startswith(start)), "")

    def written(self, name: str) -> str:
        """The column's name as the source writes it."""
        return self.columns[name].name

    def type(self, name: str) -> str:
        """The column's type in lower case, "" where unknown."""
        return self.columns[name].type.lower()

    def stringlike(self, name: str) -> bool:
        """Whether a column is text or of unknown type."""
        return self.type(name) in ("", "string", "str", "text", "large_string", "value", "object", "sc:text", "varchar")


def fold(name: str) -> str:
    """A column name as the aliases are written."""
    return re.sub(r"[\W_]+", "", name.lower())


def by_config(columns: Iterable[Column], limit: int = 8) -> list[Names]:
    """The columns of each configuration; at most `limit` configurations."""
    configs: dict[str, dict[str, Column]] = {}
    for column in columns:
        if column.config not in configs and len(configs) >= limit:
            continue
        configs.setdefault(column.config, {}).setdefault(fold(column.name), column)
    return [Names(names) for names in configs.values()]
