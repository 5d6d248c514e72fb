"""What every route is handed: the parts that the lifespan built, and the grant of its very call."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request, Response
from pydantic import BaseModel

from matching_svc import offers_following
from matching_svc.index import Index
from matching_svc.knowledge import Knowledge
from matching_svc.store import Database
from matching_svc.vocabulary_following import Follower
from stena.contracts.access import Grant
from stena.upstreams import PolicyService


@dataclass(frozen=True, slots=True)
class Parts:
    database: Database
    policy: PolicyService
    index: Index
    vocabulary: Follower
    offers: offers_following.Follower

    @property
    def knowledge(self) -> Knowledge:
        """Of the vocabulary of this moment; to be asked for once in a call. Raises ``Unavailable``."""
        return self.vocabulary.knowledge


async def built(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


Built = Annotated[Parts, Depends(built)]


def granted(operation: str, resource: str = "opportunity") -> Callable[..., Awaitable[Grant]]:
    """INVARIANT: every route depends on this, for its own operation; what the grant targets is the id in the path, or none."""

    async def verified(request: Request, parts: Built) -> Grant:
        authorization = request.headers.get("authorization")
        target = request.path_params.get("opportunity_id")
        return await parts.policy.verify(authorization, operation=operation, resource=resource, target=target)

    return verified


def answer(body: BaseModel, status: int = 200) -> Response:
    """Our own models as JSON, without FastAPI's second validation of what we have just built."""
    return Response(body.model_dump_json(), status, media_type="application/json")
