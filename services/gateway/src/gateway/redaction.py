"""The second wall: what a source answered, held against the grant that it was asked under. Pure.

INVARIANT: a surplus is never quietly dropped. A source that sends what the grant does not name has a fault that may have
leaked elsewhere too, so nothing of the answer leaves and operators hear of it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

from gateway.calls import Seen
from stena.contracts.access import Grant
from stena.contracts.condition import evaluate

_PERSON: Final = frozenset({"id", "attributes", "provenance", "withheld", "etag"})
_PERSON_MAY_HAVE: Final = frozenset({"updated_at"})
_WHOLE_PERSON: Final = _PERSON | _PERSON_MAY_HAVE
_BRIEF_PERSON: Final = _WHOLE_PERSON - {"etag"}
_PAGE: Final = frozenset({"people", "more"})
_BRIEF_PAGE: Final = _PAGE | {"provenance", "withheld"}
_VERIFIED: Final = frozenset({"verified"})
_PROVENANCE: Final = frozenset({"verified", "by", "at"})

MOST_SHAPES: Final = 4
"""What views of one page may show and withhold, the latest: looking for one more costs more than looking at it."""

View = Mapping[str, Any]
"""A person as profile-svc answers it: the members of ``stena.contracts.profile.Person`` as plain JSON."""


class Surplus(Exception):
    """A source answered with what the grant does not name, or with what is no answer to the question.

    Says which rule was broken and names attributes and members, never values.
    """

    def __init__(self, rule: str, names: Iterable[str] = ()) -> None:
        super().__init__(rule)
        self.rule = rule
        self.names = sorted(names)


class PersonWall:
    """Checks person views against one grant; built once for a page of people."""

    def __init__(self, grant: Grant, fields: Collection[str] | None = None) -> None:
        self._allowed = grant.disclose.keys() if fields is None else grant.disclose.keys() & set(fields)
        self._full_provenance = grant.provenance == "full"
        # An attribute that is disclosed without condition has no reason to be withheld for.
        open_ones = {name: each.otherwise for name, each in grant.disclose.items() if each.when is not True}
        self._reasons: Mapping[str, str] = {**grant.withhold, **open_ones}
        self._passed: list[tuple[list[str], Mapping[str, str]]] = []

    def check(self, view: View, asked: Collection[str] | None = None) -> View:
        """``view`` itself, if everything in it is named by the grant; raises ``Surplus``. ``asked``: the ids asked for."""
        if not isinstance(view, dict) or view.keys() != _WHOLE_PERSON:
            members(view, _PERSON, "person", _PERSON_MAY_HAVE)
        if asked is not None and view["id"] not in asked:
            raise Surplus("another person")
        attributes, withheld = view["attributes"], view["withheld"]
        # Most of a page show and withhold the same: names and reasons that have passed once pass again.
        shape = ([*attributes], withheld)
        if shape not in self._passed:
            self._check_names(attributes, withheld)
            self._passed = [shape, *self._passed][:MOST_SHAPES]
        self._check_provenance(view["provenance"], attributes)
        return view

    def check_people(self, page: Mapping[str, Any], limit: int) -> list[View]:
        """The views of a page, ``People`` or ``BriefPeople`` of ``stena.contracts.profile``; in views of the latter stands what
        they share, and no tag. Raises ``Surplus``, also for more people than ``limit`` and for somebody twice."""
        if isinstance(page, dict) and page.keys() == _BRIEF_PAGE:
            views = self._unfolded(page)
        else:
            views = [self.check(view) for view in members(page, _PAGE, "page")["people"]]
        check_page(views, limit)
        return views

    def _unfolded(self, page: Mapping[str, Any]) -> list[View]:
        for said in page["provenance"]:
            self._check_provenance(said, self._allowed)
        for reasons in page["withheld"]:
            self._check_names({}, reasons)
        views: list[View] = []
        passed = set[tuple[Any, ...]]()
        for person in page["people"]:
            if not isinstance(person, dict) or person.keys() != _BRIEF_PERSON:
                members(person, _BRIEF_PERSON, "person")
            attributes = person["attributes"]
            provenance = _placed(page["provenance"], person["provenance"])
            withheld = _placed(page["withheld"], person["withheld"])
            shape = (person["provenance"], person["withheld"], *attributes)
            if shape not in passed:
                self._check_names(attributes, withheld)
                _refuse("provenance", provenance.keys() - attributes.keys())
                passed.add(shape)
            views.append({**person, "provenance": provenance, "withheld": withheld})
        return views

    def _check_provenance(self, provenance: Mapping[str, Any], names: Collection[str]) -> None:
        _refuse("provenance", provenance.keys() - names)
        for name, said in provenance.items():
            if said.keys() != _VERIFIED:
                self._check_who_said(name, said)

    def _check_names(self, attributes: Mapping[str, Any], withheld: Mapping[str, str]) -> None:
        _refuse("attribute", attributes.keys() - self._allowed)
        _refuse("withheld and shown", withheld.keys() & attributes.keys())
        _refuse("reason", dict(withheld.items() - self._reasons.items()))

    def _check_who_said(self, name: str, said: Mapping[str, Any]) -> None:
        _refuse("member of provenance", said.keys() - _PROVENANCE)
        if not self._full_provenance and (said.get("by") is not None or said.get("at") is not None):
            raise Surplus("who said it", [name])


def check_page(views: Collection[View], limit: int) -> None:
    """No more people than were asked for, and nobody twice."""
    if len(views) > limit or len({view["id"] for view in views}) != len(views):
        raise Surplus("number of people")


def _placed(shared: Sequence[Mapping[str, Any]], place: Any) -> Mapping[str, Any]:
    if type(place) is not int or not 0 <= place < len(shared):
        raise Surplus("place in a page")
    return shared[place]


def seen(view: View) -> Seen:
    """What the ledger says of a view that is about to leave."""
    return Seen(view["id"], frozenset(view["attributes"]))


def withheld_count(views: Iterable[View]) -> int:
    """How many attributes at least one of the views withholds."""
    shared = {id(view["withheld"]): view["withheld"] for view in views}  # most of a page have theirs in common
    return len(frozenset[str]().union(*shared.values()))


def members(
    document: Mapping[str, Any], wanted: Collection[str], what: str, optional: Collection[str] = ()
) -> Mapping[str, Any]:
    """``document`` itself, if it has the members ``wanted``, perhaps the ``optional`` ones, and no other; else ``Surplus``."""
    if not isinstance(document, dict):
        raise Surplus(f"no {what}")
    _refuse(f"member of {what}", document.keys() - {*wanted, *optional})
    _refuse(f"missing in {what}", set(wanted) - document.keys())
    return document


def check_rows(grant: Grant, **facts: str | list[str]) -> None:
    """Raises ``Surplus`` if a record with these facts is one that the grant's rows leave out, whatever its other facts are."""
    if evaluate(grant.rows, facts) is False:
        raise Surplus("row outside the grant")


def explanation(items: Mapping[str, Any], disclosed: Collection[str]) -> dict[str, Any]:
    """The explanation of a pair without what rests on attributes that the caller does not see of this person.

    Skills found or missing rest on ``skills``; components and gates name what they used.
    """
    known = frozenset(disclosed)
    skills = known >= {"skills"}
    return {
        "matched": items["matched"] if skills else [],
        "near": [item for item in items["near"] if skills and known.issuperset(item["uses"])],
        "missing": items["missing"] if skills else [],
        "components": [item for item in items["components"] if known.issuperset(item["uses"])],
        "gates": [item for item in items["gates"] if known.issuperset(item["uses"])],
        "model": items["model"],
    }


def skill_gaps(found: Mapping[str, Any], disclosed: Collection[str]) -> dict[str, Any]:
    """The gaps of a person without what rests on attributes that the caller does not see of this person; all rest on skills."""
    known = frozenset(disclosed)
    if "skills" not in known:
        return {"gaps": [], "considered": 0, "open": 0}
    return {**found, "gaps": [gap for gap in found["gaps"] if known.issuperset(gap["uses"])]}


def _refuse(rule: str, names: Collection[str]) -> None:
    if names:
        raise Surplus(rule, names)
