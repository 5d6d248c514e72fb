"""How the commands say things: tables for people, JSON for machines."""

from typing import Any, NoReturn

import orjson
import typer
from rich.console import Console
from rich.table import Table

from policy_svc.faults import RulebookError


def refuse(error: RulebookError, as_json: bool) -> NoReturn:
    if as_json:
        faults = [
            {"file": fault.place.file, "line": fault.place.line, "rule": fault.uid, "what": fault.what, "mend": fault.mend}
            for fault in error.faults
        ]
        print_json({"faults": faults, "more": error.more})
        raise typer.Exit(1)
    table = Table("Where", "What is wrong", "What to do", title="The rulebook is refused", show_lines=True)
    for fault in error.faults:
        table.add_row(str(fault.place), f"rule {fault.uid}: {fault.what}" if fault.uid else fault.what, fault.mend)
    Console().print(table)
    if error.more:
        Console().print(f"… and {error.more} more.")
    raise typer.Exit(1)


def print_json(value: dict[str, Any]) -> None:
    typer.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())
