"""The gateway with a ledger that writes nothing, for the bench alone: what an entry costs is seen by its absence."""

import sys

import uvicorn

from gateway import main
from gateway.calls import Entry
from gateway.edge.listening import Listener
from gateway.record import ledger


class Forgetful(ledger.Ledger):
    async def record(self, entry: Entry) -> None:
        return None


if __name__ == "__main__":
    ledger.Ledger = Forgetful  # type: ignore[misc]  # nowhere but here
    uvicorn.run(main.app_from_environment(), port=int(sys.argv[1]), http=Listener, ws="none", access_log=False)
