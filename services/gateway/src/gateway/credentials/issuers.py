"""The OpenID Connect providers that are believed, as the operator lists them in two files: those by which people sign in, and
those whose access tokens systems and their users call with. Read once at start."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self, TypeVar
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from gateway.credentials.signed_tokens import ALGORITHMS
from stena.keys import KeyFileError

LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})

Claim = Annotated[str, Field(min_length=1)]


class Issuer(BaseModel):
    """``issuer`` is the provider's own name, as it stands in tokens; ``audience`` the name by which the provider knows this
    gateway. ``skew_seconds``: by how much its clock may differ."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    issuer: str
    audience: str = Field(min_length=1)
    algorithms: tuple[Annotated[str, Field(pattern=f"^({'|'.join(ALGORITHMS)})$")], ...] = Field(
        default=ALGORITHMS, min_length=1
    )
    skew_seconds: int = Field(default=30, ge=0, le=120)

    @model_validator(mode="after")
    def _is_reached_safely(self) -> Self:
        require_safe(self.issuer)
        return self


class SignInIssuer(Issuer):
    """People who sign in by it act as clients of ``organisation``. ``title`` is what people call the provider."""

    organisation: str = Field(min_length=1)
    title: str = Field(min_length=1)


class Mapped(BaseModel):
    """Tokens with every claim of ``when`` are those of ``client``, which is registered here for ``organisation``.
    ``acting_user`` names the claim that says who acts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    when: Mapping[Claim, str] = Field(min_length=1)
    organisation: str = Field(min_length=1)
    client: str = Field(min_length=1)
    acting_user: Claim | None = None

    def fits(self, claims: Mapping[str, Any]) -> bool:
        """Whether every claim holds: it is the value, or a list with the value in it."""
        return all(_holds(claims.get(name), value) for name, value in self.when.items())


class ClientIssuer(Issuer):
    """``types`` are those that access tokens of it have in their header: another than that of RFC 9068 is for older providers.
    ``longest_seconds``: tokens that live longer are refused, since nobody here can end them."""

    token_types: tuple[Literal["at+jwt", "JWT"], ...] = Field(default=("at+jwt",), min_length=1)
    longest_seconds: int = Field(default=3600, ge=60, le=86_400)
    clients: tuple[Mapped, ...] = Field(min_length=1)

    @property
    def types(self) -> frozenset[str | None]:
        """As they may be written (RFC 7515, section 4.1.9)."""
        return frozenset(self.token_types) | {f"application/{each}" for each in self.token_types}

    def mapped(self, claims: Mapping[str, Any]) -> Mapped | None:
        """What stands for a token with these claims; ``None`` where nothing does, or where two things do."""
        fitting = [each for each in self.clients if each.fits(claims)]
        return fitting[0] if len(fitting) == 1 else None


class NotSafe(ValueError):
    """An address from which keys could be put under us on the way."""


Listed = TypeVar("Listed", bound=Issuer)
_SIGN_INS: Final = TypeAdapter(tuple[SignInIssuer, ...])
_CLIENTS: Final = TypeAdapter(tuple[ClientIssuer, ...])


def require_safe(url: str) -> None:
    """Keys come over TLS, or from this very machine. Raises ``NotSafe``."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise NotSafe("has to begin with https://")


def read_sign_ins(path: Path | None) -> Mapping[str, SignInIssuer]:
    """Those by which people sign in, by their names; none without a file. Raises ``KeyFileError`` with what to mend."""
    return _read(path, _SIGN_INS, "providers of sign-ins", "docs/rights.md")


def read_clients(path: Path | None, beside: Mapping[str, SignInIssuer]) -> Mapping[str, ClientIssuer]:
    """Those whose access tokens count. None may be among those ``beside``. Raises ``KeyFileError``."""
    found = _read(path, _CLIENTS, "issuers of access tokens", "docs/identity.md")
    for both in found.keys() & beside.keys():
        raise KeyFileError(f"{path}: lists {both}, by which people sign in. Give one of the two an issuer of its own.")
    return found


def _read(path: Path | None, form: TypeAdapter[tuple[Listed, ...]], what: str, page: str) -> Mapping[str, Listed]:
    if path is None:
        return {}
    try:
        listed = form.validate_python(yaml.safe_load(path.read_text()))
    except (OSError, UnicodeError, yaml.YAMLError, ValidationError) as error:
        raise KeyFileError(f"{path}: lists no {what} that can be read: {_said(error)}. {page} shows the form.") from error
    by_name = {each.issuer: each for each in listed}
    if len(by_name) != len(listed):
        raise KeyFileError(f"{path}: lists an issuer twice.")
    return by_name


def _holds(claimed: Any, value: str) -> bool:
    return claimed == value or (isinstance(claimed, list) and value in claimed)


def _said(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return "; ".join(f"{'/'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors(include_url=False)[:3])
    return type(error).__name__
