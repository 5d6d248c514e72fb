"""What the domain refuses, as problem documents: the one place where its errors get a status."""

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Final

import structlog
from fastapi import FastAPI, Request, Response

from profile_svc.agreeing import ChildDisagrees, GuardianNeeded, GuardianNotEntitled, NotABasis
from profile_svc.attributes import Fault, InvalidValues, UnknownAttributes
from profile_svc.audit.cells import TooFew
from profile_svc.disclosure import NotDisclosed
from profile_svc.filtering import NotFilterable
from profile_svc.following import OtherRulebook
from profile_svc.lookups import NoLookup, TooMany
from profile_svc.persons import NotWritable
from profile_svc.referrals import NotInThisState, NotYourStep
from profile_svc.sealing import CannotOpen
from profile_svc.store.idempotency import KeyReused
from profile_svc.store.people import PageGone
from profile_svc.writing import NotAsSeen, NotThere, OutsideRows
from stena import problems
from stena.problems import BadRequest, Conflict, Forbidden, Gone, Incident, NotFound, PreconditionFailed, Problem, pointer

log = structlog.get_logger()

MOST_FAULTS: Final = 20

# Errors that say all there is to say by their kind: problem and slug (``None``: the problem's own).
_PLAIN: Final[Mapping[type[Exception], tuple[type[Problem], str | None]]] = {
    ChildDisagrees: (Conflict, "child-disagrees"),
    GuardianNeeded: (Conflict, "guardian-needed"),
    GuardianNotEntitled: (Conflict, "guardian-not-entitled"),
    KeyReused: (Conflict, "idempotency-key-reused"),
    NotAsSeen: (PreconditionFailed, None),
    NotThere: (NotFound, None),
    NotYourStep: (Forbidden, "not-your-step"),
    OtherRulebook: (Gone, "rulebook-changed"),
    OutsideRows: (Forbidden, "outside-approval"),
    PageGone: (Gone, "cursor-expired"),
    TooFew: (Conflict, "audit-too-few"),
    TooMany: (BadRequest, "lookup-too-wide"),
}
_TELLING: Final = (
    InvalidValues,
    NoLookup,
    NotABasis,
    NotDisclosed,
    NotFilterable,
    NotInThisState,
    NotWritable,
    UnknownAttributes,
)


def install(app: FastAPI) -> None:
    for kind in (*_PLAIN, *_TELLING):
        app.add_exception_handler(kind, _refuse)
    app.add_exception_handler(CannotOpen, _cannot_open)


def problem_of(error: Exception) -> Problem:
    """The problem document that an error of the domain is for the caller."""
    detail = str(error)
    match error:
        case InvalidValues(faults=faults):
            return BadRequest("Some values are not what the rulebook asks for.", errors=_errors(faults))
        case NotABasis(legal_bases=legal_bases):
            return BadRequest(detail, slug="consent-not-a-basis", legal_bases=legal_bases)
        case UnknownAttributes(names=names):
            return BadRequest(detail, slug="unknown-attribute", attributes=names)
        case NotFilterable(name=name, possible=possible):
            return BadRequest(detail, slug="not-filterable", attribute=name, possible=possible)
        case NoLookup(name=name, possible=names):
            return BadRequest(detail, slug="no-lookup", attribute=name, possible=names)
        case NotInThisState(state=state):
            return Conflict(detail, slug="not-in-this-state", state=state)
        case NotDisclosed(names=names):
            return Forbidden(detail, slug="attribute-not-disclosed", attributes=names)
        case NotWritable(names=names):
            return Forbidden(detail, slug="attribute-not-writable", attributes=names)
    problem, slug = _PLAIN[type(error)]
    return problem(detail, slug=slug)


def _refuse(request: Request, error: Exception) -> Response:
    return problems.response(problem_of(error))


def _cannot_open(request: Request, error: Exception) -> Response:
    """A value that does not open was damaged, or moved here from another person: nothing of it is shown, and operators know."""
    log.error("sealed value does not open")
    return problems.response(Incident("Something went wrong here. Nothing was disclosed; operators find it under this trace."))


def _errors(faults: Iterable[Fault]) -> list[dict[str, str]]:
    """The first of them: a body of 1 MiB can have more faults than anybody wants to read."""
    first = islice(faults, MOST_FAULTS)
    return [{"in": "body", "pointer": pointer(fault.path), "detail": fault.detail} for fault in first]
