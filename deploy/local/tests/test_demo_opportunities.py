"""Invented opportunities: all kinds, by organisations that may offer them, the same for the same seed and day."""

from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest
import yaml

from matching_svc.concepts import small_set
from stena.contracts.matching import KIND_PURPOSE
from stena_local.demo import opportunities
from stena_local.demo.opportunities import Offer

RULEBOOK = Path(__file__).resolve().parents[2] / "rulebook"
DAY = date(2026, 11, 21)


@pytest.fixture(scope="module")
def offers() -> list[Offer]:
    return list(opportunities.stream(80, seed=1, on=DAY))


def test_the_same_seed_index_and_day_make_the_same_offer(offers: list[Offer]) -> None:
    assert opportunities.offer(1, 50, DAY) == offers[50]
    assert opportunities.offer(1, 50, DAY + timedelta(days=1)) != offers[50]


def test_all_kinds_occur_and_titles_tell_them_apart(offers: list[Offer]) -> None:
    kinds = Counter(offer.opportunity.kind for offer in offers)
    assert set(kinds) == set(KIND_PURPOSE)
    assert kinds["job"] >= 30
    assert len({offer.opportunity.title for offer in offers}) == len(offers)


def test_owners_may_manage_opportunities(offers: list[Offer]) -> None:
    organisations = yaml.safe_load((RULEBOOK / "organisations.yaml").read_text())
    may = {
        name
        for name, entry in organisations.items()
        if any(approval["purpose"] == "opportunity-management" for approval in entry["approvals"])
    }
    assert {offer.owner for offer in offers} <= may


def test_they_begin_after_the_day_and_in_the_right_order(offers: list[Offer]) -> None:
    for offer in offers:
        opportunity = offer.opportunity
        assert opportunity.starts_on is not None
        assert opportunity.apply_until is not None
        assert DAY < opportunity.apply_until < opportunity.starts_on
        assert opportunity.ends_on is None or opportunity.starts_on < opportunity.ends_on


def test_concepts_are_known(offers: list[Offer]) -> None:
    known = small_set()
    for offer in offers:
        opportunity = offer.opportunity
        assert opportunity.occupation is None or opportunity.occupation in known.occupations
        named = {*opportunity.essential_skills, *opportunity.optional_skills, *opportunity.teaches}
        assert named <= set(known.skills)
        assert bool(opportunity.teaches) == (opportunity.kind == "training")
