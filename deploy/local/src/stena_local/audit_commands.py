"""The command `stena audit`: an audit of rankings through the API, as the client of an auditor; a table, or JSON for machines.

Holds no right of its own: what it may ask, and what it is told, the gateway decides as for any other caller.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final

import orjson
import typer
from rich.table import Column, Table

from stena_local import report
from stena_local.commands import describe
from stena_local.demo.upstreams import Client, Gateway
from stena_local.layout import GATEWAY
from stena_local.trouble import DeploymentError

PURPOSE: Final = "fairness-audit"
PERIOD: Final = timedelta(days=30)

Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Default: the last 30 days.")]
Answer = Mapping[str, Any]


def audit(
    attribute: Annotated[str, typer.Argument(help="What groups are made by: gender, age_band, ethnic_origin, nationalities.")],
    client_id: Annotated[str, typer.Option(envvar="STENA_CLIENT_ID", help="An auditor's client.")],
    client_secret_file: Annotated[
        Path, typer.Option(envvar="STENA_CLIENT_SECRET_FILE", exists=True, dir_okay=False, help="File with its secret.")
    ],
    kind: Annotated[str | None, typer.Option(help="All opportunities of one kind.")] = None,
    opportunity: Annotated[str | None, typer.Option(help="One opportunity in the place of a kind.")] = None,
    since: Day = None,
    until: Day = None,
    url: Annotated[str | None, typer.Option(help="Where the gateway is; default: of this machine's deployment.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole report as JSON, for machines.")] = False,
) -> None:
    """How groups fare in rankings and allocations: who was shown, chosen and rejected, with exact tests."""
    today = datetime.now(UTC).date()
    asked = {"attribute": attribute, "kind": kind, "opportunity": opportunity}
    period = {"since": _day(since, today - PERIOD), "until": _day(until, today)}
    client = Client("the auditor", client_id, client_secret_file.read_text().strip())
    with Gateway(url or describe().url(GATEWAY), within=60) as gateway:
        body = {name: value for name, value in {**asked, **period}.items() if value is not None}
        answer = gateway.call("POST", "/v1/audits", client, PURPOSE, json=body)
    if answer.status != 200:
        raise DeploymentError(report.refusal("No audit", answer.body))
    if as_json:
        typer.echo(orjson.dumps(answer.body, option=orjson.OPT_INDENT_2).decode())
        return
    for stage in answer.body["stages"]:
        report.console().print(_table(answer.body, stage))
    _told_beside(answer.body)


def _day(chosen: datetime | None, default: date) -> str:
    return (chosen.date() if chosen else default).isoformat()


def _table(told: Answer, stage: Answer) -> Table:
    """A stage, group by group. Beside whom the others stand is the largest group, and the first."""
    title = f"{told['attribute']}: {stage['stage']} of those {stage['of']}, {told['since']} to {told['until']}"
    numbers = (Column(name, justify="right") for name in (stage["of"], stage["stage"], "rate", "ratio", "95 %", "p (Holm)"))
    table = Table(Column("group"), *numbers, Column("finding"), title=title, title_justify="left")
    compared = {each["group"]: each for each in stage["comparisons"]}
    for cell in stage["cells"]:
        beside = compared.get(cell["group"])
        figures = ("", "", "") if beside is None else (_range(beside["ratio"]), _range(beside["ratio_interval"]), beside["p"])
        row = (cell["base"], _count(cell), cell["rate"], *figures, beside["finding"] if beside else "beside whom")
        table.add_row(cell["group"], *("" if value is None else str(value) for value in row))
    return table


def _count(cell: Answer) -> str | None:
    """A count, else between which two it lies, else why it is not told."""
    if cell["count"] is not None:
        return str(cell["count"])
    return _range(cell["between"]) or cell["hidden"]


def _range(ends: list[float] | None) -> str | None:
    if ends is None:
        return None
    least, most = ends
    return str(least) if least == most else f"{least} to {most}"


def _told_beside(told: Answer) -> None:
    """What stands beside the tables: whom they are about, by which weights, and what people decided."""
    console = report.console()
    about = told["opportunity"] or f"{told['opportunities']} opportunities of kind {told['kind']}"
    models = ", ".join(told["models"]) or "none"
    console.print(
        f"{about}; ranked by {models}; counts to the nearest {told['step']}, groups from {told['smallest']}", markup=False
    )
    for outcome, reasons in told["decisions"].items():
        console.print(f"  {outcome}: {', '.join(f'{reason} {often}' for reason, often in reasons.items())}", markup=False)
    decision = told["disclosure"]["decision"]
    console.print(f"decision {decision}, which stands in the ledger", markup=False)
