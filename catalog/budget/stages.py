"""The other stages of training: counted in examples, by experience and not by a rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from catalog.errors import Usage


@dataclass(frozen=True)
class Usual:
    """How many examples people use for something: from `low` to `high`, and a word on it with its source."""

    what: str
    low: int
    high: int
    remark: str


@dataclass(frozen=True)
class Stage:
    """A stage: its name, what an example is, the task and the formats that the registry knows it by, and the counts."""

    name: str
    example: str
    task: str
    formats: tuple[str, ...]
    usual: tuple[Usual, ...]

    @property
    def low(self) -> int:
        return min(each.low for each in self.usual)

    @property
    def high(self) -> int:
        return max(each.high for each in self.usual)


_SFT: Final = Stage(
    "sft", "an input with the answer to learn", "sft", ("prompt-completion", "messages"),
    (
        Usual("style and format", 1_000, 10_000, "LIMA used 1,000 chosen ones (Zhou et al. 2023, arXiv:2305.11206)"),
        Usual("general instructions", 10_000, 100_000, "Alpaca has 52,000; variety counts more than number"),
        Usual("many skills at once", 100_000, 1_000_000, "the mix matters more than the count"),
    ),
)  # fmt: skip
_REWARD: Final = Stage(
    "reward", "an input with a reward, or two answers and which is better", "preference",
    ("preference-pair", "scored-response", "ranking"),
    (
        Usual("a reward model of one domain", 10_000, 100_000, "noisy labels cost more than a small set"),
        Usual("a general reward model", 100_000, 1_000_000, "pairs of many kinds of prompt"),
    ),
)  # fmt: skip
_PREFERENCE: Final = Stage(
    "preference", "a prompt with two answers and which is better", "preference",
    ("preference-pair", "ranking", "unpaired-preference"),
    (
        Usual("DPO and its kin", 10_000, 100_000, "UltraFeedback has 64,000 prompts"),
        Usual("KTO", 10_000, 100_000, "answers judged one by one; good and bad need not be equal in number"),
    ),
)  # fmt: skip
_RL: Final = Stage(
    "rl", "a prompt, and what checks an answer; answers are made while training", "rl", ("prompt-only",),
    (
        Usual("one kind of task", 1_000, 10_000, "GSM8K has 7,473 to train on; each prompt is answered many times"),
        Usual("general PPO or GRPO", 10_000, 100_000, "the reward decides more than the count"),
    ),
)  # fmt: skip
STAGES: Final = {stage.name: stage for stage in (_SFT, _REWARD, _PREFERENCE, _RL)}


def stage_named(name: str) -> Stage:
    """The stage of a name. Raises `Usage`."""
    if name not in STAGES:
        raise Usage(f"there is no stage {name[:40]!r}.", f"Stages are {', '.join(STAGES)}.")
    return STAGES[name]
