"""What matching-svc takes and gives about the skills that would open most opportunities for a person."""

from pydantic import Field

from stena.contracts.matching import Frozen, MatchRequest, Opportunity


class SkillGapRequest(MatchRequest):
    """As of matches; ``limit`` is of skills."""

    limit: int = Field(default=5, ge=1, le=20)


class SkillGap(Frozen):
    """A skill that the person is not known to have.

    ``opens``: of so many opportunities at least half of what they ask for would be met with it, and is not without it;
    ``raises``: in so many more would be met. ``courses`` teach it. ``uses`` names attributes of the person.
    """

    uri: str
    label: str
    opens: int
    raises: int
    courses: tuple[Opportunity, ...] = ()
    uses: tuple[str, ...]


class SkillGaps(Frozen):
    """The skill that opens most first. Of ``considered`` opportunities, ``open`` ask for no more than what is met by half."""

    gaps: tuple[SkillGap, ...] = ()
    considered: int = 0
    open: int = 0
