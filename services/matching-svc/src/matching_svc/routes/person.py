"""The person whom a ranking is asked for, as far as the caller may see them, and whether it may be asked at all."""

from collections.abc import Mapping

from matching_svc.features import MatchFeatures, View, view
from matching_svc.index import Index, Stale
from stena.contracts.access import Grant
from stena.contracts.matching import KIND_PURPOSE, MatchRequest, OpportunityKind
from stena.problems import Forbidden, Unavailable


def seen(request: MatchRequest, index: Index, grant: Grant) -> View | None:
    """``None`` for somebody whom matching does not know. Raises ``Forbidden`` and ``Unavailable``."""
    require_kind(grant, request.kind)
    people = _people(index, request.kind)
    features = next((people[id_] for id_ in (request.person, *request.also) if id_ in people), None)
    return None if features is None else view(features, frozenset(request.attributes))


def require_kind(grant: Grant, kind: OpportunityKind) -> None:
    """INVARIANT: an empty list of kinds means none."""
    if kind not in grant.kinds:
        raise Forbidden("This purpose does not match people with this kind of opportunity.", slug="kind-not-allowed")


def _people(index: Index, kind: OpportunityKind) -> Mapping[str, MatchFeatures]:
    try:
        return index.people(KIND_PURPOSE[kind])
    except Stale as error:
        raise Unavailable("The matching index is being brought up to date. Try again shortly.") from error
