"""Where the registry is: named, or `./registry.db` if it is there, else in the user's data folder."""

from __future__ import annotations

import os

from catalog.errors import Usage

FILE = "registry.db"
VARIABLE = "CATALOG_REGISTRY"
CONFIG = "catalog.toml"


def registry_path(named: str | None = None) -> str:
    """The path of the registry to use.

    The first of `--registry`, `CATALOG_REGISTRY`, what `./catalog.toml` names, `./registry.db` if it is there, what the
    `catalog.toml` of the user's configuration names, and `registry.db` in the user's data folder. Raises `Usage` for a
    `catalog.toml` that cannot be read.
    """
    if found := chosen_path(named):
        return found
    if os.path.exists(FILE):  # noqa: PTH110 - on the start-up path
        return FILE
    return configured_path(config_folder()) or os.path.join(data_folder(), FILE)  # noqa: PTH118


def chosen_path(named: str | None = None) -> str:
    """The path that the user chose: named, by variable, or in the `catalog.toml` here; "" where there is no choice."""
    return named or os.environ.get(VARIABLE) or configured_path("")


def configured_path(folder: str) -> str:
    """The registry that the `catalog.toml` of a folder names, relative to it; "" where it names none."""
    path = os.path.join(folder, CONFIG)  # noqa: PTH118
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - on the start-up path
            content = file.read()
    except OSError:
        return ""
    return registry_in(content, path) if b"registry" in content else ""


def registry_in(content: bytes, path: str) -> str:
    """The registry that a `catalog.toml` names. Raises `Usage` for what is no TOML, or names it by no text."""
    named = parsed(content, path).get("registry", "")
    if not isinstance(named, str):
        raise Usage(f"{path}: registry is not text.", 'Write it as registry = "folder/registry.db".')
    return os.path.join(os.path.dirname(path), os.path.expanduser(named)) if named else ""  # noqa: PTH111, PTH118, PTH120


def parsed(content: bytes, path: str) -> dict[str, object]:
    """A TOML file as a mapping. Raises `Usage` that names its line."""
    import tomllib

    try:
        return tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise Usage(f"{path} is no text in UTF-8.", "Save it as UTF-8.") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise Usage(f"{path} is not TOML: {error}.", "Correct that line.") from None


def data_folder() -> str:
    """The folder of this user for data of catalog."""
    import platformdirs

    return platformdirs.user_data_dir("catalog", appauthor=False)


def config_folder() -> str:
    """The folder of this user for the configuration of catalog."""
    import platformdirs

    return platformdirs.user_config_dir("catalog", appauthor=False)
