"""`catalog plan`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from catalog.cli import output
from catalog.cli.options import json_option, open_for_reading, registry_option
from catalog.errors import Usage
from catalog.mixture import TOKEN_BYTES, Member, Plan, members_of, plan_of, strictest, total

if TYPE_CHECKING:
    from catalog.budget import Need, Stage, Supply

STAGES = ("pretrain", "sft", "reward", "preference", "rl")
HAS_SHOWN = 5
MIX_FIELDS = (
    output.Field("dataset", 16, grow=1), output.Field("share", 6, right=True), output.Field("wanted", 7, right=True),
    output.Field("gives", 14, right=True), output.Field("epochs", 14, right=True),
    output.Field("download", 9, rank=1, right=True), output.Field("commercial", 10),
)  # fmt: skip


@click.command("plan")
@click.option("--params", metavar="N", help="Parameters of the model: 1.1B, 350M, 7e9.")
@click.option("--ratio", metavar="R", help="Tokens a parameter (default: 20).")
@click.option("--tokens", "asked", metavar="N", help="Tokens to train on, instead of those by --ratio.")
@click.option("--mix", metavar="NAME=SHARE,...", help="What to train on, each with its share of the tokens.")
@click.option("--stage", type=click.Choice(STAGES), default="pretrain", show_default=True, help="The training stage.")
@click.option(
    "--tokenizer", metavar="T", default="estimate", help="What counts the tokens of files, as catalog tokens."
)
@json_option
@registry_option
def plan_command(as_json: bool, registry: str | None, **options: Any) -> int:
    """Tell how much data a model needs, and what a mix gives.

    For pre-training: tokens and compute (6 N D) of a dense model of N parameters, then for each member of --mix the
    tokens that it gives and how sure that is, how often its share would be read, what it takes on disk, and the
    license of the whole: that of its strictest member. A member is a name or key of the registry, name:language, or a
    file or folder here, whose tokens are counted. Published counts are taken as they are; others are estimated from
    bytes or rows by the factor that is shown; what nobody tells stays unknown. 20 tokens a parameter is the
    compute-optimal rule for pre-training (Hoffmann et al. 2022), and in practice small models see far more. With
    --stage the usual counts of examples for fine-tuning, reward models, preferences and reinforcement are shown
    instead, and what the registry has for them.

    \b
    Examples:
      catalog plan --params 1.1B --mix "wikipedia:zh=0.3,fineweb=0.7"
      catalog plan --params 8B --ratio 200 --mix "fineweb-edu=60%,starcoderdata=40%" --json
      catalog plan --params 350M --mix data/train.jsonl
      catalog plan --stage sft --mix "alpaca=0.5,databricks-dolly-15k=0.5"
    """
    from catalog.tokens.tokenizers import tokenizer_named

    tokenizer = tokenizer_named(options["tokenizer"])
    if options["stage"] != "pretrain":
        return _stage(options["stage"], options["mix"], registry, tokenizer, as_json)
    plan = plan_of(_need(options), options["mix"], lambda: open_for_reading(registry), tokenizer, _progress())
    if as_json:
        output.print_json(plan.to_dict())
    else:
        print("\n".join(plan_lines(plan)))
    return 0


def _progress() -> Callable[[int], None] | None:
    """What tells how many rows were counted, on a terminal."""

    def tell(number: int) -> None:
        print(f"\r{number:,} rows", end="", file=sys.stderr, flush=True)

    return tell if sys.stderr.isatty() else None


def _need(options: dict[str, Any]) -> Need:
    from catalog.budget import read_need

    if not options["params"]:
        raise Usage("plan needs the size of the model.", "Say it as: catalog plan --params 1.1B")
    return read_need(options["params"], options["ratio"], options["asked"])


# -- pre-training ------------------------------------------------------------------------------------------------------


def plan_lines(plan: Plan) -> Iterator[str]:
    """The plan as text."""
    from catalog.budget.rule import PRACTICE, RULE

    width, needed = output.window_width(), plan.need
    yield f"model    {output.count(round(needed.params))} parameters, {needed.ratio:,.4g} tokens each"
    yield f"tokens   {output.count(round(needed.tokens))} ({needed.tokens:.3g})"
    yield f"compute  {needed.flops:.2e} FLOPs (6 x parameters x tokens)"
    yield f"disk     {output.size(round(needed.tokens * TOKEN_BYTES))} as token ids of {TOKEN_BYTES} bytes"
    yield ""
    yield from output.wrap(RULE, width)
    seen = ", ".join(f"{name} {_times(tokens / params)}" for name, params, tokens in PRACTICE)
    yield from output.wrap(f"In practice small models are trained longer. Tokens a parameter: {seen}.", width)
    if plan.members:
        yield ""
        yield from mix_lines(plan, width)


def mix_lines(plan: Plan, width: int) -> Iterator[str]:
    """The members of a mix with what they give, and the license of the whole."""
    members = plan.members
    rows = [_member_row(plan, member) for member in members]
    yield from output.table(MIX_FIELDS, rows, width)
    yield ""
    if plan.shares:
        yield from output.labelled("shares", plan.shares, width)
    for member in members:
        yield from output.labelled("basis", f"{member.name}: {member.supply.basis}", width)
        if said := plan.epochs(member)["note"]:
            yield from output.labelled("epochs", f"{member.name}: {said} (Muennighoff et al. 2023)", width)
    whole, least = total(each.supply.bytes for each in members), total(map(plan.bytes_needed, members))
    told = f"{output.size(least)} for these shares, {output.size(whole)} in all"
    if whole is None or least is None:
        known = sum(size for each in members if (size := plan.bytes_needed(each)) is not None)
        told = f"unknown; at least {output.size(known)} for these shares"
    yield from output.labelled("download", told, width)
    yield from _license_lines(members, width)


def _license_lines(members: Sequence[Member], width: int) -> Iterator[str]:
    strict = strictest(members)
    said = f"commercial use of the mix: {strict.commercial}, as of {strict.name}: {strict.reason}"
    yield from output.labelled("license", said, width)


def _member_row(plan: Plan, member: Member) -> list[str]:
    least = plan.bytes_needed(member)
    return [
        member.name, f"{member.share:.1%}", output.count(round(plan.wanted(member))), gives(member.supply),
        _epochs_shown(plan.epochs(member)), output.size(least) or "unknown", member.commercial,
    ]  # fmt: skip


def gives(supply: Supply) -> str:
    """What a dataset gives, for a table: `150B ±15%`, `at most 18B`, `unknown`."""
    if supply.tokens is not None:
        share = supply.share
        return output.count(round(supply.tokens)) + (f" ±{share:.0%}" if share else "")
    return f"at most {output.count(round(supply.high))}" if supply.high else "unknown"


def _epochs_shown(told: dict[str, Any]) -> str:
    low, high = told["epochs_least"], told["epochs_most"]
    if told["epochs"] is None:
        return "unknown" if low is None else f"{_times(low)} or more"
    one, two = _times(low), _times(high)
    return one if one == two else f"{one} to {two}"


def _times(number: float) -> str:
    """A ratio for people: 1,875, 20, 1.71, below 0.01."""
    if number < 0.01:
        return "below 0.01"
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


# -- the other stages --------------------------------------------------------------------------------------------------


def _stage(name: str, mix: str | None, registry: str | None, tokenizer: Any, as_json: bool) -> int:
    from catalog.budget import read_mix, stage_named

    stage = stage_named(name)
    picks = read_mix(mix)[0] if mix is not None else []
    members = members_of(picks, lambda: open_for_reading(registry), tokenizer, _progress())
    held = _held(stage, registry)
    if as_json:
        output.print_json(stage_json(stage, held, members))
    else:
        print("\n".join(stage_lines(stage, held, members)))
    return 0


def _held(stage: Stage, registry: str | None) -> dict[str, Any]:
    """What the registry has for a stage: how many, how many of a usual size, how many for commercial use, the first."""
    from catalog.search.query import Query
    from catalog.search.run import run

    usual = f"rows:{stage.low}..{stage.high}"
    with open_for_reading(registry) as connection:

        def count(more: str, limit: int = 1) -> Any:
            return run(connection, Query.parse(f"task:{stage.task} {more}", limit=limit, sort="popularity"))

        shown = count(f"{usual} commercial:yes", HAS_SHOWN)
        return {
            "task": stage.task,
            "datasets": count("").total,
            "of_usual_size": count(usual).total,
            "of_usual_size_commercial": shown.total,
            "first": [
                {"key": hit.key, "title": hit.title, "rows": hit.rows, "license": hit.license} for hit in shown.hits
            ],
        }  # fmt: skip


def stage_json(stage: Stage, held: dict[str, Any], members: Sequence[Member]) -> dict[str, Any]:
    """Counts of a stage as the object of `--json`."""
    strict = strictest(members) if members else None
    return {
        "stage": stage.name,
        "example": stage.example,
        "formats": list(stage.formats),
        "usual": [vars(each) for each in stage.usual],
        "registry": held,
        "mix": None if strict is None else {
            "members": [each.to_dict() for each in members],
            "license": {"commercial": strict.commercial, "reason": strict.reason, "member": strict.name},
        },
    }  # fmt: skip


def stage_lines(stage: Stage, held: dict[str, Any], members: Sequence[Member]) -> Iterator[str]:
    """Counts of a stage as text."""
    width = output.window_width()
    yield f"stage    {stage.name}: {stage.example}"
    yield f"formats  {', '.join(stage.formats)}"
    told = "Counted in examples, by experience; the rule of 20 tokens a parameter is one of pre-training, not of this."
    yield from output.wrap(told, width)
    yield ""
    fields = (output.Field("for", 20), output.Field("examples", 16, right=True), output.Field("remark", 30, grow=1))
    rows = [[each.what, f"{output.count(each.low)} to {output.count(each.high)}", each.remark] for each in stage.usual]
    yield from output.table(fields, rows, width)
    yield ""
    told = (
        f"{held['datasets']:,} datasets with --task {stage.task}; {held['of_usual_size']:,} of a usual size, "
        f"{held['of_usual_size_commercial']:,} of these for commercial use:"
    )
    yield from output.labelled("registry", told, width)
    fields = (
        output.Field("dataset", 24, grow=1), output.Field("rows", 6, right=True), output.Field("license", 12),
    )  # fmt: skip
    yield from output.table(fields, [[e["key"], output.count(e["rows"]), e["license"]] for e in held["first"]], width)
    if members:
        yield ""
        yield from _member_lines(stage, members, width)


def _member_lines(stage: Stage, members: Sequence[Member], width: int) -> Iterator[str]:
    fields = (
        output.Field("dataset", 16, grow=1), output.Field("examples", 9, right=True),
        output.Field("tokens", 14, rank=1, right=True), output.Field("commercial", 10),
    )  # fmt: skip
    rows = [[m.name, output.count(m.supply.rows) or "unknown", gives(m.supply), m.commercial] for m in members]
    yield from output.table(fields, rows, width)
    counts = [each.supply.rows for each in members]
    known = sum(number for number in counts if number is not None)
    least = "at least " if None in counts else ""
    place = "fewer than" if known < stage.low else "more than" if known > stage.high else "within"
    told = f"{least}{known:,} in all: {place} what is usual ({stage.low:,} to {stage.high:,})"
    yield from output.labelled("examples", told, width)
    yield from _license_lines(members, width)
