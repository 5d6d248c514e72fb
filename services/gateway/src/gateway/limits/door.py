"""The door of the gateway: so many calls at once and no more, whoever makes them; and where a caller stands, on each answer.

Outside of everything but what observes a call. It looks at no call: who is too much is refused at once instead of waiting.
"""

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.limits.admitting import Admission, Visit
from gateway.limits.turns import busy
from gateway.metrics import GOING_ON, LIMITED
from stena import problems

_FOR_MACHINES: Final = frozenset({"/healthz", "/readyz"})


class Door:
    """Pure ASGI. ``most`` calls at once; ``None``: without a limit. A stream is one call until it ends."""

    def __init__(self, app: ASGIApp, most: int | None) -> None:
        self.app = app
        self._most = most
        self._inside = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in _FOR_MACHINES:
            await self.app(scope, receive, send)
        elif self._most is not None and self._inside >= self._most:
            LIMITED.add("gateway")
            refusal = busy()
            refusal.headers["Connection"] = "close"  # what is left of the request stays unread
            await problems.response(refusal)(scope, receive, send)
        else:
            await self._let_in(scope, receive, send)

    async def _let_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        admission: Admission = scope["app"].state.parts.admission
        visit = admission.begin()
        self._inside += 1
        GOING_ON.set(self._inside)
        try:
            await self.app(scope, receive, _telling(admission, visit, send))
        finally:
            self._inside -= 1
            GOING_ON.set(self._inside)
            admission.end(visit)


def _telling(admission: Admission, visit: Visit, send: Send) -> Send:
    async def send_told(message: Message) -> None:
        if message["type"] == "http.response.start" and (told := admission.headers(visit)):
            message["headers"] = [*message.get("headers", ()), *told]
        await send(message)

    return send_told
