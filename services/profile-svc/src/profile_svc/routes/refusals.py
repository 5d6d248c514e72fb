"""What the domain refuses, as problem documents: the one place where its errors get a status."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from itertools import islice
from types import MappingProxyType
from typing import Final, NamedTuple
from uuid import UUID

import structlog
from fastapi import FastAPI, Request, Response

from profile_svc.agreeing import ChildDisagrees, GuardianNeeded, GuardianNotEntitled, NotABasis
from profile_svc.attributes import Fault, InvalidValues, UnknownAttributes
from profile_svc.audit.cells import TooFew
from profile_svc.correcting import AlreadyDecided, TooManyOpen
from profile_svc.disclosure import NotDisclosed
from profile_svc.erasing import ErasureRefused
from profile_svc.filtering import NotFilterable
from profile_svc.following import LogCut, OtherRulebook
from profile_svc.joining import Conflicting, RestrictedApart, Widens
from profile_svc.lookups import NoLookup, TooMany
from profile_svc.objections import NothingToObjectTo
from profile_svc.persons import NotWritable
from profile_svc.referrals import NotInThisState, NotYourStep
from profile_svc.sealing import CannotOpen
from profile_svc.separating import MergeFinal
from profile_svc.store import merges
from profile_svc.store.idempotency import KeyReused
from profile_svc.store.people import PageGone
from profile_svc.writing import NotAsSeen, NotThere, OutsideRows
from stena import problems
from stena.problems import BadRequest, Conflict, Forbidden, Gone, Incident, NotFound, PreconditionFailed, Problem, pointer

log = structlog.get_logger()

MOST_FAULTS: Final = 20


class Told(NamedTuple):
    """How an error is told: the problem, its slug (``None``: the problem's own), and which of its members the caller sees."""

    problem: type[Problem]
    slug: str | None = None
    members: Mapping[str, str] = MappingProxyType({})


_TOLD: Final[Mapping[type[Exception], Told]] = {
    ChildDisagrees: Told(Conflict, "child-disagrees"),
    ErasureRefused: Told(Conflict, "erasure-refused", {"duties": "duties"}),
    GuardianNeeded: Told(Conflict, "guardian-needed"),
    GuardianNotEntitled: Told(Conflict, "guardian-not-entitled"),
    KeyReused: Told(Conflict, "idempotency-key-reused"),
    LogCut: Told(Gone),
    NotAsSeen: Told(PreconditionFailed),
    NotThere: Told(NotFound),
    NotYourStep: Told(Forbidden, "not-your-step"),
    OtherRulebook: Told(Gone, "rulebook-changed"),
    OutsideRows: Told(Forbidden, "outside-approval"),
    PageGone: Told(Gone, "cursor-expired"),
    TooFew: Told(Conflict, "audit-too-few"),
    TooMany: Told(BadRequest, "lookup-too-wide"),
    TooManyOpen: Told(Conflict, "too-many-open"),
    MergeFinal: Told(Conflict, "merge-final"),
    RestrictedApart: Told(Conflict, "merge-restricted"),
    Conflicting: Told(Conflict, "merge-conflict", {"attributes": "names"}),
    Widens: Told(Conflict, "merge-widens", {"widening": "widening"}),
    AlreadyDecided: Told(Conflict, "already-decided", {"state": "state"}),
    NoLookup: Told(BadRequest, "no-lookup", {"attribute": "name", "possible": "possible"}),
    NotABasis: Told(BadRequest, "consent-not-a-basis", {"legal_bases": "legal_bases"}),
    NotDisclosed: Told(Forbidden, "attribute-not-disclosed", {"attributes": "names"}),
    NotFilterable: Told(BadRequest, "not-filterable", {"attribute": "name", "possible": "possible"}),
    NothingToObjectTo: Told(BadRequest, "nothing-to-object-to", {"legal_bases": "legal_bases"}),
    NotInThisState: Told(Conflict, "not-in-this-state", {"state": "state"}),
    NotWritable: Told(Forbidden, "attribute-not-writable", {"attributes": "names"}),
    UnknownAttributes: Told(BadRequest, "unknown-attribute", {"attributes": "names"}),
}


def install(app: FastAPI) -> None:
    for kind in (*_TOLD, InvalidValues):
        app.add_exception_handler(kind, _refuse)
    app.add_exception_handler(NotThere, _not_there)
    app.add_exception_handler(CannotOpen, _cannot_open)


def problem_of(error: Exception) -> Problem:
    """The problem document that an error of the domain is for the caller."""
    if isinstance(error, InvalidValues):
        return BadRequest("Some values are not what the rulebook asks for.", errors=_errors(error.faults))
    told = _TOLD[type(error)]
    members = {member: getattr(error, name) for member, name in told.members.items()}
    return told.problem(str(error), slug=told.slug, **members)


def _refuse(request: Request, error: Exception) -> Response:
    return problems.response(problem_of(error))


async def _not_there(request: Request, error: Exception) -> Response:
    """The gateway, and nobody else, is told whose record the one that its grant names is part of, should it have died before it
    noted that. It decides anew whether the caller sees that person."""
    vault, asked = request.app.state.vault, request.path_params.get("person_id", "")
    merged = None
    with suppress(ValueError):
        async with vault.transaction() as connection:
            merged = await merges.of_part(connection, UUID(asked))
    if merged is None:
        return _refuse(request, error)
    part = {"person": str(merged.person_id), "part": str(merged.merged_id), "merge": str(merged.merge_id)}
    return problems.response(NotFound(str(error), part_of=part))


def _cannot_open(request: Request, error: Exception) -> Response:
    """A value that does not open was damaged, or moved here from another person: nothing of it is shown, and operators know."""
    log.error("sealed value does not open")
    return problems.response(Incident("Something went wrong here. Nothing was disclosed; operators find it under this trace."))


def _errors(faults: Iterable[Fault]) -> list[dict[str, str]]:
    """The first of them: a body of 1 MiB can have more faults than anybody wants to read."""
    first = islice(faults, MOST_FAULTS)
    return [{"in": "body", "pointer": pointer(fault.path), "detail": fault.detail} for fault in first]
