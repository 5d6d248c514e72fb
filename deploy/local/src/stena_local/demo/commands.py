"""The command `stena demo`: prints invented people and opportunities, and tells the story."""

import sys
from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated, Any

import orjson
import typer

from stena_local.demo import opportunities as offers
from stena_local.demo import people as lives

app = typer.Typer(help="Invented people and opportunities, and the story that shows the wall at work.", no_args_is_help=True)

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
    day = on.date() if on else date.today()  # noqa: DTZ011 - the day on this machine's calendar is what is meant
    _print(offer.line() for offer in offers.stream(count, seed, day))


def _print(lines: Iterable[dict[str, Any]]) -> None:
    """One line at a time: a million people take no more memory than one."""
    for line in lines:
        sys.stdout.buffer.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
