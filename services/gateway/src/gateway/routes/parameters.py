"""Which query parameters each call knows. One that a call does not know is refused: a wish is never silently left out."""

from urllib.parse import parse_qsl

from fastapi import Request, params
from fastapi.dependencies.utils import get_flat_params
from fastapi.routing import APIRoute

from gateway.edge.strict_http import MAX_SHOWN
from stena.problems import BadRequest, pointer


class OnlyKnownParameters:
    """A dependency of every route. It has looked at a route once when the route is called with a query for the first time."""

    def __init__(self) -> None:
        self._known: dict[str, frozenset[str]] = {}

    async def __call__(self, request: Request) -> None:
        query = request.scope["query_string"]
        if not query:
            return
        known = self._of(request.scope["route"])
        unknown = [name for name, _ in parse_qsl(query.decode("ascii"), keep_blank_values=True) if name not in known]
        if unknown:
            faults = [
                {"in": "query", "pointer": pointer([name[:MAX_SHOWN]]), "detail": "not a parameter of this call"}
                for name in unknown[:20]
            ]
            raise BadRequest("The query holds what this call does not know.", slug="unknown-parameter", errors=faults)

    def _of(self, route: APIRoute) -> frozenset[str]:
        if route.unique_id not in self._known:
            wanted = (each for each in get_flat_params(route.dependant) if isinstance(each.field_info, params.Query))
            self._known[route.unique_id] = frozenset(each.alias for each in wanted)
        return self._known[route.unique_id]
