"""Telling a webhook of alerts, in the way of Standard Webhooks 1.0: signed, with one id however often it is tried.

INVARIANT: what is told is a rule, an organisation and numbers. Tries are kept in the database, so a restart forgets none.
"""

import base64
import hmac
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import orjson
import structlog

from gateway.metrics import ALERTS_TOLD
from gateway.store import Engine, alerts
from gateway.store.alerts import HOUR, Alert, Due
from stena.database import transaction

log = structlog.get_logger()

PREFIX: Final = "alr_"
AT_ONCE: Final = 10  # alerts that are told of in one go
TRIES: Final = 12
FIRST_WAIT: Final = timedelta(seconds=5)
LONGEST_WAIT: Final = timedelta(hours=6)

Send = Callable[[bytes, Mapping[str, str]], Awaitable[bool]]
"""Body and headers → whether the receiver took it. Raises nothing for one that does not answer."""


class Telling:
    def __init__(self, send: Send, secret: bytes) -> None:
        self._send = send
        self._secret = secret

    async def tell(self, engine: Engine, now: datetime) -> int:
        """Tell of what is due; of how many the receiver took it. Who is told of them stays locked meanwhile."""
        taken = 0
        async with transaction(engine) as connection:
            for each in await alerts.due(connection, now, AT_ONCE):
                body = content(each.alert)
                took = await self._send(body, signed(self._secret, each.alert, body, now))
                ALERTS_TOLD.labels("taken" if took else "failed").inc()
                again = None if took else next_try(each, now)
                await alerts.tried(connection, each.alert.alert_id, delivered_at=now if took else None, again=again)
                taken += took
                if not took:
                    log.warning("alert not told", tries=each.tries + 1, again=None if again is None else again.isoformat())
                    break  # a receiver that is away is not asked for the others at once
        return taken


def secret_of(text: str) -> bytes:
    """The secret as receivers write it; raises ``ValueError``."""
    try:
        secret = base64.b64decode(text.strip().removeprefix("whsec_"), validate=True)
    except ValueError:
        secret = b""
    if not text.startswith("whsec_") or not 24 <= len(secret) <= 64:
        raise ValueError("no secret of Standard Webhooks")
    return secret


def next_try(due: Due, now: datetime) -> datetime | None:
    """Twice as long after each try, from seconds to hours; ``None``: it is given up."""
    if due.tries + 1 >= TRIES:
        return None
    return now + min(FIRST_WAIT * (1 << due.tries), LONGEST_WAIT)


def content(alert: Alert) -> bytes:
    """The body: the same, byte for byte, at every try."""
    data = {
        "id": name(alert.alert_id),
        "rule": alert.rule,
        "severity": alert.severity,
        "organisation": alert.organisation,
        "measure": alert.measure,
        "measured": alert.measured,
        "threshold": alert.threshold,
        "since": alert.hour,
        "until": alert.hour + HOUR,
    }
    return orjson.dumps({"type": "alert.raised", "timestamp": alert.raised_at, "data": data})


def signed(secret: bytes, alert: Alert, body: bytes, now: datetime) -> Mapping[str, str]:
    """Headers. The signature is over id, moment and body, so that an old message cannot be sent again as a new one."""
    moment = str(int(now.timestamp()))
    text = b".".join((name(alert.alert_id).encode(), moment.encode(), body))
    signature = base64.b64encode(hmac.digest(secret, text, "sha256")).decode()
    return {
        "Content-Type": "application/json",
        "webhook-id": name(alert.alert_id),
        "webhook-timestamp": moment,
        "webhook-signature": f"v1,{signature}",
    }


def name(alert_id: UUID) -> str:
    return f"{PREFIX}{alert_id.hex}"


def named(text: str) -> UUID | None:
    """The alert behind such a name; ``None`` for a text that is none. One alert has one spelling."""
    try:
        alert_id = UUID(text.removeprefix(PREFIX))
    except ValueError:
        return None
    return alert_id if text == name(alert_id) else None
