"""Asks the deployment's own services how they are. Talks to loopback only, whatever proxy the operator has set."""

import httpx


def is_ready(url: str) -> bool:
    """Whether the service at ``url`` says that all it needs is there."""
    answer = _readiness(url)
    return answer is not None and answer.status_code == 200


def offered_rulebook(url: str) -> tuple[str, str] | None:
    """A folder whose rulebook is not the one that policy-svc at ``url`` decides by, and the command that lets it decide."""
    answer = _readiness(url)
    try:
        offered = answer.json()["rulebook"]["offered"] if answer is not None else None
    except (ValueError, KeyError, TypeError):
        return None
    return (str(offered["folder"]), str(offered["activate"])) if offered else None


def _readiness(url: str) -> httpx.Response | None:
    try:
        return httpx.get(f"{url}/readyz", timeout=2, trust_env=False)
    except httpx.HTTPError:
        return None
