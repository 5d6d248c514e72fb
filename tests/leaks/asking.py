"""One caller asks, and every byte that comes back is judged: what must not be there, and what must."""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import httpx

from .canaries import Canary, Finder
from .cast import Somebody
from .expected import ATTRIBUTES, Expected, value_of
from .target import Caller

Kind = Literal["leak", "over-redaction", "fault"]
Check = Callable[[Any], Iterable["Fault"]]
"""Looks at an answer's JSON."""

JUSTIFICATION: Final = {"Access-Justification": "cnryjustification it", "Acting-User": "cnryuser", "Case-Reference": "cnrycase"}
"""What every call says of itself: for the ledger, and for nobody else."""


@dataclass(frozen=True)
class Fault:
    kind: Kind
    text: str


@dataclass
class Findings:
    """What a run has tried and found. A cell is an organisation, a purpose, a call and an attribute."""

    answers: int = 0
    answered: set[tuple[str, str]] = field(default_factory=set)
    """Method and path of each call that was answered and not refused."""
    cells: set[tuple[str, str, str, str]] = field(default_factory=set)
    faults: list[Fault] = field(default_factory=list)

    def count(self, kind: Kind) -> int:
        return sum(fault.kind == kind for fault in self.faults)


@dataclass(frozen=True)
class Referral:
    """``parties``: who sent it and to whom."""

    id: str
    parties: tuple[str, str]


@dataclass(frozen=True)
class Stand:
    """Where one organisation stands, asking for one purpose.

    ``ids``: person's name → the id that it knows them by; ``opportunities``: id → owner and kind; ``written``: what stands in
    notes.
    """

    asking: Expected
    caller: Caller
    people: tuple[Somebody, ...]
    newcomers: tuple[Somebody, ...]
    ids: Mapping[str, str]
    opportunities: Mapping[str, tuple[str, str]]
    referrals: tuple[Referral, ...]
    written: tuple[Canary, ...]
    finder: Finder
    findings: Findings

    def sees(self, operation: str) -> dict[str, frozenset[str]]:
        """What may be seen of everybody, those too who were registered meanwhile."""
        return {who.name: self.asking.sees(who, operation) for who in (*self.people, *self.newcomers)}

    async def ask(
        self,
        call: str,
        method: str,
        path: str,
        *,
        status: int | Collection[int],
        shows: Mapping[str, frozenset[str]] | None = None,
        attribute: str | None = None,
        check: Check | None = None,
        headers: Mapping[str, str] | None = None,
        says_why: bool = False,
        **options: Any,
    ) -> httpx.Response:
        """``shows``: what may stand in the answer, of whom; of everybody else nothing. ``attribute``: the one it is about.

        ``says_why``: what callers have said of themselves may stand there.
        """
        said = JUSTIFICATION | dict(headers or {})
        answer = await self.caller(method, path, self.asking.purpose, headers=said, **options)
        wanted = {status} if isinstance(status, int) else set(status)
        faults = [*self._withheld(answer, shows or {}), *_status(answer, wanted)]
        if not says_why:
            faults += [
                Fault("leak", f"{name} comes back") for name, value in JUSTIFICATION.items() if value in answer_text(answer)
            ]
        if check is not None and answer.is_success and not faults:
            faults += check(answer.json())
        self.findings.answers += 1
        if answer.is_success:
            self.findings.answered.add((method, answer.request.url.path))
        self.note(call, faults, attribute)
        return answer

    def _withheld(self, answer: httpx.Response, shows: Mapping[str, frozenset[str]]) -> Iterator[Fault]:
        """Canaries that are in no way the caller's to see. What it sent itself is nothing that it learns."""
        said = set(self.finder(request_text(answer.request)))
        for canary in self.finder(answer_text(answer)):
            if canary not in said and canary.carriers.isdisjoint(shows.get(canary.person, ())):
                yield Fault("leak", f"a value of {told(canary)}")

    def note(self, call: str, faults: Iterable[Fault], attribute: str | None = None) -> None:
        asking = self.asking
        attributes = ATTRIBUTES if attribute is None else [attribute]
        self.findings.cells.update((asking.organisation, asking.purpose, call, name) for name in attributes)
        where = f"{asking.organisation}, {asking.purpose}, {call}{f' {attribute}' if attribute else ''}"
        self.findings.faults += [Fault(fault.kind, f"{where}: {fault.text}") for fault in faults]


def told(canary: Canary) -> str:
    """Whose and what, without the value."""
    return f"{' or '.join(sorted(canary.carriers))} of {canary.person}"


def answer_text(answer: httpx.Response) -> str:
    """The whole answer: status line, headers, body."""
    head = "\n".join(f"{name}: {value}" for name, value in answer.headers.multi_items())
    return f"{answer.status_code} {answer.reason_phrase}\n{head}\n\n{answer.content.decode(errors='replace')}"


def request_text(request: httpx.Request) -> str:
    return f"{request.url}\n{request.headers}\n{request.content.decode(errors='replace')}"


def _status(answer: httpx.Response, wanted: Collection[int]) -> Iterator[Fault]:
    if answer.status_code in wanted:
        return
    kind: Kind = "fault"
    if answer.status_code < 300:
        kind = "leak"
    elif min(wanted) < 300 and answer.status_code < 500:
        kind = "over-redaction"
    slug = "" if answer.status_code < 400 else json.loads(answer.content or b"{}").get("type", "")
    yield Fault(kind, f"answered {answer.status_code} {slug}, not {' or '.join(map(str, sorted(wanted)))}")


def person_as_expected(
    view: Mapping[str, Any], who: Somebody, seen: Collection[str], fields: Collection[str] | None = None
) -> Iterator[Fault]:
    """A person in an answer: exactly the attributes that are to be seen, each with its value, and all others withheld."""
    asked = set(ATTRIBUTES if fields is None else fields)
    wanted, shown = set(seen) & asked, view["attributes"].keys()
    yield from (Fault("leak", f"{name} of {who.name} is shown") for name in sorted(shown - wanted))
    yield from (Fault("over-redaction", f"{name} of {who.name} is missing") for name in sorted(wanted - shown))
    for name in sorted(wanted & shown):
        if view["attributes"][name] != value_of(who.values, name):
            yield Fault("over-redaction", f"{name} of {who.name} arrives with another value")
    if view["withheld"].keys() != asked - wanted:
        yield Fault("fault", f"withheld of {who.name} names other attributes than those withheld")
    yield from (Fault("leak", f"who said {name} of {who.name}") for name in view["provenance"].keys() - shown)


def page_as_expected(
    views: Iterable[Mapping[str, Any]],
    names: Mapping[str, Somebody],
    seen: Mapping[str, Collection[str]],
    there: Collection[str],
) -> Iterator[Fault]:
    """``names``: whom the ids stand for. ``there``: who has to be in the page, of those whom the run knows."""
    found = {names[view["id"]].name: view for view in views if view["id"] in names}
    yield from (Fault("leak", f"{name} is among them") for name in sorted(found.keys() - there))
    yield from (Fault("over-redaction", f"{name} is not among them") for name in sorted(set(there) - found.keys()))
    for name, view in found.items():
        if name in there:
            yield from person_as_expected(view, names[view["id"]], seen[name])


def people_as_expected(
    body: Mapping[str, Any],
    names: Mapping[str, Somebody],
    seen: Mapping[str, Collection[str]],
    there: Collection[str],
) -> Iterator[Fault]:
    """The same of an answer that holds a page."""
    return page_as_expected(body["people"], names, seen, there)
