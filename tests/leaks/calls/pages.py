"""Pages of people: listed, filtered, sorted, cut to fields, and followed."""

import json
from collections.abc import Iterator
from typing import Any

from tests.leaks.asking import Fault, Stand, page_as_expected
from tests.leaks.comparing import OPERATORS, comparable, matching
from tests.leaks.expected import ATTRIBUTES, value_of

from .common import Effort, ask_page, listed, may, names, narrowing_status

WHOLE = "/v1/persons?limit=500"


async def list_people(stand: Stand, effort: Effort) -> None:
    await ask_page(stand, "list", "GET", WHOLE)
    await ask_page(stand, "search", "POST", "/v1/persons/search", json={"limit": 500})


async def filter_people(stand: Stand, effort: Effort) -> None:
    """By every attribute with every operator; the value is one that somebody has, so that a leak would tell."""
    somebody = stand.people[-1]
    for name in effort.of(tuple(ATTRIBUTES), may(stand, "person", "list")):
        has = {who.name: value_of(who.values, name) for who in stand.people}
        value = comparable(name, has[somebody.name])
        for operator in OPERATORS if name in stand.asking.ever() else OPERATORS[:1]:
            there = {who for who in listed(stand, "list", name) if matching(name, operator, value, has[who])}
            await _filtered(stand, name, operator, [value] if operator == "in" else value, there)


async def _filtered(stand: Stand, name: str, operator: str, value: Any, there: set[str]) -> None:
    allowed = operator in ATTRIBUTES[name].filters
    status = narrowing_status(stand, "list", name, allowed)
    asked = {"filters": [{"attribute": name, "operator": operator, "value": value}], "limit": 500}
    about: dict[str, Any] = {"there": there, "attribute": name, "status": status}
    await ask_page(stand, f"search {operator}", "POST", "/v1/persons/search", **about, json=asked)
    if allowed:
        text = value if isinstance(value, str) else ",".join(value) if isinstance(value, list) else json.dumps(value)
        await ask_page(stand, f"filter {operator}", "GET", f"{WHOLE}&filter={name}:{operator}:{text}", **about)


async def sort_people(stand: Stand, effort: Effort) -> None:
    for name in effort.of(tuple(ATTRIBUTES), may(stand, "person", "list")):
        status = narrowing_status(stand, "list", name, ATTRIBUTES[name].sortable)
        for sign in ("", "-"):
            there = listed(stand, "list", name)
            await ask_page(stand, "sort", "GET", f"{WHOLE}&sort={sign}{name}", there=there, attribute=name, status=status)


async def list_fields(stand: Stand, effort: Effort) -> None:
    for name in effort.of(tuple(ATTRIBUTES), may(stand, "person", "list")):
        status = narrowing_status(stand, "list", name, True)
        shows = {who: seen & {name} for who, seen in stand.sees("list").items()}
        await stand.ask("list fields", "GET", f"{WHOLE}&fields={name}", status=status, shows=shows, attribute=name)


async def follow(stand: Stand, effort: Effort) -> None:
    """The feed from its beginning: everybody, and then what changed meanwhile."""
    permitted = may(stand, "person", "changes")
    there, told, where = listed(stand, "changes"), set[str](), "/v1/persons/changes?limit=500"
    for _ in range(20):
        answer = await stand.ask(
            "changes",
            "GET",
            where,
            status=200 if permitted else 403,
            shows=stand.sees("changes"),
            check=lambda body: _followed(stand, body, there, told),
        )
        if answer.status_code != 200 or not answer.json()["more"]:
            break
        where = f"/v1/persons/changes?limit=500&since={answer.json()['cursor']}"
    if missing := there - told:
        stand.note("changes", [Fault("over-redaction", f"{sorted(missing)} never came")])


def _followed(stand: Stand, body: Any, there: set[str], told: set[str]) -> Iterator[Fault]:
    """``told`` gathers whom the feed has told of."""
    people = [change["person"] for change in body["changes"] if change["person"] is not None]
    known = names(stand)
    now = {known[view["id"]].name for view in people if view["id"] in known}
    told.update(now)
    yield from page_as_expected(people, known, stand.sees("changes"), now & there)
