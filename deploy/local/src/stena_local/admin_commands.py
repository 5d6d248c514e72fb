"""The commands `stena admin`: administration through the API, as a client of the operator's and as somebody.

Holds no right of its own: what may be done, and that it takes two, the gateway decides as for any other caller.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import quote

import typer
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, Key, OKPKey, RSAKey
from rich.markup import escape
from rich.table import Column, Table

from stena_local import report
from stena_local.commands import describe
from stena_local.demo.upstreams import Answer, Client, Gateway, KeyHolder
from stena_local.layout import GATEWAY
from stena_local.trouble import DeploymentError

OPERATOR: Final = "the operator"
PURPOSE: Final = "administration"
WITHIN: Final = 60.0  # seconds: a rulebook is checked and compared meanwhile

admin = typer.Typer(help="Administer clients and the rulebook by the API: what opens takes two.", no_args_is_help=True)

ProposalId = Annotated[str, typer.Argument(metavar="ID", help="As `stena admin proposals` lists it.")]
Comment = Annotated[str | None, typer.Option(help="Why; it stays with the proposal.")]
Jwks = Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="File with public keys, for no secret.")]
JwksUri = Annotated[str | None, typer.Option(help="Where the client publishes such keys.")]
FromIssuer = Annotated[str | None, typer.Option("--issuer", help="Whose access tokens stand for the client.")]


@dataclass(frozen=True)
class Office:
    """Where somebody administers, and as whom."""

    gateway: Gateway
    client: Client | KeyHolder
    name: str

    def ask(self, method: str, path: str, **options: Any) -> Answer:
        """An answer; ends the command with what the gateway says where it refuses."""
        answer = self.gateway.call(method, path, self.client, PURPOSE, headers={"Acting-User": quote(self.name)}, **options)
        if answer.status >= 400:
            raise DeploymentError(report.refusal("Refused", answer.body))
        return answer


@admin.callback()
def group(
    context: typer.Context,
    client_id: Annotated[str, typer.Option(envvar="STENA_CLIENT_ID", help="A client of the operator's.")],
    acting_user: Annotated[str, typer.Option("--as", envvar="STENA_ACTING_USER", help="Who you are.")],
    client_secret_file: Annotated[
        Path | None, typer.Option(envvar="STENA_CLIENT_SECRET_FILE", exists=True, dir_okay=False, help="File with its secret.")
    ] = None,
    client_key_file: Annotated[
        Path | None,
        typer.Option(envvar="STENA_CLIENT_KEY_FILE", exists=True, dir_okay=False, help="File with its private key (a JWK)."),
    ] = None,
    url: Annotated[str | None, typer.Option(help="Where the gateway is; default: of this machine's deployment.")] = None,
) -> None:
    client = _client(client_id, client_secret_file, client_key_file)
    gateway = context.with_resource(Gateway(url or describe().url(GATEWAY), within=WITHIN))
    context.obj = Office(gateway, client, acting_user)


@admin.command("proposals")
def proposals(
    context: typer.Context, everything: Annotated[bool, typer.Option("--all", help="What was settled too.")] = False
) -> None:
    """What waits for a second person."""
    listed = context.obj.ask("GET", "/v1/proposals", params={"state": "all" if everything else "open", "limit": 200}).body
    table = Table(Column("proposal", no_wrap=True), "state", "what", "proposed by", "until", "comment")
    for each in listed["proposals"]:
        until = each["ends_at"][:16].replace("T", " ")
        shown = (each["id"], each["state"], _what(each), each["proposed_by"], until, each["comment"] or "")
        table.add_row(*map(escape, shown))
    report.console().print(table)


@admin.command("confirm")
def confirm(context: typer.Context, proposal: ProposalId) -> None:
    """Let happen what somebody else proposed."""
    done = context.obj.ask("PUT", f"/v1/proposals/{quote(proposal)}/confirmation").body
    typer.echo(f"Confirmed: {_what(done['proposal'])}.")
    if done["client_secret"] is not None:
        typer.echo(f"client id      {done['proposal']['client']['id']}")
        typer.echo(f"client secret  {done['client_secret']}   (shown this once, stored nowhere)")


@admin.command("withdraw")
def withdraw(context: typer.Context, proposal: ProposalId) -> None:
    """Let nothing come of a proposal."""
    typer.echo(f"Withdrawn: {_what(context.obj.ask('DELETE', f'/v1/proposals/{quote(proposal)}').body)}.")


@admin.command("propose-client")
def propose_client(
    context: typer.Context,
    organisation: Annotated[str, typer.Option(help="Its id in the rulebook.")],
    name: Annotated[str, typer.Option(help="What the client is called in lists.")],
    jwks: Jwks = None,
    jwks_uri: JwksUri = None,
    issuer: FromIssuer = None,
    comment: Comment = None,
) -> None:
    """Propose a client: with a secret, or with keys of its own, or by tokens of an issuer."""
    body = {"organisation": organisation, "name": name, "credentials": _credentials(jwks, jwks_uri, issuer), "comment": comment}
    _proposed(context.obj.ask("POST", "/v1/clients", json=body).body)


@admin.command("propose-credentials")
def propose_credentials(
    context: typer.Context,
    client_id: Annotated[str, typer.Argument(metavar="CLIENT")],
    jwks: Jwks = None,
    jwks_uri: JwksUri = None,
    issuer: FromIssuer = None,
    keep_hours: Annotated[int, typer.Option(min=0, max=72, help="How long the secret of before is good too.")] = 24,
    comment: Comment = None,
) -> None:
    """Propose a new secret or other keys for a client; fewer of the keys that it has are done at once."""
    body = {"credentials": _credentials(jwks, jwks_uri, issuer), "keep_earlier_hours": keep_hours, "comment": comment}
    _proposed(context.obj.ask("POST", f"/v1/clients/{quote(client_id)}/credentials", json=body).body)


@admin.command("revoke-client")
def revoke_client(context: typer.Context, client_id: Annotated[str, typer.Argument(metavar="CLIENT")]) -> None:
    """Refuse a client from now on; this takes nobody else."""
    context.obj.ask("DELETE", f"/v1/clients/{quote(client_id)}")
    typer.echo(f"{client_id} is revoked.")


@admin.command("rulebook")
def rulebook(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="Folder of the whole rulebook.")],
    comment: Comment = None,
) -> None:
    """Let a rulebook decide: at once where it opens nothing, else by a proposal that says what it opens."""
    files = {str(path.relative_to(folder)): path.read_text() for path in sorted(folder.rglob("*.yaml"))}
    revision = context.obj.ask("POST", "/v1/rulebook/revisions", json={"files": files}).body["revision"]
    answer = context.obj.ask("POST", "/v1/rulebook/activations", json={"revision": revision, "comment": comment})
    if answer.status == 202:
        for opened in answer.body["rulebook"]["opens"]:
            typer.echo(f"opens  {opened}")
        _proposed(answer.body)
    else:
        typer.echo(f"{revision} decides.")


def _client(client_id: str, secret_file: Path | None, key_file: Path | None) -> Client | KeyHolder:
    match secret_file, key_file:
        case Path(), None:
            return Client(OPERATOR, client_id, secret_file.read_text().strip())
        case None, Path():
            return KeyHolder(OPERATOR, client_id, _private_key(key_file))
        case _:
            raise DeploymentError("You show in one way who you are: give --client-secret-file or --client-key-file.")


def _private_key(file: Path) -> Key:
    try:
        key = JWKRegistry.import_key(json.loads(file.read_text()))
    except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise DeploymentError(f"{file}: no key that can be read (a JWK): {type(error).__name__}.") from None
    if not isinstance(key, RSAKey | ECKey | OKPKey) or not key.is_private or key.kid is None:
        raise DeploymentError(f"{file}: no private key with a `kid`.")
    return key


def _credentials(jwks: Path | None, jwks_uri: str | None, issuer: str | None) -> Mapping[str, Any]:
    given: list[Mapping[str, Any]] = []
    if jwks is not None:
        given.append({"type": "keys", "jwks": json.loads(jwks.read_text())})
    if jwks_uri is not None:
        given.append({"type": "published-keys", "jwks_uri": jwks_uri})
    if issuer is not None:
        given.append({"type": "issuer", "issuer": issuer})
    if len(given) > 1:
        raise DeploymentError("A client shows in one way who it is: give one of --jwks, --jwks-uri and --issuer.")
    return given[0] if given else {"type": "secret"}


def _proposed(proposal: Mapping[str, Any]) -> None:
    if proposal["state"] == "at-once":
        typer.echo(f"Done: {_what(proposal)}.")
        return
    typer.echo(f"Proposed: {_what(proposal)}.\nSomebody else confirms it: stena admin confirm {proposal['id']}")


def _what(proposal: Mapping[str, Any]) -> str:
    if (book := proposal["rulebook"]) is not None:
        return f"rulebook {book['revision'][:15]}, which opens {book['opens_in_all']}"
    client = proposal["client"]
    words = {"client": "let in", "credentials": "renew", "revocation": "revoke"}
    by = f" by {client['credentials']}" if client.get("credentials") else ""
    return f"{words[proposal['kind']]} {client['name']} of {client['organisation']} ({client['id']}){by}"
