"""The rules of alerts as a file says them. Pure: a text becomes rules, or one error that names every fault."""

from pathlib import Path
from typing import Final, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

Measure = Literal["people", "breadth", "entries", "denied", "forbidden", "emergencies"]
Severity = Literal["low", "medium", "high"]

SHIPPED: Final = Path(__file__).with_name("rules.yaml")


class BadRules(Exception):
    """The file is none of rules; the message names each fault and its place."""


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Rule(Frozen):
    """One number of one organisation in one hour, and when it is worth an alert."""

    id: str = Field(pattern="^[a-z][a-z0-9-]{0,63}$")
    description: str = Field(min_length=1, max_length=500)
    measure: Measure
    least: int = Field(ge=1, strict=True)
    sigmas: float | None = Field(default=None, gt=0, le=100)
    share: float | None = Field(default=None, gt=0, le=1)
    severity: Severity


class Rules(Frozen):
    rules: tuple[Rule, ...] = Field(max_length=100)

    @field_validator("rules")
    @classmethod
    def _each_once(cls, rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
        if len({rule.id for rule in rules}) != len(rules):
            raise ValueError("two rules have the same id")
        return rules


def read(file: Path) -> tuple[Rule, ...]:
    """The rules of a file; raises ``BadRules``."""
    try:
        document = yaml.safe_load(file.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise BadRules(f"{file}: cannot be read as YAML ({type(error).__name__}).") from error
    try:
        return Rules.model_validate(document).rules
    except ValidationError as error:
        faults = [f"{file}: {'.'.join(map(str, fault['loc'])) or 'the file'}: {fault['msg']}" for fault in error.errors()]
        raise BadRules("\n".join(faults)) from error
