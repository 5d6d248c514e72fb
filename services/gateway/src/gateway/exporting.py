"""The whole ledger as lines of JSON, in the order of the tree: what can be checked by anybody who has a signed head."""

from collections.abc import AsyncIterator

import orjson

from gateway.store import Engine, entries
from gateway.store.entries import Placed


async def lines(engine: Engine, beyond: int) -> AsyncIterator[bytes]:
    """The first ``beyond`` entries, one a line. No value of a person is among them, and people stand by pseudonyms."""
    async for placed in entries.in_order(engine, beyond):
        yield orjson.dumps(_line(placed)) + b"\n"


def _line(placed: Placed) -> dict[str, object]:
    if placed.leaf is None:
        return {"position": placed.position, "leaf": placed.hash.hex()}
    leaf = placed.leaf
    return {"position": placed.position, "told": leaf.told, "kept": leaf.kept, "people": leaf.people}
