"""Hypothesis strategies: conditions over the record facts, and records to try them on."""

from hypothesis import strategies as st

from stena.contracts.condition import AllOf, AnyOf, Condition, IsIn, Not, Overlaps, Within, type_of_fact

NAMES = ["BG", "BG4", "BG41", "agency", "ngo", "job-ranking", "job-ranking@agency"]
_values = st.lists(st.sampled_from(NAMES), max_size=3).map(tuple)
_sets = [fact for fact, kind in type_of_fact.items() if kind == "set"]
_scalars = [fact for fact, kind in type_of_fact.items() if kind != "set"]

leaves: st.SearchStrategy[Condition] = st.one_of(
    st.builds(Overlaps, fact=st.sampled_from(_sets), values=_values),
    st.builds(Within, fact=st.sampled_from(_sets), values=_values),
    st.builds(
        IsIn,
        fact=st.sampled_from(_scalars),
        values=st.lists(st.one_of(st.booleans(), st.sampled_from(NAMES)), max_size=3).map(tuple),
    ),
)
conditions: st.SearchStrategy[Condition] = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(Not, of=inner),
        st.builds(AllOf, of=st.lists(inner, max_size=3).map(tuple)),
        st.builds(AnyOf, of=st.lists(inner, max_size=3).map(tuple)),
    ),
    max_leaves=8,
)

_fact_values = {"set": st.lists(st.sampled_from(NAMES), max_size=3), "bool": st.booleans(), "text": st.sampled_from(NAMES)}
records = st.fixed_dictionaries({fact: st.one_of(st.none(), _fact_values[kind]) for fact, kind in type_of_fact.items()})
"""A record's facts, any of them possibly unknown."""
