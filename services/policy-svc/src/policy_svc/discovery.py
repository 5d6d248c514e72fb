"""AuthZEN's metadata of the decision point: where it answers, said from configuration alone.

INVARIANT: nothing of a request enters the document. A Host header would let whoever sends it lead others to a place of theirs.
"""

from typing import Final
from urllib.parse import urlsplit

import orjson
from fastapi import APIRouter, Response

WELL_KNOWN: Final = "/.well-known/authzen-configuration"


def router(public_url: str) -> APIRouter:
    """``public_url`` as its users know it. Where it has a path, the path follows the well-known one (RFC 8615)."""
    base = public_url.rstrip("/")
    document = orjson.dumps(configuration(base))
    routes = APIRouter()

    @routes.get(WELL_KNOWN + urlsplit(base).path)
    async def authzen_configuration() -> Response:
        return Response(document, media_type="application/json", headers={"Cache-Control": "max-age=3600"})

    return routes


def configuration(base: str) -> dict[str, str]:
    """Subject and resource search are not offered, so they are not named."""
    return {
        "policy_decision_point": base,
        "access_evaluation_endpoint": f"{base}/access/v1/evaluation",
        "access_evaluations_endpoint": f"{base}/access/v1/evaluations",
        "search_action_endpoint": f"{base}/access/v1/search/action",
    }
