"""The command `stena`: the deployment's own commands and those that services offer by entry points, loaded when called."""

import sys
from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Any

import typer
from typer.core import TyperGroup

from stena.keys import KeyFileError
from stena_local import commands
from stena_local.doctor.commands import doctor
from stena_local.settings import offer
from stena_local.trouble import DeploymentError

COMMANDS = "stena.commands"
_OWN: dict[str, Callable[..., None]] = {
    "up": commands.up,
    "down": commands.down,
    "status": commands.status,
    "doctor": doctor,
    "env": commands.env,
    "migrate": commands.migrate,
    "secrets": commands.secrets,
    "register-matching": commands.register,
    "remove": commands.remove,
}


class _Offered(TyperGroup):
    """A group that also knows the commands of installed services. Only the one that is called is imported."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [*_OWN, *sorted(entry.name for entry in entry_points(group=COMMANDS))]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        own = super().get_command(ctx, cmd_name)
        if own is not None:
            return own
        for entry in entry_points(group=COMMANDS, name=cmd_name):
            offer(commands.describe().operator_environment())
            return _as_command(cmd_name, entry.load())
        return None


app = typer.Typer(
    name="stena",
    cls=_Offered,
    help="Runs Stena on this machine and operates it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for _name, _function in _OWN.items():
    app.command(_name)(_function)


def main() -> None:
    try:
        app()
    except (DeploymentError, KeyFileError) as error:
        typer.secho(str(error), fg=typer.colors.RED, err=True)
        sys.exit(1)


def _as_command(name: str, offered: Any) -> Any:
    """A Typer app stays a group of commands; a function becomes one command."""
    if isinstance(offered, typer.Typer):
        group = typer.main.get_group(offered)
        group.name = name
        return group
    single = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    single.command(name)(offered)
    command = typer.main.get_command(single)
    command.name = name
    return command
