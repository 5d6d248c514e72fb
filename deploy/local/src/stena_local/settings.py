"""What an operator may set for the local deployment. The only place here that reads or writes the environment."""

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

_CHECKOUT = Path(__file__).resolve().parents[4]


class Settings(BaseSettings):
    """Environment variables ``STENA_…``; options of the commands come before them."""

    model_config = SettingsConfigDict(env_prefix="STENA_", extra="ignore", frozen=True)

    home: Path = Field(default=_CHECKOUT / ".stena", description="Folder of keys, passwords, logs and (not as root) data.")
    port: int = Field(
        default=8400, ge=1024, le=65500, description="Port of the gateway; everything else listens just above it."
    )
    postgres_user: str = Field(default="nobody", description="Whom PostgreSQL runs as when root starts it.")
    rulebook_dir: Path = Field(default=_CHECKOUT / "deploy" / "rulebook", description="The rulebook that policy-svc loads.")
    erasure_journal_dir: Path | None = Field(
        default=None, description="Folder of the journal of erasures; default: in the home. No backup may hold it."
    )
    ledger_heads_dir: Path | None = Field(
        default=None, description="Folder of the ledger's signed heads; default: in the home. Out of reach of the database."
    )
    limits_file: Path | None = Field(default=None, description="Limits of callers; default: those that are shipped.")
    log_level: str = Field(default="INFO", description="Least severity that the services log.")


def offer(environment: Mapping[str, str]) -> None:
    """Let this process see ``environment``; a value that the operator has set already stays."""
    for name, value in environment.items():
        os.environ.setdefault(name, value)


def inherited() -> dict[str, str]:
    """The few variables that a child process gets of the operator's environment; among them who is told of traces."""
    few = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR")
    return {name: value for name, value in os.environ.items() if value and (name in few or name.startswith("OTEL_"))}


_SERVICES = ("GATEWAY_", "POLICY_", "PROFILE_", "MATCHING_")


def told_here() -> dict[str, str]:
    """What services are told in this environment: in a container that of its service, on a machine mostly nothing."""
    return {name: value for name, value in os.environ.items() if name.startswith(_SERVICES)}


def beside() -> str | None:
    """In a container, where the replicas of its service are."""
    service, port = os.environ.get("SERVICE"), os.environ.get("PORT")
    return f"http://{service}:{port}" if service and port else None
