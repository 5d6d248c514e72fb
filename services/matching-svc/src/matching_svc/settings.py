"""Settings of matching-svc, from variables that begin with ``MATCHING_``. Nothing else here reads the environment."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict
from sqlalchemy.engine import URL

from stena.settings import ServiceSettings, database_url


class MatchingSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="MATCHING_")

    database_url: str = Field(description="PostgreSQL URL of database `matching` as its runtime role.")
    database_password_file: Path | None = Field(default=None, description="File that holds the runtime role's password.")
    policy_url: str = Field(description="Where policy-svc is: its keys check the grants.")
    gateway_url: str = Field(description="Where the gateway is: the only source of people.")
    client_id: str = Field(description="This service's OAuth client at the gateway.")
    client_secret_file: Path = Field(description="File that holds the client's secret; read anew for each token.")

    @property
    def database(self) -> URL:
        return database_url(self.database_url, self.database_password_file)


class MigrationSettings(ServiceSettings):
    """What a migration needs, and the running service never sees: the owner of the database."""

    model_config = SettingsConfigDict(env_prefix="MATCHING_")

    owner_database_url: str = Field(description="PostgreSQL URL of database `matching` as its owner.")
    owner_database_password_file: Path | None = Field(default=None, description="File that holds the owner's password.")

    @property
    def database(self) -> URL:
        return database_url(self.owner_database_url, self.owner_database_password_file)
