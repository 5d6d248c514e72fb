"""How the API names an emergency access: to those who broke the glass, to those who review it, and to the person. Pure."""

from typing import Final
from uuid import UUID

PREFIX: Final = "emr_"


def name(access_id: UUID | str) -> str:
    return PREFIX + UUID(str(access_id)).hex


def named(text: str) -> UUID | None:
    """The access behind such a name; ``None`` for a text that is none. One access has one spelling."""
    try:
        access_id = UUID(text.removeprefix(PREFIX))
    except ValueError:
        return None
    return access_id if text == name(access_id) else None
