"""One person: by their id, by attribute, by what is known of them."""

from functools import partial
from typing import Final

from tests.leaks.asking import Stand, people_as_expected, person_as_expected
from tests.leaks.expected import ATTRIBUTES

from .common import Effort, may, names, path, status_about

LOOKED_UP: Final = tuple(name for name, attribute in ATTRIBUTES.items() if attribute.lookup is not None)


async def read(stand: Stand, effort: Effort) -> None:
    for who in stand.people if may(stand, "person", "read") else stand.people[-2:]:
        seen = stand.asking.sees(who)
        await stand.ask(
            "read",
            "GET",
            path(stand, who),
            status=status_about(stand, who, "person", "read"),
            shows={who.name: seen},
            check=partial(person_as_expected, who=who, seen=seen),
        )


async def read_fields(stand: Stand, effort: Effort) -> None:
    """Every attribute by name: what is disclosed of nobody is a 403 that names it."""
    permitted = may(stand, "person", "read")
    for who in effort.of((stand.people[0], stand.people[1], stand.people[-1]), permitted):
        known = status_about(stand, who, "person", "read")
        if known == 404:
            continue
        for name in effort.of(tuple(ATTRIBUTES), permitted):
            seen = stand.asking.sees(who) & {name}
            await stand.ask(
                "read fields",
                "GET",
                path(stand, who, f"?fields={name}"),
                status=known if name in stand.asking.ever() else 403,
                shows={who.name: seen},
                attribute=name,
                check=partial(person_as_expected, who=who, seen=seen, fields=[name]),
            )


async def look_up(stand: Stand, effort: Effort) -> None:
    """By the very value that somebody has: only who may see it of them finds them by it."""
    permitted = may(stand, "person", "read") and stand.asking.speaks_for is None
    for who in effort.of(stand.people, permitted):
        for name in LOOKED_UP:
            value = who.values[name]
            known = value["latin"] if isinstance(value, dict) else value
            seen = {who.name: stand.asking.sees(who)}
            there = {who.name} if name in seen[who.name] else set()
            await stand.ask(
                "lookup",
                "POST",
                "/v1/persons/lookup",
                status=200 if permitted and name in stand.asking.ever() else 403,
                shows=seen,
                attribute=name,
                check=partial(people_as_expected, names=names(stand), seen=seen, there=there),
                json={"match": {name: known}},
            )
