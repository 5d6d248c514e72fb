"""How the wall's own errors look to a caller. The one place where they become problem documents."""

from typing import Final

import structlog
from fastapi import FastAPI, Request, Response

from gateway.calls import ActsForAnother, Deny
from gateway.firewall import Denied, NotVisible, Rejected, Undecided
from gateway.redaction import Surplus
from stena.contracts.access import Reason
from stena.problems import BadRequest, Forbidden, Incident, NotFound, Problem, Unavailable, response

log = structlog.get_logger()

_COARSER: Final = {
    Reason.CONSENT_WITHDRAWN: Reason.CONSENT_MISSING,
    Reason.RESTRICTED: Reason.NOT_ASSIGNED,
    Reason.OBJECTED: Reason.NOT_ASSIGNED,
}
_IN_WORDS: Final = {
    Reason.PURPOSE_UNKNOWN: "The rulebook knows no such purpose. GET /v1/purposes lists yours.",
    Reason.PURPOSE_FORBIDDEN: "This purpose is forbidden: nobody may process data for it here.",
    Reason.PURPOSE_NOT_APPROVED: "Your organisation is not approved for this purpose. GET /v1/purposes lists yours.",
    Reason.APPROVAL_EXPIRED: "Your organisation's approval for this purpose has ended, or has not begun.",
    Reason.REGION_OUTSIDE_APPROVAL: "Your organisation's approval does not reach this region.",
    Reason.JUSTIFICATION_MISSING: "This purpose wants a justification: say why in Access-Justification, in a sentence or more.",
    Reason.ACTING_USER_MISSING: "This purpose wants to know who acts: name them in Acting-User.",
}


def install(app: FastAPI) -> None:
    for kind in (ActsForAnother, Denied, NotVisible, Undecided, Rejected, Surplus):
        app.add_exception_handler(kind, _refuse)


def problem_of(error: Exception) -> Problem:
    """What the caller is told of an error of the wall; operators find in the log what it must not be told."""
    match error:
        case Problem():
            return error
        case Denied(deny=deny):
            return refused(deny)
        case ActsForAnother():
            return BadRequest(
                "Your token says who acts, and Acting-User says otherwise. Leave the header out.", slug="acting-user-differs"
            )
        case NotVisible():
            return NotFound("There is nothing at this address for this caller.")
        case Undecided(__cause__=cause):
            log.error("no decision", kind=type(cause).__name__, detail=cause.detail if isinstance(cause, Problem) else None)
            return Unavailable("Nobody can decide about this call now. Nothing was disclosed; try again shortly.")
        case Rejected(problem=Problem() as problem):
            return problem
        case Surplus(rule=rule, names=names):
            log.error("surplus from a source", rule=rule, names=names)
            return Incident("A source answered with more than it may. Nothing was disclosed; operators have been told.")
        case _:
            # Its text may hold a value: its type is enough.
            log.error("unhandled", kind=type(error).__name__)
            return Incident("Something went wrong here. Nothing was disclosed; operators find it under this trace.")


def reason_for_caller(reason: str) -> str:
    """What a caller may know of a reason: not that a consent was withdrawn, nor that a person is protected."""
    return _COARSER.get(Reason(reason), Reason(reason)) if reason in set(Reason) else Reason.DENIED_BY_RULE


def refused(deny: Deny) -> Problem:
    reason = reason_for_caller(deny.reason)
    detail = _IN_WORDS.get(Reason(reason), "The rulebook does not let your organisation do this for this purpose.")
    return Forbidden(detail, reason=str(reason), decision=deny.id, rulebook=deny.rulebook)


def _refuse(request: Request, error: Exception) -> Response:
    return response(problem_of(error))
