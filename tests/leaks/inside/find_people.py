"""Runs beside profile-svc: ``[[created_by, external_id], …]`` on standard input, internal ids in the same order printed."""

import asyncio
import json
import sys

from profile_svc.importing import reference
from profile_svc.settings import ProfileSettings
from profile_svc.store import records
from profile_svc.store.vault import open_vault


async def main() -> None:
    async with open_vault(ProfileSettings()) as vault, vault.transaction() as connection:
        wanted = [reference(vault, created_by, external_id) for created_by, external_id in json.load(sys.stdin)]
        known = await records.lock_by_reference(connection, wanted)
        print(json.dumps([str(known[each].person_id) for each in wanted]))


asyncio.run(main())
