"""People in parts: whatever changes and whenever parts are merged, a shelf holds exactly what a plain dict would."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from matching_svc.features import ATTRIBUTES, MatchFeatures, view
from matching_svc.index import Index
from matching_svc.people_columns import features_at
from matching_svc.people_search import search
from matching_svc.ranking import Pair, rank
from matching_svc.shelf import Shelf
from stena.contracts.matching import NewOpportunity

from .fitting import KNOWLEDGE, TODAY, attributes, opportunities, people

ids = st.sampled_from([f"psn_{number}" for number in range(12)])
steps = st.lists(
    st.one_of(
        st.tuples(st.just("change"), st.dictionaries(ids, people, max_size=5), st.lists(ids, max_size=3)),
        st.sampled_from([("begin-merging",), ("end-merging",)]),
    ),
    max_size=12,
)


@given(steps, opportunities, attributes)
@settings(max_examples=200, deadline=None)
def test_a_shelf_is_a_dict_whenever_it_is_merged(
    taken: list[Any], opportunity: NewOpportunity, allowed: frozenset[str]
) -> None:
    """Changes come while a merge is under way: it must not bring back whom they removed."""
    shelf, plain, under_way = Shelf(), dict[str, MatchFeatures](), None
    for name, *what in taken:
        if name == "change":
            changed, gone = what
            shelf.change(changed, gone)
            plain = {id_: each for id_, each in plain.items() if id_ not in gone} | changed
        elif name == "begin-merging":
            under_way = shelf.due()
        elif under_way is not None:
            shelf.put(under_way, under_way.made())
            under_way = None
        assert dict(shelf.everybody()) == plain
        assert len(shelf) == len(plain)
    for offset in (0, 2):
        page = search(shelf.snapshot(), opportunity, allowed, KNOWLEDGE, TODAY, offset=offset, limit=3)
        ranked = rank((Pair(id_, view(each, allowed), opportunity) for id_, each in plain.items()), KNOWLEDGE, TODAY)
        assert [(each.pair.id, each.score.units) for each in page.ranked] == [
            (each.pair.id, each.score.units) for each in ranked[offset : offset + 3]
        ]
        assert page.more == (len(ranked) > offset + 3)
    for wanted in (["psn_7", "psn_3", "psn_3", "nobody", "psn_0"], [*reversed(plain)]):
        columns, numberings = shelf.some(wanted)
        found = {id_: features_at(columns, row, numberings) for row, id_ in enumerate(columns.ids)}
        assert found == {id_: plain[id_] for id_ in wanted if id_ in plain}


def test_parts_stay_few() -> None:
    shelf = Shelf()
    for number in range(300):
        shelf.change({f"psn_{number}": MatchFeatures(education_level=number % 9)}, ())
        while (due := shelf.due()) is not None:
            shelf.put(due, due.made())
    assert len(shelf.parts) <= 5
    assert len(shelf) == 300


def test_a_snapshot_does_not_see_what_comes_later() -> None:
    index = Index(["job-ranking"])
    index.apply("job-ranking", {"psn_1": MatchFeatures(), "psn_2": MatchFeatures()}, (), complete=True)
    before = index.snapshot("job-ranking")
    index.apply("job-ranking", {}, ["psn_1"], complete=True)
    vacancy = NewOpportunity(kind="service", title="t")

    def names(snapshot: Any) -> list[str]:
        page = search(snapshot, vacancy, ATTRIBUTES, KNOWLEDGE, TODAY, offset=0, limit=9)
        return [each.pair.id for each in page.ranked]

    assert names(before) == ["psn_1", "psn_2"]
    assert names(index.snapshot("job-ranking")) == ["psn_2"]


def test_who_goes_while_parts_are_merged_does_not_come_back() -> None:
    """Consent may end in the middle of that work."""
    shelf, same = Shelf(), MatchFeatures(education_level=3)
    shelf.change({"psn_1": same, "psn_2": same, "psn_4": same}, ())
    shelf.change({"psn_3": same}, ())
    merging = shelf.due()
    assert merging is not None
    shelf.change({"psn_2": MatchFeatures(education_level=4)}, ["psn_1"])
    made = merging.made()
    shelf.put(merging, made)
    assert any(part is made for part in shelf.parts)
    assert dict(shelf.everybody()) == {"psn_2": MatchFeatures(education_level=4), "psn_3": same, "psn_4": same}
