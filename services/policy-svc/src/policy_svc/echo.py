"""``X-Request-ID`` comes back as it was sent, on every answer: AuthZEN's way to tell which answer belongs to which question."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LONGEST = 200


class EchoRequestId:
    """Pure ASGI, around everything else, so that errors carry the header too."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_id = Headers(scope=scope).get("x-request-id", "") if scope["type"] == "http" else ""
        if not 0 < len(request_id) <= LONGEST or not request_id.isprintable():
            await self.app(scope, receive, send)
            return

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", request_id.encode("latin-1"))]
            await send(message)

        await self.app(scope, receive, send_with_id)
