"""What a rule compares a path with, read from the file as it stands there. The only module that compiles patterns.

py-abac's own reading is not used for values: it makes the number 7.0 of the text "7", and takes patterns and networks that
never match or never end.
"""

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any, Final

import re2

from policy_svc import relations
from policy_svc.language import COMPARED, NUMERIC, WITHOUT_VALUE
from policy_svc.relations import Network, Pattern, Value
from policy_svc.vocabulary import Kind


class Unreadable(Exception):
    """A value that has no safe meaning: what is wrong with it, and the mend."""

    def __init__(self, what: str, mend: str) -> None:
        super().__init__(what)
        self.what, self.mend = what, mend


def read_literal(condition: str, raw: Any, path: str, kind: Kind) -> Value:
    """The value of a condition on a path of this kind. Raises ``Unreadable``."""
    if condition in WITHOUT_VALUE:
        return frozenset()
    if condition == "RegexMatch":
        return pattern(raw["value"])
    if condition == "CIDR":
        return network(raw["value"])
    if condition == "EqualsObject":
        return relations.value_of(raw["value"])
    values = raw["values"] if "values" in raw else [raw["value"]]
    if condition in NUMERIC and type(values[0]) not in (int, float):
        raise Unreadable("value: Not a valid number", "Write a number, without quotes")
    types, words, mend = COMPARED[kind]
    if not all(type(value) in types for value in values):
        raise Unreadable(f"{path} holds {words}, and is compared with something else", mend)
    if "values" in raw:
        return relations.members(values)
    scalar: str | bool | int | float = values[0]
    return scalar


def pattern(text: str) -> Pattern:
    try:
        return Pattern(text, re2.compile(text, _QUIET))
    except (re2.error, UnicodeError) as error:
        reason = error.args[0].decode(errors="replace") if isinstance(error, re2.error) else "not UTF-8 text"
        raise Unreadable(f"not a regular expression of RE2: {reason}", _WITHOUT_BACKTRACKING) from error


def _options() -> Any:
    options = re2.Options()
    options.log_errors = False
    return options


_QUIET: Final = _options()
_WITHOUT_BACKTRACKING: Final = "Write it without looking around and without references: it has to take linear time"


def network(text: str) -> Network:
    try:
        found: IPv4Network | IPv6Network = ip_network(text)
    except ValueError as error:
        raise Unreadable(
            f"not a network: {error}", "Write the network's first address and its length, as 10.0.0.0/8"
        ) from error
    if isinstance(found, IPv6Network) and found.network_address.ipv4_mapped:
        raise Unreadable(f"an IPv4 network in IPv6's clothes: {text}", "Write it as an IPv4 network")
    return found
