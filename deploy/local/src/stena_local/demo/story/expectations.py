"""What the story must show, read from a file written by hand; and where an answer deviates from it. Asks nobody anything."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from stena_local.demo.reference import read

SEEN: Final = "sees"
_DEFAULT: Final = "not-necessary"
_REASONS: Final = ("consent-missing", "not-assigned")


@dataclass(frozen=True, eq=False)
class View:
    """What one organisation sees for one purpose. ``withheld`` names only those with another reason than not-necessary."""

    organisation: str
    purpose: str
    heading: str
    sees: frozenset[str]
    withheld: Mapping[str, str]

    def expected(self, attribute: str) -> str:
        """``sees``, or the reason for which the attribute is withheld."""
        return SEEN if attribute in self.sees else self.withheld.get(attribute, _DEFAULT)


@cache
def views() -> tuple[View, ...]:
    """The five views of the protagonist."""
    return tuple(map(_view, read("expectations")["views"]))


@cache
def shortlist() -> View:
    """What an employer sees of any candidate."""
    return _view(read("expectations")["shortlist"])


def shown(person: Mapping[str, Any], attribute: str) -> str:
    """How an answer treats an attribute: ``sees``, the reason beside it, or ``missing`` if it does not speak of it."""
    if attribute in person["attributes"]:
        return SEEN if attribute not in person["withheld"] else "both"
    return str(person["withheld"].get(attribute, "missing"))


def deviations(view: View, catalogue: Iterable[str], person: Mapping[str, Any]) -> Iterator[str]:
    """Where the answer is not what the view promises, over every attribute of the catalogue and every one in the answer."""
    for attribute in sorted({*catalogue, *person["attributes"], *person["withheld"]}):
        expected, found = view.expected(attribute), shown(person, attribute)
        if expected != found:
            yield f"{view.organisation} for {view.purpose}: {attribute} is {found}, should be {expected}"


def _view(entry: Mapping[str, Any]) -> View:
    return View(
        organisation=entry["organisation"],
        purpose=entry["purpose"],
        heading=entry.get("heading", entry["organisation"]),
        sees=frozenset(entry["sees"]),
        withheld={attribute: reason for reason in _REASONS for attribute in entry.get(reason, ())},
    )
