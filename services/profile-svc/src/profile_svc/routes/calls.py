"""What every route does first and last: verify the grant for exactly this call; answer with JSON."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, TypeVar
from uuid import UUID

import orjson
from fastapi import Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from profile_svc.attributes import Attributes
from profile_svc.store.vault import Vault
from profile_svc.upstreams import Policy
from profile_svc.writing import NotThere
from stena import grants
from stena.contracts.access import Grant
from stena.problems import PreconditionRequired

Body = TypeVar("Body", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Source:
    """What a call works with; ``grant`` says what it may do with it."""

    vault: Vault
    policy: Policy
    authorization: str | None

    async def grant(self, operation: str, resource: str, target: str | None = None) -> Grant:
        return await self.policy.verify(self.authorization, operation=operation, resource=resource, target=target)

    def of(self, grant: str) -> "Source":
        """The same with the text of another grant."""
        return replace(self, authorization=f"Bearer {grant}")

    async def attributes(self, grant: Grant) -> Attributes:
        """The attributes under which the grant was made: another revision's grant is not obeyed under this one's."""
        return await self.policy.attributes(grant.rulebook)


async def source(request: Request) -> Source:
    """Also refuses, before anything else of a request is looked at, who brings no grant at all."""
    authorization = request.headers.get("authorization")
    grants.bearer(authorization)
    return Source(request.app.state.vault, request.app.state.policy, authorization)


Called = Annotated[Source, Depends(source)]


async def sent(request: Request, form: type[Body]) -> Body:
    """The body of a call that takes a shortcut; refused as FastAPI refuses it."""
    try:
        return form.model_validate_json(await request.body())
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        raise RequestValidationError([fault | {"loc": ("body", *fault["loc"])} for fault in faults]) from error


def known_id(text: str) -> UUID:
    """An internal id; what is none is as little there as one that nobody has."""
    try:
        return UUID(text)
    except ValueError as error:
        raise not_there() from error


def not_there() -> NotThere:
    return NotThere("There is no such person for this caller.")


def etags(if_match: str | None) -> list[str]:
    """The entity tags of ``If-Match`` (RFC 9110, 13.1.1), or ``*`` alone for whatever is there; weak ones never match."""
    if if_match is None:
        raise PreconditionRequired("Amending wants If-Match with the ETag of the person as you last read them.")
    if if_match.strip() == "*":
        return ["*"]
    return [tag.strip().strip('"') for tag in if_match.split(",") if tag.strip(' "') != "*"]


def answer(content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(orjson.dumps(content), status, headers, media_type="application/json")


def person_answer(view: Mapping[str, Any], status: int = 200) -> Response:
    return answer(view, status, {"ETag": f'"{view["etag"]}"'})
