"""The command `stena demo`: prints invented people and opportunities, and tells the story."""

import sys
from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any

import orjson
import typer

from stena_local.commands import describe
from stena_local.demo import opportunities as offers
from stena_local.demo import people as lives
from stena_local.demo.stena_command import Here, InContainers, apart
from stena_local.demo.story.credentials import Credentials
from stena_local.demo.story.preparing import Deployment
from stena_local.demo.story.telling import tell
from stena_local.layout import SERVICES

app = typer.Typer(help="Invented people and opportunities, and the story that shows the wall at work.", no_args_is_help=True)


class Via(StrEnum):
    """Where the deployment is that the story is about."""

    LOCAL = "local"
    COMPOSE = "compose"


Seed = Annotated[int, typer.Option(help="The same seed gives the same output.")]


@app.command()
def people(
    count: Annotated[int, typer.Option(min=0, help="How many.")] = 300,
    seed: Seed = 1,
    on: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day at which lives are looked at.")] = None,
) -> None:
    """Print import lines of invented people, one JSON object a line."""
    _print(lives.stream(count, seed, on.date() if on else lives.REFERENCE_DAY))


@app.command()
def opportunities(
    count: Annotated[int, typer.Option(min=0, help="How many.")] = 80,
    seed: Seed = 1,
    on: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="They begin after this day; default today.")] = None,
) -> None:
    """Print invented opportunities with their owners, one JSON object a line."""
    _print(offer.line() for offer in offers.stream(count, seed, on.date() if on else _today()))


@app.command()
def story(
    once: Annotated[bool, typer.Option("--once", help="Stop the system afterwards.")] = False,
    via: Annotated[Via, typer.Option(help="Start the deployment of this machine, or use one in containers.")] = Via.LOCAL,
    url: Annotated[str | None, typer.Option(help="Where its gateway is; default: as the deployment says.")] = None,
    compose: Annotated[str, typer.Option(help="How compose is called.")] = "docker compose -f deploy/compose.yaml",
) -> None:
    """Show the wall at work on invented people, and check that it does what the rulebook says."""
    if via is Via.COMPOSE:
        deployment = Deployment(url or "http://127.0.0.1:8400", InContainers(compose), Credentials(None))
        deviations = tell(deployment, _today(), goes_on=not once)
    else:
        deviations = _tell_here(url, once)
    raise typer.Exit(1 if deviations else 0)


def _tell_here(url: str | None, once: bool) -> list[str]:
    apart("up", "--detach")
    try:
        layout = describe()
        gateway, _, profile, _ = map(layout.url, SERVICES)
        deployment = Deployment(url or gateway, Here(), Credentials(layout.home / "demo-clients.json"), inside=profile)
        return tell(deployment, _today(), goes_on=not once)
    finally:
        if once:
            apart("down")


def _today() -> date:
    return date.today()  # noqa: DTZ011 - the day on this machine's calendar is what is meant


def _print(lines: Iterable[dict[str, Any]]) -> None:
    """One line at a time: a million people take no more memory than one."""
    for line in lines:
        sys.stdout.buffer.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
