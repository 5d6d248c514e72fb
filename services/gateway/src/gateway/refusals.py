"""How the wall's own errors look to a caller. The one place where they become problem documents."""

from typing import Final

import structlog
from fastapi import FastAPI, Request, Response

from gateway.calls import Deny
from gateway.firewall import Denied, NotVisible, Rejected, Undecided
from gateway.redaction import Surplus
from stena.contracts.access import Reason
from stena.problems import Forbidden, Incident, NotFound, Problem, Unavailable, response

log = structlog.get_logger()

_COARSER: Final = {Reason.CONSENT_WITHDRAWN: Reason.CONSENT_MISSING, Reason.RESTRICTED: Reason.NOT_ASSIGNED}
_IN_WORDS: Final = {
    Reason.PURPOSE_UNKNOWN: "The rulebook knows no such purpose. GET /v1/purposes lists yours.",
    Reason.PURPOSE_FORBIDDEN: "This purpose is forbidden: nobody may process data for it here.",
    Reason.PURPOSE_NOT_APPROVED: "Your organisation is not approved for this purpose. GET /v1/purposes lists yours.",
    Reason.APPROVAL_EXPIRED: "Your organisation's approval for this purpose has ended, or has not begun.",
    Reason.REGION_OUTSIDE_APPROVAL: "Your organisation's approval does not reach this region.",
    Reason.JUSTIFICATION_MISSING: "This purpose wants a justification: say why in Access-Justification.",
}


def install(app: FastAPI) -> None:
    app.add_exception_handler(Denied, _denied)
    app.add_exception_handler(NotVisible, _not_visible)
    app.add_exception_handler(Undecided, _undecided)
    app.add_exception_handler(Rejected, _rejected)
    app.add_exception_handler(Surplus, _surplus)


def reason_for_caller(reason: str) -> str:
    """What a caller may know of a reason: not that a consent was withdrawn, nor that a person is protected."""
    return _COARSER.get(Reason(reason), Reason(reason)) if reason in set(Reason) else Reason.DENIED_BY_RULE


def refused(deny: Deny) -> Problem:
    reason = reason_for_caller(deny.reason)
    detail = _IN_WORDS.get(Reason(reason), "The rulebook does not let your organisation do this for this purpose.")
    return Forbidden(detail, reason=str(reason), decision=deny.id, rulebook=deny.rulebook)


def _denied(request: Request, error: Exception) -> Response:
    assert isinstance(error, Denied)
    return response(refused(error.deny))


def _not_visible(request: Request, error: Exception) -> Response:
    return response(NotFound("There is nothing at this address for this caller."))


def _undecided(request: Request, error: Exception) -> Response:
    cause = error.__cause__
    log.error("no decision", kind=type(cause).__name__, detail=cause.detail if isinstance(cause, Problem) else None)
    return response(Unavailable("Nobody can decide about this call now. Nothing was disclosed; try again shortly."))


def _rejected(request: Request, error: Exception) -> Response:
    assert isinstance(error, Rejected)
    assert isinstance(error.problem, Problem)
    return response(error.problem)


def _surplus(request: Request, error: Exception) -> Response:
    assert isinstance(error, Surplus)
    log.error("surplus from a source", rule=error.rule, names=error.names)
    return response(Incident("A source answered with more than it may. Nothing was disclosed; operators have been told."))
