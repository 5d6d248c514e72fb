"""Many opportunities as columns of numbers, and each as the document that it is. Pure; immutable once made.

INVARIANT: columns hold exactly what a score reads of an opportunity.
"""

from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from matching_svc.numbering import Lists, Numberings
from matching_svc.people_columns import order_of
from matching_svc.scoring import silent
from stena.contracts.matching import NewOpportunity, Opportunity

_NOT_READ: Final = {
    *("title", "description", "occupation", "essential_skills", "optional_skills", "teaches", "education_level"),
    *("municipality", "region", "remote", "id", "owner", "state", "created_at", "updated_at", "etag"),
}


@dataclass(frozen=True, slots=True)
class Alike:
    """Rows that agree in some fields: ``samples[which[row]]`` is an opportunity that has just these fields of the row."""

    which: NDArray[np.int32]
    samples: tuple[NewOpportunity, ...]


@dataclass(frozen=True, slots=True)
class Offers:
    """Row ``n`` is the opportunity ``ids[n]``. An occupation of -1 is: none. Rows of one ``shape`` have the same components.

    Rows with the same ``gate`` agree in everything that a gate could read: what one answers, all do.
    """

    ids: tuple[str, ...]
    owners: tuple[str, ...]
    documents: tuple[bytes, ...]
    order: NDArray[np.int32]
    essential: Lists
    optional: Lists
    essential_rows: Lists
    optional_rows: Lists
    languages: Alike
    place: Alike
    education: Alike
    shape: Alike
    occupation: NDArray[np.int32]
    silent: NDArray[np.int64]
    owner: NDArray[np.int32]
    gate: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.ids)


def packed(offers: Iterable[Opportunity], numberings: Numberings) -> Offers:
    several = list(offers)
    owners = list(dict.fromkeys(each.owner for each in several))
    places = {owner: place for place, owner in enumerate(owners)}
    ids = tuple(each.id for each in several)
    essential = _skills([each.essential_skills for each in several], numberings)
    optional = _skills([each.optional_skills for each in several], numberings)
    occupations = (-1 if each.occupation is None else numberings.occupations.of(each.occupation) for each in several)
    gates: dict[bytes, int] = {}
    gate = array("i", (gates.setdefault(gate_reads(each), len(gates)) for each in several))
    return Offers(
        ids,
        tuple(owners),
        tuple(each.model_dump_json().encode() for each in several),
        order_of(ids),
        essential,
        optional,
        essential.inverted(len(numberings.skills)),
        optional.inverted(len(numberings.skills)),
        _alike({"languages": each.languages} for each in several),
        _alike({"remote": each.remote, "municipality": each.municipality, "region": each.region} for each in several),
        _alike({"education_level": each.education_level} for each in several),
        _alike(map(_shape, several)),
        occupation=np.fromiter(occupations, dtype=np.int32, count=len(several)),
        silent=np.flatnonzero([silent(each) for each in several]),
        owner=np.array([places[each.owner] for each in several], dtype=np.int32),
        gate=np.array(gate, dtype=np.int32),
    )


def _alike(asked: Iterable[dict[str, Any]]) -> Alike:
    found: dict[tuple[Any, ...], int] = {}
    samples: list[NewOpportunity] = []
    which = array("i")
    for each in asked:
        at = found.setdefault(tuple(each.values()), len(samples))
        if at == len(samples):
            samples.append(NewOpportunity(title="-", **{"kind": "service", **each}))
        which.append(at)
    return Alike(np.array(which, dtype=np.int32), tuple(samples))


def _shape(offer: Opportunity) -> dict[str, Any]:
    """As little as possible that has the components which ``offer`` has."""
    return {
        "kind": offer.kind,
        "occupation": "" if offer.occupation is not None else None,
        "essential_skills": ("",) if offer.essential_skills else (),
        "optional_skills": ("",) if offer.optional_skills else (),
        "languages": offer.languages[:1],
        "education_level": None if offer.education_level is None else 0,
        "municipality": offer.municipality and "-",
        "region": offer.region and "BG",
        "remote": offer.remote,
    }


def gate_reads(offer: Opportunity) -> bytes:
    """INVARIANT: leaves out only what no gate reads; a field that is new here counts as read."""
    return offer.model_dump_json(exclude=_NOT_READ).encode()


def _skills(lists: list[tuple[str, ...]], numberings: Numberings) -> Lists:
    numbers = [[numberings.skills.of(uri) for uri in dict.fromkeys(each)] for each in lists]
    return Lists.of([len(each) for each in numbers], [number for each in numbers for number in each])


def offer_at(offers: Offers, row: int) -> Opportunity:
    return Opportunity.model_validate_json(offers.documents[row])
