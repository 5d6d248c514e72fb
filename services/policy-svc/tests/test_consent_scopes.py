"""What rests on consent is read from the rules: exactly what a consent opens, and nothing that the law gives anyway."""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from policy_svc import ways
from policy_svc.consent_scopes import check_consent_bases
from policy_svc.decisions import decide
from policy_svc.faults import Faults, RulebookError
from policy_svc.loading import checked, load, parse
from policy_svc.rulebook import Rulebook
from policy_svc.vocabulary import OPERATIONS
from stena.contracts.access import Evaluation
from stena.contracts.catalogue import ConsentScope
from stena.contracts.condition import Residual, facts_used

STARTER = Path(__file__).parents[3] / "deploy" / "rulebook"
RULES = "rules/counselling.yaml"
DENY = """
- uid: counselling.only-with-consent
  description: Nobody is looked at without consent.
  effect: deny
  rules:
    resource:
      $.type: {condition: Equals, value: person}
      $.record.consents: {condition: Not, value: {condition: AnyInAttribute, ace: context, path: $.consent}}
    action: {$.name: {condition: IsNotIn, values: [disclose, write]}}
    context: {$.purpose: {condition: Equals, value: counselling}}
"""


def scopes(files: Mapping[str, str], more_rules: str = "") -> Mapping[str, ConsentScope]:
    return parse({**files, RULES: files[RULES] + more_rules})[0].catalogue.consents


def asks(condition: Residual) -> bool:
    return "consents" in facts_used(condition)


@pytest.mark.parametrize("starter", [True, False])
def test_a_scope_is_what_decisions_leave_to_consent(
    rulebook: Rulebook, ask: Callable[..., Evaluation], noon: datetime, starter: bool
) -> None:
    rulebook = load(STARTER) if starter else rulebook
    disclosed: dict[str, set[str]] = {}
    written: dict[str, set[str]] = {}
    for organisation in rulebook.organisations:
        for purpose in rulebook.purposes:
            for operation in OPERATIONS["person"]:
                record = "*" if operation == "check" else "someone"  # which is asked of many alone
                asked = ask(organisation, purpose, operation, record=record, person="someone", case="c", justification="j")
                decision = decide(rulebook, asked, noon)
                for found, of in ((disclosed, decision.disclose), (written, decision.write)):
                    names = {name for name, way in of.items() if asks(way.when) or asks(decision.rows)}
                    found.setdefault(purpose, set()).update(names)
    told = rulebook.catalogue.consents
    assert {purpose: set(told[purpose].discloses) if purpose in told else set() for purpose in disclosed} == disclosed
    assert {purpose: set(told[purpose].writes) if purpose in told else set() for purpose in written} == written


def test_what_the_rules_disclose_anyway_rests_on_no_consent(files: dict[str, str]) -> None:
    assert scopes(files)["counselling"].discloses == ("health_needs",)
    always = """
- uid: counselling.health-by-law
  description: The law wants it.
  effect: allow
  rules:
    resource: {$.category: {condition: Equals, value: health}}
    action: {$.name: {condition: Equals, value: disclose}}
    context: {$.purpose: {condition: Equals, value: counselling}}
"""
    assert "counselling" not in scopes(files, always)


def test_where_the_rows_ask_for_consent_everything_in_them_rests_on_it(files: dict[str, str]) -> None:
    assert {"given_name", "skills", "town", "health_needs"} <= set(scopes(files, DENY)["counselling"].discloses)


def test_recipients_are_those_approved_with_their_own_basis() -> None:
    found: Any = {each.organisation: each for each in load(STARTER).catalogue.consents["job-ranking"].recipients}
    assert found.keys() == {"employment-agency", "bread-and-bridges", "stena-matching"}
    assert found["bread-and-bridges"].legal_basis == "GDPR-6-1-f"
    assert (found["employment-agency"].valid_from, found["employment-agency"].valid_until) == ("2026-01-01", "2028-12-31")


@pytest.fixture(params=[1, ways.MOST_WAYS])
def most_ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not worked out is looked through all the same."""
    monkeypatch.setattr(ways, "MOST_WAYS", request.param)


@pytest.mark.usefixtures("most_ways")
@pytest.mark.parametrize(
    ("purpose", "legal", "what"),
    [
        ("own-data", "GDPR-6-1-c", "the approval for 'own-data' rests on consent, and no rule asks for it"),
        ("counselling", "GDPR-6-1-a", "rests on consent, and family_name, given_name, initials, skills, town need none"),
    ],
)
def test_an_approval_on_consent_discloses_nothing_without(files: dict[str, str], purpose: str, legal: str, what: str) -> None:
    approval = f"- {{purpose: {purpose}, legal_basis: GDPR-6-1-a, regions: [BG], from: 2026-01-01, until: 2099-12-31}}"
    bases = files["purposes.yaml"].replace(f"legal_bases: [{legal}", f"legal_bases: [GDPR-6-1-a, {legal}")
    folly = f"\nfolly:\n  name: Folly (demo)\n  kind: ngo\n  approvals:\n    {approval}\n"
    organisations = files["organisations.yaml"] + folly
    with pytest.raises(RulebookError) as refused:
        checked({**files, "purposes.yaml": bases, "organisations.yaml": organisations})
    assert what in str(refused.value)
    assert f"organisations.yaml:{len(organisations.splitlines())}" in str(refused.value)


@pytest.mark.usefixtures("most_ways")
def test_one_way_without_a_consent_is_enough(files: dict[str, str]) -> None:
    named = """
- uid: counselling.health-to-named-users
  description: Whoever is named sees it, with or without consent.
  effect: allow
  rules:
    subject: {$.acting_user: {condition: Exists}}
    resource: {$.category: {condition: Equals, value: health}}
    action: {$.name: {condition: Equals, value: disclose}}
    context: {$.purpose: {condition: Equals, value: counselling}}
"""
    basis = ("counselling, legal_basis: GDPR-6-1-e", "counselling, legal_basis: GDPR-6-1-a")
    found = []
    for more in ("", named):
        faults = Faults()
        changed = {RULES: files[RULES] + more, "organisations.yaml": files["organisations.yaml"].replace(*basis)}
        check_consent_bases(parse({**files, **changed})[0], faults)
        with pytest.raises(RulebookError) as refused:
            faults.raise_if_any()
        found.append("health_needs" in str(refused.value))
    assert found == [False, True]


@pytest.mark.usefixtures("most_ways")
def test_where_the_rows_ask_for_it_an_approval_may_rest_on_consent(files: dict[str, str]) -> None:
    gated = files[RULES] + DENY
    organisations = files["organisations.yaml"].replace(
        "counselling, legal_basis: GDPR-6-1-e", "counselling, legal_basis: GDPR-6-1-a"
    )
    assert "GDPR-6-1-a" in organisations
    faults = Faults()
    check_consent_bases(parse({**files, RULES: gated, "organisations.yaml": organisations})[0], faults)
    faults.raise_if_any()
