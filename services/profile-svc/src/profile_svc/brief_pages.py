"""A page of people in which what several of them have in common is said once. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any


def brief(views: Sequence[Mapping[str, Any]], more: bool) -> dict[str, Any]:
    """``stena.contracts.profile.BriefPeople`` as JSON, of views that share what they have in common."""
    provenance, withheld = _Shared(), _Shared()
    people = [
        {**view, "provenance": provenance.place(view["provenance"]), "withheld": withheld.place(view["withheld"])}
        for view in views
    ]
    return {"people": people, "more": more, "provenance": provenance.said, "withheld": withheld.said}


class _Shared:
    """What was said, each once, in the order in which it was first met."""

    def __init__(self) -> None:
        self.said: list[Mapping[str, Any]] = []
        self._places: dict[int, int] = {}

    def place(self, what: Mapping[str, Any]) -> int:
        """Where ``what`` is among all. It is known by identity: a view that does not share it says it anew."""
        place = self._places.setdefault(id(what), len(self.said))
        if place == len(self.said):
            self.said.append(what)
        return place
