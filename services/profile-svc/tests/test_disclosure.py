"""What a person looks like under a grant, without a database: laws over generated values."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from profile_svc.attributes import Attributes
from profile_svc.disclosure import Selection, Viewer, select
from stena.contracts.access import Disclosure, Grant
from stena.contracts.condition import Overlaps

from .source import Service

ASSIGNED = Overlaps(fact="assigned", values=("ngo",))
DAY = date(2026, 11, 21)


def grant(service: Service, disclose: Mapping[str, Any]) -> Grant:
    return service.plain_grant("read", "person", disclose=disclose)


def view(selection: Selection, attributes: Attributes, values: Mapping[str, Any], *, assigned: bool) -> dict[str, Any]:
    """A view of a person with these values, ``sealed`` standing for itself."""
    entry = {"verified": False, "at": "2026-01-01T00:00:00.000000+00:00"}
    parts = [
        {
            "a": {name: values.get(name) for name in group.plain},
            "s": {name: values.get(name) for name in group.sealed},
            "p": {name: entry if name in values else None for name in group.disclosed},
        }
        if group.when is True or assigned
        else None
        for group in selection.groups
    ]
    return Viewer(selection, attributes, b"key", DAY).view("id", parts, lambda _, sealed: sealed)


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
