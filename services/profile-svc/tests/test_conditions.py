"""The law that the wall rests on: what SQL selects under a condition is what the condition says in Python."""

import random
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from uuid_utils.compat import uuid7

from profile_svc.facts import RecordFacts
from profile_svc.store import records
from profile_svc.store.records import StoredPerson
from stena.contracts.access import Disclosure
from stena.contracts.condition import AllOf, AnyOf, Condition, IsIn, Not, Overlaps, Within, evaluate

from .source import Service

LABS = ("condition-lab-1", "condition-lab-2")
WORDS = ("BG", "BG4", "BG41", "job-ranking", "ngo")

values = st.lists(st.sampled_from([*WORDS, *LABS]), max_size=3).map(tuple)
leaves: st.SearchStrategy[Condition] = st.one_of(
    st.builds(Overlaps, fact=st.sampled_from(["region_path", "assigned", "consents"]), values=values),
    st.builds(Within, fact=st.sampled_from(["region_path", "assigned", "consents"]), values=values),
    st.builds(
        IsIn,
        fact=st.sampled_from(["restricted", "minor", "created_by"]),
        values=st.lists(st.one_of(st.booleans(), st.sampled_from([*WORDS, *LABS])), max_size=3).map(tuple),
    ),
)
conditions: st.SearchStrategy[Condition] = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(Not, of=inner),
        st.builds(AllOf, of=st.lists(inner, max_size=3).map(tuple)),
        st.builds(AnyOf, of=st.lists(inner, max_size=3).map(tuple)),
    ),
    max_leaves=6,
)


@pytest.fixture(scope="module")
async def people(service: Service) -> Mapping[str, RecordFacts]:
    """Sixty people with facts by chance; nothing else is stored of them."""
    chance = random.Random(20261121)  # noqa: S311 - a fixed population, no secret

    def some() -> tuple[str, ...]:
        return tuple(sorted(chance.sample(WORDS, chance.randint(0, 3))))

    made = {
        uuid7(): RecordFacts(some(), some(), some(), chance.random() < 0.5, chance.random() < 0.5, chance.choice(LABS))
        for _ in range(60)
    }
    await service.vault.person_keys.make(made)
    async with service.vault.transaction() as connection:
        people = [StoredPerson(person_id, facts, {}, {}, {}, version=1) for person_id, facts in made.items()]
        await records.add(connection, people, datetime.now(UTC))
    return {str(person_id): facts for person_id, facts in made.items()}


@settings(max_examples=60, deadline=None)
@given(rows=conditions, discloses=conditions)
async def test_sql_and_python_agree_on_every_condition(
    service: Service, people: Mapping[str, RecordFacts], rows: Condition, discloses: Condition
) -> None:
    mine = AllOf(of=(IsIn(fact="created_by", values=LABS), rows))
    # One ordinary and one sealed attribute under the condition: both come, or neither.
    disclose = dict.fromkeys(("skills", "gender"), Disclosure(when=discloses, otherwise="not-assigned"))
    grant = service.grant("list", rows=mine, disclose={**disclose, "languages": True})
    answer = await service.call("POST", "/persons/search", grant, {"limit": 500})
    seen = {person["id"]: person for person in answer.json()["people"]}
    assert seen.keys() == {person for person, facts in people.items() if evaluate(rows, facts.as_mapping()) is True}
    for person, view in seen.items():
        disclosed = evaluate(discloses, people[person].as_mapping()) is True
        assert view["attributes"].keys() == ({"skills", "gender", "languages"} if disclosed else {"languages"})
        assert {"skills", "gender"}.isdisjoint(view["withheld"]) is disclosed
