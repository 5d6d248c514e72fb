"""Questions to ask of a rulebook: one person's whole view for an organisation and a purpose, the record's facts included.

Every value that a rule may name is there and of the right type, so that engines that differ on what is missing agree.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from policy_svc.rulebook import Rulebook
from stena.contracts.access import Action, Evaluation, Resource, Subject

BEGINNING = datetime(2026, 6, 1, tzinfo=UTC)
WHY = "Collapsed at the reception centre; the ambulance asks what is known."
"""Enough for whoever breaks the glass: how much a reason has to say is Stena's own, and nothing that a rule could want."""
REGIONS = ("BG31", "BG32", "BG33", "BG34", "BG41", "BG42")


@dataclass(frozen=True)
class Question:
    """``elements`` are what the rulebook knows of subject and context, for engines that have to be told."""

    evaluation: Evaluation
    now: datetime
    facts: dict[str, Any]
    subject: dict[str, Any]
    context: dict[str, Any]

    @property
    def person(self) -> str:
        return self.evaluation.resource.id


def questions(rulebook: Rulebook, seed: int) -> Iterator[Question]:
    """Without end, each about another person at another time; one in ten claims a purpose that it is not approved for."""
    random = Random(seed)  # noqa: S311 - a benchmark must be repeatable
    pairs = [
        (organisation, purpose)
        for organisation, approved in rulebook.organisations.items()
        for purpose in sorted(approved.purposes(BEGINNING.date()))
    ]
    number = 0
    while True:
        number += 1
        organisation, purpose = random.choice(pairs)
        if random.random() < 0.1:
            purpose = random.choice(sorted(set(rulebook.purposes) - _forbidden(rulebook)))
        yield _question(rulebook, organisation, purpose, f"person-{number}", random)


def _forbidden(rulebook: Rulebook) -> set[str]:
    return {purpose.id for purpose in rulebook.purposes.values() if purpose.forbidden}


def _question(rulebook: Rulebook, organisation: str, purpose: str, person: str, random: Random) -> Question:
    approved = rulebook.organisations[organisation]
    now = BEGINNING + timedelta(seconds=random.randrange(10_000_000))
    live = [approval for approval in approved.covering(purpose) if approval.live(now.date())]
    who = {"client": f"client-{random.randrange(1000)}", "acting_user": "somebody", "person": person}
    said = {"purpose": purpose, "case": f"case-{random.randrange(1000)}", "justification": WHY}
    subject: dict[str, Any] = {
        **who,
        "organisation": organisation,
        "kind": approved.organisation.kind,
        "purposes": sorted(approved.purposes(now.date())),
        "regions": sorted({region for approval in live for region in approval.regions}),
        "roles": sorted(approved.roles),
    }
    addressed = [purpose, f"{purpose}@{organisation}"]
    context = {
        **said,
        "purpose_and_broader": sorted(rulebook.broader[purpose]),
        "consent": addressed,
        "objection": addressed if {approval.legal_basis for approval in live} <= {"GDPR-6-1-e", "GDPR-6-1-f"} else [],
        "time": now.isoformat(),
    }
    evaluation = Evaluation(
        subject=Subject(type="organisation", id=organisation, properties=who),
        action=Action(name="read"),
        resource=Resource(type="person", id=person),
        context=said,
    )
    return Question(evaluation, now, _facts(subject["regions"], organisation, purpose, random), subject, context)


def _facts(regions: list[str], organisation: str, purpose: str, random: Random) -> dict[str, Any]:
    """A record that is mostly in the region, often assigned, sometimes consenting, rarely restricted."""
    region = random.choice(regions or REGIONS) if random.random() < 0.8 else random.choice(REGIONS)
    return {
        "region_path": ["BG", region[:3], region][: random.choice((2, 3, 3, 3))],
        "assigned": [organisation] if random.random() < 0.5 else ["another"],
        "consents": [purpose] if random.random() < 0.5 else ["something-else"],
        "objections": [purpose] if random.random() < 0.02 else [],
        "restricted": random.random() < 0.1,
        "minor": random.random() < 0.2,
        "created_by": organisation if random.random() < 0.3 else "another",
    }
