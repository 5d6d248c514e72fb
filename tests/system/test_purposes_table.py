"""The starter rulebook against the table of what each purpose reads, transcribed here cell by cell.

A second reading, independent of the rules and of their golden cases: it knows the words of the table, not the rulebook's.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import NamedTuple

import pytest

from policy_svc.decisions import Decision, decide
from policy_svc.loading import load
from policy_svc.rulebook import Rulebook
from stena.contracts.access import Action, Evaluation, Resource, Subject
from stena.contracts.condition import holds

FOLDER = Path(__file__).parents[2] / "deploy" / "rulebook"
TODAY = datetime(2026, 6, 1, 12, tzinfo=UTC)

ATTRIBUTES: Mapping[str, tuple[str, ...]] = {
    "identity": ("given_name", "family_name", "national_number", "initials"),
    "contact": ("phone", "email", "postal_address"),
    "age": ("date_of_birth", "age_band", "adult", "of_working_age"),
    "gender": ("gender",),
    "nationality": ("nationalities", "country_of_birth", "eu_citizen"),
    "ethnicity": ("ethnic_origin", "religion"),
    "status": ("legal_status", "permit", "procedure_stage", "asylum_grounds"),
    "right_to_work": ("right_to_work",),
    "family": ("marital_status", "dependants", "guardian", "has_dependants"),
    "health": ("health_needs", "disability", "pregnancy", "vulnerabilities"),
    "support": ("adjustments_needed", "access_needs", "reception_needs"),
    "education": ("education_level", "field_of_study", "qualifications", "recognition", "qualification_dates"),
    "experience": ("work_history", "work_dates"),
    "skills": ("skills", "driving_licences", "digital_skills"),
    "languages": ("languages", "mother_tongue", "needs_interpreter"),
    "location": ("residence", "municipality", "region"),
    "preferences": ("availability", "wanted_occupations", "remote", "max_distance_km", "same_gender_mentor"),
}
# The table has no column for documents: they are read where every other column is.
DOCUMENTS = {"registration": "own", "data-subject-access": "R"}

DERIVED: Mapping[str, tuple[str, ...]] = {
    "initials": ("given_name", "family_name"),
    "age_band": ("date_of_birth",),
    "adult": ("date_of_birth",),
    "of_working_age": ("date_of_birth",),
    "eu_citizen": ("nationalities",),
    "right_to_work": ("legal_status", "permit", "procedure_stage"),
    "has_dependants": ("dependants",),
    "municipality": ("residence",),
    "region": ("municipality",),
}
"""What is derived from disclosed attributes is disclosed too; the municipality gives the region."""

WITHOUT = {"no dates": {"qualification_dates", "work_dates"}, "no mother_tongue": {"mother_tongue"}}

FIRST_HALF = """
purpose                   | identity             | contact               | age               | gender   | nationality      | ethnicity | status          | right_to_work | family            | health              | support
job-ranking               |                      |                       | d: of_working_age |          |                  |           |                 | R             |                   |                     | consent: adjustments_needed
anonymous-shortlist       |                      |                       | d: of_working_age |          |                  |           |                 | R             |                   |                     |
introduction              | consent              | consent: phone, email |                   |          |                  |           |                 | R             |                   |                     |
right-to-work-check       | R                    |                       | d: adult          |          | d: eu_citizen    |           | permit          | R             |                   |                     |
training-placement        | d: initials          |                       | d: age_band       |          |                  |           |                 | R             | d: has_dependants |                     | consent: access_needs
service-referral          |                      |                       | d: age_band       |          |                  |           | d: legal_status |               | d: has_dependants |                     | consent
qualification-recognition | R                    | R                     |                   |          | country_of_birth |           |                 |               |                   |                     |
accommodation             | R                    | assigned              | R                 | R        | R                |           | procedure_stage |               | R                 | R                   | R
health-access             | R                    | R                     | R                 | R        |                  |           | legal_status    |               | assigned          | R                   | R
school-enrolment          | R                    | R                     | R                 |          |                  |           |                 |               | R                 | consent             | R
guardianship              | R                    | R                     | R                 | R        | R                | assigned  | R               |               | R                 | R                   | R
social-benefits           | R                    | assigned              | R                 |          |                  |           | legal_status    | R             | R                 | consent: disability | consent
legal-aid                 | R                    | R                     | R                 | assigned | R                | consent   | R               | R             | R                 | consent             |
mentoring                 | assigned: given_name | consent: phone        | d: adult          | consent  |                  |           |                 |               |                   |                     |
registration              | own                  | own                   | own               | own      | own              | own       | own             | own           | own               | own                 | own
case-continuity           | assigned             | assigned              |                   |          |                  |           |                 |               |                   |                     |
data-subject-access       | R                    | R                     | R                 | R        | R                | R         | R               | R             | R                 | R                   | R
vital-interest            | R                    | R                     | R                 | R        |                  |           |                 |               | R                 | R                   | R
"""  # noqa: E501

SECOND_HALF = """
purpose                   | education                | experience         | skills   | languages           | location        | preferences
job-ranking               | R, no dates              | R, no dates        | R        | R, no mother_tongue | d: municipality | R
anonymous-shortlist       | R, no dates              | R, no dates        | R        | R, no mother_tongue | d: region       |
introduction              | R                        | R                  | R        | R, no mother_tongue | d: municipality |
right-to-work-check       |                          |                    |          |                     |                 |
training-placement        | R, no dates              | assigned, no dates | R        | R, no mother_tongue | d: municipality | R
service-referral          |                          |                    |          | R                   | d: municipality | availability
qualification-recognition | R                        | assigned           | assigned |                     |                 |
accommodation             |                          |                    |          | R                   | d: municipality | assigned
health-access             |                          |                    |          | R                   | d: municipality |
school-enrolment          | R                        |                    |          | R                   | d: municipality |
guardianship              | R                        | R                  | assigned | R                   | R               | R
social-benefits           |                          |                    |          |                     | d: municipality |
legal-aid                 |                          |                    |          | R                   |                 |
mentoring                 | assigned: field_of_study | assigned, no dates | assigned | R, no mother_tongue | d: municipality | R
registration              | own                      | own                | own      | own                 | own             | own
case-continuity           |                          |                    |          | R                   |                 |
data-subject-access       | R                        | R                  | R        | R                   | R               | R
vital-interest            |                          |                    |          | R                   | R               |
"""  # noqa: E501


def rows_of(table: str) -> dict[str, dict[str, str]]:
    """Purpose to category to cell."""
    lines = [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]
    return {line[0]: dict(zip(lines[0][1:], line[1:], strict=True)) for line in lines[1:]}


FIRST, SECOND = rows_of(FIRST_HALF), rows_of(SECOND_HALF)


class Person(NamedTuple):
    """The record facts, as the table speaks of them for one caller."""

    assigned: bool = False
    consent: bool = False
    own: bool = False
    restricted: bool = False
    minor: bool = False


def opened(category: str, cell: str, person: Person) -> set[str]:
    """The attributes that one cell of the table opens."""
    head, _, tail = cell.partition(":")
    word, *exceptions = (part.strip() for part in head.split(",")) if not tail else (head.strip(),)
    whole = set(ATTRIBUTES[category]).difference(*(WITHOUT[exception] for exception in exceptions))
    named = {name.strip() for name in tail.split(",")} if tail else whole
    match word:
        case "":
            return set()
        case "R" | "d":
            return named
        case "consent" | "assigned" | "own":
            return named if getattr(person, word) else set()
        case attribute:
            return {attribute}


def wanted(purpose: str, person: Person) -> set[str]:
    """What the table says the purpose sees of ``person``; nothing of who is not visible."""
    own_record = purpose == "data-subject-access"
    if (person.restricted and not person.assigned and not own_record) or (purpose == "guardianship" and not person.minor):
        return set()
    seen = set().union(*(opened(category, cell, person) for category, cell in (FIRST[purpose] | SECOND[purpose]).items()))
    for derived, sources in DERIVED.items():
        if seen.issuperset(sources):
            seen.add(derived)
    if DOCUMENTS.get(purpose) == "R" or (DOCUMENTS.get(purpose) == "own" and person.own):
        seen.add("documents")
    return seen - {"residence", "municipality", "postal_address"} if person.restricted and not own_record else seen


MATCHED = frozenset(
    [
        *("of_working_age", "right_to_work", "education_level", "field_of_study", "qualifications", "recognition"),
        *("work_history", "skills", "driving_licences", "digital_skills", "languages", "needs_interpreter"),
        *("municipality", "region", "availability", "wanted_occupations", "remote", "max_distance_km", "same_gender_mentor"),
    ]
)
"""What people are matched by. Of what its purposes open the matcher gets no more: it never holds what tells people apart."""


def gets(organisation: str, purpose: str, person: Person) -> set[str]:
    """What ``organisation`` gets of what the table opens for its purpose."""
    return wanted(purpose, person) & MATCHED if organisation == "stena-matching" else wanted(purpose, person)


@pytest.fixture(scope="module")
def rulebook() -> Rulebook:
    return load(FOLDER)


def asked(rulebook: Rulebook, organisation: str, purpose: str) -> Decision:
    """The decision for the operation by which somebody sees one person for a purpose; some see only people."""
    action = {"anonymous-shortlist": "match"}.get(purpose, "changes" if organisation == "stena-matching" else "read")
    return decide(
        rulebook,
        Evaluation(
            subject=Subject(type="organisation", id=organisation, properties={"person": "olena", "acting_user": "ivanova"}),
            action=Action(name=action),
            resource=Resource(type="person", id="olena" if action == "read" else "*"),
            context={"purpose": purpose, "justification": "Unconscious after an accident"},
        ),
        TODAY,
    )


def seen(decision: Decision, facts: Mapping[str, bool | str | tuple[str, ...]]) -> set[str]:
    if not (decision.permit and holds(decision.rows, facts)):
        return set()
    return {name for name, way in decision.disclose.items() if holds(way.when, facts)}


def approved_for(rulebook: Rulebook, purpose: str) -> list[str]:
    organisations = [name for name, approved in rulebook.organisations.items() if purpose in approved.purposes(TODAY.date())]
    assert organisations, "the table's purpose is approved for nobody"
    return organisations


SUBSETS: Mapping[str, Mapping[bool, list[tuple[str, ...]]]] = {
    "assigned": {True: [("{me}",), ("somebody-else", "{me}")], False: [(), ("somebody-else",)]},
    "consents": {
        True: [("{purpose}",), ("{purpose}@{me}",)],
        False: [(), ("{purpose}@somebody-else", "administration", "administration@{me}")],
    },
}
"""Several ways to be, and not to be, assigned or agreed: another organisation's, or for another purpose, must not count."""


def facts_of(person: Person, organisation: str, purpose: str) -> Iterator[dict[str, bool | str | tuple[str, ...]]]:
    """Every record that the table would call the same ``person``."""
    for assigned, consents in product(SUBSETS["assigned"][person.assigned], SUBSETS["consents"][person.consent]):
        yield {
            "region_path": ("BG", "BG4", "BG41", "BG411", "BG42", "BG421"),  # in every approval's region
            "assigned": tuple(name.format(me=organisation) for name in assigned),
            "consents": tuple(name.format(me=organisation, purpose=purpose) for name in consents),
            "created_by": organisation if person.own else "somebody-else",
            "objections": (),
            "restricted": person.restricted,
            "minor": person.minor,
        }


EVERYBODY = [Person._make(facts) for facts in product((False, True), repeat=5)]
MOST_OPEN = Person(assigned=True, consent=True, own=True, restricted=False, minor=True)


@pytest.mark.parametrize("purpose", FIRST)
def test_every_approval_sees_exactly_what_the_table_says(rulebook: Rulebook, purpose: str) -> None:
    for organisation in approved_for(rulebook, purpose):
        decision = asked(rulebook, organisation, purpose)
        for person in EVERYBODY:
            for facts in facts_of(person, organisation, purpose):
                assert seen(decision, facts) == gets(organisation, purpose, person), facts


@pytest.mark.parametrize("purpose", FIRST)
@pytest.mark.parametrize("region_path", [(), ("RO", "RO1", "RO11", "RO113"), ("BG9",)])
def test_nobody_sees_people_outside_the_regions_of_the_approval(
    rulebook: Rulebook, purpose: str, region_path: tuple[str, ...]
) -> None:
    for organisation in approved_for(rulebook, purpose):
        decision = asked(rulebook, organisation, purpose)
        for facts in facts_of(MOST_OPEN, organisation, purpose):
            assert seen(decision, facts)
            assert not seen(decision, {**facts, "region_path": region_path})


@pytest.mark.parametrize("purpose", FIRST)
def test_a_record_of_which_nothing_is_known_is_not_visible(rulebook: Rulebook, purpose: str) -> None:
    for organisation in approved_for(rulebook, purpose):
        assert not seen(asked(rulebook, organisation, purpose), {})


def test_the_table_and_the_rulebook_name_the_same_attributes(rulebook: Rulebook) -> None:
    named = {name for names in ATTRIBUTES.values() for name in names} | {"documents"}
    assert {attribute.name for attribute in rulebook.catalogue.attributes} == named
