"""The operator's commands: clients registered and revoked, and the id by which an organisation knows a person."""

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final, NoReturn, TypeVar
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Column, Table
from sqlalchemy.engine import URL

from gateway import shell_entries, store
from gateway.administering import credentials
from gateway.credentials import issuers
from gateway.credentials.key_files import pairwise_ids
from gateway.deciding import reach_of
from gateway.identity import Scope, Unreadable
from gateway.settings import GatewaySettings, OwnerSettings
from gateway.store import months
from stena.contracts.catalogue import Catalogue
from stena.keys import KeyFileError
from stena.migrations import upgrade
from stena.problems import Unavailable
from stena.upstreams import PolicyService, inside

Result = TypeVar("Result")
Where = TypeVar("Where")
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
KnownTo = Annotated[
    str | None,
    typer.Option(
        help="An organisation, if the person is named by the id that it has for all its purposes, not by the internal one."
    ),
]
Jwks = Annotated[
    Path | None, typer.Option(exists=True, dir_okay=False, help="File with public keys of the client (a JWKS), for no secret.")
]
JwksUri = Annotated[str | None, typer.Option(help="Where the client publishes such keys, for no secret.")]
FromIssuer = Annotated[
    str | None, typer.Option("--issuer", help="The issuer whose access tokens stand for the client, for no secret.")
]
OrganisationOption = Annotated[str, typer.Option(help="Its id in the rulebook.")]

_NOT_LIVE: Final = "No client {} that is not revoked yet. `stena client list` shows them."

client = typer.Typer(help="Register, list and revoke clients: the systems that may call the gateway.", no_args_is_help=True)


def migrate() -> None:
    """Bring the database `gateway` to the newest revision, and give the ledger the months to come."""
    owner = OwnerSettings().database
    upgrade(owner, Path(__file__).parent / "migrations")
    with_database(owner, lambda engine: months.add(engine, months.ahead(datetime.now(UTC).date())))


@client.command("add")
def add_client(
    organisation: OrganisationOption,
    name: Annotated[str, typer.Option(help="What the client is called in lists.")],
    person: Annotated[str | None, typer.Option(help="The person whom this client speaks for.")] = None,
    known_to: KnownTo = None,
    jwks: Jwks = None,
    jwks_uri: JwksUri = None,
    issuer: FromIssuer = None,
    as_json: AsJson = False,
) -> None:
    """Register a client: with a secret, shown this once, or with keys of its own, or by tokens of an issuer."""
    settings = GatewaySettings()
    catalogue = rulebook_of(settings)
    _known_organisation(catalogue, organisation)
    shown, secret = credentials.made(_wanted(jwks, jwks_uri, issuer))
    speaks_for = _person(settings, catalogue, person, known_to) if person else None
    client_id, now = f"cli_{secrets.token_hex(10)}", datetime.now(UTC)
    row = store.Client(client_id, name, organisation, speaks_for, created_at=now, **asdict(shown))
    _change(settings, "register", lambda engine: store.register(engine, row))
    _tell(client_id, secret, organisation, as_json)


@client.command("renew")
def renew_client(
    client_id: Annotated[str, typer.Argument(metavar="ID")],
    jwks: Jwks = None,
    jwks_uri: JwksUri = None,
    issuer: FromIssuer = None,
    keep_hours: Annotated[int, typer.Option(min=0, max=72, help="How long the secret of before is good too.")] = 24,
    as_json: AsJson = False,
) -> None:
    """Give a client a new secret, shown this once, or other keys."""
    shown, secret = credentials.made(_wanted(jwks, jwks_uri, issuer))
    until = datetime.now(UTC) + timedelta(hours=keep_hours) if keep_hours else None
    if not _change(GatewaySettings(), "renew", lambda engine: store.renewed(engine, client_id, shown, until)):
        fail(_NOT_LIVE.format(client_id))
    _tell(client_id, secret, None, as_json)


@client.command("list")
def list_clients(as_json: AsJson = False) -> None:
    """Every client, revoked ones too."""
    rows = with_database(GatewaySettings().database, store.all_clients)
    if as_json:
        _print_json([_shown(row) for row in rows])
        return
    # An id that is cut short cannot be copied.
    table = Table(Column("client", no_wrap=True), "organisation", "name", "by", "since", "revoked")
    for row in rows:
        shown = _shown(row)
        table.add_row(
            row.client_id, row.organisation, row.name, shown["credentials"], shown["created_at"], shown["revoked_at"] or ""
        )
    Console().print(table)


@client.command("revoke")
def revoke_client(client_id: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """Refuse a client from now on; its tokens stop working within a second."""
    if not _change(GatewaySettings(), "revoke", lambda engine: store.revoke(engine, client_id)):
        fail(_NOT_LIVE.format(client_id))
    print(f"{client_id} is revoked.")


def person_id(
    person: Annotated[str, typer.Argument(metavar="PERSON")],
    organisation: OrganisationOption,
    purpose: Annotated[str, typer.Option(help="Wanted where the purpose has ids of its own.")] = "",
    known_to: KnownTo = None,
    as_json: AsJson = False,
) -> None:
    """The id by which an organisation (and purpose) knows a person."""
    settings = GatewaySettings()
    catalogue = rulebook_of(settings)
    _known_organisation(catalogue, organisation)
    if purpose and purpose not in {known.id for known in catalogue.purposes}:
        fail(f"The rulebook knows no purpose {purpose}.")
    scope = Scope(reach_of(catalogue, purpose), organisation, purpose)
    named = with_key_files(pairwise_ids, settings).name(str(_person(settings, catalogue, person, known_to)), scope)
    if as_json:
        _print_json({"id": named, "organisation": organisation, "purpose": purpose or None, "reach": scope.reach})
    else:
        print(named)


def _change(settings: GatewaySettings, operation: str, work: Callable[[store.Engine], Awaitable[Result]]) -> Result:
    """Done, and in the ledger."""
    return with_database(settings.database, lambda engine: shell_entries.recorded(engine, operation, work))


def _wanted(jwks: Path | None, jwks_uri: str | None, issuer: str | None) -> dict[str, str]:
    """What stands in the place of a secret, if anything does; ends the command where it cannot."""
    given: dict[str, str | None] = {"jwks": _jwks(jwks) if jwks else None, "jwks_uri": jwks_uri, "issuer": issuer}
    wanted = {name: value for name, value in given.items() if value is not None}
    if len(wanted) > 1:
        fail("A client shows in one way who it is: give one of --jwks, --jwks-uri and --issuer.")
    try:
        for address in (jwks_uri, issuer):
            if address is not None:
                issuers.require_safe(address)
    except issuers.NotSafe as error:
        fail(f"{address} {error}.")
    return wanted


def _jwks(path: Path) -> str:
    try:
        return credentials.as_text(json.loads(path.read_text()))
    except (OSError, ValueError) as error:
        fail(f"{path}: these keys cannot be taken: {error}.")


def _tell(client_id: str, secret: str | None, organisation: str | None, as_json: bool) -> None:
    told = {"client_id": client_id, "client_secret": secret, "organisation": organisation}
    if as_json:
        _print_json({name: value for name, value in told.items() if value is not None})
        return
    print(f"client id      {client_id}")
    if secret is not None:
        print(f"client secret  {secret}   (shown this once, stored nowhere)")


def _known_organisation(catalogue: Catalogue, organisation: str) -> None:
    known = sorted(each.id for each in catalogue.organisations)
    if organisation not in known:
        fail(f"The rulebook knows no organisation {organisation}. It knows: {', '.join(known)}.")


def rulebook_of(settings: GatewaySettings) -> Catalogue:
    """The active rulebook's catalogue; ends the command where policy-svc does not answer."""

    async def fetch() -> Catalogue:
        async with inside("policy-svc", settings.policy_url, within=5) as http:
            return await PolicyService(http, audience="gateway", within=5).catalogue()

    try:
        return asyncio.run(fetch())
    except Unavailable:
        fail(f"policy-svc does not answer at {settings.policy_url}. Start the services first, for instance with `stena up`.")


def with_database(url: URL, work: Callable[[store.Engine], Awaitable[Result]]) -> Result:
    """What ``work`` gives; ends the command where the database does not answer."""

    async def run() -> Result:
        async with store.opened(url) as engine:
            return await work(engine)

    try:
        return asyncio.run(run())
    except (Unavailable, OSError):  # no answer, or no password to read
        fail("The gateway's database does not answer. Start it first, for instance with `stena up`.")


def with_key_files(work: Callable[[Where], Result], where: Where) -> Result:
    """What ``work`` makes of key files; ends the command where they are not what they have to be."""
    try:
        return work(where)
    except KeyFileError as error:
        fail(str(error))


def _person(settings: GatewaySettings, catalogue: Catalogue, text: str, known_to: str | None) -> UUID:
    if known_to is None:
        return _internal_id(text)
    _known_organisation(catalogue, known_to)
    try:
        return UUID(with_key_files(pairwise_ids, settings).open(text, Scope("organisation", known_to, "")))
    except Unreadable:
        fail(f"By this id {known_to} knows nobody.")


def _internal_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        fail(f"{text} is no internal id of a person; those are UUIDs.")


def _shown(row: store.Client) -> dict[str, Any]:
    return {
        "client_id": row.client_id,
        "name": row.name,
        "organisation": row.organisation,
        "person": str(row.person_id) if row.person_id else None,
        "credentials": credentials.way_of(row),
        "created_at": row.created_at.isoformat(timespec="seconds"),
        "revoked_at": row.revoked_at.isoformat(timespec="seconds") if row.revoked_at else None,
    }


def _print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2))


def fail(message: str) -> NoReturn:
    """End the command with ``message`` and exit code 1."""
    typer.echo(message, err=True)
    raise typer.Exit(1)
