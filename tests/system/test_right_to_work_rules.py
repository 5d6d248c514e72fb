"""The starter rulebook's rules on the right to work, against dated cases worked out by hand from the law that they cite."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from profile_svc.right_to_work import Rule, intervals, read_rules

FOLDER = Path(__file__).parents[2] / "deploy" / "rulebook" / "right_to_work"


@cache
def rules() -> tuple[Rule, ...]:
    files = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in FOLDER.glob("*.yaml")}
    return read_rules(files, "BGR")


def status(name: str, since: str, until: str | None = None) -> list[dict[str, str | None]]:
    return [{"status": name, "from": since, "until": until}]


def procedure(registered_on: str, *, stage: str = "interview", accelerated: bool = False) -> dict[str, Any]:
    return {"stage": stage, "registered_on": registered_on, "accelerated": accelerated}


def permit(issued: str, expires: str | None, *, employer_bound: bool) -> dict[str, Any]:
    return {"type": "single-permit", "issued": issued, "expires": expires, "employer_bound": employer_bound}


def answers(**values: Any) -> list[tuple[str | None, str | None, str]]:
    found = intervals(rules(), values)
    assert found is not None
    return [(each["from"], each["until"], each["answer"]) for each in found]


FREE = ["citizen", "eu-citizen", "refugee", "humanitarian", "temporary-protection"]


@pytest.mark.parametrize("name", FREE)
def test_free_access_for_as_long_as_the_status_lasts(name: str) -> None:
    assert answers(legal_status=status(name, "2022-03-20", "2027-03-04")) == [("2022-03-20", "2027-03-04", "yes")]


def test_the_rule_does_not_tell_which_status_gives_free_access() -> None:
    # INVARIANT: the id goes out to purposes that withhold the status.
    found = {str(intervals(rules(), {"legal_status": status(name, "2022-03-20")})) for name in FREE}
    assert len(found) == 1


def test_three_months_after_registration_in_bulgaria() -> None:
    # LAR Art 29(3)
    assert answers(legal_status=status("applicant", "2026-07-01"), procedure_stage=procedure("2026-07-01")) == [
        ("2026-07-01", "2026-09-30", "no"),
        ("2026-10-01", None, "yes"),
    ]


def test_a_month_without_that_day_ends_on_its_last() -> None:
    # Regulation 1182/71 Art 3(2)(c)
    assert answers(legal_status=status("applicant", "2026-11-30"), procedure_stage=procedure("2026-11-30")) == [
        ("2026-11-30", "2027-02-27", "no"),
        ("2027-02-28", None, "yes"),
    ]


def test_no_access_in_an_accelerated_procedure_since_the_directive_of_2024() -> None:
    # Directive 2024/1346 Art 17(1), second sentence, from 12 June 2026; before, nothing on record decides
    applicant = status("applicant", "2026-06-01")
    assert answers(legal_status=applicant, procedure_stage=procedure("2026-06-01", accelerated=True)) == [
        ("2026-06-01", "2026-06-11", "unknown"),
        ("2026-06-12", None, "no"),
    ]


@pytest.mark.parametrize("stage", ["registered", "interview", "decision", "appeal"])
def test_access_lasts_through_the_procedure(stage: str) -> None:
    found = answers(legal_status=status("applicant", "2026-07-01"), procedure_stage=procedure("2026-07-01", stage=stage))
    assert found[-1] == ("2026-10-01", None, "yes")


def test_when_the_procedure_is_closed_the_documents_have_to_be_looked_at() -> None:
    closed = procedure("2026-07-01", stage="closed")
    assert answers(legal_status=status("applicant", "2026-07-01"), procedure_stage=closed) == [("2026-07-01", None, "unknown")]


def test_an_applicant_of_whose_procedure_nothing_is_known_is_to_be_verified() -> None:
    assert answers(legal_status=status("applicant", "2026-07-01")) == [("2026-07-01", None, "unknown")]


def test_a_permit_bound_to_an_employer_is_limited_until_it_expires() -> None:
    bound = permit("2025-09-01", "2027-08-31", employer_bound=True)
    assert answers(legal_status=status("residence-permit", "2025-08-01"), permit=bound) == [
        ("2025-08-01", "2025-08-31", "unknown"),
        ("2025-09-01", "2027-08-31", "limited"),
        ("2027-09-01", None, "unknown"),
    ]


def test_a_free_permit_without_a_last_day_has_none() -> None:
    free = permit("2025-09-01", None, employer_bound=False)
    assert answers(legal_status=status("residence-permit", "2025-09-01"), permit=free) == [("2025-09-01", None, "yes")]


def test_a_permit_that_was_not_shown_is_to_be_verified() -> None:
    assert answers(legal_status=status("residence-permit", "2025-09-01")) == [("2025-09-01", None, "unknown")]


def test_nothing_after_a_final_refusal() -> None:
    assert answers(legal_status=status("rejected", "2026-02-01")) == [("2026-02-01", None, "no")]


def test_from_applicant_to_refugee() -> None:
    both = status("applicant", "2026-01-10", "2026-08-31") + status("refugee", "2026-09-01")
    assert answers(legal_status=both, procedure_stage=procedure("2026-01-10", stage="decision")) == [
        ("2026-01-10", "2026-04-09", "no"),
        ("2026-04-10", "2026-08-31", "yes"),
        ("2026-09-01", None, "yes"),
    ]


def test_the_directive_where_a_country_has_no_rule_of_its_own() -> None:
    # Directive 2013/33 Art 15(1) until 11 June 2026: nine months; Directive 2024/1346 Art 17(1) from then on: six
    baseline = read_rules({"eu": yaml.safe_load((FOLDER / "eu.yaml").read_text(encoding="utf-8"))}, "EU")
    values = {"legal_status": status("applicant", "2025-11-01"), "procedure_stage": procedure("2025-11-01")}
    found = intervals(baseline, values)
    assert found is not None
    assert [(each["from"], each["answer"]) for each in found] == [("2025-11-01", "no"), ("2026-06-12", "yes")]
