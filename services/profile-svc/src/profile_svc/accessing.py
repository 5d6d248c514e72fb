"""Everything that is held about a person, for the person (GDPR Arts 15 and 20): section by section, a page at a time.

INVARIANT: a section shows what is stored about this person and nobody else; notes come masked, and what others wrote of the
person without releasing it is told to be there. Attributes, and their history, are those that the grant discloses.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal
from uuid import UUID

from profile_svc import correcting, objecting, restricting
from profile_svc.attributes import Attributes
from profile_svc.consent_views import Views
from profile_svc.disclosure import is_disclosed
from profile_svc.noting import key_of
from profile_svc.reading import view_of, viewer
from profile_svc.releasing import readable
from profile_svc.sealing import PersonKey
from profile_svc.store import accesses, cases, consents, corrections, notes, objections, restrictions
from profile_svc.store.records import StoredPerson
from profile_svc.store.vault import Connection, Vault
from profile_svc.writing import NotThere, locked, require_seen
from stena.contracts.access import Grant

Section = Literal["record", "history", "consents", "notes", "cases", "referrals", "corrections", "restrictions", "objections"]
"""In the order in which they are told."""

SignInStep = Literal["issue", "link", "read", "revoke"]

PAGE: Final = 200
"""So much of a section is in one answer."""


@dataclass(frozen=True, slots=True)
class Page:
    """Items of a section; ``after`` names the last of them, if there are more."""

    items: list[dict[str, Any]]
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose data is told, and with what it is opened."""

    vault: Vault
    grant: Grant
    attributes: Attributes
    connection: Connection
    person: StoredPerson
    key: PersonKey
    after: str | None


async def read(
    vault: Vault, grant: Grant, attributes: Attributes, person_id: UUID, section: Section, after: str | None
) -> Page:
    """A page of a section, after the item with which the page before ended. Raises ``NotThere``."""
    async with vault.transaction() as connection:
        person = await locked(connection, person_id, grant.rows)
        key = await key_of(vault, person_id)
        return await _SECTIONS[section](Asked(vault, grant, attributes, connection, person, key, after))


async def require_there(vault: Vault, grant: Grant, person_id: UUID) -> None:
    """Raises ``NotThere`` unless the grant's rows hold for the person."""
    async with vault.transaction() as connection:
        await require_seen(connection, person_id, grant.rows)


async def _record(asked: Asked) -> Page:
    seen_by = viewer(asked.vault, asked.grant, asked.attributes)
    view = await view_of(asked.vault, asked.connection, seen_by, asked.person.person_id)
    if view is None:
        raise NotThere("There is no such person for this caller.")
    facts = asked.person.facts
    return Page([{"person": view, "created_by": facts.created_by, "assigned": facts.assigned, "restricted": facts.restricted}])


async def _history(asked: Asked) -> Page:
    """Earlier values, by whom each was said and by whom it was replaced."""
    found = await accesses.history(asked.connection, asked.person.person_id, asked.after, PAGE + 1)
    names = [name for name in asked.attributes.by_name if is_disclosed(asked.grant, name)]
    items = [each.view(asked.key) for each in found[:PAGE] if each.attribute in names]
    return Page(items, found[PAGE - 1].place if len(found) > PAGE else None)


async def _consents(asked: Asked) -> Page:
    """Every word that was ever said, and how the newest of each matter stands now."""
    said = await consents.all_of(asked.connection, asked.person.person_id)
    now = datetime.now(UTC)
    views = Views(asked.vault, asked.grant, asked.key, asked.person.facts.minor, now)
    by_purpose: dict[str, list[Any]] = {}
    for one in said:
        by_purpose.setdefault(one.purpose, []).append(one)
    return Page([view.model_dump() for words in by_purpose.values() for view in views.history(words)])


async def _notes(asked: Asked) -> Page:
    before = None if asked.after is None else UUID(asked.after)
    found = await notes.released(asked.connection, asked.person.person_id, before, PAGE + 1)
    page = found[:PAGE]
    views = await readable(asked.vault, asked.connection, asked.person, asked.key, asked.attributes, page)
    return Page(views, str(page[-1].note.note_id) if len(found) > PAGE else None)


async def _cases(asked: Asked) -> Page:
    found = await cases.find(asked.connection, asked.person.person_id, True)
    names = ("organisation", "basis", "opened_at", "opened_by", "closed_at", "closed_by")
    return Page([{name: getattr(case, name) for name in names} for case in found])


async def _referrals(asked: Asked) -> Page:
    """Without their reasons: nobody can say yet who else is in those."""
    found = await accesses.referrals_of(asked.connection, asked.person.person_id)
    return Page([{**each, "reason": None, "withheld": "not-released"} for each in found])


async def _corrections(asked: Asked) -> Page:
    found = await corrections.of_person(asked.connection, asked.person.person_id)
    return Page([_mine(correcting.view_of(asked.vault, asked.grant, asked.key, each)) for each in found])


async def _restrictions(asked: Asked) -> Page:
    found = await restrictions.of_person(asked.connection, asked.person.person_id)
    return Page([restricting.view_of(asked.vault, asked.grant, asked.key, each, datetime.now(UTC)) for each in found])


async def _objections(asked: Asked) -> Page:
    found = await objections.of_person(asked.connection, asked.person.person_id)
    return Page([_mine(objecting.view_of(asked.vault, asked.grant, asked.key, each)) for each in found])


def _mine(view: Mapping[str, Any]) -> dict[str, Any]:
    """Without the person: there is only one."""
    return {name: value for name, value in view.items() if name != "person"}


_SECTIONS: Final[Mapping[Section, Callable[[Asked], Awaitable[Page]]]] = {
    "record": _record,
    "history": _history,
    "consents": _consents,
    "notes": _notes,
    "cases": _cases,
    "referrals": _referrals,
    "corrections": _corrections,
    "restrictions": _restrictions,
    "objections": _objections,
}
