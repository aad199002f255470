"""The layouts that trainers read, and what writes an example in each of them.

TRL: docs/source/dataset_formats.md; LLaMA-Factory: data/README.md; OpenRLHF: openrlhf/datasets; verl:
docs/preparation/prepare_data.rst; ms-swift: Customization/Custom-dataset.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

from catalog.errors import Usage
from catalog.formats import targets_factory as factory
from catalog.formats.training import (
    Example,
    Message,
    Misfit,
    assistant,
    joined,
    one_answer,
    one_prompt,
    plain,
    transcript,
)

Written = dict[str, Any]


@dataclass(frozen=True)
class Style:
    """How a file is written: turns as messages or plain text, and what verl wants to know of its origin."""

    chat: bool = False
    data_source: str = "unknown"
    split: str = "train"


@dataclass(frozen=True)
class Target:
    """A layout: who reads it, what an example must have for it, its columns for people, and its writer.

    `needs` is one of text, answer, prompt, pair, label, score, steps, truth, any.
    """

    name: str
    trainer: str
    needs: str
    columns: str
    write: Callable[[Example, Style, int], Written]


def target_named(name: str) -> Target:
    """The layout of a name or an alias, in any case, with - or _. Raises `Usage` for none."""
    folded = name.strip().lower().replace("_", "-").replace(":", "-").replace("/", "-")
    for prefix in ("trl-", "llamafactory-", "llama-factory-"):
        folded = folded.removeprefix(prefix)
    found = TARGETS.get(ALIASES.get(folded, folded))
    if found is None:
        near = get_close_matches(folded, [*TARGETS, *ALIASES], n=1)
        guess = f"Did you mean {near[0]}? " if near else ""
        raise Usage(f"there is no format {name[:40]!r}.", f"{guess}They are listed by: catalog convert --list")
    return found


# -- parts -------------------------------------------------------------------------------------------------------------


def _prompt(example: Example, style: Style) -> Any:
    return example.turns if style.chat else one_prompt(example.turns)


def _answer(answers: list[Message], style: Style) -> Any:
    return answers if style.chat else one_answer(answers)


def _tools(example: Example, row: Written) -> Written:
    if example.tools is not None:
        row["tools"] = example.tools
    return row


def _answered(example: Example) -> str:
    """What is shown and said as one text, for a reward model without a chat template."""
    if not example.chosen:
        return transcript(example.turns)
    if len(example.turns) == 1:
        return joined(transcript(example.turns), one_answer(example.chosen))
    return transcript([*example.turns, *example.chosen])


# -- TRL ---------------------------------------------------------------------------------------------------------------


def _language_modeling(example: Example, style: Style, _number: int) -> Written:
    if example.text:
        return {"text": example.text}
    if style.chat:
        return _messages(example, style, _number)
    return {"text": joined(one_prompt(example.turns) if example.turns else "", one_answer(example.chosen))}


def _messages(example: Example, _style: Style, _number: int) -> Written:
    return _tools(example, {"messages": [*example.turns, *example.chosen]})


def _prompt_completion(example: Example, style: Style, _number: int) -> Written:
    return _tools(
        example,
        {"prompt": _prompt(example, style), "completion": _answer(example.chosen, style)},
    )


def _prompt_only(example: Example, style: Style, _number: int) -> Written:
    row = {"prompt": _prompt(example, style)}
    return {**row, "ground_truth": example.truth} if example.truth else row


def _preference(example: Example, style: Style, _number: int) -> Written:
    if not example.turns:
        raise Misfit("its answers do not share a prompt")
    pair = {"chosen": _answer(example.chosen, style), "rejected": _answer(example.rejected, style)}
    return _tools(example, {"prompt": _prompt(example, style), **pair})


def _implicit(example: Example, style: Style, _number: int) -> Written:
    if style.chat:
        chats = {side: [*example.turns, *answers] for side, answers in _sides(example).items()}
        return _tools(example, chats)
    prompt = one_prompt(example.turns) if example.turns else ""
    return {side: joined(prompt, one_answer(answers)) for side, answers in _sides(example).items()}


def _sides(example: Example) -> dict[str, list[Message]]:
    return {"chosen": example.chosen, "rejected": example.rejected}


def _unpaired(example: Example, style: Style, _number: int) -> Written:
    answer = _answer(example.chosen, style)
    return _tools(example, {"prompt": _prompt(example, style), "completion": answer, "label": example.label})


def _stepwise(example: Example, _style: Style, _number: int) -> Written:
    return {"prompt": one_prompt(example.turns), "completions": example.steps, "labels": example.labels}


# -- OpenRLHF, verl, ms-swift ------------------------------------------------------------------------------------------


def _openrlhf_sft(example: Example, style: Style, _number: int) -> Written:
    return {"input": _prompt(example, style), "output": _answer(example.chosen, style)}


def _openrlhf_ppo(example: Example, style: Style, _number: int) -> Written:
    row = {"input": _prompt(example, style)}
    return {**row, "label": example.truth} if example.truth else row


def _verl(example: Example, style: Style, number: int) -> Written:
    for turn in example.turns:
        plain(turn)
    return {
        "data_source": style.data_source,
        "prompt": example.turns,
        "ability": "unknown",
        "reward_model": {"style": "rule", "ground_truth": example.truth},
        "extra_info": {"split": style.split, "index": number - 1},
    }


def _swift(example: Example, _style: Style, _number: int) -> Written:
    """`messages`, and what the example has beside them. Text to continue is one message of the assistant."""
    if example.text and not example.turns:
        return {"messages": [assistant(example.text)]}
    row = _tools(example, {"messages": [*example.turns, *example.chosen]})
    if example.rejected:
        if len(example.rejected) == 1 and len(example.chosen) == 1:
            return {**row, "rejected_response": plain(example.rejected[0])}
        return {**row, "rejected_messages": [*example.turns, *example.rejected]}
    if example.label is not None:
        return {**row, "label": example.label}
    if example.truth and not example.chosen:
        return {**row, "solution": example.truth}
    return row


# -- plain tables ------------------------------------------------------------------------------------------------------


def _sft_table(example: Example, _style: Style, _number: int) -> Written:
    return {"Input": transcript(example.turns), "Label": one_answer(example.chosen)}


def _reward_table(example: Example, _style: Style, _number: int) -> Written:
    return {"Input": _answered(example), "Reward": example.score}


def _ppo_table(example: Example, _style: Style, _number: int) -> Written:
    """Input is what is asked last, Action the answer, State the conversation before the action."""
    if not example.chosen:
        raise Misfit("it has no answer, which is the action")
    state = example.text or transcript(example.turns)
    asked = plain(example.turns[-1])
    return {"Input": asked, "Reward": example.score, "Action": one_answer(example.chosen), "State": state}


_ALL: Final = (
    Target("language-modeling", "TRL", "text", "text | messages", _language_modeling),
    Target("messages", "TRL", "answer", "messages", _messages),
    Target("prompt-completion", "TRL", "answer", "prompt, completion", _prompt_completion),
    Target("prompt-only", "TRL", "prompt", "prompt (, ground_truth)", _prompt_only),
    Target("preference", "TRL", "pair", "prompt, chosen, rejected", _preference),
    Target("preference-implicit", "TRL", "pair", "chosen, rejected", _implicit),
    Target("unpaired-preference", "TRL", "label", "prompt, completion, label", _unpaired),
    Target("stepwise", "TRL", "steps", "prompt, completions, labels", _stepwise),
    Target("alpaca", "LLaMA-Factory", "answer", "instruction, input, output (, system, history)", factory.alpaca),
    Target("sharegpt", "LLaMA-Factory", "answer", "conversations, system (, tools)", factory.sharegpt),
    Target(
        "ranking",
        "LLaMA-Factory",
        "pair",
        "instruction, input | conversations, system, chosen, rejected",
        factory.ranking,
    ),
    Target("kto", "LLaMA-Factory", "label", "instruction, input, output | conversations, system, kto_tag", factory.kto),
    Target("openrlhf-sft", "OpenRLHF", "answer", "input, output", _openrlhf_sft),
    Target("openrlhf-rm", "OpenRLHF", "pair", "prompt, chosen, rejected", _preference),
    Target("openrlhf-ppo", "OpenRLHF", "prompt", "input (, label)", _openrlhf_ppo),
    Target("verl", "verl", "truth", "data_source, prompt, ability, reward_model, extra_info", _verl),
    Target("ms-swift", "ms-swift", "any", "messages (, rejected_response | label | solution)", _swift),
    Target("sft-table", "plain table", "answer", "Input, Label", _sft_table),
    Target("reward-table", "plain table", "score", "Input, Reward", _reward_table),
    Target("ppo-table", "plain table", "score", "Input, Reward, Action, State", _ppo_table),
)
TARGETS: Final[Mapping[str, Target]] = {target.name: target for target in _ALL}
ALIASES: Final[Mapping[str, str]] = {
    "lm": "language-modeling", "language-modelling": "language-modeling", "text": "language-modeling",
    "chat": "messages", "openai": "messages", "chatml": "messages", "sft": "prompt-completion",
    "prompts": "prompt-only", "grpo": "prompt-only", "preference-explicit": "preference", "dpo": "preference",
    "preference-pair": "preference", "unpaired": "unpaired-preference", "stepwise-supervision": "stepwise",
    "prm": "stepwise", "openrlhf-dpo": "openrlhf-rm", "openrlhf": "openrlhf-sft", "swift": "ms-swift",
    "reward": "preference-implicit", "implicit": "preference-implicit",
}  # fmt: skip
"""Other names of layouts."""
