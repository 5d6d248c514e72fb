"""What the ledger proves: hashes and numbers, for every client or for those who watch over the wall."""

import asyncio

from tests.leaks.asking import Stand

from .common import Effort, may

PATIENCE = 30  # seconds; a head is signed ten seconds after something came


async def heads_and_proofs(stand: Stand, effort: Effort) -> None:
    """Heads are everybody's to keep. Proofs below them are for who reads the whole ledger, which nobody does for one person."""
    await stand.ask("heads", "GET", "/.well-known/ledger-keys.json", status=200)
    permitted = may(stand, "ledger", "read") and stand.asking.speaks_for is None
    sizes = await _sizes(stand, PATIENCE if permitted else 1) or [1]
    for proof in ("inclusion?position=0", f"consistency?first={sizes[0]}&second={sizes[-1]}"):
        await stand.ask("proofs", "GET", f"/v1/ledger/proofs/{proof}", status=200 if permitted else 403)


async def _sizes(stand: Stand, times: int) -> list[int]:
    """Of the heads that cover anything, the smallest first; looked for so often, a second apart."""
    for look in range(times):
        await asyncio.sleep(min(look, 1))
        answer = await stand.ask("heads", "GET", "/v1/ledger/heads?limit=200", status=200)
        sizes = [head["size"] for head in answer.json().get("heads", ()) if head["size"]]
        if sizes:
            return sorted(sizes)
    return []
