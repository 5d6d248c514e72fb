"""Runs the command `stena` where the deployment is: on this machine, or in the containers of compose."""

import io
import shlex
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from typing import Any, Literal, Protocol

import orjson
import typer

from stena_local import main
from stena_local.trouble import DeploymentError

Service = Literal["gateway", "profile-svc"]


class StenaCommand(Protocol):
    """Commands that belong to a service; what they print is the answer, and a failure is a ``DeploymentError``."""

    def run(self, service: Service, *arguments: str) -> str: ...

    def feed(self, service: Service, lines: bytes, *arguments: str) -> str:
        """The same with ``lines`` on standard input, for a command that reads ``/dev/stdin``."""
        ...


class Here:
    """The deployment of this machine. Commands run in this process: loading the services once is enough for all of them."""

    def run(self, service: Service, *arguments: str) -> str:
        printed, complaint = io.StringIO(), io.StringIO()
        command = typer.main.get_command(main.app)
        with redirect_stdout(printed), redirect_stderr(complaint):
            failed = command.main(list(arguments), prog_name="stena", standalone_mode=False)
        if failed:
            raise _failed(arguments, complaint.getvalue() or printed.getvalue())
        return printed.getvalue()

    def feed(self, service: Service, lines: bytes, *arguments: str) -> str:
        return apart(*arguments, feed=lines)


class InContainers:
    """A deployment that compose has brought up; ``compose`` is how it is called, as in ``docker-compose -f FILE``."""

    def __init__(self, compose: str) -> None:
        self._compose = tuple(shlex.split(compose))

    def run(self, service: Service, *arguments: str) -> str:
        return self.feed(service, b"", *arguments)

    def feed(self, service: Service, lines: bytes, *arguments: str) -> str:
        return _process((*self._compose, "exec", "-T", service, "stena"), arguments, lines)


def apart(*arguments: str, feed: bytes = b"") -> str:
    """A command of this machine's deployment in a process of its own, as an operator would call it."""
    return _process((sys.executable, "-m", "stena_local"), arguments, feed)


def ask(stena: StenaCommand, service: Service, *arguments: str) -> Any:
    """The JSON that a command prints."""
    return orjson.loads(stena.run(service, *arguments))


def _process(prefix: tuple[str, ...], arguments: tuple[str, ...], feed: bytes) -> str:
    done = subprocess.run([*prefix, *arguments], input=feed, capture_output=True, check=False)
    if done.returncode != 0:
        raise _failed(arguments, (done.stderr or done.stdout).decode(errors="replace"))
    return done.stdout.decode()


def _failed(arguments: tuple[str, ...], complaint: str) -> DeploymentError:
    return DeploymentError(f"`stena {' '.join(arguments)}` failed:\n{complaint.strip()[-2000:]}")
