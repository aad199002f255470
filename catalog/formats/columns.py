"""The training format that column names (and types, where known) show: the first rule that fits decides.

The order goes from the layouts that nothing else looks like (stepwise labels, chosen and rejected) to the ones that
many things look like (one text column). Values are not looked at here, so that a listing alone is enough.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from catalog.formats import roles
from catalog.formats.roles import NUMERIC, Names
from catalog.record import Column

_PAIRS: Final = (
    ("responsej", "responsek"),
    ("preferred", "dispreferred"),
    ("preferred", "nonpreferred"),
    ("betterresponse", "worseresponse"),
    ("goodresponse", "badresponse"),
    ("winnerresponse", "loserresponse"),
    ("win", "lose"),
    ("acceptedresponse", "rejectedresponse"),
)
_TRIALS: Final = (
    ("prompt", "test", "entrypoint"),
    ("prompt", "tests", "entrypoint"),
    ("prompt", "instructionidlist"),
    ("turns", "category", "questionid"),
)
_TURNS: Final = (("context", "response"), ("inputtext", "outputtext"), ("ask", "answer"))
_SUMMARISED: Final = ({"article", "summary"}, {"content", "summary"})
_LABELLED: Final = (
    ("question1", "question2"), ("claim", "label"),
    ("claim", "evidence"), ("docstring", "code"), ("correctanswers", "incorrectanswers"),
    ("correctanswer", "incorrectanswers"), ("incorrect", "correct"), ("originaltext", "correctedtext"),
)  # fmt: skip
_SIDES: Final = (("a", "b", "c"), ("0", "1", "2"), ("1", "2", "3"), ("left", "right", "middle"))
_SIDED: Final = re.compile(
    r"(?:response|completion|answer|conversation|output|generation|assistant|summary|humanref|reply|text)\Z"
)
_ASPECTS: Final = frozenset(
    {"helpfulness", "correctness", "coherence", "verbosity", "complexity", "honesty", "truthfulness"}
)
_TAGS: Final = re.compile(r"(?:ner|pos|chunk|bio|iob|upos|xpos|slot|entity|label)?(?:tags|labels)\Z")


@dataclass(frozen=True)
class Detected:
    """A format term with the LLM stages it serves (() for task data), why, and which column plays which role."""

    format: str
    stage: tuple[str, ...]
    confidence: float
    reasons: tuple[str, ...]
    mapping: Mapping[str, str] = field(default_factory=dict)


def detect_columns(columns: Sequence[Column]) -> Detected | None:
    """The format of a set of columns, or None where no rule fits. Of several configurations the surest counts."""
    return _surest(tuple(columns))


@lru_cache(maxsize=4096)
def _surest(columns: tuple[Column, ...]) -> Detected | None:
    found = [made for names in roles.by_config(columns) if (made := _detect(names))]
    return max(found, key=lambda made: made.confidence) if found else None


def _detect(names: Names) -> Detected | None:
    """What the first rule says that fits, to the names as they are or else without the language they end in."""
    for each in (names, names.without_languages()):
        if each and (made := next((made for rule in _RULES if (made := rule(each))), None)):
            return made
    return None


def _made(names: Names, format: str, stage: str, confidence: float, **mapping: str) -> Detected:
    written = {role: names.written(name) for role, name in mapping.items() if name}
    reason = f"columns {', '.join(dict.fromkeys(written.values()))}"
    return Detected(format, tuple(stage.split()), confidence, (reason,), written)


def _prompt(names: Names) -> str:
    return names.first(roles.PROMPT, roles.INSTRUCTION, roles.QUESTION, roles.INPUT)


def _tokenised(names: Names) -> Detected | None:
    if names.has("inputids"):
        return _made(names, "text", "", 0.6, tokens="inputids")
    return None


def _stepwise(names: Names) -> Detected | None:
    prompt, steps = _prompt(names), names.first(("completions", "steps", "stepcompletions"))
    labels = names.first(("labels", "steplabels", "ratings", "stepratings", "correctness"))
    if prompt and steps and labels and (steps != "completions" or labels == "labels"):
        return _made(names, "stepwise-supervision", "preference", 0.95, prompt=prompt, steps=steps, labels=labels)
    return None


def _verifiable(names: Names) -> Detected | None:
    """verl's layout, and chats or prompts that carry what checks an answer."""
    prompt = names.first(roles.PROMPT, ("messages",), roles.QUESTION, roles.INSTRUCTION)
    truth = names.first(roles.TRUTH)
    if not prompt or not truth or names.first(roles.RESPONSE):
        return None
    sure = 0.95 if names.has("datasource", "rewardmodel") else 0.85
    return _made(names, "prompt-only", "rl", sure, prompt=prompt, answer=truth)


def _trial(names: Names) -> Detected | None:
    """What is set to measure a model: programs with their tests, instructions that a program checks, judged turns."""
    for layout in _TRIALS:
        if names.has(*layout):
            return _made(names, "labelled", "eval", 0.8, prompt=layout[0], check=layout[1])
    many = next((name for name in roles.MANY if name in names.columns and "model" in names.type(name)), "")
    prompt = names.first(roles.PROMPT, roles.INSTRUCTION)
    if prompt and many and len(_others(names, prompt, many)) <= 1:
        return _made(names, "prompt-completion", "eval", 0.6, prompt=prompt, answers=many)
    return None


def _pair(names: Names) -> Detected | None:
    chosen, rejected = names.starting("chosen"), names.starting("rejected", "reject")
    if not (chosen and rejected):
        chosen, rejected = next((pair for pair in _PAIRS if names.has(*pair)), ("", ""))
    if not chosen and _rejected_only(names):
        chosen, rejected = "messages", names.starting("rejected")
    if chosen and rejected:
        return _made(
            names, "preference-pair", "preference", 0.97, prompt=_prompt(names), chosen=chosen, rejected=rejected
        )
    return None


def _rejected_only(names: Names) -> bool:
    """ms-swift's layout: the chosen answer is the last turn of `messages`."""
    return names.has("messages") and bool(names.starting("rejectedresponse", "rejectedmessages"))


def _compared(names: Names) -> Detected | None:
    """Two numbered or lettered answers with a column that says which is better, or one score each.

    A third answer makes it multiple choice (Social IQa, Cosmos QA).
    """
    for one, two, three in _SIDES:
        for name in names.columns:
            stem = name.removesuffix(one)
            if stem == name or not _SIDED.search(stem) or not names.has(stem + two):
                continue
            if names.has(stem + three):
                return None
            verdict = names.first(roles.VERDICT) or names.starting(
                "winner", "preference", "better", "score", "rating", "vote"
            )
            if verdict:
                pair = {"first": name, "second": stem + two, "verdict": verdict}
                return _made(names, "preference-pair", "preference", 0.9, prompt=_prompt(names), **pair)
    return None


def _ranked(names: Names) -> Detected | None:
    answers = names.first(roles.MANY)
    if names.has("summaries") and names.first(roles.VERDICT):
        return _made(
            names, "preference-pair", "preference", 0.85, answers="summaries", verdict=names.first(roles.VERDICT)
        )
    marks = names.first(("scores", "ratings", "ranks", "rank", "rankings", "rewards", "preferences"))
    if answers and marks and _prompt(names):
        return _made(names, "ranking", "preference", 0.85, prompt=_prompt(names), answers=answers, marks=marks)
    if answers in ("answers", "completions") and names.first(("prompt", "instruction")) and len(names.columns) <= 8:
        known = 0.8 if answers == "completions" or len(names.columns) <= 4 else 0.6
        return _made(names, "ranking", "preference", known, prompt=_prompt(names), answers=answers)
    return None


def _judged(names: Names) -> Detected | None:
    """One answer a row with a mark: a yes or no (KTO), or numbers (reward regression)."""
    prompt = names.first(("prompt", "instruction", "query", "input", "question"))
    answer = names.first(("completion", "response", "output"))
    if not prompt or not answer:
        return None
    aspects = [name for name in names.columns if name in _ASPECTS]
    if len(aspects) >= 2:
        return _made(names, "scored-response", "preference", 0.9, prompt=prompt, response=answer, score=aspects[0])
    flag = names.first(roles.FLAG)
    if flag and (flag != "label" or names.type(flag) in ("", "bool", "boolean", "int64", "int32", "int8")):
        sure = 0.95 if names.type(flag) in ("bool", "boolean") or flag == "ktotag" else 0.75
        return _made(names, "unpaired-preference", "preference", sure, prompt=prompt, response=answer, label=flag)
    score = names.first(roles.SCORE)
    if score and len(names.columns) <= 5:
        return _made(names, "scored-response", "preference", 0.65, prompt=prompt, response=answer, score=score)
    return None


def _chat(names: Names) -> Detected | None:
    if names.has("messageid", "parentid", "role"):
        return _made(names, "messages", "sft preference", 0.8, turn="messageid", before="parentid", role="role")
    chat = names.first(roles.CHAT)
    if not chat:
        return None
    if names.first(
        ("summary", "services", "acts", "act", "emotions", "dialogueact", "state", "states", "dialoguestate")
    ):
        return _made(names, "labelled", "", 0.6, turns=chat)
    sure = (
        0.9 if chat in ("messages", "conversations", "chatml") else 0.75 if chat in ("conversation", "chat") else 0.55
    )
    return _made(names, "messages", "sft", sure, messages=chat, system=names.first(("system", "systemprompt")))


def _choice(names: Names) -> Detected | None:
    """Multiple choice, reading comprehension with spans, sentence pairs, tagged tokens: labelled task data."""
    for one, other in _LABELLED:
        if names.has(one, other):
            return _made(names, "labelled", "", 0.7, first=one, second=other)
    options, question = (
        names.first(roles.OPTIONS),
        names.first(roles.QUESTION, ("sentence", "ctx", "premise", "goal", "prompt")),
    )
    if names.has("answera", "answerb", "answerc") or names.has("answer0", "answer1", "answer2"):
        options, question = names.starting("answera", "answer0"), question or names.first(("context",))
    if options and question and options != "a":
        return _made(names, "labelled", "", 0.8, question=question, options=options)
    answers = names.starting("answers")
    if answers and names.first(roles.QUESTION):
        return _made(names, "labelled", "", 0.75, question=names.first(roles.QUESTION), answers=answers)
    if names.has("premise", "hypothesis") or names.has("sentence1", "sentence2"):
        one, two = ("premise", "hypothesis") if names.has("premise") else ("sentence1", "sentence2")
        return _made(names, "labelled", "", 0.85, first=one, second=two)
    tags = next((name for name in names.columns if _TAGS.match(name)), "")
    if tags and names.first(("tokens", "words")):
        return _made(names, "labelled", "", 0.85, tokens=names.first(("tokens", "words")), tags=tags)
    return None


def _instruction(names: Names) -> Detected | None:
    instruction = names.first(roles.INSTRUCTION)
    answer = names.first(roles.RESPONSE, roles.ANSWER)
    if instruction and answer:
        return _made(
            names,
            "prompt-completion",
            "sft",
            0.92,
            prompt=instruction,
            input=names.first(("input",)),
            completion=answer,
        )
    prompt, response = names.first(roles.PROMPT), names.first(roles.RESPONSE)
    if prompt and response:
        return _made(names, "prompt-completion", "sft", 0.85, prompt=prompt, completion=response)
    if prompt and answer and names.stringlike(answer):
        return _made(names, "prompt-only", "rl sft", 0.6, prompt=prompt, answer=answer)
    if (instruction or prompt) and names.has("code"):
        return _made(names, "prompt-completion", "sft", 0.7, prompt=instruction or prompt, completion="code")
    for one, other in _TURNS:
        if names.has(one, other) and names.stringlike(other):
            return _made(names, "prompt-completion", "sft", 0.6, prompt=one, completion=other)
    source, target = (
        names.first(("input", "inputs")),
        names.first(("output", "outputs", "target", "targets", "response")),
    )
    if source and target and names.stringlike(target):
        return _made(names, "prompt-completion", "sft", 0.7, prompt=source, completion=target)
    return None


def _answered(names: Names) -> Detected | None:
    question = names.first(roles.QUESTION)
    if not question or question == "task":
        return None
    response, answer = names.first(roles.RESPONSE), names.first(roles.ANSWER)
    if response and names.stringlike(response):
        return _made(names, "prompt-completion", "sft", 0.8, prompt=question, completion=response)
    if not answer or names.first(roles.IMAGE):
        return _made(names, "labelled", "", 0.6, question=question, answer=answer) if answer else None
    if not names.stringlike(answer):
        return _made(names, "labelled", "", 0.6, question=question, answer=answer)
    stage = "sft rl" if question.startswith(("problem", "puzzle")) else "sft"
    return _made(
        names, "prompt-completion", stage, 0.6, prompt=question, completion=answer, context=names.first(roles.PASSAGE)
    )


def _media(names: Names) -> Detected | None:
    medium = names.first(roles.IMAGE, roles.SOUND)
    label = names.first(
        roles.LABEL, ("transcription", "sentence", "caption", "captions", "objects", "annotation", "mask")
    )
    if medium and (label or names.first(("text", "transcript"))):
        return _made(names, "labelled", "", 0.7, input=medium, label=label or names.first(("text", "transcript")))
    return None


def _parallel(names: Names) -> Detected | None:
    if names.has("translation"):
        return _made(names, "parallel", "", 0.9, translation="translation")
    source, target = (
        names.first(("sourcetext", "sourcesentence", "src")),
        names.first(("targettext", "targetsentence", "tgt")),
    )
    if source and target:
        return _made(names, "parallel", "", 0.7, source=source, target=target)
    codes = [name for name in names.columns if name in _LANGUAGES]
    if len(codes) >= 2 and len(names.columns) <= len(codes) + 3:
        return _made(names, "parallel", "", 0.8, source=codes[0], target=codes[1])
    return None


def _classified(names: Names) -> Detected | None:
    text = names.first(
        (*roles.TEXT, "sentence", "tweet", "comment", "commenttext", "review", "reviewtext", "utterance", "headline")
    )
    classes = (name for name in names.columns if names.type(name).replace("_", "") == "classlabel")
    label = names.first(roles.LABEL) or next(classes, "")
    if text and label and text != label:
        unsure = names.type(label) == "string" and label in ("category", "categories", "class", "rating", "stars")
        return None if unsure and text in roles.TEXT else _made(names, "labelled", "", 0.8, text=text, label=label)
    summary = names.first(("summary", "highlights", "abstract", "headline", "tldr"))
    long = names.first(("document", "article", "dialogue", "text", "content"))
    if long and names.columns.keys() in _SUMMARISED:
        return _made(names, "prompt-completion", "sft", 0.55, prompt=long, completion="summary")
    if long and summary in ("summary", "highlights", "tldr"):
        return _made(names, "labelled", "", 0.6, text=long, summary=summary)
    return None


def _prompts(names: Names) -> Detected | None:
    prompt = names.first(roles.PROMPT, roles.INSTRUCTION, ("problem",))
    if prompt and prompt not in ("user", "human") and not _others(names, prompt):
        return _made(names, "prompt-only", "rl", 0.7, prompt=prompt)
    return None


def _running_text(names: Names) -> Detected | None:
    text = names.first(roles.TEXT)
    if not text or (names.type(text) and not names.stringlike(text)):
        return None
    rest = _others(names, text)
    if len(rest) > 3:
        return None
    sure = 0.8 if not rest else 0.6
    return _made(
        names, "text", "pretrain", sure - (0.1 if text in ("content", "body", "document") and rest else 0), text=text
    )


def _table(names: Names) -> Detected | None:
    numbers = [name for name in names.columns if NUMERIC.fullmatch(names.type(name))]
    if len(names.columns) >= 4 and len(numbers) >= 0.6 * len(names.columns):
        return _made(names, "tabular", "", 0.7, first=numbers[0], second=numbers[1])
    return None


def _prompted(names: Names) -> Detected | None:
    """A prompt of the system says that the rows are chats, wherever their turns are."""
    system = names.first(("systemprompt", "systemmessage"))
    return _made(names, "messages", "sft", 0.5, system=system) if system else None


def _others(names: Names, *used: str) -> list[str]:
    return [name for name in names.columns if name not in used and name not in roles.META and not name.endswith("id")]


_LANGUAGES: Final = frozenset(
    ("en", "de", "fr", "es", "zh", "ja", "ko", "ru", "ar", "pt", "it", "hi", "tr", "vi", "nl", "pl", "cs", "uk",
     "english", "chinese", "german", "french")
)  # fmt: skip
_RULES: Final[tuple[Callable[[Names], Detected | None], ...]] = (
    _tokenised, _stepwise, _trial, _verifiable, _pair, _compared, _ranked, _judged, _chat, _choice, _instruction,
    _answered, _media, _parallel, _classified, _prompts, _running_text, _table, _prompted,
)  # fmt: skip
