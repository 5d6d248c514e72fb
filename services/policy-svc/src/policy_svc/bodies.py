"""Request bodies as bytes, given up as soon as they are larger than anything that is meant."""

from fastapi import Request

from policy_svc.strict_json import MOST_BYTES
from stena.problems import ContentTooLarge


async def body_of(request: Request, most: int = MOST_BYTES) -> bytes:
    """The whole body: by default at most what a question may be. Raises ``ContentTooLarge``."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise ContentTooLarge(f"The body is larger than {most} bytes.")
    return bytes(body)
