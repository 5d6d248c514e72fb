"""What whoever has the machine does to clients by its commands: in the ledger too, where those see it who watch over it.

INVARIANT: nobody is let in or kept out from here without an entry that says so.
"""

import getpass
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from gateway.calls import Caller, Entry, Stated
from gateway.record.ledger import Ledger
from gateway.store import Engine

Result = TypeVar("Result")

SHELL: Final = Caller("shell", "operator")
"""Of no organisation of the rulebook: no rule was asked. Whoever has the machine has the database."""


async def recorded(engine: Engine, operation: str, work: Callable[[Engine], Awaitable[Result]]) -> Result:
    """What ``work`` gives, ``False`` where nothing was there to do; between an entry of the intent and one of how it ended.

    Raises ``Unavailable``, and what ``work`` raises.
    """
    ledger, entry = Ledger(engine), Entry(SHELL, Stated(None, "administration", acting_user=_whoever()), operation, "client")
    await ledger.record(entry.ended("intent"))
    try:
        done = await work(engine)
    except Exception:
        await ledger.record(entry.ended("failed"))
        raise
    await ledger.record(entry.ended("not-found" if done is False else "done"))
    return done


def _whoever() -> str | None:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # in a container nobody may have a name
        return None
