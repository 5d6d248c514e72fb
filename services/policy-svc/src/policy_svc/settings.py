"""What policy-svc is told at start. The only module of policy-svc that reads the environment."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints
from pydantic_settings import SettingsConfigDict
from sqlalchemy.engine import URL

from stena.settings import ServiceSettings, database_url

PublicUrl = Annotated[str, StringConstraints(pattern=r"^https?://[^/?#\s]+(/[^?#\s]*)?$")]
"""A base address: no query, no fragment."""


class RulebookSettings(ServiceSettings):
    """What is enough to read a rulebook: for the commands, which serve nothing."""

    model_config = SettingsConfigDict(env_prefix="POLICY_", extra="ignore", frozen=True)

    rulebook_dir: Path = Field(
        default=Path("deploy/rulebook"), description="Folder of the rulebook: the first to decide, afterwards an offer."
    )


class ArchiveSettings(RulebookSettings):
    """What is enough to load and activate revisions: for the commands."""

    database_url: str = Field(description="Database `policy`, as the runtime role: postgresql://policy_app@host:port/policy.")
    database_password_file: Path | None = Field(default=None, description="File with that role's password.")

    @property
    def database(self) -> URL:
        return database_url(self.database_url, self.database_password_file)


class PolicySettings(ArchiveSettings):
    grant_key_file: Path = Field(description="Ed25519 JWK that signs grants.")
    enforcement_points_file: Path = Field(description="JSON: name of each enforcement point to the SHA-256 (hex) of its key.")
    administrators_file: Path | None = Field(
        default=None, description="JSON: name of each administrator of the rulebook to the SHA-256 (hex) of its key."
    )
    public_url: PublicUrl | None = Field(
        default=None, description="Where enforcement points find this service, for AuthZEN's discovery; absent: no discovery."
    )
    state_dir: Path | None = Field(
        default=None, description="Folder that keeps the active revision, for a restart while the database does not answer."
    )


class OwnerSettings(ServiceSettings):
    """Migrations run as the owner of the database, not as the role that serves."""

    model_config = SettingsConfigDict(env_prefix="POLICY_OWNER_", extra="ignore", frozen=True)

    database_url: str = Field(description="Database `policy`, as its owner; for migrations only.")
    database_password_file: Path | None = Field(default=None, description="File with the owner's password.")

    @property
    def database(self) -> URL:
        return database_url(self.database_url, self.database_password_file)
