"""The weights of the score, read from ``weights.yaml``. Holds numbers and their version, computes nothing."""

from functools import cache
from importlib import resources
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

ComponentName = Literal["skills", "optional-skills", "languages", "education", "place", "wishes", "experience"]


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Weighing(Frozen):
    weight: float = Field(gt=0, le=1)
    unstated: float = Field(ge=0, le=1)
    reason: str = Field(min_length=1)


class Experience(Frozen):
    """``same_isco[n]`` is for occupations whose ISCO-08 codes agree in the first ``n`` digits."""

    same_occupation: float
    same_isco: tuple[float, float, float, float, float]
    full_after_months: int = Field(gt=0)


class Wishes(Frozen):
    same_isco: tuple[float, float, float, float, float]


class Place(Frozen):
    """``region[n]`` is for NUTS codes that agree in the first ``n`` characters: 5 is the same NUTS 3 region."""

    municipality: float
    region: tuple[float, float, float, float, float, float]
    elsewhere: float


class Languages(Frozen):
    step: float = Field(gt=0, le=1)
    essential: int = Field(ge=1)


class Education(Frozen):
    step: float = Field(gt=0, le=1)


class Model(Frozen):
    model: str
    floor: float = Field(gt=0, lt=1)
    components: dict[ComponentName, Weighing]
    experience: Experience
    wishes: Wishes
    place: Place
    languages: Languages
    education: Education


@cache
def shipped() -> Model:
    """The model that ships with this service, read once."""
    return Model.model_validate(yaml.safe_load((resources.files("matching_svc") / "weights.yaml").read_bytes()))
