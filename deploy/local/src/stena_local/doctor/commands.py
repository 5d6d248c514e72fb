"""The command `stena doctor`: everything is looked at, then told as a table or as JSON; 1 if anything is broken."""

import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.markup import escape
from rich.table import Table

from stena_local import report
from stena_local.commands import Home, describe
from stena_local.doctor import databases, files, journal, judging, places, revisions, services
from stena_local.doctor.finding import Finding, State, Told, well
from stena_local.settings import beside, told_here

_COLOURS: Final = {State.WELL: "green", State.SOON: "yellow", State.BROKEN: "red"}
_PACKAGES: Final = ("stena", "stena-gateway", "policy-svc", "stena-profile-svc", "matching-svc")


def doctor(
    home: Home = None,
    everything: Annotated[bool, typer.Option("--all", help="Show also one by one what is well.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print all findings as JSON, for machines.")] = False,
    within: Annotated[float, typer.Option(help="Look again until nothing is broken, for so many seconds.")] = 0,
) -> None:
    """Look whether everything that this deployment needs is there and as it must be; say what to mend."""
    ends, here = time.monotonic() + within, _here(home)
    while _broken(found := examined(*here)) and time.monotonic() < ends:
        time.sleep(1)
    if as_json:
        typer.echo(json.dumps([asdict(each) for each in found], indent=2))
    else:
        report.console().print(_table(found, everything=everything))
    if _broken(found):
        raise typer.Exit(1)


def _broken(found: Sequence[Finding]) -> bool:
    return any(each.state is State.BROKEN for each in found)


def examined(told: Told, more: Sequence[Path] = (), own: str | None = None) -> Sequence[Finding]:
    """What is found of whatever ``told`` names, of the disks of ``more``, and of the service whose replicas are at ``own``."""
    seen = databases.look(told)
    marks = {each.name: each.mark for each in seen if isinstance(each, judging.Seen) and each.mark is not None}
    active = next((each.active for each in seen if isinstance(each, judging.Seen) and each.active), None)
    return [
        _versions(),
        *files.check(told),
        *places.check(told, more),
        *(finding for each in seen for finding in judging.judge(each, revisions.wanted(each.name))),
        *journal.check(told, marks),
        *services.check(told, own, active),
        *services.check_certificate(told),
    ]


def _here(home: Path | None) -> tuple[Told, Sequence[Path], str | None]:
    """In a container what its service is told; else the deployment in ``home``."""
    told = told_here()
    if told:
        return told, (), beside()
    layout = describe(home)
    return layout.operator_environment(), (layout.home, layout.postgres_place), None


def _versions() -> Finding:
    found = []
    for package in _PACKAGES:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return well("versions", "installed here", ", ".join(found))


def _table(found: Sequence[Finding], *, everything: bool) -> Table:
    """What is not well, one by one, and of the rest how much of each area it is."""
    broken, soon = (sum(each.state is state for each in found) for state in (State.BROKEN, State.SOON))
    title = f"{len(found)} things looked at: {broken} broken, {soon} to be looked at soon"
    table = Table("", "area", "what", "found", "what to do", title=title, title_justify="left")
    for each in [*_one_by_one(found, everything), *([] if everything else _summed(found))]:
        state = f"[{_COLOURS[each.state]}]{each.state}[/]"
        table.add_row(state, each.area, *map(escape, (each.what, each.found, each.mend)))
    return table


def _one_by_one(found: Sequence[Finding], everything: bool) -> Sequence[Finding]:
    return [each for each in found if everything or each.state is not State.WELL]


def _summed(found: Sequence[Finding]) -> Sequence[Finding]:
    areas = Counter(each.area for each in found if each.state is State.WELL)
    return [well(area, f"{number} of them", "as it must be") for area, number in areas.items()]
