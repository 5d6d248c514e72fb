"""Ends what profile-svc has kept long enough, for whoever runs retention over all services: entry point `stena.retention`."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from profile_svc import erasing, pruning, retaining
from profile_svc.settings import ProfileSettings
from profile_svc.store.vault import open_vault
from profile_svc.upstreams import open_policy


def forget(*, dry_run: bool = False) -> Mapping[str, int]:
    """What → how many were, or with ``dry_run`` would be. Raises ``Unavailable``, ``KeyFileError``, ``WrongMasterKey``,
    ``JournalError``."""
    return asyncio.run(_forget(datetime.now(UTC), dry_run=dry_run))


async def _forget(now: datetime, *, dry_run: bool) -> Mapping[str, int]:
    settings = ProfileSettings()
    columns = (TextColumn("Looking at people"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    async with open_policy(settings.policy_url) as policy, open_vault(settings) as vault:
        await erasing.open_journal(vault)
        keeping = (await policy.attributes()).keeping
        with Progress(*columns, console=Console(stderr=True)) as progress:
            task = progress.add_task("look", total=await retaining.to_look_at(vault, keeping, now))
            done = await retaining.run(vault, keeping, now, lambda number: progress.advance(task, number), dry_run=dry_run)
        return {**done.counts(), **await pruning.prune(vault, now, dry_run=dry_run)}
