"""Where the registry is: named, or `./registry.db` if it is there, else in the user's data folder."""

from __future__ import annotations

import os

FILE = "registry.db"
VARIABLE = "CATALOG_REGISTRY"


def registry_path(named: str | None = None) -> str:
    """The path of the registry to use: `--registry`, `CATALOG_REGISTRY`, `./registry.db`, the user's data folder."""
    if named:
        return named
    if os.environ.get(VARIABLE):
        return os.environ[VARIABLE]
    if os.path.exists(FILE):  # noqa: PTH110 - on the start-up path
        return FILE
    return os.path.join(data_folder(), FILE)  # noqa: PTH118


def data_folder() -> str:
    """The folder of this user for data of catalog."""
    import platformdirs

    return platformdirs.user_data_dir("catalog", appauthor=False)
