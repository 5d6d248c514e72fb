"""``python -m tests.leaks``: looks for leaks in a running Stena, and ends with 1 if there is one."""

import asyncio
import json
import os
import shlex
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as ProgressBar

from . import attacker, consent_latency, matrix, timing, twins
from .deployed import containers, embedded
from .in_process import alone
from .report import Progress, Section, as_json, show
from .target import Opened, Target
from .world import World, build

CHECKOUT: Final = Path(__file__).parents[2]


class Against(StrEnum):
    """Which Stena is looked at."""

    EMBEDDED = "embedded"
    COMPOSE = "compose"
    IN_PROCESS = "in-process"


Look = Callable[[Target, World, bool, Progress], Awaitable[Section]]

# In this order: the first two have to know everybody who is there, the last one brings thousands.
LOOKS: Final[Mapping[str, Look]] = {
    "matrix": lambda target, world, short, told: matrix.run(target, world, short=short, progress=told),
    "twins": lambda target, world, short, told: twins.run(target, world, short=short, progress=told),
    "consent": lambda target, _, short, told: consent_latency.run(target, people=5 if short else 30, progress=told),
    "timing": lambda target, _, short, told: timing.run(target, calls=300 if short else 2_000, progress=told),
    "attacker": lambda target, _, short, told: attacker.run(target, people=600 if short else 3_000, progress=told),
}


def main(
    against: Annotated[Against, typer.Option(help="A deployment of its own, the containers, or all in one process.")] = (
        Against.EMBEDDED
    ),
    json_file: Annotated[Path | None, typer.Option("--json", help="Write everything that was found to this file.")] = None,
    short: Annotated[bool, typer.Option(help="A part of it, in a minute or two.")] = False,
    only: Annotated[list[str] | None, typer.Option(help=f"One of {', '.join(LOOKS)}; may be repeated.")] = None,
) -> None:
    """Canary matrix, twin worlds, how fast a withdrawn consent ends, what times tell, and an attacker that learns."""
    if against is Against.COMPOSE and "STENA_COMPOSE" not in os.environ:
        _inside_compose()
    console = Console()
    sections = asyncio.run(_look(console, against, short, only or list(LOOKS)))
    if json_file is not None:
        json_file.write_text(json.dumps(as_json(against.value, sections), ensure_ascii=False, indent=2) + "\n")
    raise typer.Exit(0 if all(section.kept for section in sections) else 1)


async def _look(console: Console, against: Against, short: bool, names: Sequence[str]) -> list[Section]:
    sections = []
    with tempfile.TemporaryDirectory(prefix="stena-leaks-") as place:
        async with _opened(against, Path(place)) as target:
            console.print(f"Looking for leaks in a Stena of its own, {target.name}, at {target.base_url}")
            world = await build(target)
            for name in names:
                with _bar(console, name) as told:
                    section = await LOOKS[name](target, world, short, told)
                show(console, section)
                sections.append(section)
    return sections


def _opened(against: Against, place: Path) -> Opened:
    match against:
        case Against.EMBEDDED:
            return embedded(place)
        case Against.IN_PROCESS:
            return alone(place)
        case Against.COMPOSE:
            compose, port = shlex.split(os.environ["STENA_COMPOSE"]), os.environ["STENA_PORT"]
            return containers(compose, f"https://127.0.0.1:{port}", Path(os.environ["STENA_SECRETS"]))


def _inside_compose() -> None:
    """Begin again between the moment when containers are brought up and the one when they are taken down."""
    script = str(CHECKOUT / "deploy" / "compose-test.sh")
    os.execv(script, [script, sys.executable, "-m", "tests.leaks", *sys.argv[1:]])  # noqa: S606 -- a script of ours


@contextmanager
def _bar(console: Console, name: str) -> Iterator[Progress]:
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"), TimeElapsedColumn())
    with ProgressBar(*columns, console=console, transient=True) as bar:
        task = bar.add_task(name, total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)


if __name__ == "__main__":
    typer.run(main)
