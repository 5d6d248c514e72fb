"""The operator's command that makes the blind index of lookups anew."""

import asyncio
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from profile_svc import reindexing
from profile_svc.settings import ProfileSettings
from profile_svc.store.keys import WrongMasterKey
from profile_svc.store.vault import open_vault
from profile_svc.upstreams import open_policy
from stena.keys import KeyFileError
from stena.problems import Unavailable

lookups = typer.Typer(help="The index by which people are found by phone, number or name.", no_args_is_help=True)


@lookups.callback()
def group() -> None:
    """Without this a group of one command would be that command."""


@lookups.command("rebuild")
def rebuild(
    after: Annotated[UUID | None, typer.Option(help="Go on after this person, as an earlier run said.")] = None,
) -> None:
    """Index everybody anew under the active rulebook: after an upgrade, or when an attribute gets another `lookup`."""
    reached = [after]
    try:
        done = asyncio.run(_rebuild(reached))
    except (Unavailable, KeyFileError, WrongMasterKey, KeyboardInterrupt) as error:
        typer.echo(f"It broke off. {error}", err=True)
        typer.echo(f"What was done stays done. Go on with: stena lookups rebuild{_from(reached[-1])}", err=True)
        raise typer.Exit(2) from error
    typer.echo(f"{done} people are indexed.")


async def _rebuild(reached: list[UUID | None]) -> int:
    """``reached`` grows by the last person of each batch; the number of people who were indexed."""
    settings = ProfileSettings()
    columns = (TextColumn("Indexing"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    async with open_policy(settings.policy_url) as policy, open_vault(settings) as vault:
        attributes = await policy.attributes()
        with Progress(*columns, console=Console(stderr=True)) as progress:
            task = progress.add_task("index", total=await reindexing.left(vault, reached[-1]))

            def done(last: UUID, number: int) -> None:
                reached.append(last)
                progress.advance(task, number)

            await reindexing.rebuild(vault, attributes, reached[-1], done)
            return int(progress.tasks[0].completed)


def _from(after: UUID | None) -> str:
    return f" --after {after}" if after else ""
