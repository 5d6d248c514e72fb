"""What the wall has to do, from the tables of purposes as they were transcribed for tests, and from the approvals.

INVARIANT: nothing here looks at an answer, and nothing asks the code that decides calls. ``test_expected.py`` holds these
readings to the rulebook's own matrix.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import product
from typing import Any, Final

from policy_svc.approvals import Approval
from tests.system.test_purposes_operations import FOLLOWED, FOLLOWER, TABLE, WRITES, attributes, cell
from tests.system.test_purposes_table import EVERYBODY, FIRST, Person, gets

from .cast import Somebody
from .target import CATALOGUE, RULEBOOK

ATTRIBUTES: Final = {each.name: each for each in CATALOGUE.attributes}
PURPOSES: Final = tuple(RULEBOOK.purposes)
FORBIDDEN: Final = frozenset(each.id for each in CATALOGUE.purposes if each.forbidden)


@dataclass(frozen=True)
class Expected:
    """One organisation asking for one purpose. ``speaks_for``: whose own client it is, where it is a person's."""

    organisation: str
    purpose: str
    speaks_for: str | None = None

    @property
    def approvals(self) -> tuple[Approval, ...]:
        approved = RULEBOOK.organisations[self.organisation]
        today = datetime.now(UTC).date()
        return tuple(each for each in approved.approvals if each.purpose == self.purpose and each.live(today))

    @property
    def approved(self) -> bool:
        return bool(self.approvals) and self.purpose not in FORBIDDEN

    def may(self, kind: str, operation: str) -> str | None:
        """``None``: not; otherwise the qualifier that the table puts behind the operation, or nothing."""
        if not self.approved:
            return None
        if self.organisation == FOLLOWER:
            followed = kind == "person" and operation == "changes" and self.purpose in FOLLOWED
            return "" if followed else None
        return cell(kind, self.purpose).get(operation) if self.purpose in TABLE.get(kind, {}) else None

    def reaches(self, who: Somebody, kind: str = "person", operation: str = "read") -> bool:
        """Whether the person is there at all for this caller and operation."""
        qualifier = self.may(kind, operation)
        if qualifier is None or not self.visible(who, kind):
            return False
        return self.purpose == "data-subject-access" or self._qualifies(who, qualifier)

    def visible(self, who: Somebody, kind: str = "person") -> bool:
        """Whether the person is one of those whom this caller may be told of, whatever is asked."""
        if self.speaks_for not in (None, who.name):
            return False
        if self.purpose == "data-subject-access" or kind == "ledger":
            return True
        regions = {region for approval in self.approvals for region in approval.regions}
        if not regions & set(who.region_path) or (who.restricted and self.organisation not in who.assigned):
            return False
        return who.minor or self.purpose != "guardianship"

    def _qualifies(self, who: Somebody, qualifier: str) -> bool:
        own = who.created_by == self.organisation
        assigned = self.organisation in who.assigned
        return {"": True, "own": own, "assigned": assigned, "own or assigned": own or assigned}[qualifier]

    def sees(self, who: Somebody, operation: str = "read") -> frozenset[str]:
        """The attributes of ``who`` that a call for this operation lets through."""
        if self.purpose not in FIRST or not self.reaches(who, "person", operation):
            return frozenset()
        return frozenset(gets(self.organisation, self.purpose, self._as_the_table_speaks(who)))

    def ever(self) -> frozenset[str]:
        """What is disclosed of anybody at all: only this may be asked for by name."""
        if self.purpose not in FIRST:
            return frozenset()
        return frozenset[str]().union(*(gets(self.organisation, self.purpose, person) for person in EVERYBODY))

    def writes(self, who: Somebody) -> frozenset[str]:
        """The attributes that may be written of ``who``."""
        always, _, with_consent = WRITES.get(self.purpose, "").partition(";")
        named = always + with_consent.removesuffix("with consent") if self._consents(who) else always
        return frozenset(attributes(RULEBOOK, named))

    def may_write(self) -> frozenset[str]:
        """What may be written of somebody."""
        return frozenset(attributes(RULEBOOK, WRITES.get(self.purpose, "").replace(";", "").removesuffix("with consent")))

    def _as_the_table_speaks(self, who: Somebody) -> Person:
        own = who.created_by == self.organisation
        return Person(self.organisation in who.assigned, self._consents(who), own, who.restricted, who.minor)

    def _consents(self, who: Somebody) -> bool:
        return not {self.purpose, f"{self.purpose}@{self.organisation}"}.isdisjoint(who.consents)


def everybody_asking() -> Iterator[Expected]:
    """Every organisation for every purpose, approved or not."""
    for organisation, purpose in product(RULEBOOK.organisations, PURPOSES):
        yield Expected(organisation, purpose)


def value_of(values: Mapping[str, Any], attribute: str) -> Any:
    """What ``attribute`` has to show of somebody with these stored values; derived ones worked out here anew."""
    return _DERIVED[attribute](values) if attribute in _DERIVED else values.get(attribute)


def _age(values: Mapping[str, Any]) -> int:
    born, today = date.fromisoformat(values["date_of_birth"]), datetime.now(UTC).date()
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def _band(values: Mapping[str, Any]) -> str:
    bands = ("0-17", "18-24", "25-34", "35-44", "45-54", "55-64", "65+")
    return bands[sum(_age(values) >= begin for begin in (18, 25, 35, 45, 55, 65))]


def _place(member: str) -> Any:
    return lambda values: values.get("residence", {}).get(member)


def _right_to_work(values: Mapping[str, Any]) -> Any:
    """Refugees and people with humanitarian status work freely as long as the status lasts (bgr.free-access)."""
    status = values["legal_status"][0]
    return [{"from": status["from"], "until": status["until"], "answer": "yes", "rule": "bgr.free-access"}]


_DERIVED: Final[Mapping[str, Any]] = {
    "initials": lambda values: f"{values['given_name']['latin'][0].upper()}. {values['family_name']['latin'][0].upper()}.",
    "age_band": _band,
    "adult": lambda values: _age(values) >= 18,
    "of_working_age": lambda values: 16 <= _age(values) < 67,
    "eu_citizen": lambda values: "BGR" in values["nationalities"],
    "has_dependants": lambda values: bool(values["dependants"]),
    "municipality": _place("municipality"),
    "region": _place("nuts"),
    "right_to_work": _right_to_work,
}
