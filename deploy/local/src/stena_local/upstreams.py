"""Asks the deployment's own services whether they are ready. Talks to loopback only, whatever proxy the operator has set."""

import httpx


def is_ready(url: str) -> bool:
    """Whether the service at ``url`` says that all it needs is there."""
    try:
        return httpx.get(f"{url}/readyz", timeout=2, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False
