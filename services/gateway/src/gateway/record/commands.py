"""`stena ledger`: what it is made of, and the command that shows one decision and the call behind it as it was asked."""

import json
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from gateway.commands import with_database
from gateway.record import check_commands as ledger_check_commands
from gateway.record import key_commands as ledger_key_commands
from gateway.record import upkeep_commands as ledger_upkeep_commands
from gateway.record.ledger import Decided, Ledger
from gateway.settings import GatewaySettings
from stena.contracts.access import ANY_ID

ledger = typer.Typer(help="Look into the ledger, copy it out, and check that nobody has changed it.", no_args_is_help=True)
ledger.command("export")(ledger_upkeep_commands.export)
ledger.command("verify")(ledger_check_commands.verify)
ledger.command("check")(ledger_check_commands.check)
ledger.command("partitions")(ledger_upkeep_commands.partitions)
ledger.add_typer(ledger_upkeep_commands.retention, name="retention")
ledger.add_typer(ledger_key_commands.key, name="key")

OF_MANY: Final = frozenset({"list", "export", "changes", "create"})
"""Operations that name no record, whomever they concern in the end."""


@ledger.command("show")
def show(
    decision: Annotated[str, typer.Argument(metavar="DECISION", help="Its id, as answers carry it: dec_…")],
    as_json: Annotated[
        bool, typer.Option("--json", help="Print it as `stena rulebook explain --evaluation -` reads it.")
    ] = False,
) -> None:
    """One decision: who asked for what, how it ended, under which revision of the rulebook."""
    found = with_database(GatewaySettings().database, lambda engine: Ledger(engine).of_decision(decision))
    if found is None:
        typer.echo(f"The ledger knows no decision {decision}.", err=True)
        raise typer.Exit(1)
    if as_json:
        print(json.dumps(asked(found), ensure_ascii=False, indent=2))
        return
    table = Table("", "", show_header=False)
    for name in Decided.__dataclass_fields__:
        value = getattr(found, name)
        table.add_row(name.replace("_", " "), escape(", ".join(value) if isinstance(value, tuple) else str(value or "")))
    Console().print(table)


def asked(found: Decided) -> dict[str, Any]:
    """The call as JSON, with when and under which revision it was decided.

    What the ledger does not keep is not there: the facts of the record as they were then.
    """
    one = found.person is not None and found.operation not in OF_MANY
    subject = {"client": found.client, "acting_user": found.acting_user, "person": found.asker}
    context = {"purpose": found.purpose, "case": found.case_reference, "justification": found.justification}
    return {
        "evaluation": {
            "subject": {"type": "organisation", "id": found.organisation, "properties": _said(subject)},
            "action": {"name": found.operation},
            "resource": {"type": found.resource, "id": str(found.person) if one else ANY_ID},
            "context": _said(context),
        },
        "at": found.at.isoformat(),
        "rulebook": found.rulebook,
    }


def _said(values: dict[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in values.items() if value is not None}
