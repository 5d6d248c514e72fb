"""The story's pure parts: expectations that speak of the whole catalogue, deviations that are found, tables that fit."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from rich.console import Console

from stena_local.demo.stena_command import Here
from stena_local.demo.story import fitting, own_view, wording
from stena_local.demo.story.expectations import SEEN, View, deviations, shortlist, views
from stena_local.demo.story.findings import Findings
from stena_local.demo.story.grouping import Row, fold
from stena_local.trouble import DeploymentError

RULEBOOK = Path(__file__).resolve().parents[2] / "rulebook"


@pytest.fixture(scope="module")
def catalogue() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((RULEBOOK / "attributes.yaml").read_text())["attributes"]
    return found


ALL = [*views(), shortlist()]


def answer(view: View, names: list[str]) -> dict[str, Any]:
    """What a wall that does exactly as the view says would answer."""
    return {
        "attributes": {name: None for name in names if view.expected(name) == SEEN},
        "withheld": {name: view.expected(name) for name in names if view.expected(name) != SEEN},
    }


@pytest.mark.parametrize("view", ALL, ids=lambda view: view.purpose)
def test_expectations_name_attributes_that_exist(view: View, catalogue: dict[str, Any]) -> None:
    assert view.sees <= set(catalogue)
    assert set(view.withheld) <= set(catalogue)
    assert not view.sees & set(view.withheld)


@pytest.mark.parametrize("view", ALL, ids=lambda view: view.purpose)
def test_what_is_derived_from_seen_attributes_is_seen(view: View, catalogue: dict[str, Any]) -> None:
    """Whoever may see a date of birth may see the age; expectations that forget one would call a right answer wrong."""
    derived = {name for name, entry in catalogue.items() if set(entry.get("derived_from", ["?"])) <= view.sees}
    assert derived <= view.sees


def test_each_of_the_five_sees_something_that_another_does_not() -> None:
    assert len(views()) == 5
    assert all(one.sees - other.sees for one in views() for other in views() if one is not other)
    assert not any({"religion", "ethnic_origin", "documents"} & view.sees for view in views())


def test_a_right_answer_has_no_deviations(catalogue: dict[str, Any]) -> None:
    for view in ALL:
        assert list(deviations(view, catalogue, answer(view, list(catalogue)))) == []


def test_a_leak_an_over_redaction_a_wrong_reason_and_a_silence_are_found(catalogue: dict[str, Any]) -> None:
    view = views()[0]
    person = answer(view, list(catalogue))
    person["attributes"]["religion"] = "?"  # leaked, and still said to be withheld
    person["withheld"]["skills"] = "not-necessary"  # withheld though needed
    del person["attributes"]["skills"]
    person["withheld"]["gender"] = "consent-missing"  # the wrong reason
    del person["withheld"]["permit"]  # not spoken of
    person["attributes"]["shoe_size"] = 43  # unknown to the catalogue
    found = list(deviations(view, catalogue, person))
    assert [text.split(": ")[1].split(" ")[0] for text in found] == ["gender", "permit", "religion", "shoe_size", "skills"]


def test_rows_that_all_treat_alike_are_folded() -> None:
    categories = {"given_name": "identity", "skills": "skills", "family_name": "identity", "initials": "identity"}
    cells = {"given_name": ("a", "b"), "family_name": ("a", "b"), "initials": ("a", "a"), "skills": ("b", "b")}
    assert fold(categories, cells) == [
        Row("identity", ("given_name", "family_name"), ("a", "b")),
        Row("identity", ("initials",), ("a", "a")),
        Row("skills", ("skills",), ("b", "b")),
    ]


def test_an_answer_that_was_not_written_down_as_it_left_is_missed() -> None:
    answers = {
        view: {"attributes": dict.fromkeys(view.sees), "disclosure": {"decision": f"dec_{view.purpose}"}} for view in views()
    }
    records = [
        {
            "decision": f"dec_{view.purpose}",
            "organisation": view.organisation,
            "purpose": view.purpose,
            "attributes": sorted(view.sees),
        }
        for view in views()
    ]
    assert own_view.not_recorded(records, answers) == []
    one_attribute_less = [*records[1:], records[0] | {"attributes": sorted(views()[0].sees)[1:]}]
    of_another_decision = [*records[1:], records[0] | {"decision": "dec_yesterday"}]
    assert len(own_view.not_recorded(one_attribute_less, answers)) == 1
    assert len(own_view.not_recorded(of_another_decision, answers)) == 1


@pytest.mark.parametrize(
    ("mend", "complaint"),
    [
        ({}, None),
        ({"score": 0.9}, "add up"),
        ({"uses": ["gender"]}, "uses"),
        ({"outcome": "not-met"}, "keeps out"),
    ],
)
def test_scores_have_to_add_up_over_what_may_be_seen(mend: dict[str, Any], complaint: str | None) -> None:
    component = {"contribution": 0.5, "uses": mend.get("uses", ["skills"])}
    gate = {"outcome": mend.get("outcome", "unknown"), "uses": ["right_to_work"]}
    pair = {"score": mend.get("score", 0.5), "explanation": {"components": [component], "gates": [gate]}}
    found = list(fitting.unexplained([pair], views()[0]))
    assert found == [] if complaint is None else complaint in found[0]


def test_scores_out_of_order_are_found() -> None:
    scores = (0.2, 0.7)
    pairs = [{"score": n, "explanation": {"components": [{"contribution": n, "uses": []}], "gates": []}} for n in scores]
    assert "order" in next(fitting.unexplained(pairs, views()[0]))


def test_a_withheld_value_is_a_dash_and_an_absent_one_is_none() -> None:
    assert wording.plain("religion", {}) == wording.WITHHELD
    assert wording.plain("disability", {"disability": []}) == wording.NOTHING
    assert wording.name({"given_name": {"native": "Олена"}, "family_name": {"native": "Примерна"}}) == "Олена Примерна"
    assert wording.age({"of_working_age": True}) == "of working age"
    assert wording.right_to_work({"right_to_work": [{"answer": "yes", "from": "2022-03-19"}]}) == "yes, since 2022-03-19"


def test_findings_count_and_keep_what_deviates() -> None:
    console = Console(record=True, width=80)
    findings = Findings(console)
    findings.check(True, "this holds")
    findings.check(False, "that holds", found="something else")
    assert findings.checks == 2
    assert findings.deviations == ["that holds; found: something else"]
    assert "✗ that holds" in console.export_text()


def test_a_command_that_fails_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stena_local.main.offer", lambda _: None)  # no settings of a deployment for the tests that follow
    with pytest.raises(DeploymentError, match="rulebook check"):
        Here().run("gateway", "rulebook", "check", str(tmp_path))
