"""Two people for what lets somebody see more. Pure.

INVARIANT: whoever holds one credential alone, whatever names they give, confirms nothing that they proposed.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. ``vouched``: the issuer of a token says who it is; otherwise the client alone has shown who it is."""

    organisation: str
    client: str
    acting_user: str
    vouched: bool = False

    def __str__(self) -> str:
        return f"{self.organisation}: {self.acting_user}"


def are_two(first: Actor, second: Actor) -> bool:
    """Whether these are two people as far as anybody can tell: by two names, each with a proof of its own."""
    if _plain(first.acting_user) == _plain(second.acting_user):
        return False
    return first.client != second.client or (first.vouched and second.vouched)


def _plain(name: str) -> str:
    return " ".join(name.casefold().split())
