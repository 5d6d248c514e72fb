"""Many opportunities as columns of numbers, and each as the document that it is. Pure; immutable once made.

INVARIANT: columns hold exactly what a score reads of an opportunity.
"""

from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from matching_svc.features import STEPS
from matching_svc.numbering import Lists, Numberings
from matching_svc.people_columns import order_of
from stena.contracts.matching import Opportunity

ESSENTIAL: Final = 8
"""Added to the step of a language need that is essential."""
_NOT_READ: Final = {
    *("title", "description", "occupation", "essential_skills", "optional_skills", "education_level", "municipality"),
    *("region", "remote", "id", "owner", "state", "created_at", "updated_at", "etag"),
}


@dataclass(frozen=True, slots=True)
class Offers:
    """Row ``n`` is the opportunity ``ids[n]``. -1 is: not asked for. ``needs`` are languages, beside them steps (ESSENTIAL).

    Rows with the same ``gate`` agree in everything that a gate could read: what one answers, all do.
    """

    ids: tuple[str, ...]
    owners: tuple[str, ...]
    documents: tuple[bytes, ...]
    order: NDArray[np.int32]
    essential: Lists
    optional: Lists
    needs: Lists
    essential_rows: Lists
    optional_rows: Lists
    occupation: NDArray[np.int32]
    education: NDArray[np.int32]
    municipality: NDArray[np.int32]
    region: NDArray[np.int32]
    remote: NDArray[np.int32]
    owner: NDArray[np.int32]
    gate: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.ids)


def packed(offers: Iterable[Opportunity], numberings: Numberings) -> Offers:
    several = list(offers)
    ids, owners = [each.id for each in several], list(dict.fromkeys(each.owner for each in several))
    places = {owner: place for place, owner in enumerate(owners)}
    columns: dict[str, Any] = {name: array("i") for name in ("occupation", "education", "municipality", "region", "remote")}
    for each in several:
        columns["occupation"].append(-1 if each.occupation is None else numberings.occupations.of(each.occupation))
        columns["education"].append(-1 if each.education_level is None else each.education_level)
        columns["municipality"].append(-1 if each.municipality is None else numberings.municipalities.of(each.municipality))
        columns["region"].append(-1 if each.region is None else numberings.regions.of(each.region))
        columns["remote"].append(each.remote)
    essential = _skills([each.essential_skills for each in several], numberings)
    optional = _skills([each.optional_skills for each in several], numberings)
    languages = [need for each in several for need in each.languages]
    needs = Lists.of(
        [len(each.languages) for each in several],
        [numberings.languages.of(need.language) for need in languages],
        [STEPS[need.level] + ESSENTIAL * need.essential for need in languages],
    )
    gates: dict[bytes, int] = {}
    gate = [gates.setdefault(_gate_reads(each), len(gates)) for each in several]
    return Offers(
        tuple(ids),
        tuple(owners),
        tuple(each.model_dump_json().encode() for each in several),
        order_of(ids),
        essential,
        optional,
        needs,
        essential.inverted(len(numberings.skills)),
        optional.inverted(len(numberings.skills)),
        owner=np.array([places[each.owner] for each in several], dtype=np.int32),
        gate=np.array(gate, dtype=np.int32),
        **{name: np.array(column, dtype=np.int32) for name, column in columns.items()},
    )


def _gate_reads(offer: Opportunity) -> bytes:
    """INVARIANT: leaves out only what no gate reads; a field that is new here counts as read."""
    return offer.model_dump_json(exclude=_NOT_READ).encode()


def _skills(lists: list[tuple[str, ...]], numberings: Numberings) -> Lists:
    numbers = [[numberings.skills.of(uri) for uri in dict.fromkeys(each)] for each in lists]
    return Lists.of([len(each) for each in numbers], [number for each in numbers for number in each])


def offer_at(offers: Offers, row: int) -> Opportunity:
    return Opportunity.model_validate_json(offers.documents[row])
