"""What the commands print about a deployment: rich on a terminal, plain text elsewhere."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from stena_local.layout import GATEWAY, POLICY, SERVICES, Layout
from stena_local.processes import HOST
from stena_local.running import Running
from stena_local.upstreams import is_ready, offered_rulebook


def whereabouts(layout: Layout) -> Table:
    """Where everything of a running deployment is."""
    gateway = layout.url(GATEWAY)
    table = Table(title="Stena is up", title_justify="left", show_header=False, box=None, padding=(0, 2, 0, 0))
    rows = [
        ("API", f"{gateway}/v1"),
        ("Documentation", f"{gateway}/docs"),
        ("OpenAPI", f"{gateway}/openapi.json"),
        *((service.name, f"{layout.url(service)}  (metrics on {layout.metrics_port(service)})") for service in SERVICES[1:]),
        ("PostgreSQL", f"{HOST}:{layout.postgres_port}, data in {layout.postgres_place}"),
        ("Secrets", str(layout.secrets.folder)),
        ("Logs", str(layout.logs)),
        ("Add a client", "stena client add --organisation employment-agency --name my-system"),
        ("Look, stop", "stena status · stena down"),
        *_rulebook(layout),
    ]
    for name, value in rows:
        table.add_row(f"[bold]{name}[/bold]", escape(value))
    return table


def _rulebook(layout: Layout) -> list[tuple[str, str]]:
    """A folder that was changed decides nothing until somebody says so: it must not look as if it did."""
    offered = offered_rulebook(layout.url(POLICY))
    if offered is None:
        return []
    folder, command = offered
    return [("Rulebook", f"{folder} differs from what decides now"), ("", f"let it decide with: {command}")]


def status(layout: Layout, running: Running) -> tuple[Table, bool]:
    """Each part with its process and whether it is ready, and whether all are."""
    table = Table("Part", "Process", "Listens on", "State", title=f"Stena from {layout.home}", title_justify="left")
    alive, well = running.left_behind(), True
    for service in SERVICES:
        state = "ready" if is_ready(layout.url(service)) else "not ready" if service.name in alive else "gone"
        well = well and state == "ready"
        table.add_row(service.name, str(running.children.get(service.name, "–")), layout.url(service), state)
    database = "runs" if "postgres" in alive else "gone"
    table.add_row("PostgreSQL", str(running.children.get("postgres", "–")), f"{HOST}:{layout.postgres_port}", database)
    for name, value in _rulebook(layout):
        table.add_row(name, "–", "–", escape(value))
    supervised = "watches" if running.alive() else "gone: run `stena down`"
    table.add_row("supervisor", str(running.supervisor), "–", supervised)
    return table, well and database == "runs" and running.alive()


def console() -> Console:
    """As wide as the terminal; wide enough for every line where there is none, so that scripts can read it."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=160)


def refusal(what: str, problem: Mapping[str, Any]) -> str:
    """What the gateway says of a call that it refused, with the places that it names."""
    faults = [f"  {fault.get('pointer') or fault.get('file', '')}: {fault['detail']}" for fault in problem.get("errors") or ()]
    return "\n".join([f"{what}: {problem.get('detail') or problem.get('title')}", *faults])
