"""What UCI says becomes a record: recorded answers of both generations, odd cells, licenses, links."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.errors import Skipped
from catalog.license import resolve
from catalog.record import Column, Record, Relation, Statement
from catalog.tagger import complete
from connectors.testing import check_mapping
from connectors.uci import to_record
from connectors.uci.mapping import slug_of
from connectors.uci.words import day, limits
from tests.origin.uci import announced, record

KAGGLE = "https://www.kaggle.com/datasets/alexteboul/diabetes-health-indicators-dataset"


def payload(folder: Path, id: int) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "uci" / "dataset" / f"{id}.json").read_text("utf-8"))
    return found


def donated(folder: Path) -> list[dict[str, Any]]:
    """The rows of the site's own table of 2022, each as its API would send it."""
    with (folder / "uci" / "db" / "donated_datasets_2022-06.csv").open(encoding="utf-8", newline="") as file:
        return [as_payload(row) for row in csv.DictReader(file)]


def as_payload(row: dict[str, str]) -> dict[str, Any]:
    known = {name: None if value == "null" else value for name, value in row.items()}
    link = known["URLLink"] or ""
    return {
        "uci_id": int(row["ID"]),
        "name": known["Name"],
        "repository_url": f"https://archive.ics.uci.edu/dataset/{row['ID']}/{row['slug']}",
        "abstract": known["Abstract"],
        "area": known["Area"],
        "tasks": known["Task"],
        "characteristics": known["Types"],
        "num_instances": int(row["NumInstances"]) if row["NumInstances"].isdigit() else None,
        "attribute_types": known["AttributeTypes"],
        "last_updated": known["DateDonated"],
        "dataset_doi": known["DOI"],
        **({} if link.startswith("https://archive.ics.uci.edu") or not link else {"external_url": link}),
    }


def terms(made: Record, facet: str) -> list[str]:
    return [tag.term for tag in complete(made).tags or () if tag.facet == facet]


class TestRecorded:
    def test_heart_disease(self, shared_fixtures: Path) -> None:
        made = to_record(payload(shared_fixtures, 45))
        assert (made.key, made.name, made.year, made.modified) == ("uci:45", "Heart Disease", 1989, "2023-11-03")
        assert (made.doi, made.rows and made.rows.value) == ("10.24432/C52P4X", 303)
        assert made.title == made.name
        assert made.creators[0] == "Andras Janosi"
        assert made.columns == (Column("num", role="target"),)
        assert "\r\n" in made.description
        assert made.citation.startswith("R. Detrano, A. Jánosi")
        assert terms(made, "domain")[0] == "medical"
        assert terms(made, "task") == ["tabular-classification"]
        assert terms(made, "modality") == ["tabular"]
        (claim,) = made.licenses
        assert (claim.raw, claim.by) == ("CC-BY-4.0", "UCI site policy")
        verdict = resolve(made.licenses, made.access)
        assert (verdict.commercial, verdict.expression) == ("yes", "CC-BY-4.0")
        assert "UCI site policy, not verified" in verdict.reason

    def test_a_linked_one_is_tied_to_its_origin_and_takes_no_license_from_uci(self, shared_fixtures: Path) -> None:
        made = to_record(payload(shared_fixtures, 891))
        assert made.relations == (
            Relation("same-as", "kaggle:alexteboul/diabetes-health-indicators-dataset", "external_url"),
        )
        assert [place.kind for place in made.distributions] == ["repo", "file", "page"]
        (claim,) = made.licenses
        assert (claim.raw, claim.evidence) == ("see the linked dataset", KAGGLE)
        verdict = resolve(made.licenses, made.access)
        assert (verdict.commercial, verdict.expression) == ("unknown", "")

    def test_every_recorded_answer_maps_and_stays_safe_when_damaged(self, shared_fixtures: Path) -> None:
        answers = [payload(shared_fixtures, id) for id in (45, 73, 891)]
        assert [to_record(each).id for each in answers] == ["45", "73", "891"]
        check_mapping(to_record, [*answers, record(7), announced(record(7))], rounds=400)

    def test_every_row_of_the_table_of_2022_maps(self, shared_fixtures: Path) -> None:
        rows = donated(shared_fixtures)
        made = [to_record(row) for row in rows]
        assert len({each.key for each in made}) == len(rows) == 602
        stated = [statement for each in made for statement in each.statements]
        count = sum(statement.facet == "domain" for statement in stated)
        assert count == 598
        odd = {statement.value for statement in stated if statement.facet == "UCI tasks" and '"' in statement.value}
        assert {text[:10] for text in odd} == {'or "high""', "along with"}
        for each, row in zip(made, rows, strict=True):
            found = complete(each).tags or ()
            of_medicine = {"medical"} & {tag.term for tag in found if tag.facet == "domain"}
            assert not of_medicine or "sft" not in {tag.term for tag in found if tag.facet == "task"}, each.name
            assert each.modified == (row["last_updated"] or "")

    def test_addresses_of_archives_follow_from_names(self, shared_fixtures: Path) -> None:
        """The table of 2022 holds the real ones; two of 602 differ, which is why an address that is given counts."""
        rows = donated(shared_fixtures)
        wrong = [
            row["name"] for row in rows if slug_of({"name": row["name"]}) != row["repository_url"].rpartition("/")[2]
        ]
        assert wrong == ["Wikipedia Math Essentials", "Palmer penguins"]
        assert all(slug_of(row) == row["repository_url"].rpartition("/")[2] for row in rows)
        assert slug_of({"name": "Connect-4"}) == "connect+4"


class TestGenerations:
    def test_the_announced_api_says_the_same(self) -> None:
        old, new = to_record(record(7)), to_record({"ok": True, "data": announced(record(7))})
        for name in ("key", "name", "url", "doi", "year", "rows", "columns", "creators", "licenses"):
            assert getattr(old, name) == getattr(new, name), name
        assert [s.value for s in new.statements] == [s.value for s in old.statements if s.facet != "missing values"]
        assert (new.bytes and new.bytes.value, new.keywords) == (4096, ("tide",))
        assert new.columns == (
            Column("wind", "Continuous", role="feature"),
            Column("tide", "Continuous", role="target"),
        )

    def test_the_shape_of_2023(self) -> None:
        paper = {"title": "On Tides", "authors": "B. Sea", "published_in": "Waves", "year": 1990, "doi": "10.1000/xyz"}
        more = {"attribute_types": ["Real"], "software_available": "none", "used_for": "Forecasts.", "new_key": [1]}
        old = record(7, intro_paper=paper, variables=None, additional_info={"attribute_info": "wind in knots"}, **more)
        del old["feature_types"]
        made = to_record(old)
        assert made.paper == "https://doi.org/10.1000/xyz"
        assert made.citation == "B. Sea. On Tides. Waves, 1990."
        assert "Forecasts." in made.description
        assert "wind in knots" in made.description
        assert Statement("feature type", "Real", "UCI feature_types") in made.statements
        assert made.columns == (Column("tide", role="target"),)

    @pytest.mark.parametrize(
        ("answer", "reason"),
        [
            ({"status": 404, "message": "No such dataset."}, "404 No such dataset."),
            ({"ok": False, "message": "Dataset not found"}, "404"),
            ({"ok": False, "message": "Oh no"}, "500"),
            ({"status": "502", "data": {"uci_id": 1, "name": "x"}}, "502"),
            ({"status": 200, "data": None}, "no record"),
            ({"uci_id": True, "name": "x"}, "no usable id"),
            ({"uci_id": 3, "name": "  "}, "no name"),
            ([], "not an object"),
        ],
    )
    def test_a_status_in_the_body_counts(self, answer: object, reason: str) -> None:
        with pytest.raises(Skipped, match=reason):
            to_record(answer)


class TestWords:
    @pytest.mark.parametrize(
        ("text", "iso"),
        [
            ("Fri Mar 08 2024", "2024-03-08"),
            ("Thu Aug 10 2023", "2023-08-10"),
            ("Mar 8 2024", "2024-03-08"),
            ("2023-08-10T11:12:13.123Z", "2023-08-10"),
            ("1995-12-01", "1995-12-01"),
            ("Fri Foo 08 2024", ""),
            ("Fri Feb 30 2024", ""),
            ("Ven 08 mars 2024", ""),
            ("Fri Mar 08 0000", ""),
            (None, ""),
            (20240308, ""),
        ],
    )
    def test_dates_by_table(self, text: object, iso: str) -> None:
        assert day(text) == iso

    @given(st.text() | st.integers() | st.none())
    def test_any_date_is_read_or_left(self, text: object) -> None:
        assert len(day(text)) in (0, 10)

    def test_names_are_trimmed_and_other_text_stays(self) -> None:
        made = to_record(record(942, name="RT-IoT2022 ", abstract="It says â€œtideâ€\x9d.\r\nTwo  blanks."))
        assert made.name == "RT-IoT2022"
        assert made.summary == "It says â€œtideâ€\x9d.\r\nTwo  blanks."

    @pytest.mark.parametrize(
        ("tasks", "characteristics", "expected"),
        [
            (["Classification"], ["Multivariate"], ["tabular-classification"]),
            (["Regression"], [], ["tabular-regression"]),
            (["Classification", "Clustering"], ["Text"], ["text-classification", "clustering"]),
            (["Classification"], ["Image", "Multivariate"], ["image-classification"]),
            (["Classification", "Regression"], ["Multivariate", "Time-Series"], []),
            ("Classification, Causal-Discovery", "Multivariate", ["tabular-classification"]),
            (['or "high"'], ["008 English words"], []),
            (None, None, []),
        ],
    )
    def test_tasks_are_those_of_the_kind_of_data(self, tasks: Any, characteristics: Any, expected: list[str]) -> None:
        made = to_record(record(1, tasks=tasks, characteristics=characteristics, abstract="", additional_info=None))
        found = terms(made, "task")
        assert found == expected

    def test_area_old_and_new(self) -> None:
        for area, domain in [("Life", "biology"), ("Health and Medicine", "medical"), ("Game", "entertainment")]:
            made = to_record(record(1, area=area, abstract="", additional_info=None, name="X", variables=[]))
            assert terms(made, "domain")[:1] == [domain]
        assert not [s for s in to_record(record(1, area="null")).statements if s.facet == "domain"]


class TestLicenses:
    @pytest.mark.parametrize(
        "text",
        [
            "The data are for research use only.",
            "It may be used for non-commercial purposes.",
            "Commercial use is not allowed.",
            "Images come from ImageNet. ImageNet terms of access apply.",
            "Available only for academic use, please cite us.",
        ],
    )
    def test_a_text_that_says_otherwise_is_a_conflict(self, text: str) -> None:
        info = {"summary": f"Tides.\r\nRead hourly. {text} Thanks."}
        made = complete(to_record(record(1, additional_info=info)))
        assert [claim.by for claim in made.licenses] == ["UCI site policy", "UCI record text"]
        assert made.licenses[1].raw in text
        assert made.verdict is not None
        assert made.verdict.commercial == "no"
        assert "UCI site policy says CC-BY-4.0" in made.verdict.conflicts[0]

    @pytest.mark.parametrize(
        "text",
        [
            "Commercial banks of Portugal were asked; research is going on.",
            "We did this research at a university. Only numeric features are used.",
            "Academic performance of students, only the first year.",
        ],
    )
    def test_other_talk_is_none(self, text: str) -> None:
        assert limits([text]) == []

    def test_a_link_that_is_no_address_permits_nothing_either(self) -> None:
        made = complete(to_record(record(1, external_url="see the paper")))
        assert made.verdict is not None
        assert made.verdict.commercial == "unknown"
        assert made.relations == ()

    @pytest.mark.parametrize(
        ("link", "target"),
        [
            ("https://www.kaggle.com/datasets/a-b/c_d?select=x.csv", "kaggle:a-b/c_d"),
            ("https://kaggle.com/a/b/", "kaggle:a/b"),
            ("https://www.kaggle.com/c/titanic", "https://www.kaggle.com/c/titanic"),
            ("https://www.kaggle.com/competitions/titanic/data", "https://www.kaggle.com/competitions/titanic/data"),
            ("https://huggingface.co/datasets/scikit-learn/iris/tree/main", "huggingface:scikit-learn/iris"),
            ("https://huggingface.co/datasets/scikit-learn/iris", "huggingface:scikit-learn/iris"),
            ("https://yann.example/mnist/", "https://yann.example/mnist/"),
        ],
    )
    def test_links_to_other_sources(self, link: str, target: str) -> None:
        (tie,) = to_record(record(1, external_url=link, data_url=None)).relations
        assert tie.target == target
