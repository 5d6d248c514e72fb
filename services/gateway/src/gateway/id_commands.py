"""The operator's commands that renew the key of pairwise ids. They write files; gateways find them within a second."""

import time

import typer

from gateway import id_keys
from gateway.commands import with_key_files
from gateway.settings import GatewaySettings

ids = typer.Typer(help="Renew the key by which organisations name people. Old ids are read for ever.", no_args_is_help=True)


@ids.command("rotate")
def rotate() -> None:
    """Make a new key and, once every gateway on the folder has read it, let it make ids. Takes ten seconds."""
    stage()
    time.sleep(id_keys.SETTLE)
    activate()


@ids.command("stage")
def stage() -> None:
    """Make a new key that only reads for now. Copy it to every gateway that has a folder of its own."""
    folder = GatewaySettings().id_keys_dir
    version = with_key_files(id_keys.stage, folder)
    typer.echo(f"Version {version} is staged: {folder / f'{version}{id_keys.STAGED}'}. Keep a copy: ids made by it need it.")


@ids.command("activate")
def activate() -> None:
    """Let the staged key make ids. Every gateway has to read it before any does: stena_id_key_version tells."""
    version = with_key_files(id_keys.activate, GatewaySettings().id_keys_dir)
    typer.echo(f"Version {version} makes new ids. Followers of the feed are told the new id of everybody whom they know.")


@ids.command("list")
def show() -> None:
    """Every version of the key, and what it is used for."""
    known = with_key_files(id_keys.read, GatewaySettings().id_keys_dir)
    for version in sorted(known.by_version):
        use = "makes ids" if version == known.making else "staged" if version == known.staged else "reads"
        typer.echo(f"{version:>4}  {use}")
