"""The attacker's findings for people and for machines: a table on the terminal, JSON, and the tables of docs/attacker.md."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any, Final

from rich import box
from rich.console import Console
from rich.table import Table

from . import report
from .attacker_guesses import GUESSES
from .attacker_verdicts import Outcome

Record = Mapping[str, Any]
"""What ``as_json`` makes of an outcome."""

SIGNS: Final = {"shown": "shown", "too few": "few", "chance": "", "shown in part": "◐", "accepted": "○", "hinted": "●"}
STYLES: Final = {"shown": "dim", "too few": "dim", "chance": "green", "shown in part": "", "accepted": "", "hinted": "yellow"}


def as_json(outcome: Outcome) -> dict[str, Any]:
    """Plain data, with three digits of every number."""
    return {
        "people": outcome.people,
        "results": [_rounded(asdict(each)) for each in outcome.results],
        "controls": [_rounded(asdict(each)) | {"holds": each.holds} for each in outcome.controls],
    }


def show(console: Console, outcome: Outcome, found: report.Section) -> None:
    record = as_json(outcome)
    table = Table(
        title="AUC of what is withheld; 0.5 is chance", title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0)
    )
    table.add_column("", no_wrap=True)
    for guess in GUESSES:
        table.add_column(guess.name, min_width=5)
    for purpose, results in _by_purpose(record):
        table.add_row(purpose, *(_styled(results.get(guess.name)) for guess in GUESSES))
    console.print(table)
    console.print("green chance · ◐ shown in part · ○ an accepted proxy · ● hinted at by what is disclosed for another reason")
    report.show(console, found)


def tables(record: Record) -> str:
    """The three tables of the page."""
    return "\n\n".join([aucs(record), carriers(record), prices(record)]) + "\n"


def aucs(record: Record) -> str:
    """Purposes by guesses, as Markdown."""
    lines = ["| purpose | " + " | ".join(guess.name for guess in GUESSES) + " |", "|---" * (len(GUESSES) + 1) + "|"]
    for purpose, results in _by_purpose(record):
        lines.append(f"| {purpose} | " + " | ".join(_cell(results.get(guess.name)) for guess in GUESSES) + " |")
    return "\n".join(lines)


def prices(record: Record) -> str:
    """What the accepted proxies add where a guess succeeds, together and each alone, as Markdown."""
    lines = ["| purpose | guess | with everything | without all of them | lost without one |", "|---|---|---|---|---|"]
    for each in record["results"]:
        lost = {name: each["auc"]["value"] - without["value"] for of, name, without in priced(record) if of is each}
        if lost:
            told = ", ".join(f"{name} {share:.2f}" for name, share in lost.items() if share >= 0.01) or "nothing"
            rest = _interval(each["rest"])
            lines.append(f"| {each['purpose']} | {each['guess']} | {_interval(each['auc'])} | {rest} | {told} |")
    return "\n".join(lines)


def priced(record: Record) -> Iterator[tuple[Record, str, Record]]:
    """Every result that is above chance with each proxy accepted for it, and what is left without the proxy."""
    for each in record["results"]:
        if each["auc"] and each["auc"]["low"] > 0.5:
            yield from ((each, proxy, without) for proxy, without in each["without"].items())


def carriers(record: Record) -> str:
    """Who tells what: for each guess, the sources that carry it most often among the purposes where it is hinted at."""
    lines = ["| guess | carried by (purposes in which) |", "|---|---|"]
    for guess in GUESSES:
        counts: dict[str, int] = {}
        for each in record["results"]:
            if each["guess"] == guess.name and each["verdict"] == "hinted":
                for source in each["carried"]:
                    counts[source] = counts.get(source, 0) + 1
        best = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:6]
        lines.append(f"| {guess.name}: {guess.asks} | " + (", ".join(f"{name} ({n})" for name, n in best) or "–") + " |")
    return "\n".join(lines)


def _by_purpose(record: Record) -> Iterator[tuple[str, dict[str, Record]]]:
    for purpose in dict.fromkeys(each["purpose"] for each in record["results"]):
        yield purpose, {each["guess"]: each for each in record["results"] if each["purpose"] == purpose}


def _cell(result: Record | None) -> str:
    if result is None:
        return ""
    sign = SIGNS[result["verdict"]]
    return f"{_interval(result['auc'])} {sign}".strip() if result["auc"] else sign


def _styled(result: Record | None) -> str:
    style = STYLES[result["verdict"]] if result else ""
    text = f"{result['auc']['value']:.2f}{SIGNS[result['verdict']]}" if result and result["auc"] else _cell(result)
    return f"[{style}]{text}[/]" if style else text


def _interval(auc: Record) -> str:
    return f"{auc['value']:.2f} ({auc['low']:.2f}–{auc['high']:.2f})"


def _rounded(data: Any) -> Any:
    match data:
        case float():
            return round(data, 3)
        case dict():
            return {name: _rounded(member) for name, member in data.items()}
    return data
