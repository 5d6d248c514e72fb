"""The matrix: purpose × kind of organisation × attribute → disclosed, on a condition, or withheld. From the rulebook alone.

It is what a privacy officer reads and signs. It decides no call; ``cells`` reads it off the plans that decisions follow.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from policy_svc.approvals import Approval, Approved
from policy_svc.cells import Verb, View, forbidden, view
from policy_svc.rulebook import Rulebook
from policy_svc.ways import ALWAYS, NEVER, Ways
from policy_svc.wording import Reader
from stena.contracts.catalogue import Attribute, Purpose

State = Literal["open", "conditional", "withheld"]

WITHHELD: Final = "not necessary"


@dataclass(frozen=True, slots=True)
class Cell:
    """``words`` are the condition, or why it is withheld; organisations of one kind that differ are told apart in them."""

    state: State
    words: str


@dataclass(frozen=True, slots=True)
class Row:
    """``name`` is an operation or an attribute; ``cells`` are by kind of organisation."""

    name: str
    cells: Mapping[str, Cell]

    @property
    def state(self) -> State:
        """The widest of its cells."""
        states = {cell.state for cell in self.cells.values()}
        return "open" if "open" in states else "conditional" if "conditional" in states else "withheld"


@dataclass(frozen=True, slots=True)
class Section:
    """One purpose. ``approvals`` are those that are live on the day; without any nobody may do anything for it."""

    purpose: Purpose
    forbidden: bool
    approvals: tuple[tuple[Approved, Approval], ...]
    kinds: tuple[str, ...]
    operations: tuple[Row, ...]
    disclosed: tuple[Row, ...]
    written: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    revision: str
    day: date
    attributes: tuple[Attribute, ...]
    sections: tuple[Section, ...]


def matrix(rulebook: Rulebook, day: date) -> Matrix:
    """The matrix on one day, purposes and attributes in the rulebook's order; every attribute stands in every section."""
    sections = tuple(_section(rulebook, purpose, day) for purpose in rulebook.purposes.values())
    return Matrix(rulebook.revision, day, rulebook.catalogue.attributes, sections)


def together(rows: Iterable[Row]) -> list[tuple[list[str], Mapping[str, Cell]]]:
    """The names of rows with the same cells, and the cells: said once, as people read them."""
    names_by_cells: dict[tuple[tuple[str, Cell], ...], list[str]] = {}
    for row in rows:
        names_by_cells.setdefault(tuple(row.cells.items()), []).append(row.name)
    return [(names, dict(cells)) for cells, names in names_by_cells.items()]


def _section(rulebook: Rulebook, purpose: Purpose, day: date) -> Section:
    never = forbidden(rulebook, purpose.id)
    approvals = () if never else tuple(_live(rulebook, purpose.id, day))
    views = {
        approved: _View(view(rulebook, approved.organisation.id, purpose.id, day), _reader(approved, purpose.id, approvals))
        for approved, _ in approvals
    }
    kinds = tuple(dict.fromkeys(approved.organisation.kind for approved in views))
    rows = _Rows(views, kinds)
    attributes = [attribute.name for attribute in rulebook.catalogue.attributes] if views else []
    operations = dict.fromkeys(name for each in views.values() for name in each.view.of("operate"))
    written = [name for name in attributes if any(("write", name) in each.view.ways for each in views.values())]
    return Section(
        purpose,
        never,
        approvals,
        kinds,
        operations=rows.of("operate", operations),
        disclosed=rows.of("disclose", attributes),
        written=rows.of("write", written),
    )


def _live(rulebook: Rulebook, purpose: str, day: date) -> Iterable[tuple[Approved, Approval]]:
    for approved in rulebook.organisations.values():
        for approval in approved.covering(purpose):
            if approval.live(day):
                yield approved, approval


def _reader(approved: Approved, purpose: str, approvals: Iterable[tuple[Approved, Approval]]) -> Reader:
    regions = frozenset[str]().union(*(approval.regions for who, approval in approvals if who is approved))
    return Reader(approved.organisation.id, purpose, regions)


@dataclass(frozen=True, slots=True)
class _View:
    view: View
    reader: Reader

    def cell(self, verb: Verb, name: str) -> Cell:
        ways: Ways = self.view.ways.get((verb, name), NEVER)
        if ways == NEVER:
            return Cell("withheld", WITHHELD)
        return Cell("open" if ways == ALWAYS else "conditional", self.reader.words(ways))


@dataclass(frozen=True, slots=True)
class _Rows:
    views: Mapping[Approved, _View]
    kinds: tuple[str, ...]

    def of(self, verb: Verb, names: Iterable[str]) -> tuple[Row, ...]:
        return tuple(Row(name, {kind: self._cell(verb, name, kind) for kind in self.kinds}) for name in names)

    def _cell(self, verb: Verb, name: str, kind: str) -> Cell:
        of_kind = {
            approved.organisation.id: each.cell(verb, name)
            for approved, each in self.views.items()
            if approved.organisation.kind == kind
        }
        cells = set(of_kind.values())
        if len(cells) == 1:
            return cells.pop()
        return Cell("conditional", "; ".join(f"{who}: {cell.words}" for who, cell in of_kind.items()))
