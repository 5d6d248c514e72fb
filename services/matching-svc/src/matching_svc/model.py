"""The weights of the score, read from ``weights.yaml``. Holds numbers and their version, computes nothing."""

from functools import cache
from importlib import resources
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

ComponentName = Literal["skills", "optional-skills", "languages", "education", "place", "wishes", "experience"]
Percent = Annotated[int, Field(ge=0, le=100)]
ByDigits = tuple[Percent, Percent, Percent, Percent, Percent]
"""Entry ``n`` is for occupations whose ISCO-08 codes agree in the first ``n`` digits."""


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Weighing(Frozen):
    weight: int = Field(ge=1, le=100)
    unstated: Percent
    reason: str = Field(min_length=1)


class Skills(Frozen):
    """``unnamed`` counts rarest skills. ``unasked`` is the value of the component for a job that names neither skills nor an
    occupation. To whom meets the share ``open`` of the named ones, an opportunity is called open."""

    unnamed: int = Field(ge=0, le=100)
    unasked: Percent
    open: Percent


class Nearness(Frozen):
    """How much of a skill counts for another. Groups with more than ``widest`` skills say nothing about their members."""

    broader: Percent
    group: Percent
    widest: int = Field(ge=2)
    occupation: Percent
    full_after_months: int = Field(gt=0)

    def implied(self, months: int) -> int:
        """How much of a skill counts that an occupation needs which was held for so long, in percent."""
        return self.occupation * min(months, self.full_after_months) // self.full_after_months


class Experience(Frozen):
    same_occupation: Percent
    same_isco: ByDigits
    full_after_months: int = Field(gt=0)


class Wishes(Frozen):
    same_isco: ByDigits


class Place(Frozen):
    """``region[n]`` is for NUTS codes that agree in the first ``n`` characters: 5 is the same NUTS 3 region. Where it is known
    how far apart two of these are, a percent is lost for each ``km_a_percent`` instead."""

    municipality: Percent
    region: tuple[Percent, Percent, Percent, Percent, Percent, Percent]
    km_a_percent: int = Field(ge=1)
    elsewhere: Percent


class Languages(Frozen):
    step: Percent
    essential: int = Field(ge=1, le=10)


class Education(Frozen):
    step: Percent


class Model(Frozen):
    """INVARIANT: everything is a whole percent, so that scores are whole numbers all the way and the same on any machine."""

    model: str
    floor: int = Field(ge=1, le=50)
    components: dict[ComponentName, Weighing]
    skills: Skills
    nearness: Nearness
    experience: Experience
    wishes: Wishes
    place: Place
    languages: Languages
    education: Education


@cache
def shipped() -> Model:
    """The model that ships with this service, read once."""
    return Model.model_validate(yaml.safe_load((resources.files("matching_svc") / "weights.yaml").read_bytes()))
