"""The token endpoint (RFC 6749, client credentials) and what describes it (RFC 8414, RFC 7517)."""

from collections.abc import Mapping
from typing import Any, Final, Literal
from urllib.parse import parse_qsl

import orjson
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from gateway.credentials import client_assertions
from gateway.credentials.signed_tokens import ALGORITHMS
from gateway.credentials.tokens import LIFETIME, CredentialsInvalid, TokenInvalid, basic_credentials
from gateway.metrics import TOKENS
from gateway.parts import Gateway, Parts
from gateway.store import Client

router = APIRouter()

_NOT_STORED: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class TokenView(BaseModel):
    access_token: str = Field(description="A JWT (RFC 9068); to its bearer it is opaque.")
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 -- no password, a scheme
    expires_in: int = Field(description="seconds", examples=[LIFETIME])


class TokenError(BaseModel):
    error: Literal["invalid_request", "invalid_client", "unsupported_grant_type", "invalid_scope"]
    error_description: str


class Refused(Exception):
    """One of the errors of RFC 6749 section 5.2."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(error)
        self.error, self.description, self.status = error, description, status


Form = Mapping[str, str]


def _unknown() -> Refused:
    return Refused("invalid_client", "No client is registered with this id and secret.", 401)


async def token_form(request: Request) -> Form:
    """The form's parameters, none of them twice."""
    try:
        pairs = parse_qsl((await request.body()).decode(), keep_blank_values=True, strict_parsing=False, max_num_fields=20)
    except ValueError:
        raise Refused("invalid_request", "The body is no form.") from None
    form = dict(pairs)
    if len(form) != len(pairs):
        raise Refused("invalid_request", "A parameter stands in the form more than once.")
    return form


@router.post(
    "/oauth2/token",
    tags=["Access"],
    operation_id="token",
    summary="Get an access token",
    response_model=TokenView,
    responses={
        400: {
            "model": TokenError,
            "description": "The request is malformed or asks for another kind of grant, or the assertion is not good.",
        },
        401: {"model": TokenError, "description": "No client with this id and secret."},
    },
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/x-www-form-urlencoded": {
                    "schema": {
                        "type": "object",
                        "properties": {
                            "grant_type": {"const": "client_credentials"},
                            "client_id": {"type": "string"},
                            "client_assertion_type": {"const": client_assertions.TYPE},
                            "client_assertion": {
                                "type": "string",
                                "description": "A JWT signed with a key of the client (RFC 7523, section 2.2).",
                            },
                        },
                        "required": ["grant_type"],
                    },
                    "example": {"grant_type": "client_credentials"},
                }
            },
        }
    },
)
async def issue_token(request: Request, gateway: Gateway) -> Response:
    """Client credentials (RFC 6749, section 4.4). With `client_secret_basic` id and secret come as HTTP Basic, each
    form-urlencoded first; with `private_key_jwt` an assertion stands in the form. The token lives ten minutes; there are no
    refresh tokens, ask again."""
    authorization: str | None = request.headers.get("authorization")
    form: Form = {}
    try:
        form = await token_form(request)
        check_request(form)
        if "client_assertion" in form:
            client = await _by_assertion(gateway, form, authorization)
        else:
            client = await _by_secret(gateway, form, authorization)
        token = gateway.tokens.issue(client.client_id)
    except Refused as refused:
        if refused.error == "invalid_client":
            gateway.admission.failures.count(_claimed(form, authorization))
        return _error(refused)
    TOKENS.add("given")
    return _token(token)


def _claimed(form: Form, authorization: str | None) -> str:
    """What somebody calls itself who could not show it."""
    try:
        if "client_assertion" in form:
            return client_assertions.client_in(form["client_assertion"])
        return basic_credentials(authorization)[0]
    except (CredentialsInvalid, TokenInvalid):
        return ""


async def _by_secret(gateway: Parts, form: Form, authorization: str | None) -> Client:
    try:
        client_id, secret = basic_credentials(authorization)
    except CredentialsInvalid:
        raise _unknown() from None
    return _known(await gateway.directory.authenticate(client_id, secret), form, _unknown())


async def _by_assertion(gateway: Parts, form: Form, authorization: str | None) -> Client:
    if authorization is not None:
        raise Refused("invalid_request", "Show the client in one way: by a secret or by an assertion (RFC 6749, section 2.3).")
    if form.get("client_assertion_type") != client_assertions.TYPE:
        raise Refused("invalid_request", f"client_assertion_type has to be {client_assertions.TYPE}.")
    refused = Refused("invalid_client", "The assertion is of no client that is registered here, is not good, or was used.")
    return _known(await gateway.assertions.client(form["client_assertion"]), form, refused)


def _known(client: Client | None, form: Form, refused: Refused) -> Client:
    """A form may name the client beside what shows who it is, and then means the same one (RFC 7521, section 4.2)."""
    if client is None or form.get("client_id", client.client_id) != client.client_id:
        raise refused
    return client


def check_request(form: Form) -> None:
    """Only what this server offers; a secret belongs in the header, where it does not end up in logs of bodies."""
    if "client_secret" in form:
        raise Refused("invalid_request", "Send the client's id and secret as HTTP Basic, not in the body.")
    if "client_assertion_type" in form and "client_assertion" not in form:
        raise Refused("invalid_request", "client_assertion is missing.")
    if "grant_type" not in form:
        raise Refused("invalid_request", "grant_type is missing.")
    if form["grant_type"] != "client_credentials":
        raise Refused("unsupported_grant_type", "Only client_credentials is offered.")
    if form.get("scope"):
        raise Refused("invalid_scope", "There are no scopes: say the purpose of each call in Processing-Purpose.")


def endpoint(issuer: str) -> str:
    return f"{issuer}/oauth2/token"


def audiences(issuer: str) -> frozenset[str]:
    """By which names a client may mean this server in an assertion (RFC 7523, section 3)."""
    return frozenset({issuer, endpoint(issuer)})


def metadata(issuer: str) -> dict[str, Any]:
    """Authorization server metadata (RFC 8414)."""
    return {
        "issuer": issuer,
        "token_endpoint": endpoint(issuer),
        "jwks_uri": f"{issuer}/.well-known/jwks.json",
        "grant_types_supported": ["client_credentials"],
        "response_types_supported": [],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        "service_documentation": f"{issuer}/docs",
    }


@router.get(
    "/.well-known/oauth-authorization-server",
    tags=["Access"],
    operation_id="authorizationServer",
    summary="Where and how tokens are given (RFC 8414)",
)
async def authorization_server(gateway: Gateway) -> dict[str, Any]:
    return metadata(gateway.public_url)


@router.get(
    "/.well-known/jwks.json", tags=["Access"], operation_id="tokenKeys", summary="Public keys of access tokens (RFC 7517)"
)
async def token_keys(gateway: Gateway) -> dict[str, Any]:
    return dict(gateway.tokens.jwks())


def _token(token: str) -> Response:
    body = TokenView(access_token=token, expires_in=LIFETIME).model_dump()
    return Response(orjson.dumps(body), headers=_NOT_STORED, media_type="application/json")


def _error(refused: Refused) -> Response:
    body = orjson.dumps({"error": refused.error, "error_description": refused.description})
    # RFC 6749 section 5.2: who tried a scheme of HTTP, or nothing, is told which one to use; who sent an assertion tried none.
    challenge = {"WWW-Authenticate": 'Basic realm="stena", charset="UTF-8"'} if refused.status == 401 else {}
    return Response(body, refused.status, _NOT_STORED | challenge, media_type="application/json")
