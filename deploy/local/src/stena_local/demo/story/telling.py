"""The story from its beginning to its end."""

from datetime import date
from typing import Final

from rich.console import Console

from stena_local.demo.story import fitting, five_views, own_view, paste, refusals
from stena_local.demo.story.preparing import Deployment, prepare
from stena_local.demo.upstreams import Gateway

_WIDTH: Final = 118


def tell(deployment: Deployment, today: date, *, goes_on: bool) -> list[str]:
    """Tells everything; the answer lists what did not come out as the rulebook says. ``goes_on``: the system stays up."""
    console = story_console()
    with Gateway(deployment.url) as gateway:
        stage = prepare(console, gateway, deployment, today)
        answers = five_views.tell(stage)
        refusals.tell(stage)
        own_view.tell(stage, answers)
        fitting.tell(stage)
        if goes_on:
            paste.tell(stage)
    deviations = stage.findings.deviations
    console.print()
    if deviations:
        console.print(f"[bold red]{len(deviations)} deviations from the rulebook:[/bold red]")
        console.print(*deviations, sep="\n", markup=False)
    else:
        console.print(f"[bold green]All {stage.findings.checks} parts came out as the rulebook says.[/bold green]")
    return deviations


def story_console() -> Console:
    """As wide as the tables want, on a terminal no wider than it is; plain text when it is none."""
    console = Console(highlight=False)
    return console if console.is_terminal and console.width < _WIDTH else Console(highlight=False, width=_WIDTH)
