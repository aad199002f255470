"""License strings and verdicts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.license import recognise, resolve
from catalog.license.classes import COMMERCIAL
from catalog.record import LicenseClaim


def claim(raw: str, by: str = "card", **fields: str) -> LicenseClaim:
    return LicenseClaim(raw=raw, by=by, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("raw", "expression", "commercial"),
    [
        ("mit", "MIT", "yes"),
        ("Apache License 2.0", "Apache-2.0", "yes"),
        ("CC-by-NC 4.0", "CC-BY-NC-4.0", "no"),
        ("Attribution 4.0 International (CC BY 4.0)", "CC-BY-4.0", "yes"),
        ("Attribution-NonCommercial-ShareAlike 3.0 IGO (CC BY-NC-SA 3.0 IGO)", "CC-BY-NC-SA-3.0-IGO", "no"),
        ("CC0: Public Domain", "CC0-1.0", "yes"),
        ("Creative Commons Zero (CC0) 1.0", "CC0-1.0", "yes"),
        ("http://creativecommons.org/publicdomain/zero/1.0", "CC0-1.0", "yes"),
        ("creativecommons.org/licenses/by-nc/4.0", "CC-BY-NC-4.0", "no"),
        ("https://creativecommons.org/licenses/by-nd/4.0/", "CC-BY-ND-4.0", "yes"),
        ("https://choosealicense.com/licenses/odc-by/", "ODC-By-1.0", "yes"),
        ("https://opendatacommons.org/licenses/odbl/1-0/", "ODbL-1.0", "yes"),
        ("Database: Open Database, Contents: Database Contents", "ODbL-1.0", "yes"),
        ("Community Data License Agreement - Sharing - Version 1.0", "CDLA-Sharing-1.0", "yes"),
        ("GNU GPL v.3", "GPL-3.0-only", "yes"),
        ("gpl-3.0+", "GPL-3.0-or-later", "yes"),
        ("gpl", "LicenseRef-gpl", "yes"),
        ("cc", "LicenseRef-cc", "unknown"),
        ("CC BY", "LicenseRef-cc-by", "yes"),
        ("other", "LicenseRef-other", "unknown"),
        ("unknown", "", "unknown"),
        ("none stated", "", "unknown"),
        ("llama3.1", "LicenseRef-llama3.1", "conditions"),
        ("openrail++", "LicenseRef-openrail-plus-plus", "conditions"),
        ("OpenAI terms of use (model output)", "LicenseRef-openai-terms", "conditions"),
        ("for research purposes only", "LicenseRef-research-only", "no"),
        ("non-commercial", "LicenseRef-non-commercial", "no"),
        ("仅供学术研究使用", "LicenseRef-research-only", "no"),
        ("MIT OR Apache-2.0", "MIT OR Apache-2.0", "yes"),
        ("CC-BY-4.0 & CC-BY-NC-4.0", "CC-BY-4.0 AND CC-BY-NC-4.0", "no"),
        ("ODC-BY & Common Crawl Terms of Use", "ODC-By-1.0 AND LicenseRef-common-crawl-terms", "unknown"),
        ("Data files © Original Authors", "LicenseRef-original-authors", "unknown"),
    ],
)
def test_recognise(raw: str, expression: str, commercial: str) -> None:
    said = recognise(raw)
    assert (said.expression, said.commercial) == (expression, commercial)


def test_an_address_outranks_the_words_unless_they_are_stricter() -> None:
    assert recognise("[Open Database License](https://creativecommons.org/licenses/by/4.0/)").expression == "CC-BY-4.0"
    assert recognise("CC BY-NC 4.0 (https://creativecommons.org/licenses/by/4.0/)").commercial == "no"


@pytest.mark.parametrize(
    "raw",
    [
        "This data was collected at MIT and is stored in PostgreSQL.",
        "The recordings are available to the general public.",
        "Released with attribution to the authors.",
        "Copyright 2017 Somebody Inc.",
        "Please refer to the authors' websites for licensing information.",
        "Public",
        "",
    ],
)
def test_words_that_are_no_license_permit_nothing(raw: str) -> None:
    assert recognise(raw).commercial == "unknown"


def test_a_named_license_with_a_restriction_in_words_is_a_no() -> None:
    said = recognise("The data is CC BY 4.0, for non-commercial research purposes only.")
    assert (said.commercial, said.cls) == ("no", "non-commercial")
    assert recognise("MIT. Commercial use is prohibited.").commercial == "no"


def test_every_hub_license_is_read(shared_fixtures: Path) -> None:
    ids = json.loads((shared_fixtures / "huggingface" / "vocab" / "hub_licenses.json").read_text(encoding="utf-8"))
    for id, title in ids.items():
        said = recognise(id)
        assert said.cls != "custom" or id in ("other", "apple-ascl"), id
        assert ("nc" in id.split("-")) == (said.cls == "non-commercial") or "noncommercial" in id, id
        if id not in ("unknown", "other"):
            assert recognise(title).cls == said.cls, title


@given(st.text(max_size=300))
def test_any_text_gets_a_reading_with_a_reason(raw: str) -> None:
    said = recognise(raw)
    assert said.reason
    assert said.cls in COMMERCIAL
    assert said.commercial != "yes" or said.expression


@given(st.lists(st.sampled_from(["mit", "cc-by-nc-4.0", "unknown", "llama2", "openai terms", "odd words"]), max_size=5))
def test_another_claim_never_loosens_the_verdict(raws: list[str]) -> None:
    order = ["yes", "conditions", "unknown", "no"]
    last = 0
    for count in range(1, len(raws) + 1):
        verdict = resolve([claim(raw, by=f"claim {raw}") for raw in raws[:count]])
        assert verdict.reason
        assert order.index(verdict.commercial) >= last
        last = order.index(verdict.commercial)


def test_no_claim_permits_nothing() -> None:
    assert resolve(()).commercial == "unknown"
    assert resolve((claim(""),)).reason == "No license is stated."


def test_packaging_never_permits_the_content() -> None:
    verdict = resolve(
        [
            claim("cc0-1.0", scope="packaging"),
            claim("none stated", by="paper", scope="content", note="the pages belong to their authors"),
        ]
    )
    assert verdict.commercial == "unknown"
    assert verdict.expression == "CC0-1.0"
    assert verdict.reason == "The cc0-1.0 label covers the packaging; the pages belong to their authors."
    assert resolve([claim("cc0-1.0", scope="packaging")]).commercial == "unknown"
    assert resolve([claim("cc0-1.0", scope="packaging"), claim("cc0-1.0", scope="dataset")]).commercial == "unknown"
    site = [claim("cc0-1.0", by="mirror", scope="packaging"), claim("cc-by-4.0", by="site policy")]
    assert resolve(site).commercial == "yes"
    both = resolve([claim("odc-by", scope="packaging"), claim("cc-by-sa-4.0", scope="content")])
    assert both.commercial == "yes"


def test_labels_need_a_license_of_what_they_label() -> None:
    assert resolve([claim("cc-by-4.0", scope="annotations")]).commercial == "unknown"
    assert resolve([claim("cc-by-4.0", scope="annotations"), claim("mit")]).commercial == "yes"


def test_the_license_of_the_code_decides_nothing() -> None:
    verdict = resolve([claim("mit", by="repository", scope="code")])
    assert verdict.commercial == "unknown"
    assert "code" in verdict.reason
    assert resolve([claim("mit", scope="code"), claim("cc-by-nc-4.0")]).commercial == "no"


def test_the_strictest_claim_wins_and_the_conflict_is_shown() -> None:
    verdict = resolve(
        [
            claim("mit", by="Hugging Face card"),
            claim("non-commercial", by="Data Provenance audit", cls="non-commercial"),
        ]
    )
    assert verdict.commercial == "no"
    assert verdict.conflicts == ("Hugging Face card says mit; Data Provenance audit says non-commercial",)
    assert "Data Provenance audit" in verdict.reason


def test_a_curated_class_beats_the_text() -> None:
    assert resolve([claim("mit", cls="research-only")]).commercial == "no"
    assert resolve([claim("Terms of the corpus", cls="permissive")]).commercial == "yes"


def test_a_curators_words_are_quoted_but_name_no_license() -> None:
    verdict = resolve([claim("sentences of an encyclopedia", by="curator", scope="content", cls="share-alike")])
    assert verdict.expression == ""
    assert verdict.reason.startswith("Sentences of an encyclopedia: commercial use is permitted")
    named = resolve([claim("Reuters research agreement", by="NIST", cls="research-only"), claim("other", by="card")])
    assert named.expression == "LicenseRef-reuters-research-agreement"
    assert named.conflicts == ()


def test_the_expression_joins_what_is_named() -> None:
    verdict = resolve([claim("MIT OR Apache-2.0"), claim("cc-by-4.0", by="paper"), claim("cc-by", by="site")])
    assert verdict.expression == "(MIT OR Apache-2.0) AND CC-BY-4.0"
    assert resolve([claim("each part its own license", cls="mixed")]).expression == ""


def test_what_forbids_or_is_unknown_says_its_note() -> None:
    assert resolve([claim("none stated", note="the posts belong to their authors")]).reason.endswith(
        "(“none stated”, says card); the posts belong to their authors."
    )


def test_model_output_is_conditions() -> None:
    verdict = resolve([claim("apache-2.0"), claim("OpenAI terms of use", by="audit")])
    assert verdict.commercial == "conditions"
    assert "forbid training competing models" in verdict.reason


def test_a_declared_yes_says_that_nobody_verified_it() -> None:
    assert "not verified" in resolve([claim("apache-2.0", by="tag license")]).reason
    assert "not verified" not in resolve([claim("apache-2.0", cls="permissive")]).reason


@pytest.mark.parametrize(
    ("access", "commercial"), [("withdrawn", "no"), ("refused", "no"), ("agreement", "conditions")]
)
def test_access_limits_the_verdict(access: str, commercial: str) -> None:
    verdict = resolve([claim("cc-by-4.0")], access)
    assert verdict.commercial == commercial
    assert verdict.expression == "CC-BY-4.0"


def test_withdrawn_without_a_claim_is_a_no() -> None:
    assert resolve((), "withdrawn").reason == "Withdrawn by its authors."


def test_an_unknown_wrapper_does_not_hide_the_license_of_the_data() -> None:
    policy = LicenseClaim(raw="cc-by-4.0", by="UCI site policy")
    copy = LicenseClaim(raw="unknown", by="Kaggle page", scope="packaging")
    assert resolve([policy, copy]).commercial == "yes"
    assert resolve([copy]).commercial == "unknown"
    assert resolve([LicenseClaim(raw="unknown", by="card"), policy]).commercial == "unknown"
