"""The life of a referral: which step leads from which state to which, and whose step it is. Pure.

    in-progress ──accept──▶ accepted ──done──▶ done
         │                     │
         ├─reject─▶ rejected   │
         └───────revoke────────┴──▶ revoked          and, when its time is up, expired

The recipient accepts, rejects and says when it is done; the sender revokes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from stena.contracts.casework import State, Step

Side = Literal["sender", "recipient"]


class NotInThisState(Exception):
    """The step does not lead on from where the referral stands."""

    def __init__(self, state: State) -> None:
        self.state = state
        super().__init__(f"The referral is {state}: this step does not lead on from there.")


class NotYourStep(Exception):
    """The step is the other organisation's to take."""


@dataclass(frozen=True, slots=True)
class _Move:
    side: Side
    sources: frozenset[State]
    to: State


_MOVES: Final[Mapping[Step, _Move]] = {
    "accept": _Move("recipient", frozenset({"in-progress"}), "accepted"),
    "reject": _Move("recipient", frozenset({"in-progress"}), "rejected"),
    "done": _Move("recipient", frozenset({"accepted"}), "done"),
    "revoke": _Move("sender", frozenset({"in-progress", "accepted"}), "revoked"),
}


def state_at(state: State, until: datetime | None, now: datetime) -> State:
    """Where a referral stands, also in the moment before somebody has written down that its time is up."""
    return "expired" if until is not None and until <= now and state in ("in-progress", "accepted") else state


def after(step: Step, state: State, side: Side) -> State:
    """The state that ``step`` leads to; a step that was taken already leads nowhere else.

    Raises ``NotYourStep``, ``NotInThisState``."""
    move = _MOVES[step]
    if side != move.side:
        raise NotYourStep(f"This step is for the {move.side} of the referral to take.")
    if state not in {*move.sources, move.to}:
        raise NotInThisState(state)
    return move.to
