"""What an allocation proposes for one person: shown, decided about by a person, and worked out at once for who arrives later.

INVARIANT: what is proposed is kept for audits before it is shown, and a decision about it is somebody's.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from gateway.calls import Pass
from gateway.gate_words import in_words
from gateway.parts import Parts
from gateway.redaction import View, members
from gateway.replies import Names
from stena.contracts.allocation import Placement

Said = Mapping[str, Any]

_PLACEMENT: Final = frozenset(Placement.model_fields)


def settled(said: Said, answer: str | None, conditions: Sequence[Said]) -> Said:
    """What the source says yes to need not be verified any more."""
    approvals = {each["approval"] for each in conditions}
    left = [gate for gate in said["verify"] if gate["parameters"].get("approval") not in approvals]
    return {**said, "verify": left} if answer == "yes" else said


async def record_shown(gateway: Parts, allowed: Pass, allocation: str, placements: Iterable[Said]) -> None:
    """Raises where it cannot be kept."""
    people = [said["person"] for said in placements if said["opportunity"] is not None]
    if people:
        await gateway.matching.ask("POST", ["allocations", allocation, "shown"], allowed, json={"people": people})


def placement_for_caller(name: Names, view: View, said: Said, accept_language: str | None) -> dict[str, Any]:
    """What is proposed, as far as it rests on attributes of the person that the caller sees."""
    members(said, _PLACEMENT, "placement")
    known = frozenset(view["attributes"])
    gates = [in_words(gate, accept_language) for gate in said["verify"] if known.issuperset(gate["uses"])]
    return {**{part: said[part] for part in _PLACEMENT}, "person": name.person(view), "verify": gates}
