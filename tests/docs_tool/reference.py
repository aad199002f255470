"""The reference of commands and of the Python API, from the code."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Iterator

import click

BUILT_IN = ("huggingface", "kaggle", "uci", "google")
"""The sources that come with the catalog; another that is installed does not change its reference."""


def command_reference() -> str:
    """Every command: usage, what it does, examples, arguments and options."""
    from catalog.cli.app import COMMANDS, app

    context = click.Context(app, info_name="catalog")
    sections = []
    for name, (_module, line) in COMMANDS.items():
        command = app.get_command(context, name)
        assert command is not None
        sections.append("\n".join(_command(name, line, command)))
        if isinstance(command, click.Group):
            sections.extend(_commands_below(name, command, {param.name for param in command.params}))
    return "\n\n".join(sections)


def _commands_below(name: str, group: click.Group, known: set[str | None]) -> Iterator[str]:
    """The commands of a group, without the options that the group has told of."""
    context = click.Context(group, info_name=f"catalog {name}")
    for inner in (each for each in group.list_commands(context) if name != "sync" or each in BUILT_IN):
        command = group.get_command(context, inner)
        assert command is not None
        command.params = [param for param in command.params if param.name not in known or param.name == "registry"]
        paragraphs = inspect.cleandoc(command.help or "").split("\n\n")
        command.help = "\n\n".join(each for each in paragraphs if not each.startswith("What is common"))
        yield "\n".join(_command(f"{name} {inner}", command.help.partition("\n")[0], command)).replace("## ", "### ", 1)


def _command(name: str, line: str, command: click.Command) -> Iterator[str]:
    context = click.Context(command, info_name=f"catalog {name}")
    usage = " ".join(command.collect_usage_pieces(context))
    yield f"## catalog {name}\n"
    yield f"```sh\ncatalog {name} {usage}\n```\n"
    yield from _help(line, command.help or "")
    rows = [_option(param) for param in command.params if isinstance(param, click.Option) and not param.hidden]
    hidden = [param.opts[0] for param in command.params if isinstance(param, click.Option) and param.hidden]
    yield "| Option | Meaning |\n| --- | --- |"
    yield from (f"| {_code(names)} | {_cell(meaning)} |" for names, meaning in rows)
    if hidden:
        yield f"\nEach filter can be turned round: {', '.join(_code(each) for each in hidden)}."


def _help(line: str, text: str) -> Iterator[str]:
    """The help text as Markdown; what click keeps verbatim becomes a code block."""
    paragraphs = inspect.cleandoc(text).split("\n\n")
    for paragraph in paragraphs:
        head, _, rest = paragraph.partition("\n")
        if head.strip() == "\b":
            label, _, examples = rest.partition("\n")
            yield f"{label}\n\n```sh\n{textwrap.dedent(examples)}\n```\n"
        else:
            yield _escaped(" ".join(paragraph.split())) + "\n"


def _option(param: click.Option) -> tuple[str, str]:
    names = ", ".join(param.opts) + (f" / {', '.join(param.secondary_opts)}" if param.secondary_opts else "")
    kind = "" if param.is_flag else f" {_metavar(param)}"
    default = f" Default: {param.default}." if param.show_default and param.default not in (None, ()) else ""
    repeat = " Repeatable." if param.multiple and "repeatable" not in (param.help or "") else ""
    return f"{names}{kind}", f"{param.help}{repeat}{default}"


def _metavar(param: click.Option) -> str:
    if param.metavar:
        return param.metavar
    if isinstance(param.type, click.Choice):
        return "|".join(map(str, param.type.choices))
    return {"integer range": "NUMBER", "integer": "NUMBER", "directory": "FOLDER"}.get(param.type.name, "TEXT")


def _code(text: str) -> str:
    return f"`{text}`".replace("|", "\\|")


def _cell(text: str) -> str:
    return _escaped(text).replace("|", "\\|")


def _escaped(text: str) -> str:
    for mark in "*<_":
        text = text.replace(mark, f"\\{mark}")
    return text


def python_reference() -> str:
    """Every public name with its signature, its docstring and, for classes, its public methods."""
    import catalog
    from catalog import api

    names = sorted(catalog.__all__, key=lambda name: (name[0].isupper(), name))
    return "\n\n".join("\n".join(_name(name, vars(api).get(name, getattr(catalog, name)))) for name in names)


def _name(name: str, value: object) -> Iterator[str]:
    if not inspect.isclass(value):
        yield f"### {name}()\n"
        yield f"```python\n{name}{_signature(value)}\n```\n"
        yield _prose(value)
        return
    yield f"### {name}\n"
    yield f"`{value.__module__}.{name}`\n"
    yield _prose(value)
    members = list(_members(value))
    if members:
        yield ""
    for member, function in members:
        arguments = "" if isinstance(function, property) else _signature(function)
        yield f"- `{name}.{member}{arguments}`: {_prose(function).partition(chr(10))[0]}"


def _members(value: type) -> Iterator[tuple[str, object]]:
    for name, member in vars(value).items():
        wanted = isinstance(member, (classmethod, staticmethod, property)) or inspect.isfunction(member)
        if wanted and not name.startswith("_"):
            yield name, member.__func__ if isinstance(member, (classmethod, staticmethod)) else member


def _signature(function: object) -> str:
    signature = inspect.signature(function)  # type: ignore[arg-type]
    kept = [param for name, param in signature.parameters.items() if name not in ("self", "cls")]
    text = str(signature.replace(parameters=kept))
    return re.sub(r"(: |-> )'([^']*)'", r"\1\2", text)


def _prose(value: object) -> str:
    text = inspect.cleandoc(getattr(value, "__doc__", None) or "")
    blocks = text.split("\n\n")
    return "\n\n".join(block if block.startswith("    ") else " ".join(block.split()) for block in blocks)
