"""The shape of the house: layers, no cycles, doors, and what starting up may cost."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

LAYERS = [
    {"cli", "__main__"},
    {"api"},
    {"datafile", "sync", "retag", "snapshot", "fetch", "export", "config", "doctor", "pages", "publishing", "pull",
     "mixture"},
    {"registry", "search", "plugins", "tagger", "seed"},
    {"rows"},
    {"index"},
    {
        "tables",
        "migrations",
        "sqlite",
        "lock",
        "location",
        "when",
        "identity",
        "tagging",
        "license",
        "formats",
        "tokens",
        "workers",
        "budget",
        "augment",
    },
    {"vocabulary", "connector"},
    {"web"},
    {"record", "text", "endpoints"},
    {"errors"},
]  # fmt: skip
"""From the top: a module may import from its own layer's package and from every layer below."""

CONNECTOR_MAY = {"record", "connector", "web", "endpoints", "errors", "text"}
HEAVY = ["sqlalchemy", "sqlmodel", "httpx", "huggingface_hub", "kaggle", "msgspec", "rich", "yaml", "pyarrow"]


def _modules(package: str) -> dict[str, ast.Module]:
    paths = sorted((ROOT / package).rglob("*.py"))
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in paths]
    return {name: ast.parse(path.read_text("utf-8")) for name, path in zip(names, paths, strict=True)}


def _imports(tree: ast.Module, *, top_level: bool) -> set[str]:
    """Dotted names that a module imports: `from a import b` gives a.b where that is a module, else a."""
    found = set()
    nodes = _top_level(tree.body) if top_level else ast.walk(tree)
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {_home(node.module, alias.name) for alias in node.names}
    return found


def _home(module: str, name: str) -> str:
    place = ROOT / module.replace(".", "/") / name
    return f"{module}.{name}" if place.with_suffix(".py").is_file() or place.is_dir() else module


def _top_level(body: list[ast.stmt]) -> list[ast.stmt]:
    """Statements that run on import; what stands under TYPE_CHECKING does not."""
    found = []
    for node in body:
        if isinstance(node, ast.If) and "TYPE_CHECKING" not in ast.unparse(node.test):
            found.extend(_top_level([*node.body, *node.orelse]))
        elif isinstance(node, ast.Try):
            found.extend(_top_level(node.body))
        else:
            found.append(node)
    return found


def _layer(name: str) -> int:
    part = name.split(".")[1]
    return next(number for number, layer in enumerate(LAYERS) if part in layer)


def test_every_part_has_a_layer() -> None:
    parts = {name.split(".")[1] for name in _modules("catalog") if "." in name}
    assert parts == set().union(*LAYERS)


def test_imports_only_go_down() -> None:
    wrong = []
    for name, tree in _modules("catalog").items():
        if "." not in name:
            continue
        for other in _imports(tree, top_level=False):
            if not other.startswith("catalog.") or other.split(".")[1] not in set().union(*LAYERS):
                continue
            same_part = other.split(".")[1] == name.split(".")[1]
            if not same_part and _layer(other) <= _layer(name) and not _runtime_twin(name, other):
                wrong.append(f"{name} imports {other}")
    assert wrong == []


def _runtime_twin(name: str, other: str) -> bool:
    """Siblings of one layer may use each other where no cycle comes of it (held by the next test); the two packages
    that can be called like functions reach up to the function at run time."""
    return _layer(other) == _layer(name) or (
        name in ("catalog.search", "catalog.fetch") and other.startswith("catalog.api")
    )


def test_no_import_cycles() -> None:
    modules = {**_modules("catalog"), **_modules("connectors")}
    graph = {
        name: {other for other in _imports(tree, top_level=True) if other in modules and other != name}
        for name, tree in modules.items()
    }
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, " -> ".join((*path[path.index(name) :], name))
        if name not in done:
            for other in graph[name]:
                visit(other, (*path, name))
            done.add(name)

    for name in graph:
        visit(name, ())


def test_connectors_use_only_the_contract() -> None:
    for name, tree in _modules("connectors").items():
        used = {other.split(".")[1] for other in _imports(tree, top_level=False) if other.startswith("catalog.")}
        assert used <= CONNECTOR_MAY, name


def test_catalog_never_imports_connectors() -> None:
    for name, tree in _modules("catalog").items():
        assert not {other for other in _imports(tree, top_level=False) if other.split(".")[0] == "connectors"}, name


def test_only_web_imports_httpx() -> None:
    for name, tree in {**_modules("catalog"), **_modules("connectors")}.items():
        heavy = {other.split(".")[0] for other in _imports(tree, top_level=False)} & {"httpx", "httpcore", "h11"}
        assert not heavy or name.startswith("catalog.web"), name


def test_files_are_small_rooms() -> None:
    for package in ("catalog", "connectors"):
        for path in (ROOT / package).rglob("*.py"):
            assert path.read_text("utf-8").count("\n") <= 400, path


def _loaded(registry: Path, *arguments: str) -> set[str]:
    """Which heavy modules a command has loaded when it ends."""
    code = (
        "import sys, os\n"
        "os._exit = lambda code: (print('LOADED', *sys.modules, file=sys.__stderr__), sys.__stderr__.flush())\n"
        f"sys.argv = ['catalog', *{arguments!r}]\n"
        "from catalog.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={"CATALOG_REGISTRY": str(registry), "PATH": "", "LANG": "C.UTF-8"},
        check=True,
    )
    line = next(line for line in done.stderr.splitlines() if line.startswith("LOADED"))
    return {name.split(".")[0] for name in line.split()[1:]}


@pytest.mark.parametrize(
    "arguments",
    [
        ("--help",),
        ("search", "medical"),
        ("search", "--domain", "medical", "--task", "sft", "--facets"),
        ("search", "医疗 对话", "--json"),
        ("facets", "domain"),
        ("info",),
    ],
)
def test_reading_imports_nothing_heavy(embedded: Path, arguments: tuple[str, ...]) -> None:
    assert not _loaded(embedded, *arguments) & set(HEAVY)


def test_help_imports_no_command_line_library(embedded: Path) -> None:
    assert "click" not in _loaded(embedded, "--help")


def test_package_costs_nothing_to_import() -> None:
    code = "import sys, catalog; print(*sys.modules)"
    names = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {name.split(".")[0] for name in names} & {*HEAVY, "click", "sqlite3"}


def test_public_names_are_there() -> None:
    import catalog

    assert all(getattr(catalog, name) is not None for name in catalog.__all__)
    assert set(catalog._HOMES) == set(catalog.__all__)
