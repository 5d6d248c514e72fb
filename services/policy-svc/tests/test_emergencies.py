"""What has to be said to break the glass, whatever the rules are: they cannot let it go by forgetting it."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from policy_svc.decisions import decide
from policy_svc.emergencies import is_reason
from policy_svc.loading import parse
from policy_svc.remembering import Memory
from policy_svc.rulebook import Rulebook
from stena.contracts.access import Evaluation, Reason, Subject

Ask = Callable[..., Evaluation]

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
WHY = "Adrift at sea for two days"


@pytest.fixture(scope="module")
def careless(files: dict[str, str]) -> Rulebook:
    """Its rules would let the purpose do more, and want nothing to be said."""
    rules = files["rules/others.yaml"].replace(", $.justification: {condition: Exists}", "")
    rules = rules.replace(
        "action: {$.name: {condition: Equals, value: read}}", "action: {$.name: {condition: IsIn, values: [read, list]}}", 1
    )
    purposes = files["purposes.yaml"].replace("[GDPR-6-1-d]", "[GDPR-6-1-d]\n  emergency: {lasts: PT1H, justification: 20}")
    return parse({**files, "rules/others.yaml": rules, "purposes.yaml": purposes})[0]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, None),
        ({"justification": None}, Reason.JUSTIFICATION_MISSING),
        ({"justification": "Adrift at sea"}, Reason.JUSTIFICATION_MISSING),
        ({"justification": "Adrift" + " " * 20 + "at sea"}, Reason.JUSTIFICATION_MISSING),
        ({"justification": "abc" * 30}, Reason.JUSTIFICATION_MISSING),
        ({"justification": [WHY]}, Reason.JUSTIFICATION_MISSING),
        ({"acting_user": None}, Reason.ACTING_USER_MISSING),
        ({"acting_user": " "}, Reason.ACTING_USER_MISSING),
        ({"acting_user": ["Ivanova"]}, Reason.ACTING_USER_MISSING),
        ({"action": "list"}, Reason.NOT_NECESSARY),
    ],
)
def test_nobody_breaks_the_glass_in_silence(
    careless: Rulebook, ask: Ask, changes: dict[str, object], reason: Reason | None
) -> None:
    said = {"organisation": "harbour", "purpose": "rescue", "acting_user": "Ivanova", "justification": WHY} | changes
    properties = {"acting_user": said.pop("acting_user")}
    asked = ask(**{name: value for name, value in said.items() if value is not None})
    subject = Subject(type="organisation", id=asked.subject.id, properties=properties)
    decision = decide(careless, asked.model_copy(update={"subject": subject}), NOON)
    assert (decision.permit, decision.reason) == (reason is None, reason)


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("Човекът е в безсъзнание", True),
        ("病人在车祸后失去知觉，需要立即进行治疗和输血", True),
        ("1234567890 1234567890", False),
        ("ha ha ha ha ha ha ha ha", False),
        ("", False),
    ],
)
def test_a_reason_is_more_than_a_key_held_down(text: str, good: bool) -> None:
    assert is_reason(text, 20) == good


def test_who_said_why_said_it_for_one_call(careless: Rulebook, ask: Ask) -> None:
    memory = Memory(careless)
    said = ask(organisation="harbour", purpose="rescue", justification=WHY)
    said = said.model_copy(
        update={"subject": Subject(type="organisation", id="harbour", properties={"acting_user": "Ivanova"})}
    )
    assert memory.decide(said, NOON).decision.permit
    for context in ({"purpose": "rescue"}, {"purpose": "rescue", "justification": "abc" * 30}):
        silent = memory.decide(said.model_copy(update={"context": context}), NOON).decision
        assert (silent.permit, silent.reason) == (False, Reason.JUSTIFICATION_MISSING)
