"""What whoever breaks the glass has to say first, whatever the rules are. Pure. It judges form; people judge what is meant."""

from typing import Final

from stena.contracts.access import Evaluation, Reason
from stena.contracts.catalogue import Emergency

LETTERS: Final = 5
"""A text of fewer different letters than these is a key held down, in every script."""


def objection(emergency: Emergency, evaluation: Evaluation) -> Reason | None:
    """What speaks against a call of a purpose that is an ``emergency``, before any rule is asked; ``None``: nothing."""
    if (evaluation.resource.type, evaluation.action.name) != ("person", "read"):
        return Reason.NOT_NECESSARY  # people in danger are looked at one by one, and nothing else is done to anybody
    acting_user = evaluation.subject.properties.get("acting_user")
    if not isinstance(acting_user, str) or not acting_user.strip():
        return Reason.ACTING_USER_MISSING
    said = evaluation.context.get("justification")
    return None if isinstance(said, str) and is_reason(said, emergency.justification) else Reason.JUSTIFICATION_MISSING


def is_reason(text: str, least: int) -> bool:
    """Whether ``text`` is at least ``least`` characters of something; blanks beside blanks count once."""
    letters = {sign for sign in text.casefold() if sign.isalpha()}
    return len(" ".join(text.split())) >= least and len(letters) >= LETTERS
