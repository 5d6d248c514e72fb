"""What the running gateway is made of: built once by the lifespan, handed to every route."""

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from gateway.credentials.asserting import ClientAssertions
from gateway.credentials.clients import Directory
from gateway.credentials.signing_in import SignIns
from gateway.credentials.tokens import AccessTokens
from gateway.cursors import Cursors
from gateway.deciding import DecisionPoint
from gateway.firewall import Wall
from gateway.identity import PairwiseIds
from gateway.limits.admitting import Admission
from gateway.limits.turns import Turns
from gateway.merged import MergedPeople
from gateway.news import News
from gateway.promised import Promised
from gateway.record.head_keeping import HeadKeeper
from gateway.record.ledger import Ledger
from gateway.store import Engine
from gateway.upstreams import People, Policy, Rulebooks, Source, Vocabulary
from stena.contracts.catalogue import Catalogue
from stena.upstreams import PolicyService


@dataclass(frozen=True, slots=True)
class Parts:
    engine: Engine
    public_url: str
    wall: Wall
    admission: Admission
    tokens: AccessTokens
    directory: Directory
    assertions: ClientAssertions
    decisions: DecisionPoint
    ids: PairwiseIds
    merged: MergedPeople
    cursors: Cursors
    ledger: Ledger
    heads: HeadKeeper
    policy: Policy
    promised: Promised
    rulebook: PolicyService
    profile: People
    news: News
    matching: Source
    vocabulary: Vocabulary
    sign_ins: SignIns
    governing: Rulebooks
    """policy-svc as the owner of the rulebook; ``policy`` is the same as what decides."""
    pages: Turns = field(default_factory=Turns)


async def of_app(request: Request) -> Parts:
    """Async although it awaits nothing: FastAPI sends a plain function to another thread, which costs more than all it does."""
    parts = request.app.state.parts
    assert isinstance(parts, Parts)
    return parts


async def active_catalogue(parts: Annotated[Parts, Depends(of_app)]) -> Catalogue:
    return await parts.rulebook.active()


Gateway = Annotated[Parts, Depends(of_app)]
