"""The gateway with a ledger that writes nothing, for the bench alone: what an entry costs is seen by its absence."""

import sys
from argparse import Namespace

from gateway.calls import Entry
from gateway.edge.listening import Listener
from gateway.record import ledger
from stena import serving


class Forgetful(ledger.Ledger):
    async def record(self, entry: Entry) -> None:
        return None


if __name__ == "__main__":
    ledger.Ledger = Forgetful  # type: ignore[misc]  # nowhere but here
    serving.run("gateway.main:app_from_environment", Namespace(host="127.0.0.1", port=int(sys.argv[1]), drain=0), http=Listener)
