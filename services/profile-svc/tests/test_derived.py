"""Derived attributes and the facts that follow from what is stored."""

from datetime import date
from typing import Any

import pytest

from profile_svc.attributes import Attributes
from profile_svc.facts import region_path


@pytest.mark.parametrize(
    ("name", "values", "on", "wanted"),
    [
        ("adult", {"date_of_birth": "2008-11-21"}, "2026-11-20", False),
        ("adult", {"date_of_birth": "2008-11-21"}, "2026-11-21", True),
        ("adult", {"date_of_birth": "2008-02-29"}, "2026-02-28", False),
        ("adult", {"date_of_birth": "2008-02-29"}, "2026-03-01", True),
        ("adult", {}, "2026-11-21", None),
        ("of_working_age", {"date_of_birth": "2010-11-22"}, "2026-11-21", False),
        ("of_working_age", {"date_of_birth": "2010-11-21"}, "2026-11-21", True),
        ("of_working_age", {"date_of_birth": "1959-11-22"}, "2026-11-21", True),
        ("of_working_age", {"date_of_birth": "1959-11-21"}, "2026-11-21", False),
        ("age_band", {"date_of_birth": "2026-11-21"}, "2026-11-21", "0-17"),
        ("age_band", {"date_of_birth": "2001-11-22"}, "2026-11-21", "18-24"),
        ("age_band", {"date_of_birth": "2001-11-21"}, "2026-11-21", "25-34"),
        ("age_band", {"date_of_birth": "1961-11-21"}, "2026-11-21", "65+"),
        ("initials", {"given_name": {"native": "Олена", "latin": "Olena"}}, "2026-01-01", "O."),
        ("initials", {"given_name": {"latin": "an"}, "family_name": {"native": "Ő", "latin": " "}}, "2026-01-01", "A."),
        ("initials", {}, "2026-01-01", None),
        ("eu_citizen", {"nationalities": ["UKR", "ROU"]}, "2026-01-01", True),
        ("eu_citizen", {"nationalities": ["CHE"]}, "2026-01-01", False),
        ("eu_citizen", {"nationalities": []}, "2026-01-01", None),
        ("has_dependants", {"dependants": []}, "2026-01-01", False),
        ("has_dependants", {}, "2026-01-01", None),
        ("municipality", {"residence": {"municipality": "Sofia", "nuts": "BG411"}}, "2026-01-01", "Sofia"),
        ("region", {}, "2026-01-01", None),
    ],
)
def test_what_follows_from_what_is_stored(
    attributes: Attributes, name: str, values: dict[str, Any], on: str, wanted: Any
) -> None:
    assert attributes.derive(name, values, date.fromisoformat(on)) == wanted


def test_every_derived_value_is_what_its_schema_says(attributes: Attributes) -> None:
    """On the catalogue's own examples as sources."""
    values = {name: one.examples[0] for name, one in attributes.by_name.items() if not one.derived_from}
    for name, one in attributes.by_name.items():
        if one.derived_from:
            derived = attributes.derive(name, values, date(2026, 11, 21))
            assert attributes._validators[name].is_valid(derived), name


def test_a_residence_gives_its_nuts_ancestors() -> None:
    assert region_path({"nuts": "BG411"}, "BG") == ("BG", "BG4", "BG41", "BG411")
    assert region_path(None, "BG") == ("BG",)
