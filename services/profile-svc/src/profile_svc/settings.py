"""Settings of profile-svc: where its two databases and policy-svc are, and which files hold its keys."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from stena.settings import ServiceSettings


class ProfileSettings(ServiceSettings):
    """What the running service and its commands need."""

    model_config = SettingsConfigDict(env_prefix="PROFILE_", extra="ignore", frozen=True)

    database_url: str = Field(description="Database of the people, as its runtime role.")
    database_password_file: Path | None = Field(default=None, description="File with the password of that role.")
    keys_database_url: str = Field(description="Database of the person keys, as its runtime role.")
    keys_database_password_file: Path | None = Field(default=None, description="File with the password of that role.")
    policy_url: str = Field(description="Base address of policy-svc.")
    master_keys_dir: Path = Field(
        description="Master keys, which wrap the person keys: files named by version (1 to 255), each 32 bytes as hexadecimal "
        "text. The highest wraps, every one opens; `8.staged` opens until it is activated. New files are found at run time."
    )
    index_key_file: Path = Field(description="32 bytes as hexadecimal text: makes ETags and blind indexes.")
    erasure_journal_dir: Path = Field(
        description="Folder of the journal of erasures. It is in no backup of the databases, and is backed up by itself."
    )
    journal_key_file: Path = Field(description="32 bytes as hexadecimal text: the journal's lines are known by it.")


class OwnerSettings(ServiceSettings):
    """What migrations need: both databases as their owners."""

    model_config = SettingsConfigDict(env_prefix="PROFILE_", extra="ignore", frozen=True)

    owner_database_url: str = Field(description="Database of the people, as its owner.")
    owner_database_password_file: Path | None = Field(default=None, description="File with the owner's password.")
    keys_owner_database_url: str = Field(description="Database of the person keys, as its owner.")
    keys_owner_database_password_file: Path | None = Field(default=None, description="File with the owner's password.")
