"""The limits as a file says them. Pure: a text becomes limits, or one error that names every fault."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

SHIPPED: Final = Path(__file__).with_name("limits.yaml")

MOST_WAITING: Final = 64

Some = Annotated[int, Field(ge=1, le=1_000_000_000, strict=True)]


class BadLimits(Exception):
    """The file is none of limits; the message names each fault and its place."""


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Said(Frozen):
    """What is said of some callers; what is not said of them is said elsewhere."""

    calls_per_minute: Some | None = None
    at_once: Some | None = None
    calls_per_day: Some | None = None
    people_per_day: Some | None = None


@dataclass(frozen=True, slots=True)
class Limit:
    """What holds for one caller at one gateway. ``None``: without a limit."""

    calls_per_minute: int | None
    at_once: int | None
    calls_per_day: int | None
    people_per_day: int | None


class Limits(Frozen):
    calls_at_once: Some | None
    failed_tokens_per_minute: Some | None
    everybody: Said
    organisations: Mapping[str, Said] = {}
    clients: Mapping[str, Said] = {}

    def of(self, organisation: str, client: str, replicas: int) -> Limit:
        """What holds for a client at each of so many gateways: together they let no more through than is said.

        By the day nothing is divided: that is counted for all of them together.
        """
        said: dict[str, int | None] = dict.fromkeys(Said.model_fields)
        nobody = Said()
        for each in (self.everybody, self.organisations.get(organisation, nobody), self.clients.get(client, nobody)):
            said |= {name: getattr(each, name) for name in each.model_fields_set}
        part = {name: _part(said[name], replicas) for name in ("calls_per_minute", "at_once")}
        return Limit(**said | part)

    @property
    def most_waiting(self) -> int:
        """So many calls may wait for something to happen: there is always room for whoever wants an answer now."""
        return MOST_WAITING if self.calls_at_once is None else min(MOST_WAITING, self.calls_at_once // 4)

    @property
    def by_day(self) -> bool:
        """Whether anybody's calls of a day have to be counted."""
        everywhere = (self.everybody, *self.organisations.values(), *self.clients.values())
        return any(each.calls_per_day or each.people_per_day for each in everywhere)


def read(file: Path) -> Limits:
    """The limits of a file; raises ``BadLimits``."""
    try:
        document = yaml.safe_load(file.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise BadLimits(f"{file}: cannot be read as YAML ({type(error).__name__}).") from error
    try:
        return Limits.model_validate(document)
    except ValidationError as error:
        faults = [f"{file}: {'.'.join(map(str, fault['loc'])) or 'the file'}: {fault['msg']}" for fault in error.errors()]
        raise BadLimits("\n".join(faults)) from error


def _part(whole: int | None, replicas: int) -> int | None:
    return None if whole is None else max(1, whole // replicas)
