"""Whom the matrix is about: a person for every combination of record facts that rules look at, full of canaries."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Final

from tests.system.people import consent
from tests.system.test_purposes_table import FIRST

from .canaries import Canary, Mint
from .target import CATALOGUE

ORGANISATIONS: Final = tuple(each.id for each in CATALOGUE.organisations)
THIS_YEAR: Final = datetime.now(UTC).year
AGES: Final = {True: 12, False: 36}
"""Years of life of somebody who is a minor, or is not."""

SOFIA: Final = ("BG", "BG4", "BG41", "BG411")
VARNA: Final = ("BG", "BG3", "BG33", "BG331")
SOMEWHERE: Final = ("BG",)
COMMON_SKILL: Final = "http://data.europa.eu/esco/skill/00000000-0000-4000-8000-000000000002"
"""Everybody's, and what is looked for: not a secret of anybody."""

AGREED: Final = tuple(FIRST)
"""Consent to every purpose of the table."""

EVERYBODY: Final = tuple(organisation for organisation in ORGANISATIONS if organisation != "return-desk")


@dataclass(frozen=True)
class Somebody:
    """A person by the facts that decide, with ``values`` of all stored attributes but those ``lacking``.

    ``name`` is also the external id, ``number`` what makes the canaries this person's own.
    """

    name: str
    number: int
    region_path: tuple[str, ...] = SOFIA
    assigned: tuple[str, ...] = ()
    consents: tuple[str, ...] = ()
    restricted: bool = False
    minor: bool = False
    created_by: str = "reception-agency"
    lacking: tuple[str, ...] = ()

    @property
    def facts(self) -> dict[str, Any]:
        names = ("region_path", "assigned", "consents", "restricted", "minor", "created_by")
        return {name: getattr(self, name) for name in names} | {"objections": ()}

    @property
    def values(self) -> dict[str, Any]:
        """All stored attributes."""
        return self._minted[0]

    @property
    def consent_text(self) -> str:
        """What was signed: for only those who may read consents."""
        return self._minted[1]

    @property
    def canaries(self) -> list[Canary]:
        return self._minted[2]

    @cached_property
    def _minted(self) -> tuple[dict[str, Any], str, list[Canary]]:
        mint = Mint(self.name, self.number)
        values = {name: value for name, value in _values(self, mint).items() if name not in self.lacking}
        return values, mint.text("consents"), mint.made

    def line(self, **changes: Any) -> dict[str, Any]:
        """As `stena import` takes it."""
        return {
            "external_id": self.name,
            "created_by": self.created_by,
            "assigned": list(self.assigned),
            "restricted": self.restricted,
            "consents": [consent(text) | {"text_version": self.consent_text} for text in self.consents],
            "attributes": self.values | changes,
            "verified": {"skills": "employment-agency"},
        }


SUBJECT: Final = Somebody("written about", 13, assigned=EVERYBODY)
"""Of whom nothing is known: calls that write are about them, so that what is expected of the others stays as it is."""

LEAVING: Final = Somebody("leaving", 14, assigned=("bread-and-bridges",), created_by="bread-and-bridges")
"""The same, of what people do themselves: in the end they are erased, for which no authority may have a case of theirs."""


def cast() -> list[Somebody]:
    return [
        Somebody("plain", 1),
        Somebody("assigned", 2, assigned=EVERYBODY),
        Somebody("consenting", 3, consents=AGREED),
        Somebody("consenting-to-one", 4, consents=tuple(f"{purpose}@bread-and-bridges" for purpose in AGREED)),
        Somebody("restricted", 5, restricted=True, consents=AGREED),
        Somebody("restricted-assigned", 6, restricted=True, assigned=EVERYBODY, consents=AGREED),
        Somebody("minor", 7, minor=True),
        Somebody("minor-most-open", 8, minor=True, assigned=EVERYBODY, consents=AGREED),
        Somebody("elsewhere", 9, region_path=VARNA, assigned=EVERYBODY, consents=AGREED),
        Somebody("somewhere", 10, region_path=SOMEWHERE, consents=AGREED),
        Somebody("of-another", 11, created_by="bread-and-bridges", assigned=("bread-and-bridges",)),
        Somebody("most-open", 12, assigned=EVERYBODY, consents=AGREED),
    ]


def newcomer(organisation: str) -> Somebody:
    """Who is registered through the API while the matrix runs: without what wants a consent to be written."""
    return Somebody(
        f"registered by {organisation}",
        200 + ORGANISATIONS.index(organisation),
        assigned=(organisation,),
        created_by=organisation,
        lacking=("ethnic_origin", "religion"),
    )


def _values(who: Somebody, mint: Mint) -> dict[str, Any]:
    """All stored attributes, with a canary wherever the attribute's shape has room for one."""
    born = THIS_YEAR - AGES[who.minor] - 1
    values = _identity(mint) | _age_and_origin(mint, born) | _status(mint) | _needs(mint) | _learning(mint) | _wishes(mint)
    place = mint.text("residence", "municipality"), mint.text("residence")
    if len(who.region_path) == 4:
        values["residence"] = {"municipality": place[0], "nuts": who.region_path[-1], "settlement": place[1]}
    return values


def _identity(mint: Mint) -> dict[str, Any]:
    def name(attribute: str) -> dict[str, str]:
        return {"native": mint.native(attribute), "latin": mint.text(attribute)}

    return {
        "given_name": name("given_name"),
        "family_name": name("family_name"),
        "national_number": mint.text("national_number").upper(),
        "phone": mint.phone("phone"),
        "email": mint.text("email", form="{}@example.org"),
        "postal_address": mint.text("postal_address"),
    }


def _age_and_origin(mint: Mint, born: int) -> dict[str, Any]:
    return {
        "date_of_birth": mint.day(born, "date_of_birth"),
        "gender": "female",
        "nationalities": ["UKR", "MDA"],
        "country_of_birth": "UZB",
        "ethnic_origin": mint.text("ethnic_origin"),
        "religion": mint.text("religion"),
        "marital_status": "widowed",
        "dependants": [{"relation": mint.text("dependants"), "born": mint.day(2009, "dependants")}],
        "guardian": {"name": mint.text("guardian"), "relation": mint.text("guardian"), "phone": mint.phone("guardian")},
    }


def _status(mint: Mint) -> dict[str, Any]:
    return {
        "legal_status": [{"status": "refugee", "from": mint.day(2018, "legal_status", "right_to_work"), "until": None}],
        "permit": {
            "type": mint.text("permit"),
            "issued": mint.day(2019, "permit", "right_to_work"),
            "expires": mint.day(2051, "permit", "right_to_work"),
            "employer_bound": False,
        },
        "procedure_stage": {
            "stage": "closed",
            "registered_on": mint.day(2017, "procedure_stage", "right_to_work"),
            "accelerated": False,
        },
        "asylum_grounds": [mint.text("asylum_grounds")],
        "documents": [
            {"type": mint.text("documents"), "issued_by": mint.text("documents"), "expires": mint.day(2052, "documents")}
        ],
    }


def _needs(mint: Mint) -> dict[str, Any]:
    coded = ("health_needs", "disability", "vulnerabilities", "adjustments_needed", "access_needs", "reception_needs")
    return {name: [mint.text(name)] for name in coded} | {"pregnancy": True}


def _learning(mint: Mint) -> dict[str, Any]:
    worked, asked = mint.concept("occupation", "work_history"), mint.text("recognition")
    levels = dict.fromkeys(("listening", "reading", "interaction", "production", "writing"), "C1")
    return {
        "education_level": 6,
        "field_of_study": "0721",
        "qualifications": [{"title": mint.text("qualifications"), "level": 6, "field": "0721", "country": "UKR"}],
        "recognition": [{"qualification": asked, "state": "requested", "authority": mint.text("recognition")}],
        "qualification_dates": [{"qualification": mint.text("qualification_dates"), "year": 2013}],
        "work_history": [{"occupation": worked, "months": 64, "country": "UKR"}],
        "work_dates": [{"occupation": mint.concept("occupation", "work_dates"), "from": "2014-03", "until": None}],
        "skills": [COMMON_SKILL, mint.concept("skill", "skills")],
        "driving_licences": ["B", "C1E"],
        "digital_skills": "intermediate",
        "languages": [{"language": "bul", **levels}],
        "mother_tongue": "crh",
        "needs_interpreter": True,
    }


def _wishes(mint: Mint) -> dict[str, Any]:
    return {
        "availability": {"from": mint.day(2053, "availability"), "hours": "full-time"},
        "wanted_occupations": [mint.concept("occupation", "wanted_occupations")],
        "remote": True,
        "max_distance_km": 1371,
        "same_gender_mentor": True,
    }
