"""Every error that leaves a service, as RFC 9457 problem documents.

    Problem
    ├── BadRequest            400  what the caller sent is malformed; ``errors`` point at each fault
    ├── Unauthenticated       401  no token or grant, or one that does not hold
    ├── Forbidden             403  refused by the rules, with the reason that a caller may know
    ├── NotFound              404  does not exist or is not visible: one answer for both
    ├── NotAcceptable         406  no format in which it could be answered suits the caller
    ├── RequestTimeout        408  the caller was too slow to send its body
    ├── Conflict              409  the state of the resource does not allow it
    ├── Gone                  410  a cursor of the past: start anew
    ├── PreconditionFailed    412  If-Match does not match
    ├── ContentTooLarge       413  body over the bound
    ├── UnsupportedMedia      415  not JSON
    ├── PreconditionRequired  428  If-Match is missing
    ├── TooManyRequests       429  the caller asks more than its limits allow
    ├── HeadTooLarge          431  headers over the bound
    ├── Incident              500  a wall held something back that must never have come; nothing is shown
    └── Unavailable           503  something that an answer depends on is slow or gone

INVARIANT: a problem speaks only of what the caller sent, never of what is stored.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from stena import request_id

log = structlog.get_logger()


class Problem(Exception):
    """``slug`` names the kind of problem and never changes; ``detail`` says what to mend; ``members`` are extensions."""

    status: int = 500
    slug: str = "internal-error"
    title: str = "Internal error"

    def __init__(
        self, detail: str, *, slug: str | None = None, headers: Mapping[str, str] | None = None, **members: Any
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.slug = slug or type(self).slug
        self.headers = dict(headers or {})
        self.members = members


class BadRequest(Problem):
    status, slug, title = 400, "malformed-request", "Malformed request"


class Unauthenticated(Problem):
    status, slug, title = 401, "unauthenticated", "Not authenticated"

    def __init__(self, detail: str, *, challenge: str = "Bearer", slug: str | None = None) -> None:
        super().__init__(detail, slug=slug, headers={"WWW-Authenticate": challenge})


class Forbidden(Problem):
    status, slug, title = 403, "refused", "Refused"


class NotFound(Problem):
    status, slug, title = 404, "not-found", "Not found"


class NotAcceptable(Problem):
    status, slug, title = 406, "not-acceptable", "Not acceptable"


class RequestTimeout(Problem):
    status, slug, title = 408, "request-timeout", "Request timeout"


class Conflict(Problem):
    status, slug, title = 409, "conflict", "Conflict"


class Gone(Problem):
    status, slug, title = 410, "gone", "Gone"


class PreconditionFailed(Problem):
    status, slug, title = 412, "precondition-failed", "Precondition failed"


class ContentTooLarge(Problem):
    status, slug, title = 413, "content-too-large", "Content too large"


class UnsupportedMedia(Problem):
    status, slug, title = 415, "unsupported-media-type", "Unsupported media type"


class PreconditionRequired(Problem):
    status, slug, title = 428, "precondition-required", "Precondition required"


class TooManyRequests(Problem):
    status, slug, title = 429, "too-many-requests", "Too many requests"

    def __init__(self, detail: str, *, retry_after: int, **members: Any) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after)}, **members)


class HeadTooLarge(Problem):
    status, slug, title = 431, "head-too-large", "Request header fields too large"


class Incident(Problem):
    status, slug, title = 500, "internal-error", "Internal error"


class Unavailable(Problem):
    status, slug, title = 503, "unavailable", "Temporarily unavailable"

    def __init__(self, detail: str, *, slug: str | None = None, retry_after: int = 1) -> None:
        super().__init__(detail, slug=slug, headers={"Retry-After": str(retry_after)})


def document(problem: Problem) -> dict[str, Any]:
    """The problem as RFC 9457 members; ``instance`` is the request's trace id, which operators find in the logs."""
    return {
        "type": f"/problems/{problem.slug}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "instance": f"urn:trace:{request_id.current().trace_id}",
        **problem.members,
    }


def response(problem: Problem) -> Response:
    return Response(orjson.dumps(document(problem)), problem.status, problem.headers, media_type="application/problem+json")


def install(app: FastAPI) -> None:
    """Turn every error of ``app`` into a problem document; this is the one place where that happens."""
    app.add_exception_handler(Problem, _of_problem)
    app.add_exception_handler(RequestValidationError, _of_validation)
    app.add_exception_handler(HTTPException, _of_http)
    app.add_exception_handler(Exception, _of_bug)


def pointer(location: Sequence[int | str]) -> str:
    """A JSON Pointer (RFC 6901) to a part of a body."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in location)


def _of_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    if error.status >= 500:
        log.error("problem", slug=error.slug, detail=error.detail, path=_route(request))
    return response(error)


def _of_validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    # pydantic's messages may quote input; they quote nothing else, and we leave the input out.
    faults = [
        {"in": str(item["loc"][0]), "pointer": pointer(item["loc"][1:]), "detail": item["msg"]} for item in error.errors()[:20]
    ]
    return response(BadRequest("The request does not have the form that the API asks for.", errors=faults))


def _of_http(request: Request, error: Exception) -> Response:
    """Errors that Starlette's router raises itself: no such path, no such method."""
    assert isinstance(error, HTTPException)
    problem: Problem
    if error.status_code == 404:
        problem = NotFound("There is nothing at this address for this caller.")
    else:
        problem = Problem(str(error.detail), slug="method-not-allowed" if error.status_code == 405 else "http-error")
        problem.status, problem.title = error.status_code, str(error.detail)
    problem.headers |= dict(error.headers or {})
    return response(problem)


def _of_bug(request: Request, error: Exception) -> Response:
    # The exception's text may hold a value (a database error quotes rows): its type and place are enough.
    log.error("unhandled", kind=type(error).__name__, path=_route(request))
    return response(Incident("Something went wrong here. Nothing was disclosed; operators find it under this trace."))


def _route(request: Request) -> str:
    route = request.scope.get("route")
    return str(getattr(route, "path", "?"))
