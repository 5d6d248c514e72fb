"""What is decided and why: every way to be refused, and what a permit says of rows and attributes."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from policy_svc.decisions import decide
from policy_svc.rulebook import Rulebook
from stena.contracts.access import Evaluation, Reason, Subject
from stena.contracts.condition import AllOf, Overlaps, facts_used, holds

Ask = Callable[..., Evaluation]

AT_HOME: dict[str, bool | str | tuple[str, ...] | None] = {
    "region_path": ("BG", "BG4", "BG41"),
    "assigned": (),
    "consents": (),
    "restricted": False,
    "minor": False,
    "created_by": "harbour",
}


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        ({"purpose": None}, Reason.PURPOSE_UNKNOWN),
        ({"purpose": "nothing"}, Reason.PURPOSE_UNKNOWN),
        ({"purpose": ["counselling"]}, Reason.PURPOSE_UNKNOWN),
        ({"purpose": "deportation"}, Reason.PURPOSE_FORBIDDEN),
        ({"purpose": "rescue"}, Reason.PURPOSE_NOT_APPROVED),
        ({"organisation": "nobody"}, Reason.PURPOSE_NOT_APPROVED),
        ({"organisation": "lantern", "purpose": "welfare"}, Reason.PURPOSE_NOT_APPROVED),
        ({"organisation": "yesterday"}, Reason.APPROVAL_EXPIRED),
        ({"organisation": "nowhere"}, Reason.REGION_OUTSIDE_APPROVAL),
        ({"action": "erase"}, Reason.NOT_NECESSARY),
        ({"action": "disclose"}, Reason.NOT_NECESSARY),
        ({"action": "no-such-operation"}, Reason.NOT_NECESSARY),
        ({"resource": "no-such-type"}, Reason.NOT_NECESSARY),
        ({"organisation": "harbour", "purpose": "rescue"}, Reason.JUSTIFICATION_MISSING),
        ({"organisation": "harbour", "purpose": "rescue", "justification": "  "}, Reason.JUSTIFICATION_MISSING),
        ({"organisation": "harbour", "purpose": "rescue", "justification": ["x"]}, Reason.JUSTIFICATION_MISSING),
        ({"organisation": "self", "purpose": "own-data", "record": "me", "person": "you"}, Reason.NOT_NECESSARY),
        ({"organisation": "self", "purpose": "own-data", "record": "me"}, Reason.NOT_NECESSARY),
        ({"organisation": "self", "purpose": "own-data", "record": "*", "person": "*"}, Reason.NOT_NECESSARY),
    ],
)
def test_refusals_say_why(rulebook: Rulebook, ask: Ask, noon: datetime, question: dict[str, object], reason: Reason) -> None:
    decision = decide(rulebook, ask(**question), noon)
    assert (decision.permit, decision.reason) == (False, reason)
    assert decision.rows is False
    assert not decision.disclose
    assert decision.alert == (reason == Reason.PURPOSE_FORBIDDEN)


def test_a_subject_that_is_no_organisation_is_nobody(rulebook: Rulebook, ask: Ask, noon: datetime) -> None:
    question = ask().model_copy(update={"subject": Subject(type="user", id="lantern")})
    assert decide(rulebook, question, noon).reason == Reason.PURPOSE_NOT_APPROVED


def test_a_decision_is_no_truth_value(rulebook: Rulebook, ask: Ask, noon: datetime) -> None:
    with pytest.raises(TypeError, match="permit"):
        bool(decide(rulebook, ask(), noon))


def test_the_first_and_the_last_day_of_an_approval_count(rulebook: Rulebook, ask: Ask) -> None:
    days = [
        datetime(2019, 12, 31, 23, 59, tzinfo=UTC),
        datetime(2020, 1, 1, tzinfo=UTC),
        datetime(2020, 12, 31, 23, 59, tzinfo=UTC),
        datetime(2021, 1, 1, tzinfo=UTC),
    ]
    assert [decide(rulebook, ask("yesterday"), day).permit for day in days] == [False, True, True, False]


def test_an_approval_covers_what_is_narrower_and_a_wide_rule_applies_to_it(
    rulebook: Rulebook, ask: Ask, noon: datetime
) -> None:
    assert decide(rulebook, ask("harbour", "counselling"), noon).permit
    exported = decide(rulebook, ask("lantern", "counselling", "export", record="*"), noon)
    assert exported.rules == ("welfare.list",)
    assert facts_used(exported.rows) == {"created_by", "region_path"}


def test_rows_are_what_remains_of_the_rules(rulebook: Rulebook, ask: Ask, noon: datetime) -> None:
    amend = decide(rulebook, ask(action="amend"), noon)
    assert amend.rows == AllOf(
        of=(Overlaps(fact="assigned", values=("lantern",)), Overlaps(fact="region_path", values=("BG41",)))
    )
    assert sorted(amend.write) == ["family_name", "given_name", "skills"]  # initials are derived: nobody writes them


def test_every_attribute_is_either_disclosed_or_withheld(rulebook: Rulebook, ask: Ask, noon: datetime) -> None:
    decision = decide(rulebook, ask(), noon)
    names = sorted(attribute.name for attribute in rulebook.catalogue.attributes)
    assert sorted([*decision.disclose, *decision.withhold]) == names
    assert decision.disclose["skills"].when is True
    assert decision.disclose["health_needs"].otherwise == "consent-missing"
    assert decision.disclose["given_name"].otherwise == "not-assigned"


def test_what_is_derived_from_disclosed_attributes_is_disclosed_with_them(rulebook: Rulebook, ask: Ask, noon: datetime) -> None:
    ways = decide(rulebook, ask(), noon).disclose
    assert ways["initials"] == ways["given_name"]
    assert holds(ways["initials"].when, AT_HOME | {"assigned": ("lantern",)})
    assert not holds(ways["initials"].when, AT_HOME)


def test_a_deny_rule_takes_an_attribute_away(rulebook: Rulebook, ask: Ask, noon: datetime) -> None:
    town = decide(rulebook, ask(), noon).disclose["town"].when
    assert holds(town, AT_HOME)
    assert not holds(town, AT_HOME | {"restricted": True})
    assert not holds(town, AT_HOME | {"restricted": None})


def test_consent_is_for_this_purpose_and_this_organisation(rulebook: Rulebook, ask: Ask, noon: datetime) -> None:
    health = decide(rulebook, ask(), noon).disclose["health_needs"].when
    given = [("counselling",), ("counselling@lantern",), ("counselling@harbour",), ("welfare",), ()]
    assert [holds(health, AT_HOME | {"consents": consents}) for consents in given] == [True, True, False, False, False]


def test_what_shows_nobody_decides_no_attributes(rulebook: Rulebook, ask: Ask, noon: datetime) -> None:
    decision = decide(rulebook, ask("self", "own-data", resource="ledger", record="me", person="me"), noon)
    assert decision.permit
    assert (decision.rows, decision.disclose, decision.withhold) == (True, {}, {})
