"""What a rulebook says that cannot be meant: rules that never apply, and proxies that nobody answers for. Refused in words."""

# ruff: noqa: E501 - one row of a table is one fault, and reads best in one line

import pytest

from policy_svc.faults import RulebookError
from policy_svc.loading import checked

COUNSELLING, PURPOSES, ATTRIBUTES = "rules/counselling.yaml", "purposes.yaml", "attributes.yaml"
MEND = "Remove it, or mend what keeps it from applying."


def rule(uid: str, action: str, resource: str, effect: str = "allow", subject: str = "{}", purpose: str = "counselling") -> str:
    return f"""
- uid: {uid}
  description: Added for a test.
  effect: {effect}
  rules:
    subject: {subject}
    resource: {resource}
    action: {{$.name: {{condition: Equals, value: {action}}}}}
    context: {{$.purpose: {{condition: Equals, value: {purpose}}}}}
"""


def faults(files: dict[str, str], **changed: str) -> list[str]:
    """What the rulebook is refused for when texts are added to its files."""
    names = {"rules": COUNSELLING, "purposes": PURPOSES}
    try:
        checked({**files, **{names[key]: files[names[key]] + text for key, text in changed.items()}})
    except RulebookError as error:
        return [str(fault) for fault in error.faults]
    return []


def test_the_rulebook_of_the_tests_has_none(files: dict[str, str]) -> None:
    assert faults(files) == []


@pytest.mark.parametrize(
    ("added", "message"),
    [
        pytest.param(
            rule("late", "read", "{$.type: {condition: Equals, value: person}}", purpose="deportation"),
            "it can never apply: nobody is approved for deportation. Approve an organisation, or remove the rule.",
            id="a forbidden purpose",
        ),
        pytest.param(
            rule("late", "disclose", "{$.category: {condition: Equals, value: health}, $.attribute: {condition: Equals, value: town}}"),
            f"it can never apply: no approved organisation and no call meets all of its conditions. {MEND}",
            id="conditions that exclude each other",
        ),
        pytest.param(
            rule("late", "read", "{$.type: {condition: Equals, value: client}}"),
            f"it can never apply: no approved organisation and no call meets all of its conditions. {MEND}",
            id="an operation that the resource does not have",
        ),
        pytest.param(
            rule("late", "erase", "{$.type: {condition: Equals, value: person}}", subject="{$.kind: {condition: Equals, value: employer}}"),
            f"it can never apply: no approved organisation and no call meets all of its conditions. {MEND}",
            id="a kind of organisation that nobody approved is of",
        ),
        pytest.param(
            rule("late", "write", "{$.attribute: {condition: Equals, value: initials}}"),
            f"it can never apply: no approved organisation and no call meets all of its conditions. {MEND}",
            id="writing what is computed",
        ),
        pytest.param(
            rule("late", "disclose", "{$.attribute: {condition: Equals, value: town}, $.record.restricted: {condition: IsIn, values: [true]}}"),
            f"it can never apply: wherever it would, the rule common.restricted-town denies. {MEND}",
            id="shadowed by a deny",
        ),
        pytest.param(
            rule("late", "erase", "{$.type: {condition: Equals, value: person}}")
            + rule("never.assigned", "erase", "{$.type: {condition: Equals, value: person}, $.record.minor: {condition: IsIn, values: [true]}}", "deny")
            + rule("never.grown", "erase", "{$.type: {condition: Equals, value: person}, $.record.minor: {condition: IsIn, values: [false]}}", "deny"),
            "it can never apply: wherever it would, the rule common.region or the rule never.assigned or the rule never.grown denies. " + MEND,
            id="shadowed by several together",
        ),
        pytest.param(
            rule("late", "administer", "{$.type: {condition: Equals, value: person}}", "deny"),
            f"it can never apply: no call meets all of its conditions. {MEND}",
            id="a deny of what nobody can ask",
        ),
    ],
)  # fmt: skip
def test_a_rule_that_can_never_apply_is_refused(files: dict[str, str], added: str, message: str) -> None:
    line = files[COUNSELLING].count("\n") + 2
    assert faults(files, rules=added) == [f"{COUNSELLING}:{line}: rule late: {message}"]


def test_a_deny_may_speak_of_organisations_that_are_not_here_yet(files: dict[str, str]) -> None:
    person = "{$.type: {condition: Equals, value: person}}"
    assert faults(files, rules=rule("early", "read", person, "deny", "{$.kind: {condition: Equals, value: employer}}")) == []
    assert faults(files, rules=rule("early", "read", person, "deny", purpose="deportation")) == []


def test_an_ended_approval_keeps_its_rules_alive(files: dict[str, str]) -> None:
    """Whoever takes an approval back by ending it must not have to mend the rules at the same moment."""
    ended = files["organisations.yaml"].replace("2026-01-01, until: 2099-12-31", "2020-01-01, until: 2020-12-31")
    rules = {name: text for name, text in files.items() if not name.startswith("tests/")}
    assert faults({**rules, "organisations.yaml": ended}) == []


def revealing(files: dict[str, str], what: str) -> dict[str, str]:
    """The given name gives something away, and counselling shows it for assigned cases."""
    return {**files, ATTRIBUTES: files[ATTRIBUTES].replace("examples: [Olena]", f"examples: [Olena]\n    reveals: [{what}]")}


def test_a_proxy_that_nobody_answers_for_is_refused(files: dict[str, str]) -> None:
    # Health needs are shown with consent, names for assigned cases: some see the name without the health.
    assert faults(revealing(files, "health")) == [
        "purposes.yaml:7: the purpose 'counselling' discloses given_name, which reveals health_needs that it withholds. "
        "Withhold it too, or say under accepts why the purpose cannot do without it."
    ]
    assert faults(revealing(files, "health_needs")) == faults(revealing(files, "health"))


def test_what_is_shown_with_what_it_reveals_is_no_proxy(files: dict[str, str]) -> None:
    assert faults(revealing(files, "skills")) == []
    assert faults(revealing(files, "family_name")) == []


def test_an_accepted_proxy_passes_and_an_answer_to_none_is_refused(files: dict[str, str]) -> None:
    accepting = files[PURPOSES].replace("  kinds: [service]\n", "  kinds: [service]\n  accepts: {given_name: Called by it.}\n")
    assert faults({**revealing(files, "health"), PURPOSES: accepting}) == []
    assert faults({**files, PURPOSES: accepting}) == [
        "purposes.yaml:15: given_name is accepted, and gives away nothing that the purpose withholds. Remove it from accepts."
    ]
