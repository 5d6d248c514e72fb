"""What a purpose accepts to give away: each proxy that it discloses is listed with a reason, and nothing else is listed.

A proxy is an attribute that reveals something which the purpose withholds, if only from some of those to whom it shows it.
"""

from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import pytest

from policy_svc.decisions import decide
from policy_svc.loading import load
from policy_svc.rulebook import Rulebook
from stena.contracts.access import Action, Evaluation, Resource, Subject
from stena.contracts.catalogue import Attribute
from stena.contracts.condition import Facts, holds

FOLDER = Path(__file__).parents[2] / "deploy" / "rulebook"
TODAY = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def rulebook() -> Rulebook:
    return load(FOLDER)


def views(rulebook: Rulebook, organisation: str, purpose: str) -> list[frozenset[str]]:
    """What the purpose discloses of each kind of record that its conditions can tell apart."""
    asked = {"anonymous-shortlist": "match", "deduplication": "compare"}.get(purpose, "read")
    many = asked != "read"
    evaluation = Evaluation(
        subject=Subject(type="organisation", id=organisation, properties={"person": "olena", "acting_user": "ivanova"}),
        action=Action(name=asked),
        resource=Resource(type="person", id="*" if many else "olena"),
        context={"purpose": purpose, "justification": "Unconscious after an accident"},
    )
    decision = decide(rulebook, evaluation, TODAY)
    return [
        frozenset(name for name, way in decision.disclose.items() if holds(way.when, facts))
        for facts in records(organisation, purpose)
        if decision.permit and holds(decision.rows, facts)
    ]


def records(organisation: str, purpose: str) -> list[Facts]:
    return [
        {
            "region_path": ("BG", "BG41", "BG42"),
            "assigned": assigned,
            "consents": consents,
            "created_by": created_by,
            "objections": (),
            "restricted": False,
            "minor": True,
        }
        for assigned, consents, created_by in product(((), (organisation,)), ((), (purpose,)), (organisation, "somebody-else"))
    ]


def betrays(rulebook: Rulebook, attribute: Attribute, view: frozenset[str]) -> bool:
    """Whether a view shows ``attribute``, and not the whole of something that it reveals."""
    return attribute.name in view and not all(stored(rulebook, category) <= view for category in attribute.reveals)


def stored(rulebook: Rulebook, category: str) -> frozenset[str]:
    attributes = rulebook.catalogue.attributes
    return frozenset(each.name for each in attributes if each.category == category and not each.derived_from)


def proxies(rulebook: Rulebook, purpose: str) -> set[str]:
    revealing = [attribute for attribute in rulebook.catalogue.attributes if attribute.reveals]
    organisations = [name for name, own in rulebook.organisations.items() if purpose in own.purposes(TODAY.date())]
    seen = [view for organisation in organisations for view in views(rulebook, organisation, purpose)]
    return {attribute.name for attribute in revealing if any(betrays(rulebook, attribute, view) for view in seen)}


def test_every_purpose_accepts_exactly_the_proxies_that_it_discloses(rulebook: Rulebook) -> None:
    found = {name: proxies(rulebook, name) for name in rulebook.purposes}
    assert found == {name: set(purpose.accepts) for name, purpose in rulebook.purposes.items()}
