"""The attacker that learns: what can be foretold of people from all that a purpose discloses about them.

``python -m tests.leaks.attacker`` tries every purpose on a Stena of its own; docs/attacker.md says how to read the figures.
"""

import asyncio
import json
import multiprocessing
import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.progress import Progress as ProgressBar

from . import attacker_plots, attacker_report, population
from .attacker_collecting import CALLERS, gather
from .attacker_guesses import GUESSES, Attributes, Guess
from .attacker_verdicts import Control, Outcome, Result, Task, control, judged, tasks
from .in_process import alone
from .report import Figure, Progress, Section, unwatched
from .target import Target

RECORD: Final = Path(__file__).parents[2] / "docs" / "figures" / "attacker.json"
"""What was found last and is known: docs/attacker.md tells of it. Only what goes beyond it is a finding."""

WORSE: Final = 0.05  # of the area, beyond doubt: what is less may be the luck of one run
SEED: Final = 1


async def run(
    target: Target,
    *,
    people: int = 3_000,
    purposes: Sequence[str] = tuple(CALLERS),
    guesses: Sequence[Guess] = GUESSES,
    workers: int = os.cpu_count() or 1,
    progress: Progress = unwatched,
) -> Section:
    return section(await attack(target, people, purposes, guesses, workers, progress))


async def attack(
    target: Target, people: int, purposes: Sequence[str], guesses: Sequence[Guess], workers: int, progress: Progress
) -> Outcome:
    """Bring ``people`` of a population, gather what each purpose discloses of them, and learn from it."""
    lines = population.stream(people, SEED)
    internal = await target.put(lines)
    work: list[Task | Result] = []
    controls: list[Control] = []
    whole = len(purposes) * (1 + len(guesses))
    for purpose in purposes:
        truth = await _truth(target, purpose, internal, lines)
        gathered = (await gather(target, purpose, internal)).of(truth)
        work += await asyncio.to_thread(tasks, gathered, truth, guesses)
        controls.append(await asyncio.to_thread(control, gathered, truth, guesses[0]))
        progress(len(controls), whole)
    with _pool(workers) as pool:
        results = await _learned(pool, work, lambda done: progress(len(purposes) + done, whole))
    return Outcome(people, tuple(results), tuple(controls))


async def _truth(
    target: Target, purpose: str, internal: Sequence[str], lines: Sequence[Mapping[str, Any]]
) -> dict[str, Attributes]:
    """The stored attributes of everybody by the id under which the purpose's caller knows them."""
    organisation, _ = CALLERS[purpose]
    named = [await target.pairwise(person, organisation, purpose) for person in internal]
    return {name: line["attributes"] for name, line in zip(named, lines, strict=True)}


@contextmanager
def _pool(workers: int) -> Any:
    """Processes for the learning; with one worker a thread, which starts at once."""
    pool: Executor
    if workers == 1:
        pool = ThreadPoolExecutor(1)
    else:
        pool = ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))
    with pool:
        yield pool


async def _learned(pool: Executor, work: Iterable[Task | Result], progress: Any) -> list[Result]:
    loop, done = asyncio.get_running_loop(), 0

    async def one(each: Task | Result) -> Result:
        nonlocal done
        result = each if isinstance(each, Result) else await loop.run_in_executor(pool, judged, each)
        done += 1
        progress(done)
        return result

    return list(await asyncio.gather(*map(one, work)))


def section(outcome: Outcome) -> Section:
    """The outcome for the report of all leaks."""
    tried = [each for each in outcome.results if each.auc is not None]
    hinted = [each for each in tried if each.verdict == "hinted"]
    fresh = beyond(outcome.results, recorded())
    blind = [f"{each.purpose}: the attacker cannot be believed" for each in outcome.controls if not each.holds]
    shuffled = [each.shuffled.value for each in outcome.controls]
    planted = [each.planted.value for each in outcome.controls]
    figures = (
        Figure("guesses tried", len(tried)),
        Figure("at chance", sum(each.verdict == "chance" for each in tried)),
        Figure(
            "explained by what is disclosed or accepted", sum(each.verdict in ("shown in part", "accepted") for each in tried)
        ),
        Figure("hinted at by what is disclosed for another reason", len(hinted)),
        Figure("of these beyond what docs/attacker.md says", len(fresh), "0", not fresh),
        Figure("control: shuffled truth, AUC at most", max(shuffled), "chance", not blind),
        Figure("control: planted truth, AUC at least", min(planted), "found", not blind),
    )
    return Section(
        f"An attacker who learns, {outcome.people} people", figures, (*fresh, *blind), attacker_report.as_json(outcome)
    )


def recorded() -> dict[tuple[str, str], dict[str, Any]]:
    """What is known, by purpose and guess."""
    found = json.loads(RECORD.read_text())["results"] if RECORD.exists() else []
    return {(each["purpose"], each["guess"]): each for each in found}


def beyond(results: Iterable[Result], known: Mapping[tuple[str, str], Mapping[str, Any]]) -> tuple[str, ...]:
    """What is shown and was not, is hinted at and was not, or is told better than it was; the last two beyond doubt."""
    return tuple(text for each in results if (text := _beyond(each, known.get((each.purpose, each.guess), {}))))


def _beyond(found: Result, before: Mapping[str, Any]) -> str | None:
    if found.verdict == "shown" and before.get("verdict", "shown") != "shown":
        return f"{found.purpose} shows {found.guess}, and did not"
    if found.verdict != "hinted" or found.auc is None:
        return None
    was = before["auc"]["value"] if before.get("verdict") == "hinted" else 0.5
    if found.auc.low <= was + WORSE:
        return None
    carriers = ", ".join(list(found.carried)[:3]) or "nothing alone"
    return f"{found.purpose} gives away {found.guess}: AUC {found.auc.value:.3f}, was {was:.3f}; by {carriers}"


def main(
    people: Annotated[int, typer.Option(help="How many people.")] = 3_000,
    purpose: Annotated[list[str] | None, typer.Option(help="Only this one; may be repeated.")] = None,
    as_json: Annotated[Path | None, typer.Option("--json", help="Write everything found to this file.")] = None,
    plots: Annotated[Path | None, typer.Option(help="Draw the figures into this folder, as SVG.")] = None,
    tables: Annotated[Path | None, typer.Option(help="Write the tables of docs/attacker.md to this file, as Markdown.")] = None,
) -> None:
    """Learn from all that is disclosed, and say what can be foretold."""
    console = Console()

    async def look() -> Outcome:
        with tempfile.TemporaryDirectory(prefix="stena-attacker-") as place, ProgressBar(console=console) as bar:
            bars = bar.add_task("Gathering and learning")
            async with alone(Path(place)) as target:
                return await attack(
                    target,
                    people,
                    purpose or tuple(CALLERS),
                    GUESSES,
                    os.cpu_count() or 1,
                    lambda done, of: bar.update(bars, completed=done, total=of),
                )

    outcome = asyncio.run(look())
    attacker_report.show(console, outcome, section(outcome))
    if as_json is not None:
        as_json.write_text(json.dumps(attacker_report.as_json(outcome), indent=1) + "\n")
    if plots is not None:
        attacker_plots.draw(attacker_report.as_json(outcome), plots)
    if tables is not None:
        tables.write_text(attacker_report.tables(attacker_report.as_json(outcome)))
    raise typer.Exit(0 if section(outcome).kept else 1)


if __name__ == "__main__":
    typer.run(main)
