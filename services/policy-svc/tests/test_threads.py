"""Any number of threads may decide with one rulebook: nothing that a decision reads is ever written.

py-abac's own evaluator fails here: its conditions on two attributes keep one request's value where another finds it.
"""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice, product
from threading import Barrier

import pytest

from policy_svc.decisions import Decision, decide
from policy_svc.rulebook import Rulebook
from stena.contracts.access import Evaluation

from .generated import name, question, to
from .reference import NOON, rules_of, with_rules

THREADS = 8
DECISIONS = 300_000


@pytest.fixture
def hurried() -> Iterator[None]:
    """Threads change every few bytecodes instead of every five milliseconds."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.fixture(scope="module")
def comparing(rulebook: Rulebook) -> Rulebook:
    """A rulebook whose rules compare what differs from call to call with what else differs."""
    case = {"$.justification": to("EqualsAttribute", "context", "$.case")}
    action = {"$.name": name("IsIn", values=["read", "amend", "list"])}
    purpose = {"$.purpose_and_broader": name("AnyIn", values=["welfare"])}
    own = {"$.person": to("EqualsAttribute", "resource", "$.owner")}
    showing = {"$.name": name("IsIn", values=["disclose", "write"])}
    regions = {"$.record.region_path": name("Not", value=to("AnyInAttribute", "subject", "$.regions"))}
    rules = [
        {"effect": "allow", "rules": {"action": action, "context": purpose | case}},
        {"effect": "allow", "rules": {"subject": own, "action": action, "context": purpose}},
        {"effect": "allow", "rules": {"subject": own, "action": showing, "context": purpose}},
        {
            "effect": "allow",
            "rules": {
                "action": showing,
                "context": purpose | case,
                "resource": {"$.record.consents": to("AnyInAttribute", "context", "$.consent")},
            },
        },
        {"effect": "deny", "rules": {"resource": regions, "action": action}},
    ]
    return with_rules(rulebook, rules_of([{"uid": str(n), "description": "d", **rule} for n, rule in enumerate(rules)]))


def everything_asked() -> list[Evaluation]:
    who = [("harbour", "welfare"), ("harbour", "counselling"), ("lantern", "counselling"), ("nowhere", "counselling")]
    said = [{}, {"justification": "7", "case": "7"}, {"justification": "7", "case": "8"}, {"case": "8"}]
    people = ["someone", "other", None]
    calls = product(who, ("read", "amend"), people, ("someone", "other", "*"), said)
    return [question(*asking, action, record, person, **words) for asking, action, person, record, words in calls]


def test_no_decision_is_wrong_with_eight_threads(comparing: Rulebook, hurried: None) -> None:
    asked = everything_asked()
    wanted = [decide(comparing, one, NOON) for one in asked]
    assert 0.2 < sum(decision.permit for decision in wanted) / len(wanted) < 0.9, "both answers are common"
    together = Barrier(THREADS)

    def wrong(thread: int) -> list[tuple[Evaluation, Decision]]:
        together.wait()
        # Each thread begins elsewhere, so that no two ask the same at the same time.
        turn = islice(cycle(zip(asked, wanted, strict=True)), thread * 31, thread * 31 + DECISIONS // THREADS)
        return [(one, got) for one, right in turn if (got := decide(comparing, one, NOON)) != right]

    with ThreadPoolExecutor(THREADS) as pool:
        assert [wrongs for wrongs in pool.map(wrong, range(THREADS)) if wrongs] == []
