"""What the calls of the matrix have in common: whom they are about, how much is tried, and how a page is judged."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final, TypeVar

from tests.leaks.asking import Stand, people_as_expected
from tests.leaks.cast import Somebody
from tests.leaks.target import CATALOGUE

Thing = TypeVar("Thing")
Ask = Callable[[Stand, "Effort"], Awaitable[None]]

JSON: Final = {"Content-Type": "application/json"}
MERGE: Final = {"Content-Type": "application/merge-patch+json"}
KINDS: Final[Mapping[str, frozenset[str]]] = {each.id: frozenset(each.kinds) for each in CATALOGUE.purposes}
"""Purpose → the kinds of opportunities that people may be matched with for it."""


class Effort:
    """How much of what could be tried is tried: with ``1`` everything, with ``n`` every n-th and at least one, others for each
    caller.

    Of what is refused whole, whatever it is about, a little is enough.
    """

    def __init__(self, step: int, first: int = 0) -> None:
        self._step, self._first = step, first

    def of(self, things: Sequence[Thing], permitted: bool) -> Sequence[Thing]:
        return things[self._first % min(self._step, len(things) or 1) :: self._step] if permitted else things[-1:]


def path(stand: Stand, who: Somebody, rest: str = "") -> str:
    return f"/v1/persons/{stand.ids[who.name]}{rest}"


def may(stand: Stand, kind: str, operation: str) -> bool:
    return stand.asking.may(kind, operation) is not None


def status_about(stand: Stand, who: Somebody, kind: str, operation: str) -> int:
    """Refused without looking; not there for this caller; answered."""
    if not may(stand, kind, operation) or stand.asking.speaks_for not in (None, who.name):
        return 403
    return 200 if stand.asking.reaches(who, kind, operation) else 404


def narrowing_status(stand: Stand, operation: str, name: str, allowed: bool) -> int:
    """Of a list that is narrowed or ordered by an attribute; ``allowed``: the catalogue can do that with it."""
    if not may(stand, "person", operation) or name not in stand.asking.ever():
        return 403
    return 200 if allowed else 400


def names(stand: Stand) -> dict[str, Somebody]:
    """Whom the ids in an answer stand for."""
    return {stand.ids[who.name]: who for who in stand.people}


def listed(stand: Stand, operation: str, by: str | None = None) -> set[str]:
    """Who is in a list; in one that is narrowed by an attribute only those of whom it is disclosed."""
    seen = stand.sees(operation)
    reached = {who.name for who in stand.people if stand.asking.reaches(who, "person", operation)}
    return {name for name in reached if by is None or by in seen[name]}


async def ask_page(
    stand: Stand,
    call: str,
    method: str,
    where: str,
    *,
    there: set[str] | None = None,
    attribute: str | None = None,
    status: int | None = None,
    **options: Any,
) -> None:
    """A page of people: exactly those ``there``, each as they may be seen."""
    permitted = 200 if may(stand, "person", "list") else 403
    seen, everybody = stand.sees("list"), listed(stand, "list") if there is None else there
    await stand.ask(
        call,
        method,
        where,
        status=permitted if status is None else status,
        shows=seen,
        attribute=attribute,
        check=partial(people_as_expected, names=names(stand), seen=seen, there=everybody),
        **options,
    )
