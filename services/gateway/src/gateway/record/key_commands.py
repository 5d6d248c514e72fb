"""The operator's commands that renew the key which signs heads of the ledger. They write files; gateways find them within a
second, and every head that was ever signed can be checked as before."""

import time

import typer

from gateway.commands import with_key_files
from gateway.record import keys as ledger_keys
from gateway.settings import GatewaySettings

key = typer.Typer(help="Renew the key that signs heads. What earlier keys have signed holds for ever.", no_args_is_help=True)


@key.command("rotate")
def rotate() -> None:
    """Make a new key, let it sign once every gateway on the folder has published it, destroy the old one. Takes 20 seconds."""
    stage()
    time.sleep(ledger_keys.SETTLE)
    activate()
    time.sleep(ledger_keys.SETTLE)
    retire()


@key.command("stage")
def stage() -> None:
    """Make a new key, which the one in use vouches for. Copy it to every gateway that has a folder of its own."""
    folder = GatewaySettings().ledger_keys_dir
    version = with_key_files(ledger_keys.stage, folder)
    typer.echo(
        f"Version {version} is staged: {folder / f'{version}{ledger_keys.STAGED}'}. Gateways publish it within a second."
    )


@key.command("activate")
def activate() -> None:
    """Let the staged key sign. Every gateway has to know it before any signs with it: stena_ledger_key_version tells."""
    version = with_key_files(ledger_keys.activate, GatewaySettings().ledger_keys_dir)
    typer.echo(f"Version {version} signs heads from now on.")


@key.command("retire")
def retire() -> None:
    """Destroy the private part of earlier keys: with one of them a history of before could be signed anew."""
    gone = with_key_files(ledger_keys.retire, GatewaySettings().ledger_keys_dir)
    if not gone:
        typer.echo("There is nothing to retire: of earlier keys only the public part is here.")
    for version in gone:
        typer.echo(f"Version {version} can sign nothing any more. Destroy copies of it too; its public part stays.")


@key.command("list")
def show() -> None:
    """Every version of the key, its name, and what it is used for."""
    found = with_key_files(ledger_keys.read, GatewaySettings().ledger_keys_dir)
    for version, each in sorted(found.by_version.items()):
        unused = "could still sign" if each.is_private else "checks what it signed"
        use = "signs" if version == found.making else "staged" if version == found.staged else unused
        typer.echo(f"{version:>4}  {each.kid}  {use}")
