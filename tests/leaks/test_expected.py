"""The expected side of the matrix, held to the rulebook's own reading of itself: three readings, one answer."""

from datetime import UTC, datetime

import pytest

from policy_svc.cells import view
from policy_svc.decisions import Decision, decide
from policy_svc.ways import ALWAYS
from stena.contracts.access import Action, Evaluation, Resource, Subject
from stena.contracts.condition import Facts, holds
from tests.system.test_purposes_operations import FOLLOWER

from .cast import Somebody, cast
from .expected import Expected, everybody_asking
from .target import RULEBOOK

NOW = datetime.now(UTC)
APPROVED = [each for each in everybody_asking() if each.approved]


def decided(asking: Expected, who: Somebody) -> Decision:
    """The full evaluation of the rules with the facts of the record: nothing is left open, nothing goes through SQL."""
    operation = "changes" if asking.organisation == FOLLOWER else "match" if asking.purpose == "anonymous-shortlist" else "read"
    subject = Subject(type="organisation", id=asking.organisation, properties={"person": who.name, "acting_user": "ivanova"})
    resource = Resource(type="person", id=who.name if operation == "read" else "*")
    context = {"purpose": asking.purpose, "justification": "Unconscious after an accident"}
    evaluation = Evaluation(subject=subject, action=Action(name=operation), resource=resource, context=context)
    facts: Facts = who.facts
    return decide(RULEBOOK, evaluation, NOW, facts)


@pytest.mark.parametrize("asking", APPROVED, ids=lambda each: f"{each.organisation}-{each.purpose}")
def test_the_table_the_rules_and_the_matrix_agree_on_everybody(asking: Expected) -> None:
    matrix = view(RULEBOOK, asking.organisation, asking.purpose, NOW.date()).of("disclose")
    operation = "changes" if asking.organisation == FOLLOWER else "match" if asking.purpose == "anonymous-shortlist" else "read"
    for who in cast():
        expected = asking.sees(who, operation)
        decision = decided(asking, who)
        seen = decision.permit and holds(decision.rows, who.facts)
        assert expected == ({name for name, way in decision.disclose.items() if holds(way.when, who.facts)} if seen else set())
        assert expected <= matrix.keys(), "the matrix says withheld"
        if seen:
            assert expected >= {name for name, ways in matrix.items() if ways == ALWAYS}, "the matrix says always"


def test_people_differ_in_what_is_seen_of_them() -> None:
    """A cast of whom everybody sees the same would test nothing."""
    views = {who.name: tuple(asking.sees(who) for asking in APPROVED) for who in cast()}
    assert len(set(views.values())) == len(views)
