"""`stena policy`: starts policy-svc by itself, and says in plain words what it cannot start with."""

import secrets
import sys
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer
import uvicorn
from pydantic import TypeAdapter, ValidationError

from policy_svc.alone import create_app
from policy_svc.faults import RulebookError
from policy_svc.settings import PublicUrl
from stena import logging
from stena.settling import settle

SHORTEST_KEY: Final = 20


def policy(
    rulebook: Annotated[Path, typer.Option(help="Folder of the rulebook.")],
    port: Annotated[int, typer.Option(help="Port to answer on.", min=1, max=65535)],
    host: Annotated[str, typer.Option(help="Address to answer on.")] = "127.0.0.1",
    public_url: Annotated[str | None, typer.Option(help="As enforcement points know it; default: http://HOST:PORT.")] = None,
    key_file: Annotated[
        Path | None, typer.Option(help="File with the key of the one enforcement point; default: a new one.")
    ] = None,
) -> None:
    """Decide by any rulebook, alone: AuthZEN's calls on one port, without a database."""
    key = secrets.token_urlsafe(32) if key_file is None else _key_in(key_file)
    try:
        app = create_app(rulebook, key, _checked(public_url or f"http://{host}:{port}"))
    except RulebookError as error:
        _refuse(str(error))
    if key_file is None:
        print(f"Key of the enforcement point, shown this once: {key}", flush=True)
    logging.configure("policy-svc")
    settle()
    uvicorn.run(app, host=host, port=port, log_config=None, access_log=False, server_header=False, proxy_headers=False)


def _key_in(path: Path) -> str:
    try:
        key = path.read_text().strip()
    except (OSError, ValueError):
        _refuse(f"{path}: no readable key.")
    if len(key) < SHORTEST_KEY or not key.isascii() or any(map(str.isspace, key)):
        _refuse(f"{path}: wants one line of at least {SHORTEST_KEY} ASCII characters, without spaces.")
    return key


def _checked(public_url: str) -> str:
    try:
        return TypeAdapter(PublicUrl).validate_python(public_url)
    except ValidationError:
        _refuse("--public-url: wants an address as https://policy.example, without query and fragment.")


def _refuse(reason: str) -> NoReturn:
    print(f"policy-svc does not start:\n{reason}", file=sys.stderr)
    raise typer.Exit(1)
