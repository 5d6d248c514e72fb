"""The OpenID Connect providers by which people may sign in, as the operator lists them in a file. Read once at start."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Self
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from stena.keys import KeyFileError

LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
ALGORITHMS: Final = ("RS256", "PS256", "ES256", "EdDSA", "Ed25519")
"""Signatures with a public key; whoever could check one of them cannot make one."""


class Issuer(BaseModel):
    """``issuer`` is the provider's own name, as it stands in tokens; ``audience`` the name by which the provider knows this
    gateway. People who sign in act as clients of ``organisation``. ``title`` is what people call the provider."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    issuer: str
    audience: str = Field(min_length=1)
    organisation: str = Field(min_length=1)
    title: str = Field(min_length=1)
    algorithms: tuple[Annotated[str, Field(pattern=f"^({'|'.join(ALGORITHMS)})$")], ...] = Field(
        default=ALGORITHMS, min_length=1
    )
    skew_seconds: int = Field(default=30, ge=0, le=120)

    @model_validator(mode="after")
    def _is_reached_safely(self) -> Self:
        require_safe(self.issuer)
        return self


class NotSafe(ValueError):
    """An address from which keys could be put under us on the way."""


def require_safe(url: str) -> None:
    """Keys come over TLS, or from this very machine. Raises ``NotSafe``."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise NotSafe("has to begin with https://")


def read(path: Path | None) -> Mapping[str, Issuer]:
    """The providers by their names; none without a file. Raises ``KeyFileError`` with what to mend."""
    if path is None:
        return {}
    try:
        listed = TypeAdapter(tuple[Issuer, ...]).validate_python(yaml.safe_load(path.read_text()))
    except (OSError, UnicodeError, yaml.YAMLError, ValidationError) as error:
        raise KeyFileError(
            f"{path}: lists no providers of sign-ins that can be read: {_said(error)}. docs/rights.md shows the form."
        ) from error
    by_name = {each.issuer: each for each in listed}
    if len(by_name) != len(listed):
        raise KeyFileError(f"{path}: lists a provider twice.")
    return by_name


def _said(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return "; ".join(f"{'/'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors(include_url=False)[:3])
    return type(error).__name__
