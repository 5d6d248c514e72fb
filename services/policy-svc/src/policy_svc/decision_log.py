"""One record in the log for every call to the decision point, errors too: who asked, what came out, under which ids.

INVARIANT: ids that were made here, words of the rulebook and numbers; nothing of what the caller sent, which may be personal.
"""

from dataclasses import dataclass, field
from typing import Any, Final

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PREFIX: Final = "/access/v1/"
CALLS: Final = frozenset({"evaluation", "evaluations", "search/action"})
_KEY: Final = "policy_svc.decision_record"

log = structlog.get_logger()


@dataclass(slots=True)
class Record:
    """What is known of a call when it ends; a call that fails early has no caller or no outcomes."""

    caller: str | None = None
    outcomes: list[dict[str, Any]] = field(default_factory=list)


def record_of(scope: Scope) -> Record:
    """The record of the running call, to be filled by whoever answers it."""
    record: Record = scope.setdefault(_KEY, Record())
    return record


class DecisionLog:
    """Pure ASGI, around the routes: a call that is refused before it reaches one is recorded too."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self.app(scope, receive, send)
            return
        record, status = record_of(scope), 500  # what a caller gets after an exception that nobody handled

        async def send_observed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, send_observed)
        finally:
            call = scope["path"].removeprefix(PREFIX)
            log.info(
                "decision",
                call=call if call in CALLS else "unknown",
                status=status,
                caller=record.caller,
                outcomes=record.outcomes,
            )
