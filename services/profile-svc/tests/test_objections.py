"""What objections stop: at once, for everybody who is meant, until somebody may go on, and then for nobody else."""

from datetime import UTC, date, datetime
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profile_svc.objections import Decided, NothingToObjectTo, Objected, covered, tokens
from stena.contracts.catalogue import Recipient
from stena.contracts.rights import ObjectionOutcome

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ORGANISATIONS = ("agency", "bridges", "school")


def objected(recipient: str | None, *decisions: tuple[str, ObjectionOutcome], withdrawn: bool = False) -> Objected:
    made = tuple(Decided(uuid4(), organisation, outcome, "", NOW) for organisation, outcome in decisions)
    covers = (recipient,) if recipient else ORGANISATIONS
    return Objected(uuid4(), uuid4(), "ranking", recipient, covers, "", NOW, NOW if withdrawn else None, made)


def stops(facts: frozenset[str], organisation: str) -> bool:
    """As the rule `common.objection` compares them."""
    return not facts.isdisjoint({"ranking", f"ranking@{organisation}"})


DECISIONS = st.lists(st.tuples(st.sampled_from(ORGANISATIONS), st.sampled_from(("upheld", "overridden"))), max_size=6)


@given(st.one_of(st.none(), st.sampled_from(ORGANISATIONS)), DECISIONS, st.booleans())
def test_only_who_decided_last_to_go_on_goes_on(
    recipient: str | None, decisions: list[tuple[str, ObjectionOutcome]], withdrawn: bool
) -> None:
    facts = tokens([objected(recipient, *decisions, withdrawn=withdrawn)])
    last = dict(decisions)
    for organisation in ORGANISATIONS:
        meant = recipient in (None, organisation) and not withdrawn
        assert stops(facts, organisation) is (meant and last.get(organisation) != "overridden")


@given(DECISIONS)
def test_who_comes_later_and_services_are_stopped_until_anybody_may_go_on(
    decisions: list[tuple[str, ObjectionOutcome]],
) -> None:
    facts = tokens([objected(None, *decisions)])
    assert stops(facts, "the-matcher") is ("overridden" not in dict(decisions).values())


def test_one_objection_more_stops_what_another_lets_go_on() -> None:
    both = [objected(None, ("agency", "overridden")), objected("agency")]
    assert stops(tokens(both), "agency")


def recipient(organisation: str, basis: str, until: str = "2026-12-31") -> Recipient:
    return Recipient(organisation=organisation, legal_basis=basis, valid_from="2026-01-01", valid_until=until)


def test_only_public_and_legitimate_interests_are_objected_to() -> None:
    known = [
        recipient("agency", "GDPR-6-1-e"),
        recipient("bridges", "GDPR-6-1-f"),
        recipient("school", "GDPR-6-1-c"),
        recipient("both", "GDPR-6-1-e"),
        recipient("both", "GDPR-6-1-a"),
        recipient("gone", "GDPR-6-1-e", until="2026-02-01"),
    ]
    assert covered(known, None, date(2026, 3, 1)) == ("agency", "bridges")
    for other in ("school", "both", "gone", "nobody"):
        with pytest.raises(NothingToObjectTo):
            covered(known, other, date(2026, 3, 1))
