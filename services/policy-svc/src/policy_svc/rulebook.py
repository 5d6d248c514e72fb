"""The rulebook in memory: immutable, named by its hash, with the plans that decisions follow. Read by ``loading``."""

from collections.abc import Mapping
from dataclasses import dataclass

from policy_svc.approvals import Approved
from policy_svc.plans import Plans
from policy_svc.rules import Rule
from stena.contracts.catalogue import Catalogue, Purpose


@dataclass(frozen=True, slots=True)
class Rulebook:
    """``files`` are the texts that it was made of, by their path in its folder; ``revision`` is their hash.

    ``broader`` maps a purpose to itself and everything broader.
    """

    revision: str
    files: Mapping[str, str]
    catalogue: Catalogue
    purposes: Mapping[str, Purpose]
    broader: Mapping[str, frozenset[str]]
    organisations: Mapping[str, Approved]
    rules: tuple[Rule, ...]
    plans: Plans
