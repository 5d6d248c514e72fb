"""The base of every service's settings: environment variables with the service's prefix, secrets as files."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import URL, make_url

from stena.keys import KeyFileError


class ServiceSettings(BaseSettings):
    """Each service derives one class with its own ``env_prefix``; nothing else reads the environment."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    log_level: str = Field(default="INFO", description="Least severity that is logged: DEBUG, INFO, WARNING or ERROR.")
    metrics_port: int | None = Field(default=None, description="Port of Prometheus metrics; absent: not served.")
    metrics_host: str = Field(default="127.0.0.1", description="Address that metrics are served on.")


def database_url(url: str, password_file: Path | None) -> URL:
    """``url`` with the password from a file put in, so that no password stands in the environment.

    Raises ``KeyFileError`` for a file that cannot be read.
    """
    parsed = make_url(url)
    if password_file is not None:
        try:
            parsed = parsed.set(password=password_file.read_text().strip())
        except OSError as error:
            message = f"{password_file}: no readable password. Start the deployment first, or name the right file."
            raise KeyFileError(message) from error
    return parsed.set(drivername="postgresql+asyncpg")
