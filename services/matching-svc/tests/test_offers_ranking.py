"""Opportunities over columns: the same score to the last digit as pair by pair."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from matching_svc.features import ATTRIBUTES, MatchFeatures, view
from matching_svc.numbering import Numberings
from matching_svc.offers_columns import offer_at, packed
from matching_svc.offers_measures import prepared, scores
from matching_svc.offers_shelf import Offered, asked_by_best, search
from matching_svc.ranking import Pair, rank
from matching_svc.scoring import score
from stena.contracts.condition import Residual
from stena.contracts.matching import NewOpportunity, Opportunity

from .fitting import KNOWLEDGE, SKILLS, TODAY, attributes, opportunities, people

NOW = datetime(2027, 3, 1, tzinfo=UTC)


def offered(several: list[NewOpportunity]) -> list[Opportunity]:
    return [
        Opportunity(**each.model_dump(), id=f"opp_{at}", owner="rila-build", created_at=NOW, updated_at=NOW, etag='"1"')
        for at, each in enumerate(several)
    ]


@given(people, st.lists(opportunities, min_size=1, max_size=12), attributes)
@settings(max_examples=400, deadline=None)
def test_columns_score_like_pairs_to_the_last_digit(
    person: MatchFeatures, several: list[NewOpportunity], allowed: frozenset[str]
) -> None:
    numberings, seen = Numberings(), view(person, allowed)
    columns = packed(offered(several), numberings)
    found = scores(columns, seen, KNOWLEDGE, numberings, prepared(columns, KNOWLEDGE, numberings))
    assert found.tolist() == [score(seen, each, KNOWLEDGE).units for each in several]
    assert [offer_at(columns, row) for row in range(len(columns))] == offered(several)


changes = st.lists(st.tuples(st.integers(0, 6), opportunities, st.sampled_from(["open", "open", "closed"])), max_size=10)


@given(people, changes, attributes, st.integers(0, 3), st.booleans())
@settings(max_examples=300, deadline=None)
def test_the_best_of_what_is_open_are_found(
    person: MatchFeatures, taken: list[Any], allowed: frozenset[str], packed_after: int, hidden: bool
) -> None:
    """Offers are made, amended and closed, and packed anew in between; the ranking is that of a plain dict of them."""
    offered, plain, seen = Offered(), dict[str, Opportunity](), view(person, allowed)
    for at, (number, new, state) in enumerate(taken):
        owner = "rila-build" if number % 2 else "vitosha-bakery"
        dated = {"created_at": NOW, "updated_at": NOW + timedelta(seconds=at), "etag": f'"{at}"'}
        each = Opportunity(**new.model_dump(), id=f"opp_{number}", owner=owner, state=state, **dated)
        offered.take([each])
        if at == packed_after:
            offered = offered.packed_anew()
        plain.pop(each.id, None)
        if state == "open":
            plain[each.id] = each
    rows: Any = {"op": "is_in", "fact": "created_by", "values": ["rila-build"]} if hidden else True
    residual = TypeAdapter(Residual).validate_python(rows)
    visible = [each for each in plain.values() if not hidden or each.owner == "rila-build"]
    ranked = rank((Pair(each.id, seen, each) for each in visible), KNOWLEDGE, TODAY)
    assert search(offered, seen, residual, KNOWLEDGE, TODAY, 3) == ranked[:3]
    skills = [list(dict.fromkeys(one.pair.opportunity.essential_skills)) for one in ranked]
    assert asked_by_best(offered, seen, residual, KNOWLEDGE, TODAY, 3) == skills[:3]
    without = {one.pair.id for one in ranked[:1]}
    assert asked_by_best(offered, seen, residual, KNOWLEDGE, TODAY, 3, without) == skills[1:4]


def test_of_many_that_fail_one_gate_none_is_found() -> None:
    over = NewOpportunity(kind="training", title="t", essential_skills=tuple(SKILLS[:1]), apply_until=date(2027, 2, 1))
    there = over.model_copy(update={"essential_skills": (SKILLS[5],), "apply_until": None})
    taken = Offered()
    taken.take(offered([over, over, over, there, over]))
    seen = view(MatchFeatures(skills=frozenset(SKILLS[:1])), ATTRIBUTES)
    assert [one.pair.id for one in search(taken, seen, True, KNOWLEDGE, TODAY, 3)] == ["opp_3"]
    assert asked_by_best(taken, seen, True, KNOWLEDGE, TODAY, 3) == [[SKILLS[5]]]
