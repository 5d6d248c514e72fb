"""What a person looks like under a grant, without a database: laws over generated values."""

import json
from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from profile_svc.attributes import Attributes
from profile_svc.disclosure import Selected, Selection, Selections, Viewer, select
from stena.contracts.access import Disclosure, Grant
from stena.contracts.condition import Overlaps

from .source import Service

ASSIGNED = Overlaps(fact="assigned", values=("ngo",))
DAY = date(2026, 11, 21)
PERSON = UUID("0198f2f0-0000-7000-8000-000000000000")


def grant(service: Service, disclose: Mapping[str, Any]) -> Grant:
    return service.plain_grant("read", "person", disclose=disclose)


def view(selection: Selection, attributes: Attributes, values: Mapping[str, Any], *, assigned: bool) -> dict[str, Any]:
    """A view of a person with these values, ``sealed`` standing for itself."""
    holding = [group for group in selection.groups if group.when is True or assigned]
    selected = Selected(
        PERSON,
        tuple(group in holding for group in selection.groups),
        {name: values[name] for group in holding for name in group.plain if name in values},
        {name: values[name] for group in holding for name in group.sealed if name in values},
        json.dumps([False if name in values else None for name in selection.disclosed]),
        "2026-01-01T00:00:00.000000+00:00",
    )
    viewer = Viewer(selection, attributes, b"key", DAY)
    return viewer.tagged(viewer.view(selected, lambda _, sealed: sealed))


stored = st.fixed_dictionaries(
    {},
    optional={
        "skills": st.lists(st.text(max_size=5), max_size=2),
        "gender": st.sampled_from(["female", "male"]),
        "date_of_birth": st.dates(date(1930, 1, 1), date(2026, 1, 1)).map(date.isoformat),
        "nationalities": st.lists(st.sampled_from(["UKR", "BGR"]), min_size=1, max_size=2),
    },
)


@settings(max_examples=200)
@given(values=stored, other=stored, assigned=st.booleans())
def test_what_is_withheld_and_why_never_depends_on_what_is_stored(
    service: Service, attributes: Attributes, values: dict[str, Any], other: dict[str, Any], assigned: bool
) -> None:
    disclose = {"skills": True, "adult": Disclosure(when=ASSIGNED, otherwise="not-assigned"), "eu_citizen": ASSIGNED}
    selection = select(grant(service, disclose), attributes)
    one, two = (view(selection, attributes, each, assigned=assigned) for each in (values, other))
    assert one["withheld"] == two["withheld"]
    assert one["attributes"].keys() == two["attributes"].keys()
    assert one["attributes"].keys() | one["withheld"].keys() == attributes.by_name.keys()
    assert one["attributes"].keys().isdisjoint(one["withheld"])


@settings(max_examples=200)
@given(values=stored, other=stored)
def test_etags_are_equal_exactly_where_views_are(
    service: Service, attributes: Attributes, values: dict[str, Any], other: dict[str, Any]
) -> None:
    selection = select(grant(service, {"skills": True, "adult": True}), attributes)
    one, two = (view(selection, attributes, each, assigned=True) for each in (values, other))
    assert (one["etag"] == two["etag"]) is ({**one, "etag": ""} == {**two, "etag": ""})


def test_only_what_is_needed_is_read(service: Service, attributes: Attributes) -> None:
    selection = select(grant(service, {"skills": True, "adult": ASSIGNED, "municipality": True}), attributes)
    read = {group.when: (group.plain, group.sealed) for group in selection.groups}
    assert read == {True: (("skills", "municipality"), ()), ASSIGNED: ((), ("date_of_birth",))}


def test_an_attribute_that_the_grant_forgets_is_withheld(service: Service, attributes: Attributes) -> None:
    forgetful = grant(service, {"skills": True}).model_copy(update={"withhold": {}})
    selection = select(forgetful, attributes)
    assert set(selection.withheld.values()) == {"not-necessary"}
    assert selection.withheld.keys() == attributes.by_name.keys() - {"skills"}


def test_a_condition_that_is_false_withholds_for_its_reason(service: Service, attributes: Attributes) -> None:
    selection = select(grant(service, {"skills": Disclosure(when=False, otherwise="consent-missing")}), attributes)
    assert selection.groups == ()
    assert selection.withheld["skills"] == "consent-missing"


def test_a_selection_that_was_made_before_is_used_again_for_the_same_terms_and_no_others(
    service: Service, attributes: Attributes
) -> None:
    selections = Selections()
    one = grant(service, {"skills": True, "adult": ASSIGNED})
    known = selections.of(one, attributes, None)
    assert (
        selections.of(one.model_copy(update={"jti": "another", "target": None, "exp": one.exp + 1}), attributes, None) is known
    )
    others: list[tuple[Grant, tuple[str, ...] | None]] = [
        (one, ("skills",)),
        (one.model_copy(update={"rows": ASSIGNED}), None),
        (one.model_copy(update={"disclose": {**one.disclose, "adult": Disclosure(when=True)}}), None),
        (one.model_copy(update={"withhold": {**one.withhold, "gender": "consent-missing"}}), None),
        (one.model_copy(update={"provenance": "full"}), None),
        (one.model_copy(update={"organisation": "another"}), None),
        (one.model_copy(update={"purpose": "another"}), None),
    ]
    for changed, fields in others:
        selection = selections.of(changed, attributes, fields)
        wanted = select(changed, attributes, fields)
        assert [getattr(selection, name) for name in Selection.__slots__[:-1]] == [
            getattr(wanted, name) for name in Selection.__slots__[:-1]
        ]
        assert selection is not known
