"""The same license in many forms: whatever way it is written, it is read as the same one, and never as more."""

from __future__ import annotations

import itertools
import time
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.license import inherited, recognise, resolve
from catalog.license.classes import COMMERCIAL, STRICTNESS
from catalog.record import LicenseClaim, Record, Relation, Statement
from connectors.huggingface.card import license_claims

ELEMENTS = ["by", "by-sa", "by-nd", "by-nc", "by-nc-sa", "by-nc-nd"]
VERSIONS = ["1.0", "2.0", "2.5", "3.0", "4.0"]
WORDS = {"by": "Attribution", "nc": "NonCommercial", "sa": "ShareAlike", "nd": "NoDerivatives"}
CHINESE = {"by": "署名", "nc": "非商业性使用", "sa": "相同方式共享", "nd": "禁止演绎"}
AROUND = [
    "{}",
    "License: {}",
    "**{}**.",
    "``` {} ```",
    "This dataset is licensed under the {} license.",
    "The data are released under {}. Please cite our paper.",
    "<!-- info: license --> {}",
    "本数据集采用 {} 许可协议。",
]


def spelled(elements: str, version: str, words: dict[str, str], between: str) -> str:
    return between.join(words[part] for part in elements.split("-")) + f" {version}"


def cc_forms(elements: str, version: str) -> list[str]:
    """One Creative Commons license as people write it."""
    code, short = elements.upper(), version.removesuffix(".0")
    long = spelled(elements, version, WORDS, "-")
    return [
        f"cc-{elements}-{version}",
        f"CC {code} {version}",
        f"CC-{code} v{version}",
        f"cc {elements.replace('-', ' ')} {short}",
        f"CC_{code.replace('-', '_')}_{version.replace('.', 'p')}",
        f"CC_{code.replace('-', '_')}_{version.replace('.', '_')}",
        f"Creative Commons {long} International (CC {code} {version})",
        f"{spelled(elements, version, WORDS, ' ')} Generic (CC {code} {version})",
        f"Creative Commons {long.replace('NonCommercial', 'Non-Commercial').replace('ShareAlike', 'Share Alike')}",
        f"Creative Commons {long.replace('NoDerivatives', 'No Derivatives').replace('NonC', 'Non c')} Unported License",
        f"知识共享 {spelled(elements, version, CHINESE, '-')} 国际许可协议",
    ]


def cc_addresses(elements: str, version: str) -> list[str]:
    """Its deed, its text and what other lists call it."""
    page = f"creativecommons.org/licenses/{elements}/{version}"
    ends = ["", "/", "/legalcode", "/legalcode.en", "/deed.zh", "/deed.de", "/deed.pt_BR"]
    pages = [f"{scheme}{page}{end}" for scheme, end in itertools.product(["https://", "http://", "http://www."], ends)]
    lists = [
        "https://choosealicense.com/licenses/{}/",
        "https://spdx.org/licenses/{}.html",
        "http://spdx.org/licenses/{}",
    ]
    return [*pages, page, *(each.format(f"CC-{elements.upper()}-{version}") for each in lists)]


@pytest.mark.parametrize("elements", ELEMENTS)
@pytest.mark.parametrize("version", VERSIONS)
def test_creative_commons_in_every_form(elements: str, version: str) -> None:
    expected = f"CC-{elements.upper()}-{version}"
    forms = [around.format(form) for form in cc_forms(elements, version) for around in AROUND]
    links = [f"[the license]({page})" for page in cc_addresses(elements, version)]
    for raw in (*forms, *cc_addresses(elements, version), *links):
        said = recognise(raw)
        assert (said.expression, said.commercial == "no") == (expected, "nc" in elements), raw


@pytest.mark.parametrize(("family", "name"), [
    ("GPL", "General Public License"), ("LGPL", "Lesser General Public License"),
    ("AGPL", "Affero General Public License"), ("GFDL", "Free Documentation License"),
])  # fmt: skip
@pytest.mark.parametrize("later", [False, True])
def test_gnu_in_every_form(family: str, name: str, later: bool) -> None:
    version = "1.3" if family == "GFDL" else "3.0"
    end, plus = (" or later", "+") if later else ("", "")
    for raw in (
        f"{family}-{version}{plus}", f"{family.lower()} {version}{end}", f"GNU {family}v{version}{plus}",
        f"GNU {name} v{version}{end}", f"GNU {name}, version {version}{end}", f"the GNU {name} {version}{end}.",
    ):  # fmt: skip
        assert recognise(raw).expression == f"{family}-{version}-{'or-later' if later else 'only'}", raw
    assert recognise(f"GNU {name}").expression == f"LicenseRef-{family.lower()}"


def test_every_listed_license_by_id_name_and_address() -> None:
    text = resources.files("catalog.license").joinpath("spdx.tsv").read_text("utf-8")
    rows = [line.split("\t") for line in text.splitlines() if not line.startswith("#")]
    assert len(rows) > 600
    same = {"StandardML-NJ"}  # the older of two ids for one license
    for id, cls, name in rows:
        assert COMMERCIAL[cls], id
        for raw in (id, id.lower(), f"https://spdx.org/licenses/{id}.html", *(() if id in same else (name,))):
            assert recognise(raw).expression == id, raw


@pytest.mark.parametrize(("raw", "family"), [
    ("Mozilla Public License", "mpl"), ("Academic Free License", "afl"),
    ("Apache License", "apache"), ("GPL", "gpl"), ("CC BY", "cc-by"), ("Creative Commons", "cc"),
    ("Open Government Licence", "ogl"), ("Eclipse Public License", "epl"),
])  # fmt: skip
def test_a_version_is_never_invented(raw: str, family: str) -> None:
    assert recognise(raw).expression == f"LicenseRef-{family}"
    assert recognise(f"The data are under the {raw}.").expression == f"LicenseRef-{family}"


@pytest.mark.parametrize(("raw", "expression", "commercial"), [
    ("MIT AND CC-BY-NC-4.0", "MIT AND CC-BY-NC-4.0", "no"),
    ("CC-BY-NC-4.0 AND (MIT OR Apache-2.0)", "CC-BY-NC-4.0 AND (MIT OR Apache-2.0)", "no"),
    ("(CC-BY-NC-4.0 OR MIT)", "CC-BY-NC-4.0 OR MIT", "yes"),
    ("GPL-2.0-only WITH Classpath-exception-2.0 OR MIT", "GPL-2.0-only WITH Classpath-exception-2.0 OR MIT", "yes"),
    ("MIT OR nothing", "MIT", "yes"),
])  # fmt: skip
def test_expressions(raw: str, expression: str, commercial: str) -> None:
    said = recognise(raw)
    assert (said.expression, said.commercial) == (expression, commercial)


FORBIDDING = [
    "for non-commercial use only", "Non-Commercial purposes", "noncommercial research", "non commerical use",
    "not for commercial use", "You may not use it for commercial purposes", "Commercial use is strictly prohibited",
    "commercial use requires a separate license", "contact us for commercial use", "no commercial usage",
    "must not be used in any commercial product", "for research purposes only", "restricted to academic research use",
    "only to be used for scientific research", "research use only", "for educational and research purposes only",
    "禁止商用", "不得用于商业用途", "仅供学术研究使用", "非商业用途",
    "仅限科研", "商用利用は不可", "비상업적 이용", "nicht kommerziell",
]  # fmt: skip
PERMITTING = [
    "MIT", "Apache-2.0", "CC BY 4.0", "https://creativecommons.org/licenses/by-sa/4.0/", "cc0-1.0", "GPL-3.0", "ODbL",
    "can be used for any purpose", "commercial use allowed", "MIT OR Apache-2.0", "unrestricted",
]  # fmt: skip
FILLER = st.text(alphabet="abcdefgh 中文字,()*", max_size=80)


@given(
    st.sampled_from(FORBIDDING), st.lists(st.tuples(st.sampled_from(PERMITTING), FILLER), max_size=4), FILLER,
    st.integers(0, 4), st.integers(0, 60),
)  # fmt: skip
def test_a_text_with_a_forbidding_phrase_never_permits(
    phrase: str, others: list[tuple[str, str]], filler: str, place: int, repeat: int
) -> None:
    sentences = [f"{license}. {words}" for license, words in others]
    sentences.insert(min(place, len(sentences)), f". {phrase}.")
    assert recognise(f"{filler * repeat} {'. '.join(sentences)} {filler}").commercial != "yes"


@given(st.lists(st.sampled_from(["MIT", "Apache-2.0", "BSD-3-Clause", "ISC", "GPL-3.0", "MPL-2.0", "CC0-1.0", "Zlib"])))
def test_a_long_list_of_licenses_never_hides_the_strictest(names: list[str]) -> None:
    said = recognise(", ".join([*names, "CC-BY-NC-4.0"]))
    assert said.commercial == "no"
    assert "CC-BY-NC-4.0" in said.expression


@pytest.mark.parametrize("raw", [
    "built with open software tools from an open government portal by an artistic team",
    "not in the public domain", "no longer under the MIT license",
    "divide by zero", "The attribution of authorship is hard",
    "collected at MIT Media Lab by the Apache helicopter unit",
    "The license of the data is unknown. The code is MIT licensed.", "The code is released under the MIT License.",
    "No license information was provided.", "see the original datasets for their licenses", "proprietary, do not share",
    "contact the authors for permission", "Same license as the original data", "All rights reserved",
    "Public", "#", "--",
    "Please refer to the website of each source.", "MIT" + " x" * 12_000, "Business Source License 1.1", "SSPL-1.0",
])  # fmt: skip
def test_what_does_not_permit(raw: str) -> None:
    assert recognise(raw).commercial == "unknown", recognise(raw)


@pytest.mark.parametrize(("raw", "cls"), [
    ("The answers were generated by GPT-4.", "model-terms"),
    ("ChatGPT-generated conversations, MIT license", "model-terms"),
    ("Apache-2.0. The text was created using Claude 2.", "model-terms"),
    ("由 gpt-4 生成", "model-terms"),
    ("available for commercial and non-commercial use", "permissive"),
    ("可免费商用", "permissive"),
    ("open license - commercial use allowed", "permissive"),
    ("PolyForm Noncommercial License 1.0.0", "non-commercial"),
])  # fmt: skip
def test_classes_of_free_text(raw: str, cls: str) -> None:
    said = recognise(raw)
    assert said.cls == cls
    assert said.quote


def test_meant_for_research_is_a_condition_not_a_ban() -> None:
    said = recognise("CC BY 4.0. The data were collected for research purposes.")
    assert (said.commercial, said.cls) == ("conditions", "permissive")


@pytest.mark.parametrize(
    "unit", ["cc ", "mit ", "gpl ", "non-commercial and commercial ", "no information ", "<!--", "("]
)
def test_hostile_repetition_is_read_in_time(unit: str) -> None:
    started = time.process_time()
    recognise(unit * (40_000 // len(unit)))
    assert time.process_time() - started < 5


# -- verdicts with their words ---------------------------------------------------------------------------------------


def test_the_words_of_the_claim_are_quoted() -> None:
    long = f"{'About the corpus. ' * 30}It may be used for non-commercial purposes only. {'Thanks to all. ' * 30}"
    verdict = resolve([LicenseClaim(raw="mit", by="tag"), LicenseClaim(raw=long, by="card section")])
    assert verdict.commercial == "no"
    assert "“It may be used for non-commercial purposes only”, says card section" in verdict.reason
    assert verdict.conflicts


def test_a_label_that_points_on_yields_to_what_it_points_to() -> None:
    named = [LicenseClaim(raw="other", by="card license"), LicenseClaim(raw="cc-by-sa-4.0", by="card license_name")]
    assert resolve(named).commercial == "yes"
    assert (
        resolve([LicenseClaim(raw="cc", by="tag"), LicenseClaim(raw="CC BY 4.0", by="text")]).expression == "CC-BY-4.0"
    )
    assert resolve([LicenseClaim(raw="cc", by="tag"), LicenseClaim(raw="mit", by="text")]).commercial == "unknown"
    linked = LicenseClaim(raw="[LICENSE](https://github.com/some/set/blob/main/LICENSE)", by="text")
    assert resolve([linked]).commercial == "unknown"
    assert resolve([linked, LicenseClaim(raw="mit", by="tag")]).commercial == "yes"
    assert resolve([LicenseClaim(raw="unknown", by="tag"), LicenseClaim(raw="mit", by="text")]).commercial == "unknown"


# -- limits that no license field states -----------------------------------------------------------------------------


def described(text: str, **fields: object) -> Record:
    values = {"source": "huggingface", "id": "some/set", "name": "some/set", "description": text, **fields}
    return Record(licenses=(LicenseClaim(raw="mit", by="tag license"),), **values)  # type: ignore[arg-type]


def judged(record: Record) -> tuple[str, str]:
    verdict = resolve((*record.licenses, *inherited(record)), record.access)
    return verdict.commercial, verdict.reason


@pytest.mark.parametrize(("text", "commercial", "words"), [
    ("A set of 10k questions. For non-commercial use only.", "no", "non-commercial use only"),
    ("仅供学术研究使用，不得用于商业用途。", "no", "仅供学术研究使用"),
    ("The dataset is licensed under CC BY-NC 4.0.", "no", "CC BY-NC 4.0"),
    ("52k instructions generated by GPT-4 from seeds.", "conditions", "generated by GPT-4"),
    ("Pages crawled from the web and cleaned.", "unknown", "crawled from the web"),
    ("Tweets collected from Twitter in 2021.", "unknown", "collected from Twitter"),
    ("Articles scraped from news websites.", "unknown", "scraped from news websites"),
    ("A cleaned version of the tatsu-lab/alpaca dataset.", "no", "version of the tatsu-lab/alpaca"),
    ("Questions written by ten annotators.", "yes", ""),
    ("We compare with GPT-4 and other models.", "yes", ""),
    ("The code is released under the Apache License 2.0.", "yes", ""),
    ("Commercial buildings and their energy use.", "yes", ""),
    ("A mix of curated sources, no common crawl.", "yes", ""),
    ("A subset of HuggingFaceFW/finewiki.", "yes", ""),
    ("The README.md was generated by Claude 4.", "yes", ""),
])  # fmt: skip
def test_limits_in_the_description(text: str, commercial: str, words: str) -> None:
    verdict, reason = judged(described(text))
    assert verdict == commercial, reason
    assert words in reason


@pytest.mark.parametrize("text", [
    "License Qwen/Qwen3-14B : https://choosealicense.com/licenses/apache-2.0/",
    "License: flexible multi-license, main - MIT",
    "The code is released under the MIT License.",
])  # fmt: skip
def test_the_license_of_something_else_is_none(text: str) -> None:
    record = Record(source="huggingface", id="some/set", name="some/set", description=text)
    assert resolve(inherited(record)).commercial == "unknown"


def test_limits_of_the_base() -> None:
    derived = described("", relations=(Relation("derived-from", "https://huggingface.co/datasets/tatsu-lab/alpaca"),))
    assert judged(derived)[0] == "no"
    listed = described("", statements=(Statement("source-dataset", "extended|amazon_reviews_multi", "tag"),))
    assert judged(listed)[0] == "no"
    assert "derived from it: tag extended|amazon_reviews_multi" in judged(listed)[1]


@pytest.mark.parametrize(("id", "commercial"), [
    ("Skylion007/openwebtext", "unknown"), ("allenai/c4", "unknown"), ("tatsu-lab/alpaca", "no"),
    ("eriktks/conll2003", "no"), ("openai/gsm8k", "yes"),
])  # fmt: skip
def test_a_known_dataset_is_not_judged_by_its_tag_alone(id: str, commercial: str) -> None:
    assert judged(described("", id=id, name=id))[0] == commercial


@given(st.text(max_size=200), st.sampled_from(["mit", "cc-by-nc-4.0", "unknown", "openrail"]))
def test_what_is_inherited_never_permits_more(text: str, raw: str) -> None:
    record = described(text)
    claims = (LicenseClaim(raw=raw, by="tag"),)
    before = resolve(claims).commercial
    assert STRICTNESS[resolve((*claims, *inherited(record))).commercial] >= STRICTNESS[before]


def test_the_audited_table_is_what_the_embedded_catalog_says() -> None:
    audit = pytest.importorskip("bench.tagging.audited")
    assert audit.TARGET.read_text("utf-8") == audit.HEAD + "".join(audit.lines())


# -- cards and truth -------------------------------------------------------------------------------------------------


def test_the_licensing_section_of_a_card_is_a_claim() -> None:
    card = "---\nlicense: mit\n---\n# Set\n"
    card += "## Licensing Information\n\n[CC BY-NC 4.0](https://x.org)\n\n### More\nx\n## Use\n"
    [claim] = license_claims(card, "0" * 40)
    assert claim.by == "card section 'Licensing Information'"
    assert claim.raw.startswith("[CC BY-NC 4.0]")
    assert "Use" not in claim.raw
    verdict = resolve([LicenseClaim(raw="mit", by="card license"), claim])
    assert verdict.commercial == "no"
    assert len(verdict.conflicts) == 1


@pytest.mark.parametrize(
    "section", ["[More Information Needed]", "[Needs More Information]\n", "", "N/A", "<!-- say -->"]
)
def test_a_templated_section_is_no_claim(section: str) -> None:
    assert license_claims(f"# A\n## Licensing Information\n{section}\n## Citation\nx") == ()


def test_a_long_section_keeps_what_limits() -> None:
    rest = "\n".join(["More about it."] * 900)
    [claim] = license_claims(f"## License\nCC BY 4.0\n{rest}\nNot for commercial use.\n{rest}")
    assert len(claim.raw) <= 4_000
    assert resolve([claim]).commercial == "no"


def test_the_code_license_section_decides_nothing() -> None:
    [claim] = license_claims("## Code License\nMIT\n")
    assert claim.scope == "code"


def test_cards_contradict_themselves(shared_fixtures: Path) -> None:
    from connectors.huggingface import parse_card, to_record

    specific = conflicts = 0
    for path in sorted((shared_fixtures / "cards").glob("*/*/README.md"))[:500]:
        text = path.read_text("utf-8", "replace")
        own = to_record({"id": "a/b", "cardData": parse_card(text)}).licenses
        claims = license_claims(text)
        if claims and own and not recognise(own[0].raw).expression.startswith("LicenseRef-"):
            specific += 1
            conflicts += bool(resolve((*own, *claims)).conflicts)
    assert specific > 100
    assert 0.08 < conflicts / specific < 0.25


def test_the_scorer_counts_false_permissions() -> None:
    score = pytest.importorskip("bench.tagging.license").score
    rows = [
        {"raw": "MIT", "expected_spdx": "MIT", "expected_class": "permissive", "commercial": "yes", "kind": "a"},
        {"raw": "MIT", "expected_spdx": None, "expected_class": "custom", "commercial": "no", "kind": "b"},
    ]
    found = score(rows)
    assert (found["commercial"], found["false_permission"], found["spdx_p"]) == (0.5, 1.0, 0.5)
    assert [each["kind"] for each in found["wrong"]] == ["b"]
