"""What the gateway is told at start. The only module of the gateway that reads the environment."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict
from sqlalchemy.engine import URL

from stena.settings import Sampler, ServiceSettings, database_url


class GatewaySettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="GATEWAY_", extra="ignore", frozen=True)

    public_url: str = Field(
        default="http://127.0.0.1:8400",
        description="Where callers reach the gateway; issuer and audience of access tokens. No slash at the end.",
    )
    database_url: str = Field(
        description="Database `gateway`, as the runtime role: postgresql://gateway_app@host:port/gateway."
    )
    database_password_file: Path | None = Field(default=None, description="File with that role's password.")
    policy_url: str = Field(default="http://127.0.0.1:8401", description="Where policy-svc is.")
    profile_url: str = Field(default="http://127.0.0.1:8402", description="Where profile-svc is.")
    matching_url: str = Field(default="http://127.0.0.1:8403", description="Where matching-svc is.")
    policy_key_file: Path = Field(description="The gateway's key as enforcement point of policy-svc.")
    token_key_file: Path = Field(description="Ed25519 JWK that signs access tokens.")
    id_keys_dir: Path = Field(
        description="Keys of pairwise ids: files named by version (1 to 255), each 64 bytes as hexadecimal text. "
        "The highest makes new ids, every one reads; `8.staged` reads until it is activated. New files are found at run time."
    )
    cursor_key_file: Path = Field(description="Key that seals cursors: 32 bytes as hexadecimal text.")
    ledger_keys_dir: Path = Field(
        description="Keys that sign the heads of the ledger's tree: files named by version, each an Ed25519 JWK. The highest "
        "signs; of those before it the public part is enough. `8.staged` is published until it is activated."
    )
    ledger_heads_dir: Path = Field(
        description="Folder in which those heads are kept, out of reach of whoever can change the database."
    )
    sign_in_file: Path | None = Field(
        default=None, description="YAML list of the OpenID Connect providers by which people sign in; absent: none."
    )
    issuers_file: Path | None = Field(
        default=None,
        description="YAML list of the OpenID Connect issuers whose access tokens stand for registered clients; absent: none.",
    )
    erasure_journal_dir: Path | None = Field(
        default=None,
        description="Folder of profile-svc's journal of erasures, to read. Absent: who is erased otherwise than by a call "
        "here, or stands in a restored backup of this database, is not forgotten here.",
    )
    journal_key_file: Path | None = Field(
        default=None, description="32 bytes as hexadecimal text: the journal's lines are known by it."
    )
    alert_rules_file: Path | None = Field(default=None, description="YAML rules of alerts; absent: those that are shipped.")
    alert_webhook_url: str | None = Field(default=None, description="Who is told of alerts; absent: nobody.")
    alert_webhook_secret_file: Path | None = Field(
        default=None, description="What messages to the webhook are signed with: `whsec_` and 24 to 64 bytes as base64."
    )

    traces_sampler: Sampler = Field(
        default="traceidratio",
        validation_alias="OTEL_TRACES_SAMPLER",
        description="Which traces: callers are strangers, so that what they say of it does not count.",
    )
    limits_file: Path | None = Field(default=None, description="YAML limits of callers; absent: those that are shipped.")
    replicas: int = Field(
        default=1, ge=1, le=1000, description="Gateways that share the calls: each lets through its part of a caller's limits."
    )

    @property
    def database(self) -> URL:
        return database_url(self.database_url, self.database_password_file)


class OwnerSettings(ServiceSettings):
    """Migrations run as the owner of the database, not as the role that serves."""

    model_config = SettingsConfigDict(env_prefix="GATEWAY_OWNER_", extra="ignore", frozen=True)

    database_url: str = Field(description="Database `gateway`, as its owner; for migrations only.")
    database_password_file: Path | None = Field(default=None, description="File with the owner's password.")

    @property
    def database(self) -> URL:
        return database_url(self.database_url, self.database_password_file)
