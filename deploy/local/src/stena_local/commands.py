"""The commands of the deployment itself: from up and down to remove."""

import shutil
import subprocess
import sys
import time
from importlib.metadata import entry_points
from pathlib import Path
from shlex import quote
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from stena_local import report
from stena_local.layout import Layout
from stena_local.registration import register_matching
from stena_local.running import Running, forget
from stena_local.secret_files import SecretFiles
from stena_local.settings import Settings, inherited, offer
from stena_local.supervisor import Supervisor
from stena_local.tls_files import make_tls
from stena_local.trouble import DeploymentError, last_lines

MIGRATIONS = "stena.migrations"

Home = Annotated[Path | None, typer.Option(help="Folder of the deployment; default: .stena in the checkout, or STENA_HOME.")]
Port = Annotated[int | None, typer.Option(help="Port of the gateway; everything else listens just above it.")]


def up(
    home: Home = None,
    port: Port = None,
    detach: Annotated[bool, typer.Option(help="Come back when everything is ready and leave it running.")] = False,
) -> None:
    """Start PostgreSQL and the four services, and watch over them until Ctrl-C."""
    layout, console = describe(home, port), report.console()
    if detach:
        _detach(layout)
        console.print(report.whereabouts(layout))
        return
    supervisor = Supervisor(layout, say=console.print)
    supervisor.run(on_ready=lambda: console.print(report.whereabouts(layout)))


def down(home: Home = None) -> None:
    """Stop what `stena up` started."""
    layout = describe(home)
    running = Running.read(layout.home)
    if running is None:
        typer.echo(f"Nothing runs from {layout.home}.")
        return
    running.stop()
    if running.alive() or running.left_behind():
        raise DeploymentError(f"Still running: {running.left_behind() or running.supervisor}. See the logs in {layout.logs}.")
    forget(layout.home)
    typer.echo("Stopped.")


def status(home: Home = None) -> None:
    """Show what runs and whether it is ready; exit 1 if anything is not."""
    layout = describe(home)
    running = Running.read(layout.home)
    if running is None:
        raise DeploymentError(f"Nothing runs from {layout.home}. Start it with `stena up`.")
    table, well = report.status(layout, running)
    report.console().print(table)
    if not well:
        raise typer.Exit(1)


def env(home: Home = None) -> None:
    """Print the settings of every service as shell exports (paths of secrets, never the secrets)."""
    for name, value in sorted(describe(home).operator_environment().items()):
        typer.echo(f"export {name}={quote(value)}")


def migrate(
    names: Annotated[list[str] | None, typer.Argument(help="Services to migrate; default: all that are installed.")] = None,
) -> None:
    """Bring the databases to the newest revision, as their owners."""
    known = {entry.name: entry for entry in entry_points(group=MIGRATIONS)}
    unknown = set(names or ()) - set(known)
    if unknown:
        raise DeploymentError(f"No such migrations: {', '.join(sorted(unknown))}. There are: {', '.join(sorted(known))}.")
    offer(describe().operator_environment())
    for name in names or sorted(known):
        known[name].load()()
        typer.echo(f"{name}: at the newest revision")


def secrets(
    folder: Annotated[Path, typer.Argument(help="Folder to make them in.")],
    tls: Annotated[str | None, typer.Option(metavar="NAME", help="Also a certificate for this name, in a folder tls.")] = None,
) -> None:
    """Make the secrets of a deployment; those that exist stay as they are."""
    SecretFiles(folder).make()
    if tls is not None:
        make_tls(folder / "tls", tls)
    typer.echo(f"The secrets are in {folder}. Whoever reads them can read the people: keep a copy in a safe place.")


def register(folder: Annotated[Path, typer.Argument(help="Folder to keep the credentials in.")]) -> None:
    """Make matching-svc a client of the gateway, unless the folder says that it is one already."""
    register_matching(SecretFiles(folder))
    typer.echo(f"matching-svc is registered; its credentials are in {folder}.")


def remove(home: Home = None, yes: Annotated[bool, typer.Option(help="Do not ask; for scripts.")] = False) -> None:
    """Remove a deployment for good: people, ledger, keys, logs."""
    layout = describe(home)
    running = Running.read(layout.home)
    if running is not None:
        raise DeploymentError(f"It runs (process {running.supervisor}). Stop it first with `stena down`.")
    folders = [folder for folder in layout.made_folders() if folder.exists()]
    if folders and not yes:
        typer.confirm(f"Remove {', '.join(map(str, folders))} with everything inside?", abort=True)
    for folder in folders:
        shutil.rmtree(folder)
    forget(layout.home)
    if layout.home.is_dir() and not any(layout.home.iterdir()):
        layout.home.rmdir()
    typer.echo("Removed." if folders else "There is nothing to remove.")


def describe(home: Path | None = None, port: int | None = None) -> Layout:
    """The deployment that the options and the environment mean; a running one says itself on which port."""
    chosen: dict[str, Any] = {name: value for name, value in (("home", home), ("port", port)) if value is not None}
    try:
        layout = Layout(Settings(**chosen))
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()]
        raise DeploymentError(f"A setting (option or STENA_… variable) is wrong. {'; '.join(faults)}.") from error
    running = Running.read(layout.home)
    if running is None or port is not None:
        return layout
    return Layout(layout.settings.model_copy(update={"port": running.port}))


def _detach(layout: Layout, timeout: float = 120) -> None:
    """Start `stena up` in a session of its own and wait until it is ready or has failed."""
    running = Running.read(layout.home)
    if running is not None and running.alive() and running.ready and running.port == layout.settings.port:
        return
    layout.make_folders()
    log = layout.log("supervisor")
    with log.open("wb") as output:
        supervisor = subprocess.Popen(
            [sys.executable, "-m", "stena_local", "up"],
            env={**inherited(), **_as_variables(layout.settings)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        running = Running.read(layout.home)
        if running is not None and running.supervisor == supervisor.pid and running.ready:
            return
        if supervisor.poll() is not None:
            raise DeploymentError(f"It did not start:\n{last_lines(log, 30)}")
        time.sleep(0.1)
    supervisor.terminate()
    raise DeploymentError(f"Not ready within {timeout:.0f} s. {log} ends with:\n{last_lines(log)}")


def _as_variables(settings: Settings) -> dict[str, str]:
    return {f"STENA_{name.upper()}": str(value) for name, value in settings.model_dump().items() if value is not None}
