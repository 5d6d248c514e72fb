"""The base of every service's settings: environment variables with the service's prefix, secrets as files."""

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import URL, make_url

from stena.keys import KeyFileError

Sampler = Literal[
    "always_on", "always_off", "traceidratio", "parentbased_always_on", "parentbased_always_off", "parentbased_traceidratio"
]


class ServiceSettings(BaseSettings):
    """Each service derives one class with its own ``env_prefix``; nothing else reads the environment."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, populate_by_name=True, env_ignore_empty=True)

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="Least severity that is logged."
    )
    metrics_port: int | None = Field(default=None, description="Port of Prometheus metrics; absent: not served.")
    metrics_host: str = Field(default="127.0.0.1", description="Address that metrics are served on.")
    otlp_endpoint: str | None = Field(
        default=None,
        validation_alias="OTEL_EXPORTER_OTLP_ENDPOINT",
        description="Collector that is told of traces by OTLP (http/protobuf), as http://host:4318; absent: nobody is.",
    )
    traces_sampler: Sampler = Field(
        default="parentbased_traceidratio",
        validation_alias="OTEL_TRACES_SAMPLER",
        description="Which traces: as the caller has it (parentbased), all, none, or a share by their ids.",
    )
    traces_sampler_arg: float = Field(
        default=0.05, ge=0, le=1, validation_alias="OTEL_TRACES_SAMPLER_ARG", description="That share."
    )

    @property
    def readiness_every(self) -> float | None:
        """Seconds between two looks at readiness for the metrics; none where nobody is shown any."""
        return None if self.metrics_port is None else 10.0


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
